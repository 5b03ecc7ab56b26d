//! Dense layers in double precision, forward and backward. The same forward pass trains and scores;
//! weights and steps belong to others.

use super::{Mlp, MlpLayer, Scaling};

/// One dense layer at work.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DenseLayer {
    pub input: usize,
    pub output: usize,
    /// `[input, output]`, row-major: the inner loop runs over outputs, which vectorises.
    pub weight: Vec<f64>,
    pub bias: Vec<f64>,
}

impl From<&MlpLayer> for DenseLayer {
    fn from(stored: &MlpLayer) -> Self {
        let weight = wide(&stored.weight);
        let bias = wide(&stored.bias);
        Self { input: stored.input, output: stored.output, weight, bias }
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

impl From<&DenseLayer> for MlpLayer {
    fn from(layer: &DenseLayer) -> Self {
        let weight = narrow(&layer.weight);
        let bias = narrow(&layer.bias);
        Self { input: layer.input, output: layer.output, weight, bias }
    }
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

impl DenseLayer {
    /// A layer of zeros of the same shape, for gradients.
    pub(crate) fn zeros(&self) -> Self {
        let weight = vec![0.0; self.weight.len()];
        let bias = vec![0.0; self.bias.len()];
        Self { input: self.input, output: self.output, weight, bias }
    }

    fn forward(&self, input: &[f64]) -> Vec<f64> {
        let mut out = self.bias.clone();
        for (value, row) in input.iter().zip(self.weight.chunks_exact(self.output)) {
            if *value != 0.0 {
                out.iter_mut().zip(row).for_each(|(sum, weight)| *sum += value * weight);
            }
        }
        out
    }

    /// Adds this row's part of the gradient with respect to the weights to `grads`.
    fn add_slopes(&self, input: &[f64], slope: &[f64], grads: &mut Self) {
        grads.bias.iter_mut().zip(slope).for_each(|(sum, slope)| *sum += slope);
        let sums = grads.weight.chunks_exact_mut(self.output);
        for (value, sums) in input.iter().zip(sums).filter(|(value, _)| **value != 0.0) {
            sums.iter_mut().zip(slope).for_each(|(sum, slope)| *sum += value * slope);
        }
    }

    /// The gradient with respect to the input.
    fn backward(&self, slope: &[f64]) -> Vec<f64> {
        let rows = self.weight.chunks_exact(self.output);
        rows.map(|row| row.iter().zip(slope).map(|(weight, slope)| weight * slope).sum()).collect()
    }
}

/// What each layer took in, and the probabilities behind the last. A row's whole way.
fn pass(layers: &[DenseLayer], row: Vec<f64>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut inputs = Vec::with_capacity(layers.len());
    let mut now = row;
    for (index, layer) in layers.iter().enumerate() {
        let mut out = layer.forward(&now);
        if index + 1 < layers.len() {
            out.iter_mut().for_each(|value| *value = value.max(0.0));
        }
        inputs.push(std::mem::replace(&mut now, out));
    }
    softmax(&mut now);
    (inputs, now)
}

/// Stable for any logits.
fn softmax(logits: &mut [f64]) {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter_mut().for_each(|logit| *logit = (*logit - top).exp());
    let sum: f64 = logits.iter().sum();
    logits.iter_mut().for_each(|value| *value /= sum);
}

/// Adds one row's gradient of the cross-entropy to `grads`; gives the cross-entropy in nats.
pub(super) fn learn(
    layers: &[DenseLayer],
    row: Vec<f64>,
    class: usize,
    grads: &mut [DenseLayer],
) -> f64 {
    let (inputs, mut slope) = pass(layers, row);
    let loss = -slope.get(class).copied().unwrap_or(0.0).max(f64::MIN_POSITIVE).ln();
    if let Some(genuine) = slope.get_mut(class) {
        *genuine -= 1.0;
    }
    for (index, (layer, input)) in layers.iter().zip(&inputs).enumerate().rev() {
        layer.add_slopes(input, &slope, &mut grads[index]);
        if index > 0 {
            // The input of every layer but the first went through ReLU: 0 means that it was cut.
            let cut = input.iter().map(|value| if *value > 0.0 { 1.0 } else { 0.0 });
            slope =
                layer.backward(&slope).iter().zip(cut).map(|(slope, open)| slope * open).collect();
        }
    }
    loss
}

/// A perceptron that is ready to score.
#[derive(Debug, Clone)]
pub struct MlpInference {
    scaling: Scaling,
    members: Vec<Vec<DenseLayer>>,
    classes: usize,
}

impl MlpInference {
    /// From the stored weights, which fit each other.
    pub fn new(mlp: &Mlp) -> Self {
        let members = mlp
            .members
            .iter()
            .map(|member| member.iter().map(DenseLayer::from).collect())
            .collect();
        Self { scaling: mlp.scaling.clone(), members, classes: mlp.classes() }
    }

    /// The probability of each class for one row of raw features; they sum to 1.
    pub fn probabilities(&self, row: &[f32]) -> Vec<f32> {
        let scaled: Vec<f64> = self.scaling.apply(row).collect();
        let mut sums = vec![0.0; self.classes];
        for member in &self.members {
            let (_, probabilities) = pass(member, scaled.clone());
            sums.iter_mut().zip(probabilities).for_each(|(sum, p)| *sum += p);
        }
        let count = self.members.len().max(1) as f64;
        sums.into_iter().map(|sum| (sum / count) as f32).collect()
    }
}
