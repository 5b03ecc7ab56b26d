//! The ONNX graph of the architecture `conv`, as `onnx/README.md` fixes it: steps are put on the
//! network's clock inside the graph, so that raw steps go in as for every architecture.

use super::graph::{EMBEDDING, GENUINE, LENGTHS, STEPS, floats, int, integers, ints, node};
use super::onnx_proto::{NodeProto, TensorProto, data_type};
use crate::nn::ConvNetwork;
use crate::nn::conv::clock::{CHANNELS, SHORTEST_MS};
use crate::nn::conv::pool::FLOOR;

/// What the weights of the projection to the embedding are called.
pub(crate) const EMBEDDING_WEIGHT: &str = "embedding.weight";
/// What its biases are called.
pub(crate) const EMBEDDING_BIAS: &str = "embedding.bias";

/// Behind everything: where a slice ends that leaves nothing out.
// ONNX cuts a slice's end to the size of the axis.
const END: i64 = i64::MAX;

/// The nodes, in order.
pub(crate) fn nodes(network: &ConvNetwork) -> Vec<NodeProto> {
    let mut all = steps_that_count();
    all.extend(moments_of_steps());
    all.extend(on_the_clock());
    all.extend(channels());
    for (at, layer) in network.layers.iter().enumerate() {
        all.extend(convolution(at, layer.kernel as i64));
    }
    all.extend(pooled(&format!("masked{}", network.layers.len())));
    // A second output: readers that know only `genuine` go on as before.
    if network.embedding.is_some() {
        let inputs = ["features", EMBEDDING_WEIGHT, EMBEDDING_BIAS];
        all.push(node("Gemm", &inputs, &[EMBEDDING], vec![int("transB", 1)]));
    }
    all
}

/// Steps beyond a window's length become nothing, whatever they are.
fn steps_that_count() -> Vec<NodeProto> {
    let to_int64 = vec![int("to", i64::from(data_type::INT64))];
    vec![
        node("Shape", &[STEPS], &["shape"], vec![]),
        node("Gather", &["shape", "int.one"], &["time"], vec![int("axis", 0)]),
        node("Range", &["int.zero", "time", "int.one"], &["places"], vec![]),
        node("Cast", &[LENGTHS], &["long_lengths"], to_int64),
        node("Unsqueeze", &["long_lengths", "axis.1"], &["ends_of_rows"], vec![]),
        // By length and not by zero steps: a hand that rests for a step sends zeros as well.
        node("Less", &["places", "ends_of_rows"], &["counts"], vec![]),
        node("Unsqueeze", &["counts", "axis.2"], &["rows_count"], vec![]),
        node("Where", &["rows_count", STEPS, "zero"], &["given"], vec![]),
    ]
}

/// When each step begins and how long it takes.
fn moments_of_steps() -> Vec<NodeProto> {
    vec![
        node("Slice", &["given", "axis.0", "axis.2", "axis.2"], &["ways"], vec![]),
        node("Slice", &["given", "axis.2", "end", "axis.2"], &["span_column"], vec![]),
        node("Squeeze", &["span_column", "axis.2"], &["raw_spans"], vec![]),
        // A step without time has no velocity, see `SHORTEST_MS`.
        node("Max", &["raw_spans", "shortest"], &["spans"], vec![]),
        node("Where", &["counts", "spans", "zero"], &["used_spans"], vec![]),
        node("CumSum", &["used_spans", "int.one"], &["ends"], vec![]),
        node("Sub", &["ends", "spans"], &["starts"], vec![]),
    ]
}

/// The way between two ticks: each step gives a tick the share of itself that falls into it.
fn on_the_clock() -> Vec<NodeProto> {
    let all_axes = vec![ints("axes", &[0, 1]), int("keepdims", 0)];
    vec![
        // Padding adds nothing to the sum, so the largest is the window's own end.
        node("ReduceMax", &["ends"], &["whole"], vec![ints("axes", &[1]), int("keepdims", 1)]),
        node("Div", &["whole", "clock.tick_ms"], &["parts"], vec![]),
        node("Ceil", &["parts"], &["whole_parts"], vec![]),
        node("Max", &["whole_parts", "one"], &["some_ticks"], vec![]),
        node("Min", &["some_ticks", "clock.ticks"], &["ticks"], vec![]),
        // All windows of a batch share one grid; the mask cuts each to its own ticks.
        node("ReduceMax", &["ticks"], &["most_ticks"], all_axes),
        node("Add", &["most_ticks", "one"], &["most_marks"], vec![]),
        node("Range", &["zero", "most_marks", "one"], &["mark_numbers"], vec![]),
        node("Mul", &["mark_numbers", "clock.tick_ms"], &["marks"], vec![]),
        node("Unsqueeze", &["marks", "axis.1"], &["mark_column"], vec![]),
        node("Unsqueeze", &["starts", "axis.1"], &["start_rows"], vec![]),
        node("Unsqueeze", &["spans", "axis.1"], &["span_rows"], vec![]),
        node("Sub", &["mark_column", "start_rows"], &["since_start"], vec![]),
        node("Div", &["since_start", "span_rows"], &["any_share"], vec![]),
        node("Clip", &["any_share", "zero", "one"], &["passed"], vec![]),
        node("Slice", &["passed", "axis.1", "end", "axis.1"], &["passed_after"], vec![]),
        node("Slice", &["passed", "axis.0", "last", "axis.1"], &["passed_before"], vec![]),
        node("Sub", &["passed_after", "passed_before"], &["shares"], vec![]),
        node("MatMul", &["shares", "ways"], &["velocities"], vec![]),
    ]
}

/// What the first convolution reads, zeros where a window has no ticks any more.
fn channels() -> Vec<NodeProto> {
    let to_float = vec![int("to", i64::from(data_type::FLOAT))];
    let sum = vec![int("keepdims", 1)];
    vec![
        node("Mul", &["velocities", "velocities"], &["squares"], vec![]),
        node("ReduceSum", &["squares", "axis.2"], &["square"], sum),
        node("Sqrt", &["square"], &["along"], vec![]),
        node("Concat", &["velocities", "along"], &["columns"], vec![int("axis", 2)]),
        node("Mul", &["columns", "conditioning.scale"], &["scaled"], vec![]),
        node("Asinh", &["scaled"], &["bent"], vec![]),
        node("Range", &["zero", "most_ticks", "one"], &["tick_numbers"], vec![]),
        node("Less", &["tick_numbers", "ticks"], &["ticks_count"], vec![]),
        node("Cast", &["ticks_count"], &["flat_mask"], to_float),
        node("Unsqueeze", &["flat_mask", "axis.1"], &["mask"], vec![]),
        node("Transpose", &["bent"], &["by_channel"], vec![ints("perm", &[0, 2, 1])]),
        // Filters reach over a window's end: there they have to find zeros.
        node("Mul", &["by_channel", "mask"], &["masked0"], vec![]),
    ]
}

fn convolution(at: usize, kernel: i64) -> Vec<NodeProto> {
    let name = |what: &str| format!("{what}{at}");
    let input = name("masked");
    let weight = weight_name(at);
    let bias = bias_name(at);
    let products = name("products");
    let positive = name("positive");
    // Half to each side, so that as many ticks come out as went in.
    let pads = ints("pads", &[kernel / 2, kernel / 2]);
    let attributes = vec![ints("kernel_shape", &[kernel]), pads];
    vec![
        node("Conv", &[&input, &weight, &bias], &[&products], attributes),
        node("Relu", &[&products], &[&positive], vec![]),
        // Masked anew after each layer: the bias made the padding non-zero.
        node("Mul", &[&positive, "mask"], &[&format!("masked{}", at + 1)], vec![]),
    ]
}

/// Mean and deviation of each channel, and the head.
fn pooled(last: &str) -> Vec<NodeProto> {
    let sum = vec![int("keepdims", 1)];
    vec![
        node("Unsqueeze", &["ticks", "axis.2"], &["tick_counts"], vec![]),
        node("ReduceSum", &[last, "axis.2"], &["sum"], sum.clone()),
        node("Div", &["sum", "tick_counts"], &["mean"], vec![]),
        // Away from the mean first: squares of sums would cancel in single precision.
        node("Sub", &[last, "mean"], &["away"], vec![]),
        // Padding is away from the mean as well, and must not count.
        node("Mul", &["away", "mask"], &["masked_away"], vec![]),
        node("Mul", &["masked_away", "masked_away"], &["away_squares"], vec![]),
        node("ReduceSum", &["away_squares", "axis.2"], &["away_sum"], sum),
        node("Div", &["away_sum", "tick_counts"], &["variance"], vec![]),
        // A window of one tick has no deviation, and a root has no slope at 0.
        node("Add", &["variance", "floor"], &["floored"], vec![]),
        node("Sqrt", &["floored"], &["deviation"], vec![]),
        node("Concat", &["mean", "deviation"], &["both"], vec![int("axis", 1)]),
        node("Flatten", &["both"], &["features"], vec![int("axis", 1)]),
        node("Gemm", &["features", "head.weight", "head.bias"], &["logit"], vec![int("transB", 1)]),
        node("Sigmoid", &["logit"], &[GENUINE], vec![]),
    ]
}

/// The constants and weights.
pub(crate) fn initializers(network: &ConvNetwork) -> Vec<TensorProto> {
    let mut all = vec![
        integers("int.zero", &[], &[0]),
        integers("int.one", &[], &[1]),
        integers("axis.0", &[1], &[0]),
        integers("axis.1", &[1], &[1]),
        integers("axis.2", &[1], &[2]),
        integers("end", &[1], &[END]),
        integers("last", &[1], &[-1]),
        floats("zero", &[], &[0.0]),
        floats("one", &[], &[1.0]),
        floats("shortest", &[], &[SHORTEST_MS]),
        floats("floor", &[], &[FLOOR]),
        floats("clock.tick_ms", &[], &[network.clock.tick_ms]),
        floats("clock.ticks", &[], &[network.clock.ticks as f32]),
        floats("conditioning.scale", &[], &[network.scale]),
    ];
    let mut input = CHANNELS as i64;
    for (at, layer) in network.layers.iter().enumerate() {
        let (weight, bias) = layer.folded();
        let output = layer.output as i64;
        all.push(floats(&weight_name(at), &[output, input, layer.kernel as i64], &weight));
        all.push(floats(&bias_name(at), &[output], &bias));
        input = output;
    }
    let features = network.head.weight.len() as i64;
    all.push(floats("head.weight", &[1, features], &network.head.weight));
    all.push(floats("head.bias", &[1], &[network.head.bias]));
    if let Some(embedding) = &network.embedding {
        let count = embedding.count() as i64;
        all.push(floats(EMBEDDING_WEIGHT, &[count, features], &embedding.weight));
        all.push(floats(EMBEDDING_BIAS, &[count], &embedding.bias));
    }
    all
}

/// What the weights of a layer are called.
pub(crate) fn weight_name(at: usize) -> String {
    format!("conv{at}.weight")
}

/// What its biases are called.
pub(crate) fn bias_name(at: usize) -> String {
    format!("conv{at}.bias")
}
