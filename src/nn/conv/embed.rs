//! The embedding in training: from mean and deviation of a window's channels, as they are stored,
//! to a few numbers, added in one order on every instruction set.

use crate::adam::Parameter;
use crate::kernel::Kernel;
use crate::network::Linear;
use crate::train::head::{HeadBackward, Project};

/// Weights, `[2 * columns, K]`, and biases.
#[derive(Debug)]
pub(crate) struct EmbeddingLayer {
    pub weight: Parameter,
    pub bias: Parameter,
    channels: usize,
    columns: usize,
}

impl EmbeddingLayer {
    /// From the canonical layout; `channels` are stored in `columns`.
    pub(crate) fn new(embedding: &Linear, channels: usize, columns: usize) -> Self {
        let count = embedding.count();
        let mut weight = vec![0.0; 2 * columns * count];
        for (at, value) in embedding.weight.iter().enumerate() {
            let output = at / (2 * channels);
            let feature = at % (2 * channels);
            weight[stored(feature, channels, columns) * count + output] = *value;
        }
        let [weight, bias] = [&weight, &embedding.bias].map(|values| Parameter::new(values));
        Self { weight, bias, channels, columns }
    }

    /// How many numbers it gives of a window.
    pub(crate) fn count(&self) -> usize {
        self.bias.value.len()
    }

    /// The numbers of one window.
    pub(crate) fn forward(&self, kernel: Kernel, pooled: &[f32], outputs: &mut [f32]) {
        outputs.copy_from_slice(&self.bias.value);
        kernel.apply(Project { outputs: pooled, head: &self.weight.value, logits: outputs });
    }

    /// Adds to the gradients, and writes that of what was pooled.
    pub(crate) fn backward(
        &mut self,
        kernel: Kernel,
        pooled: &[f32],
        slopes: &[f32],
        below: &mut [f32],
    ) {
        self.bias.grad.iter_mut().zip(slopes).for_each(|(grad, slope)| *grad += slope);
        kernel.apply(HeadBackward {
            outputs: pooled,
            head: &self.weight.value,
            slopes,
            grads: &mut self.weight.grad,
            last: below,
        });
    }

    /// Values or gradients in the canonical layout.
    pub(crate) fn export(&self, part: fn(&Parameter) -> &[f32]) -> Linear {
        let weight = part(&self.weight);
        let count = self.count();
        let row = |output: usize| {
            let place =
                move |feature| stored(feature, self.channels, self.columns) * count + output;
            (0..2 * self.channels).map(move |feature| weight[place(feature)])
        };
        let weight = (0..count).flat_map(row).collect();
        Linear { weight, bias: part(&self.bias).to_vec() }
    }
}

/// Where a feature of the canonical order is stored.
const fn stored(feature: usize, channels: usize, columns: usize) -> usize {
    feature / channels * columns + feature % channels
}
