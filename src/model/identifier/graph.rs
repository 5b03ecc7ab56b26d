//! From perceptrons to their ONNX graph and back, as `onnx/README.md` fixes it. A graph that would
//! compute anything else is refused.

use crate::model::fault::ModelFault;
use crate::model::graph::{fixed, floats, free, int, integers, node, value};
use crate::model::onnx_proto::{GraphProto, NodeProto, TensorProto, TypeProto, data_type};
use crate::model::weights::Weights;
use crate::nn::mlp::{Mlp, MlpLayer, Scaling};

/// Input: features of sessions, float32 `[batch, F]`, raw.
pub(crate) const FEATURES: &str = "features";
/// Output: float32 `[batch, C]`, rows that sum to 1.
pub(crate) const PROBABILITIES: &str = "probabilities";

/// More members or layers than any model of this program has.
const MOST: usize = 64;

/// The graph: scaling, then a branch a member, then the mean of their probabilities.
pub(crate) fn graph_of(mlp: &Mlp) -> GraphProto {
    let features = mlp.features() as i64;
    let classes = mlp.classes() as i64;
    GraphProto {
        node: nodes(mlp),
        name: Some("mousewarden-identify".into()),
        initializer: initializers(mlp),
        input: vec![value(FEATURES, data_type::FLOAT, &[free("batch"), fixed(features)])],
        output: vec![value(PROBABILITIES, data_type::FLOAT, &[free("batch"), fixed(classes)])],
    }
}

fn nodes(mlp: &Mlp) -> Vec<NodeProto> {
    let mut all = Vec::new();
    let mut columns = FEATURES;
    if !mlp.scaling.is_plain() {
        columns = "columns";
        all.push(node("Gather", &[FEATURES, "scaling.source"], &[columns], vec![int("axis", 1)]));
    }
    all.extend([
        node("Sub", &[columns, "scaling.low"], &["above_low"], vec![]),
        node("Mul", &["above_low", "scaling.factor"], &["unclipped"], vec![]),
        node("Clip", &["unclipped", "scaling.least", "scaling.most"], &["scaled"], vec![]),
    ]);
    let mut answers = Vec::new();
    for (member, layers) in mlp.members.iter().enumerate() {
        let mut input = "scaled".to_owned();
        for layer in 0..layers.len() {
            let name = layer_name(member, layer);
            let weight = format!("{name}.weight");
            let bias = format!("{name}.bias");
            let sum = format!("{name}.sum");
            let cut = format!("{name}.relu");
            all.push(node("Gemm", &[&input, &weight, &bias], &[&sum], vec![]));
            input = sum;
            if layer + 1 < layers.len() {
                all.push(node("Relu", &[&input], &[&cut], vec![]));
                input = cut;
            }
        }
        let answer = format!("member{member}.probabilities");
        all.push(node("Softmax", &[&input], &[&answer], vec![int("axis", -1)]));
        answers.push(answer);
    }
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    all.push(node("Mean", &answers, &[PROBABILITIES], vec![]));
    all
}

fn initializers(mlp: &Mlp) -> Vec<TensorProto> {
    let scaling = &mlp.scaling;
    let columns = mlp.scaling.columns() as i64;
    let mut all = Vec::new();
    if !scaling.is_plain() {
        let source: Vec<i64> = scaling.source.iter().map(|feature| *feature as i64).collect();
        all.push(integers("scaling.source", &[columns], &source));
    }
    all.extend([
        floats("scaling.low", &[columns], &scaling.low),
        floats("scaling.factor", &[columns], &scaling.factor),
        floats("scaling.least", &[], &scaling.clip[..1]),
        floats("scaling.most", &[], &scaling.clip[1..]),
    ]);
    for (member, layers) in mlp.members.iter().enumerate() {
        for (index, layer) in layers.iter().enumerate() {
            let name = layer_name(member, index);
            let dims = [layer.input as i64, layer.output as i64];
            all.push(floats(&format!("{name}.weight"), &dims, &layer.weight));
            all.push(floats(&format!("{name}.bias"), &dims[1..], &layer.bias));
        }
    }
    all
}

fn layer_name(member: usize, layer: usize) -> String {
    format!("member{member}.layer{layer}")
}

/// The weights of a graph.
///
/// # Errors
/// [`ModelFault::Identifier`] when it is another graph.
pub(crate) fn mlp_of(graph: &GraphProto) -> Result<Mlp, ModelFault> {
    let weights = Weights::new(graph);
    let read = || -> Result<Mlp, ModelFault> {
        let scaling = scaling(&weights, features_of(graph))?;
        let mut members = Vec::new();
        while members.len() < MOST && weights.has(&format!("{}.bias", layer_name(members.len(), 0)))
        {
            members.push(member(&weights, members.len())?);
        }
        Ok(Mlp { scaling, members })
    };
    let mlp = read().map_err(as_identifier)?;
    if *graph != graph_of(&mlp) {
        return Err(ModelFault::Identifier("its graph computes something else".into()));
    }
    Ok(mlp)
}

/// The size that the graph gives its input; 0 where it gives none.
fn features_of(graph: &GraphProto) -> usize {
    let of_type =
        |kind: &TypeProto| kind.tensor_type.as_ref()?.shape.as_ref()?.dim.get(1)?.dim_value;
    let size = graph.input.first().and_then(|input| of_type(input.r#type.as_ref()?));
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0)
}

fn scaling(weights: &Weights<'_>, features: usize) -> Result<Scaling, ModelFault> {
    let columns = weights.dims("scaling.low")?.first().copied().unwrap_or(0);
    let source = if weights.has("scaling.source") {
        weights.integers("scaling.source", columns)?
    } else {
        (0..columns as i64).collect()
    };
    let one = |name| weights.floats(name, &[]).map(|values| values[0]);
    Ok(Scaling {
        features,
        source: source
            .into_iter()
            .map(|place| usize::try_from(place).unwrap_or(usize::MAX))
            .collect(),
        low: weights.floats("scaling.low", &[columns])?,
        factor: weights.floats("scaling.factor", &[columns])?,
        clip: [one("scaling.least")?, one("scaling.most")?],
    })
}

fn member(weights: &Weights<'_>, member: usize) -> Result<Vec<MlpLayer>, ModelFault> {
    let mut layers = Vec::new();
    while layers.len() < MOST && weights.has(&format!("{}.bias", layer_name(member, layers.len())))
    {
        let name = layer_name(member, layers.len());
        let &[input, output] = &weights.dims(&format!("{name}.weight"))?[..] else {
            return Err(ModelFault::Identifier(format!("{name}.weight is no matrix")));
        };
        layers.push(MlpLayer {
            input,
            output,
            weight: weights.floats(&format!("{name}.weight"), &[input, output])?,
            bias: weights.floats(&format!("{name}.bias"), &[output])?,
        });
    }
    Ok(layers)
}

/// A fault of the graph, told as one of this kind of model.
fn as_identifier(fault: ModelFault) -> ModelFault {
    match fault {
        ModelFault::Graph(what) => ModelFault::Identifier(what),
        other => other,
    }
}
