//! From the ONNX graph of the architecture `conv` back to the network, and what must hold for one.

use super::conv_graph::{EMBEDDING_BIAS, EMBEDDING_WEIGHT, bias_name, weight_name};
use super::fault::ModelFault;
use super::weights::{MAX_HIDDEN, Weights};
use crate::nn::conv::clock::CHANNELS;
use crate::nn::{BatchNorm, Clock, ConvLayer, ConvNetwork, Linear};

/// Layers that this build accepts.
// A bound for each size keeps a damaged file from asking for gigabytes before it is refused.
const MAX_LAYERS: usize = 16;
/// Ticks that one output may see.
const MAX_KERNEL: usize = 255;
/// The embedding of a window.
const MAX_DIMENSIONS: usize = 1024;
/// Ticks of a window that may be seen; as many as a window may have steps.
const MAX_TICKS: usize = 4096;

/// The network inside a graph. Its normalisations come back as they were folded (only offsets are
/// left), which scores the same.
pub(crate) fn network_of(weights: &Weights<'_>) -> Result<ConvNetwork, ModelFault> {
    let mut layers: Vec<ConvLayer> = Vec::new();
    // Layers are counted by their names: the graph itself is compared as a whole elsewhere.
    while layers.len() < MAX_LAYERS && weights.has(&weight_name(layers.len())) {
        let input = layers.last().map_or(CHANNELS, |layer| layer.output);
        layers.push(layer(weights, layers.len(), input)?);
    }
    let channels = layers.last().map_or(CHANNELS, |layer| layer.output);
    Ok(ConvNetwork {
        clock: Clock {
            tick_ms: number(weights, "clock.tick_ms")?,
            // Clamped to one more than allowed, which `check` refuses with the number in its
            // message.
            ticks: number(weights, "clock.ticks")?.clamp(0.0, MAX_TICKS as f32 + 1.0) as usize,
        },
        scale: number(weights, "conditioning.scale")?,
        layers,
        head: weights.head(2 * channels)?,
        embedding: embedding(weights, 2 * channels)?,
    })
}

fn number(weights: &Weights<'_>, name: &str) -> Result<f32, ModelFault> {
    Ok(weights.floats(name, &[])?[0])
}

/// The projection to the embedding, where the graph has one.
fn embedding(weights: &Weights<'_>, features: usize) -> Result<Option<Linear>, ModelFault> {
    if !weights.has(EMBEDDING_WEIGHT) {
        return Ok(None);
    }
    let count = match weights.dims(EMBEDDING_WEIGHT)?[..] {
        [count @ 1..=MAX_DIMENSIONS, found] if found == features => count,
        ref dims => {
            return Err(ModelFault::Graph(format!("{EMBEDDING_WEIGHT} has shape {dims:?}")));
        }
    };
    let weight = weights.floats(EMBEDDING_WEIGHT, &[count, features])?;
    Ok(Some(Linear { weight, bias: weights.floats(EMBEDDING_BIAS, &[count])? }))
}

fn layer(weights: &Weights<'_>, at: usize, input: usize) -> Result<ConvLayer, ModelFault> {
    let name = weight_name(at);
    let (output, kernel) = match weights.dims(&name)?[..] {
        [output @ 1..=MAX_HIDDEN, found, kernel @ 1..=MAX_KERNEL] if found == input => {
            (output, kernel)
        }
        ref dims => return Err(ModelFault::Graph(format!("{name} has shape {dims:?}"))),
    };
    Ok(ConvLayer {
        kernel,
        input,
        output,
        weight: weights.floats(&name, &[output, input, kernel])?,
        norm: BatchNorm {
            beta: weights.floats(&bias_name(at), &[output])?,
            // Epsilon 0 and variance 1, so that folding again gives the same weights to the last
            // bit.
            ..BatchNorm::identity(output, 0.0)
        },
    })
}

/// Says what cannot work about a network, if anything.
pub(crate) fn check(network: &ConvNetwork) -> Result<(), ModelFault> {
    let Clock { tick_ms, ticks } = network.clock;
    if !(tick_ms.is_finite() && tick_ms > 0.0 && (1..=MAX_TICKS).contains(&ticks)) {
        return wrong(format!("its clock ticks every {tick_ms} ms, {ticks} times"));
    }
    if network.layers.is_empty() || network.layers.len() > MAX_LAYERS {
        return wrong(format!("{} layers; 1..={MAX_LAYERS} are allowed", network.layers.len()));
    }
    let mut input = CHANNELS;
    for (at, layer) in network.layers.iter().enumerate() {
        if layer.input != input || !fits(layer) {
            return wrong(format!("its layer {at} has weights of another shape"));
        }
        input = layer.output;
    }
    if network.head.weight.len() != network.features() {
        return wrong(format!("its head does not have {} weights", network.features()));
    }
    if let Some(Linear { weight, bias }) = &network.embedding
        && (!(1..=MAX_DIMENSIONS).contains(&bias.len())
            || weight.len() != bias.len() * network.features())
    {
        return wrong("its projection to the embedding has another shape".into());
    }
    let embedding = network.embedding.iter().all(|t| finite(&t.weight) && finite(&t.bias));
    let head = finite(&network.head.weight) && network.head.bias.is_finite();
    if !(head
        && embedding
        && network.scale.is_finite()
        && network.layers.iter().all(|layer| {
            let (weight, bias) = layer.folded();
            // What is used are the folded weights: finite parts can give an infinite product.
            finite(&weight) && finite(&bias)
        }))
    {
        return wrong("its weights are not all finite numbers".into());
    }
    Ok(())
}

fn finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}

fn wrong(what: String) -> Result<(), ModelFault> {
    Err(ModelFault::Value(what))
}

fn fits(layer: &ConvLayer) -> bool {
    let ConvLayer { kernel, input, output, weight, norm } = layer;
    let BatchNorm { gamma, beta, mean, variance, .. } = norm;
    (1..=MAX_KERNEL).contains(kernel)
        // Even lengths have no middle tick.
        && kernel % 2 == 1
        && (1..=MAX_HIDDEN).contains(output)
        && weight.len() == output * input * kernel
        && [gamma, beta, mean, variance].iter().all(|values| values.len() == *output)
}
