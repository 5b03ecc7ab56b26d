//! From the network to its ONNX graph, as `onnx/README.md` fixes it, with the batch normalisation
//! folded into the weights.

use super::conv_graph;
use super::onnx_proto::{
    AttributeProto, DimensionProto, GraphProto, NodeProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto, attribute_type, data_type,
};
use crate::nn::{AnyNetwork, BatchNorm, BiLstm, LstmWeights, Network};

/// Input: steps, float32 `[batch, time, 3]`: dx px, dy px, dt ms.
pub(crate) const STEPS: &str = "steps";
/// Input: valid steps of each row, int32 `[batch]`, 1..=time.
pub(crate) const LENGTHS: &str = "lengths";
/// Output: float32 `[batch, 1]`, 0 impostor .. 1 owner.
pub(crate) const GENUINE: &str = "genuine";
/// Output of networks that describe windows: float32 `[batch, embedding]`.
pub(crate) const EMBEDDING: &str = "embedding";

/// The graph of a network. The batch normalisation goes in as one factor and one offset a feature.
pub(crate) fn graph_of(network: &AnyNetwork) -> GraphProto {
    let (node, initializer) = match network {
        AnyNetwork::BiLstm(network) => {
            let [first, second] = [&network.first, &network.second].map(|l| l.hidden as i64);
            (nodes(first, second), initializers(network))
        }
        AnyNetwork::Conv(network) => {
            (conv_graph::nodes(network), conv_graph::initializers(network))
        }
    };
    let mut output = vec![value(GENUINE, data_type::FLOAT, &[free("batch"), fixed(1)])];
    if let Some(embedding) = network.embedding() {
        let count = fixed(embedding.count() as i64);
        output.push(value(EMBEDDING, data_type::FLOAT, &[free("batch"), count]));
    }
    GraphProto {
        node,
        name: Some("mousewarden".into()),
        initializer,
        input: vec![
            value(STEPS, data_type::FLOAT, &[free("batch"), free("time"), fixed(3)]),
            value(LENGTHS, data_type::INT32, &[free("batch")]),
        ],
        output,
    }
}

fn nodes(first: i64, second: i64) -> Vec<NodeProto> {
    let weights = ["first.w", "first.r", "first.b", "second.w", "second.r", "second.b"];
    vec![
        node("Mul", &[STEPS, "conditioning.scale"], &["scaled"], vec![]),
        node("Asinh", &["scaled"], &["compressed"], vec![]),
        node("Sub", &["compressed", "conditioning.shift"], &["centred"], vec![]),
        node("Mul", &["centred", "conditioning.gain"], &["conditioned"], vec![]),
        node("Transpose", &["conditioned"], &["by_time"], vec![ints("perm", &[1, 0, 2])]),
        lstm(["by_time", weights[0], weights[1], weights[2]], &["first_y"], first),
        // ONNX puts directions before the batch; joined they are features side by side.
        node("Transpose", &["first_y"], &["first_sides"], vec![ints("perm", &[0, 2, 1, 3])]),
        node("Reshape", &["first_sides", "first.shape"], &["first_joined"], vec![]),
        node("Mul", &["first_joined", "norm.factor"], &["normed"], vec![]),
        node("Add", &["normed", "norm.offset"], &["normalised"], vec![]),
        lstm(["normalised", weights[3], weights[4], weights[5]], &["", "second_h"], second),
        node("Transpose", &["second_h"], &["second_sides"], vec![ints("perm", &[1, 0, 2])]),
        node("Reshape", &["second_sides", "second.shape"], &["second_joined"], vec![]),
        node(
            "Gemm",
            &["second_joined", "head.weight", "head.bias"],
            &["logit"],
            vec![int("transB", 1)],
        ),
        node("Sigmoid", &["logit"], &[GENUINE], vec![]),
    ]
}

fn initializers(network: &Network) -> Vec<TensorProto> {
    let conditioning = &network.conditioning;
    let (factor, offset) = fold(&network.norm);
    let joined = 2 * network.first.hidden as i64;
    let out = 2 * network.second.hidden as i64;
    let mut all = vec![
        floats("conditioning.scale", &[3], &conditioning.scale),
        floats("conditioning.shift", &[3], &conditioning.shift),
        floats("conditioning.gain", &[3], &conditioning.gain),
    ];
    all.extend(lstm_weights("first", &network.first));
    // 0 copies a dimension of the input: batch and time stay free.
    all.push(shape("first.shape", &[0, 0, joined]));
    all.push(floats("norm.factor", &[joined], &factor));
    all.push(floats("norm.offset", &[joined], &offset));
    all.extend(lstm_weights("second", &network.second));
    all.push(shape("second.shape", &[0, out]));
    all.push(floats("head.weight", &[1, out], &network.head.weight));
    all.push(floats("head.bias", &[1], &[network.head.bias]));
    all
}

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta = x * factor + offset`; in double precision
/// and rounded once, so that folding twice changes nothing.
fn fold(norm: &BatchNorm) -> (Vec<f32>, Vec<f32>) {
    let rows = norm.gamma.iter().zip(&norm.beta).zip(norm.mean.iter().zip(&norm.variance));
    rows.map(|((&gamma, &beta), (&mean, &variance))| {
        let deviation = (f64::from(variance) + f64::from(norm.epsilon)).sqrt();
        let factor = f64::from(gamma) / deviation;
        (factor as f32, (f64::from(beta) - f64::from(mean) * factor) as f32)
    })
    .unzip()
}

/// W `[2, 4H, I]`, R `[2, 4H, H]`, B `[2, 8H]`: forward then backward; the second half of each
/// bias row belongs to the recurrent side and stays zero.
fn lstm_weights(name: &str, layer: &BiLstm) -> [TensorProto; 3] {
    let input = layer.input as i64;
    let hidden = layer.hidden as i64;
    // ONNX has two biases where the engine has one.
    let zeros = vec![0.0; 4 * layer.hidden];
    let bias = [&layer.forward.b[..], &zeros, &layer.backward.b, &zeros].concat();
    [
        floats(&format!("{name}.w"), &[2, 4 * hidden, input], &both(layer, |side| &side.w)),
        floats(&format!("{name}.r"), &[2, 4 * hidden, hidden], &both(layer, |side| &side.r)),
        floats(&format!("{name}.b"), &[2, 8 * hidden], &bias),
    ]
}

/// The parts of both directions, one behind the other, as ONNX has them.
fn both(layer: &BiLstm, part: fn(&LstmWeights) -> &[f32]) -> Vec<f32> {
    [part(&layer.forward), part(&layer.backward)].concat()
}

fn lstm(inputs: [&str; 4], outputs: &[&str], hidden: i64) -> NodeProto {
    let [x, w, r, b] = inputs;
    let direction = AttributeProto {
        name: Some("direction".into()),
        s: Some(b"bidirectional".to_vec()),
        r#type: Some(attribute_type::STRING),
        ..AttributeProto::default()
    };
    node("LSTM", &[x, w, r, b, LENGTHS], outputs, vec![direction, int("hidden_size", hidden)])
}

pub(super) fn node(
    op: &str,
    inputs: &[&str],
    outputs: &[&str],
    attribute: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        input: owned(inputs),
        output: owned(outputs),
        // Names of nodes must differ; the last output's is unique by construction.
        name: outputs.last().map(|output| format!("{op}:{output}")),
        op_type: Some(op.into()),
        attribute,
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

pub(super) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        i: Some(value),
        r#type: Some(attribute_type::INT),
        ..AttributeProto::default()
    }
}

pub(super) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        ints: values.to_vec(),
        r#type: Some(attribute_type::INTS),
        ..AttributeProto::default()
    }
}

pub(super) fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    // Little-endian by ONNX's definition, on every machine.
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, dims, data_type::FLOAT, bytes)
}

fn shape(name: &str, dims: &[i64]) -> TensorProto {
    integers(name, &[dims.len() as i64], dims)
}

pub(super) fn integers(name: &str, dims: &[i64], values: &[i64]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, dims, data_type::INT64, bytes)
}

fn tensor(name: &str, dims: &[i64], kind: i32, raw: Vec<u8>) -> TensorProto {
    TensorProto {
        dims: dims.to_vec(),
        data_type: Some(kind),
        name: Some(name.into()),
        raw_data: Some(raw),
    }
}

pub(super) fn value(name: &str, kind: i32, dims: &[DimensionProto]) -> ValueInfoProto {
    let shape = Some(TensorShapeProto { dim: dims.to_vec() });
    let tensor_type = Some(TensorTypeProto { elem_type: Some(kind), shape });
    ValueInfoProto { name: Some(name.into()), r#type: Some(TypeProto { tensor_type }) }
}

pub(super) fn free(name: &str) -> DimensionProto {
    DimensionProto { dim_value: None, dim_param: Some(name.into()) }
}

pub(super) fn fixed(size: i64) -> DimensionProto {
    DimensionProto { dim_value: Some(size), dim_param: None }
}
