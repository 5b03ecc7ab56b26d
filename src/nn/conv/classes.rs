//! The softmax head in training: from mean and deviation of a window's channels, as they are
//! stored, to a logit a class. Added in an order that does not depend on the instruction set.

use crate::nn::adam::Parameter;
use crate::nn::kernel::Kernel;
use crate::nn::network::Linear;
use crate::nn::train::head::{Project, Spread};

/// Weights, `[2 * columns, K]`, and biases.
#[derive(Debug)]
pub struct ClassLayer {
    pub weight: Parameter,
    pub bias: Parameter,
    channels: usize,
    columns: usize,
}

impl ClassLayer {
    /// From the canonical layout; `channels` are stored in `columns`.
    pub fn new(classes: &Linear, channels: usize, columns: usize) -> Self {
        let count = classes.count();
        let mut weight = vec![0.0; 2 * columns * count];
        for (at, value) in classes.weight.iter().enumerate() {
            let (class, feature) = (at / (2 * channels), at % (2 * channels));
            weight[stored(feature, channels, columns) * count + class] = *value;
        }
        let [weight, bias] = [&weight, &classes.bias].map(|values| Parameter::new(values));
        Self { weight, bias, channels, columns }
    }

    /// How many classes there are.
    pub fn count(&self) -> usize {
        self.bias.value.len()
    }

    /// The logits of one window.
    pub fn forward(&self, kernel: Kernel, pooled: &[f32], logits: &mut [f32]) {
        logits.copy_from_slice(&self.bias.value);
        kernel.apply(Project { outputs: pooled, head: &self.weight.value, logits });
    }

    /// Adds to the gradients, and writes that of what was pooled.
    pub fn backward(&mut self, kernel: Kernel, pooled: &[f32], slopes: &[f32], below: &mut [f32]) {
        self.bias.grad.iter_mut().zip(slopes).for_each(|(grad, slope)| *grad += slope);
        kernel.apply(Spread {
            outputs: pooled,
            head: &self.weight.value,
            slopes,
            grads: &mut self.weight.grad,
            last: below,
        });
    }

    /// Values or gradients in the canonical layout.
    pub fn export(&self, part: fn(&Parameter) -> &[f32]) -> Linear {
        let (weight, count) = (part(&self.weight), self.count());
        let row = |class: usize| {
            let place = move |feature| stored(feature, self.channels, self.columns) * count + class;
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
