//! The head with several classes: products of a sequence's final outputs with a row of weights a
//! unit, and the softmax with its cross-entropy. Loops over classes, so that every instruction set
//! adds in the same order.

use crate::kernel::{Operation, Simd};
use crate::network::Linear;

/// Adds `outputs * head` to the logits of one sequence.
pub(crate) struct Project<'a> {
    /// Final outputs of one direction, `[padded]`.
    pub outputs: &'a [f32],
    /// `[padded, K]`.
    pub head: &'a [f32],
    /// `[K]`; added to.
    pub logits: &'a mut [f32],
}

impl Operation for Project<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let count = self.logits.len();
        for (output, weights) in self.outputs.iter().zip(self.head.chunks_exact(count)) {
            let logits = self.logits.iter_mut().zip(weights);
            logits.for_each(|(logit, weight)| *logit += output * weight);
        }
    }
}

/// From the slopes of one sequence's logits to those of the head and of its final outputs.
pub(crate) struct HeadBackward<'a> {
    /// Final outputs of one direction, `[padded]`.
    pub outputs: &'a [f32],
    /// `[padded, K]`.
    pub head: &'a [f32],
    /// `[K]`.
    pub slopes: &'a [f32],
    /// `[padded, K]`; added to.
    pub grads: &'a mut [f32],
    /// `[padded]`; written.
    pub last: &'a mut [f32],
}

impl Operation for HeadBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let count = self.slopes.len();
        let rows = self.head.chunks_exact(count).zip(self.grads.chunks_exact_mut(count));
        for ((output, last), (weights, grads)) in self.outputs.iter().zip(self.last).zip(rows) {
            grads.iter_mut().zip(self.slopes).for_each(|(grad, slope)| *grad += output * slope);
            *last = dot(weights, self.slopes);
        }
    }
}

/// In sixteen lanes, so that it is fast and adds in the same order everywhere.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    let rest = a_rest.iter().zip(b_rest);
    lanes.iter_mut().zip(rest).for_each(|(lane, (a, b))| *lane += a * b);
    lanes.iter().sum()
}

/// Cross-entropy of the softmax of both sides' logits: `ln sum exp(z) - z[class]`.
pub(crate) fn cross_entropy(logits: [&[f32]; 2], class: usize) -> f32 {
    let all = || logits[0].iter().zip(logits[1]).map(|(a, b)| a + b);
    let highest = all().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = all().map(|z| (z - highest).exp()).sum();
    total.ln() + highest - (logits[0][class] + logits[1][class])
}

/// Its slopes times `weight`: `softmax(z) - 1` for the class, `softmax(z)` for the others.
pub(crate) fn slopes(logits: [&[f32]; 2], class: usize, weight: f32, out: &mut [f32]) {
    let mut highest = f32::NEG_INFINITY;
    for (out, (a, b)) in out.iter_mut().zip(logits[0].iter().zip(logits[1])) {
        *out = a + b;
        highest = highest.max(*out);
    }
    out.iter_mut().for_each(|z| *z = (*z - highest).exp());
    let scale = weight / out.iter().sum::<f32>();
    out.iter_mut().for_each(|p| *p *= scale);
    out[class] -= weight;
}

/// One direction's half of the classes' weights as a row of classes a unit; padding is left alone.
pub(crate) fn pack(classes: &Linear, direction: usize, hidden: usize, out: &mut [f32]) {
    let count = classes.count();
    for (class, row) in classes.weight.chunks_exact(2 * hidden).enumerate() {
        let half = &row[direction * hidden..(direction + 1) * hidden];
        half.iter().enumerate().for_each(|(unit, weight)| out[unit * count + class] = *weight);
    }
}

/// The inverse of [`pack`] for both directions.
pub(crate) fn unpack(halves: [&[f32]; 2], count: usize, hidden: usize) -> Vec<f32> {
    (0..count)
        .flat_map(|class| {
            let unit = move |half: &[f32], unit: usize| half[unit * count + class];
            halves.into_iter().flat_map(move |half| (0..hidden).map(move |at| unit(half, at)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_logits_stay_finite_and_slopes_sum_to_nothing() {
        let (a, b) = ([300.0, -300.0, 5.0], [200.0, 0.0, 0.0]);
        assert_eq!(cross_entropy([&a, &b], 0), 0.0);
        assert_eq!(cross_entropy([&a, &b], 1), 800.0);
        let mut out = [0.0; 3];
        slopes([&a, &b], 1, 0.5, &mut out);
        assert_eq!(out, [0.5, -0.5, 0.0]);
    }

    #[test]
    fn packing_is_undone_by_unpacking() {
        let classes = Linear { weight: (0..12).map(|x| x as f32).collect(), bias: vec![0.0; 3] };
        let mut halves = [vec![0.0; 6], vec![0.0; 6]];
        for (direction, half) in halves.iter_mut().enumerate() {
            pack(&classes, direction, 2, half);
        }
        assert_eq!(unpack([&halves[0], &halves[1]], 3, 2), classes.weight);
    }
}
