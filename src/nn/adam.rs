//! Adam, the norm that shortens a gradient, and a parameter with what Adam remembers of it, on flat
//! arrays.

use super::kernel::{Kernel, Operation, Simd};
use super::lines::Lines;
use super::train::TrainParams;

/// Numbers that are learnt.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// The numbers.
    pub value: Lines,
    /// Their gradient.
    pub grad: Lines,
    moments: [Lines; 2],
}

/// One step for all parameters of a network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamStep {
    /// Which step, from 1.
    pub number: u64,
    /// Step size.
    pub rate: f32,
    /// Multiplies the gradients first.
    pub shorten: f32,
}

impl Parameter {
    /// Starts from these numbers.
    pub(crate) fn new(values: &[f32]) -> Self {
        let count = values.len();
        let mut value = Lines::zeros(count);
        value.copy_from_slice(values);
        Self {
            value,
            grad: Lines::zeros(count),
            moments: [Lines::zeros(count), Lines::zeros(count)],
        }
    }

    /// Forgets the gradient.
    pub(crate) fn clear(&mut self) {
        self.grad.fill(0.0);
    }

    /// The sum of squares of the gradient.
    pub(crate) fn square(&self, kernel: Kernel) -> f64 {
        kernel.apply(SquareSum(&self.grad))
    }

    /// One step along the gradient.
    pub(crate) fn step(&mut self, step: AdamStep, params: &TrainParams) {
        // In double precision: beta to the power of thousands of steps is a small difference from
        // 1.
        let [mean, square] =
            params.betas.map(|beta| 1.0 - f64::from(beta).powf(step.number as f64));
        let [means, squares] = &mut self.moments;
        params.kernel.apply(Adam {
            params: &mut self.value,
            grads: &self.grad,
            moments: [means, squares],
            shorten: step.shorten,
            betas: params.betas,
            // Divided once a step instead of once a number.
            rate: (f64::from(step.rate) / mean) as f32,
            square_correction: (1.0 / square) as f32,
            epsilon: params.epsilon,
        });
    }
}

/// Adam (Kingma and Ba 2015) on a flat array.
pub(crate) struct Adam<'a> {
    /// To be moved.
    pub params: &'a mut [f32],
    /// Gradients.
    pub grads: &'a [f32],
    /// Means and squares.
    pub moments: [&'a mut [f32]; 2],
    /// Multiplies the gradients first.
    pub shorten: f32,
    /// Decay of means and squares.
    pub betas: [f32; 2],
    /// Step size over the correction of the means.
    pub rate: f32,
    /// One over the correction of the squares.
    pub square_correction: f32,
    /// Added to the root.
    pub epsilon: f32,
}

impl Operation for Adam<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let [means, squares] = self.moments;
        let [keep, keep_square] = self.betas;
        let moments = means.iter_mut().zip(squares.iter_mut());
        for ((param, &grad), (mean, square)) in self.params.iter_mut().zip(self.grads).zip(moments)
        {
            let grad = grad * self.shorten;
            *mean = keep * *mean + (1.0 - keep) * grad;
            *square = keep_square * *square + (1.0 - keep_square) * grad * grad;
            let root = (*square * self.square_correction).sqrt();
            *param -= self.rate * *mean / (root + self.epsilon);
        }
    }
}

/// The sum of squares, in sixteen lanes so that every instruction set adds in the same order.
pub(crate) struct SquareSum<'a>(pub &'a [f32]);

impl Operation for SquareSum<'_> {
    type Output = f64;

    // Longer sums in single precision would lose the small gradients: 4,096 squares, then doubles.
    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> f64 {
        let mut total = 0.0;
        for chunk in self.0.chunks(4096) {
            let mut lanes = [0.0_f32; 16];
            let (whole, rest) = chunk.as_chunks::<16>();
            for values in whole {
                for (lane, value) in lanes.iter_mut().zip(values) {
                    *lane += value * value;
                }
            }
            // The rest goes into the first lanes: a sum of its own would add in another order.
            lanes.iter_mut().zip(rest).for_each(|(lane, value)| *lane += value * value);
            total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        }
        total
    }
}
