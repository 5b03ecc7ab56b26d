//! From an ONNX graph back to the network, by the names of the initializers; a graph that differs
//! from the one that [`super::graph`] writes is refused with the first difference.

use std::collections::BTreeMap;

use super::conv_weights;
use super::fault::ModelFault;
use super::graph::graph_of;
use super::metadata::Architecture;
use super::onnx_proto::{GraphProto, NodeProto, TensorProto, data_type};
use crate::nn::{AnyNetwork, BatchNorm, BiLstm, Conditioning, Dense, LstmWeights, Network};
use crate::pipeline::steps::STEP_FEATURES;

/// Hidden units of one direction that this build accepts; far above what a window can teach.
pub(crate) const MAX_HIDDEN: usize = 1024;

/// The network inside a graph of this architecture; its batch normalisation comes back as the
/// factor and offset it was folded into (mean 0, variance 1, epsilon 0), which scores the same.
///
/// # Errors
/// [`ModelFault::Graph`] when it is another graph.
pub(crate) fn network_of(
    graph: &GraphProto,
    architecture: Architecture,
) -> Result<AnyNetwork, ModelFault> {
    let weights = Weights::new(graph);
    let network = match architecture {
        Architecture::BiLstm => bilstm(&weights)?.into(),
        Architecture::Conv => conv_weights::network_of(&weights)?.into(),
    };
    same_computation(graph, &graph_of(&network))?;
    Ok(network)
}

fn bilstm(weights: &Weights<'_>) -> Result<Network, ModelFault> {
    let first = weights.lstm("first", STEP_FEATURES)?;
    let joined = 2 * first.hidden;
    let second = weights.lstm("second", joined)?;
    Ok(Network {
        conditioning: Conditioning {
            scale: weights.columns("conditioning.scale")?,
            shift: weights.columns("conditioning.shift")?,
            gain: weights.columns("conditioning.gain")?,
        },
        norm: weights.norm(joined)?,
        head: weights.head(2 * second.hidden)?,
        first,
        second,
    })
}

/// The weights of a graph by their names.
pub(super) struct Weights<'g>(BTreeMap<&'g str, &'g TensorProto>);

impl<'g> Weights<'g> {
    pub(super) fn new(graph: &'g GraphProto) -> Self {
        Self(graph.initializer.iter().map(|tensor| (name_of(tensor), tensor)).collect())
    }

    fn find(&self, name: &str) -> Result<&'g TensorProto, ModelFault> {
        let found = self.0.get(name).copied();
        found.ok_or_else(|| ModelFault::Graph(format!("it has no weights named {name}")))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The shape of a tensor; negative sizes are none.
    pub(super) fn dims(&self, name: &str) -> Result<Vec<usize>, ModelFault> {
        let dims = self.find(name)?.dims.iter();
        Ok(dims.map(|&dim| usize::try_from(dim).unwrap_or(0)).collect())
    }

    pub(super) fn floats(&self, name: &str, dims: &[usize]) -> Result<Vec<f32>, ModelFault> {
        let tensor = self.find(name)?;
        let expected: Vec<i64> = dims.iter().map(|&dim| dim as i64).collect();
        if tensor.dims != expected || tensor.data_type != Some(data_type::FLOAT) {
            let found = (&tensor.dims, tensor.data_type);
            return Err(ModelFault::Graph(format!(
                "{name} has shape and type {found:?}, not {expected:?} of float32"
            )));
        }
        let raw = tensor.raw_data.as_deref().unwrap_or_default();
        if raw.len() != 4 * dims.iter().product::<usize>() {
            return Err(ModelFault::Graph(format!("{name} holds {} bytes of raw data", raw.len())));
        }
        Ok(raw
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .collect())
    }

    /// A list of 64-bit integers.
    pub(super) fn integers(&self, name: &str, count: usize) -> Result<Vec<i64>, ModelFault> {
        let tensor = self.find(name)?;
        let raw = tensor.raw_data.as_deref().unwrap_or_default();
        let fits = tensor.dims == [count as i64] && raw.len() == 8 * count;
        if !fits || tensor.data_type != Some(data_type::INT64) {
            let found = (&tensor.dims, tensor.data_type);
            return Err(ModelFault::Graph(format!(
                "{name} has shape and type {found:?}, not [{count}] of int64"
            )));
        }
        let (numbers, _) = raw.as_chunks::<8>();
        Ok(numbers.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
    }

    fn columns(&self, name: &str) -> Result<[f32; STEP_FEATURES], ModelFault> {
        let row = self.floats(name, &[STEP_FEATURES])?;
        Ok(std::array::from_fn(|column| row[column]))
    }

    fn lstm(&self, name: &str, input: usize) -> Result<BiLstm, ModelFault> {
        let recurrent = format!("{name}.r");
        let hidden = match self.find(&recurrent)?.dims[..] {
            [2, _, hidden] if (1..=MAX_HIDDEN as i64).contains(&hidden) => hidden as usize,
            ref dims => return Err(ModelFault::Graph(format!("{recurrent} has shape {dims:?}"))),
        };
        let w = self.floats(&format!("{name}.w"), &[2, 4 * hidden, input])?;
        let r = self.floats(&recurrent, &[2, 4 * hidden, hidden])?;
        let b = self.floats(&format!("{name}.b"), &[2, 8 * hidden])?;
        let side = |side: usize| LstmWeights {
            w: half(&w, side).to_vec(),
            r: half(&r, side).to_vec(),
            b: summed(half(&b, side)),
        };
        Ok(BiLstm { input, hidden, forward: side(0), backward: side(1) })
    }

    fn norm(&self, features: usize) -> Result<BatchNorm, ModelFault> {
        Ok(BatchNorm {
            gamma: self.floats("norm.factor", &[features])?,
            beta: self.floats("norm.offset", &[features])?,
            ..BatchNorm::identity(features, 0.0)
        })
    }

    pub(super) fn head(&self, features: usize) -> Result<Dense, ModelFault> {
        let weight = self.floats("head.weight", &[1, features])?;
        Ok(Dense { weight, bias: self.floats("head.bias", &[1])?[0] })
    }
}

fn half(values: &[f32], side: usize) -> &[f32] {
    let length = values.len() / 2;
    &values[side * length..(side + 1) * length]
}

/// ONNX keeps an input bias and a recurrent bias; only their sum matters.
fn summed(bias: &[f32]) -> Vec<f32> {
    half(bias, 0).iter().zip(half(bias, 1)).map(|(input, recurrent)| input + recurrent).collect()
}

fn same_computation(found: &GraphProto, expected: &GraphProto) -> Result<(), ModelFault> {
    for (index, (has, wants)) in found.node.iter().zip(&expected.node).enumerate() {
        if (&has.op_type, &has.input, &has.output, &has.attribute)
            != (&wants.op_type, &wants.input, &wants.output, &wants.attribute)
        {
            let has = described(has);
            let wants = described(wants);
            return Err(ModelFault::Graph(format!("node {index} is {has} instead of {wants}")));
        }
    }
    if found.node.len() != expected.node.len() {
        let has = found.node.len();
        let wants = expected.node.len();
        return Err(ModelFault::Graph(format!("it has {has} nodes instead of {wants}")));
    }
    if (&found.input, &found.output) != (&expected.input, &expected.output) {
        return Err(ModelFault::Graph("its inputs or outputs have other names or shapes".into()));
    }
    same_constants(found, expected)
}

fn same_constants(found: &GraphProto, expected: &GraphProto) -> Result<(), ModelFault> {
    if found.initializer.len() != expected.initializer.len()
        || constants(found) != constants(expected)
    {
        return Err(ModelFault::Graph("its constants differ".into()));
    }
    Ok(())
}

fn constants(graph: &GraphProto) -> Vec<TensorProto> {
    let whole = graph.initializer.iter();
    whole.filter(|tensor| tensor.data_type == Some(data_type::INT64)).cloned().collect()
}

fn described(node: &NodeProto) -> String {
    let inputs = node.input.join(", ");
    format!("{}({inputs})", node.op_type.as_deref().unwrap_or("an operator without a name"))
}

fn name_of(tensor: &TensorProto) -> &str {
    tensor.name.as_deref().unwrap_or_default()
}
