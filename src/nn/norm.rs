//! Batch normalisation over valid steps (Ioffe and Szegedy 2015) and dropout, for the features of
//! one direction. Dropout is a hash of key, row and feature, recomputed in the backward pass, so
//! that it is the same on any number of threads and at any vector width.

use super::kernel::{Operation, Simd};
use super::random::mix32;

/// Rows that are summed before they are added to the total, so that single precision suffices.
// A partial sum of 64 rows keeps what a sum of a hundred thousand would round away.
const PARTIAL: usize = 64;

/// Which activations are dropped: a pure function of key, row (in forward reading order) and
/// feature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropout {
    key: u32,
    below: u32,
    scale: f32,
    feature: u32,
}

impl Dropout {
    /// Drops with a probability of `rate`; `feature` is the first feature's index in the layer.
    pub(crate) fn new(key: u32, rate: f32, feature: usize) -> Self {
        // Above 0.95 the few that are left would be multiplied by more than twenty.
        let rate = rate.clamp(0.0, 0.95);
        let below = (f64::from(rate) * f64::from(u32::MAX)) as u32;
        Self { key, below, scale: 1.0 / (1.0 - rate), feature: feature as u32 }
    }

    /// Multiplies a row by its mask.
    #[inline(always)]
    pub(super) fn apply(self, row: u32, values: &mut [f32]) {
        if self.below == 0 {
            return;
        }
        // By row and key first: one mixing of a row serves all its features.
        let row = mix32(self.key ^ row.wrapping_mul(0x9e37_79b9));
        for (index, value) in values.iter_mut().enumerate() {
            // One multiplication is enough behind a row key that is mixed already.
            let feature = self.feature.wrapping_add(index as u32).wrapping_mul(0x9e37_79b9);
            let hash = row.wrapping_add(feature);
            let hash = (hash ^ (hash >> 15)).wrapping_mul(0x846c_a68b);
            *value *= if (hash ^ (hash >> 16)) >= self.below { self.scale } else { 0.0 };
        }
    }
}

/// Statistics of one batch, a value a feature.
#[derive(Debug, Default)]
pub(crate) struct FeatureMoments {
    /// Mean over the valid steps.
    pub mean: Vec<f32>,
    /// Variance over the valid steps.
    pub variance: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    pub inverse: Vec<f32>,
    partial: Vec<f32>,
    normed: Vec<f32>,
}

impl FeatureMoments {
    /// Room for `width` features.
    pub(crate) fn new(width: usize) -> Self {
        let zeros = vec![0.0; width];
        Self {
            mean: zeros.clone(),
            variance: zeros.clone(),
            inverse: zeros.clone(),
            partial: zeros.clone(),
            normed: zeros,
        }
    }
}

/// Measures the moments, normalises, drops, and writes each row at its place in both reading
/// orders.
pub(super) struct Normalise<'a> {
    /// The layer's outputs, `[rows, width]`.
    pub values: &'a [f32],
    /// To be measured.
    pub moments: &'a mut FeatureMoments,
    /// Scale and offset.
    pub affine: [&'a [f32]; 2],
    /// Added to the variance.
    pub epsilon: f32,
    /// Row to its place in the other reading order.
    pub reversed: &'a [u32],
    /// Whether `values` are in forward order: what dropout counts.
    pub forward: bool,
    /// What is dropped.
    pub dropout: Dropout,
    /// The same order as `values`, and the other one.
    pub out: [&'a mut [f32]; 2],
}

impl Operation for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { values, moments, affine: [gamma, beta], reversed, .. } = self;
        let width = moments.mean.len();
        let rows = reversed.len();
        if rows == 0 {
            return;
        }
        let values = &values[..rows * width];
        sum_rows(values, &mut moments.partial, &mut moments.mean, |x, _| x, &[]);
        scale(&mut moments.mean, 1.0 / rows as f32);
        let FeatureMoments { mean, variance, inverse, partial, normed } = moments;
        // A second pass around the mean: the difference of squares would cancel for large means.
        sum_rows(values, partial, variance, |x, mean| (x - mean) * (x - mean), mean);
        scale(variance, 1.0 / rows as f32);
        for (inverse, variance) in inverse.iter_mut().zip(variance.iter()) {
            *inverse = 1.0 / (variance + self.epsilon).sqrt();
        }
        let [own, other] = self.out;
        for (row, values) in values.chunks_exact(width).enumerate() {
            for (j, out) in normed.iter_mut().enumerate() {
                *out = (values[j] - mean[j]) * inverse[j] * gamma[j] + beta[j];
            }
            let back = reversed[row] as usize;
            // Dropout counts rows in forward order: both directions of one step share their row's
            // key.
            self.dropout.apply(if self.forward { row } else { back } as u32, normed);
            own[row * width..(row + 1) * width].copy_from_slice(normed);
            other[back * width..(back + 1) * width].copy_from_slice(normed);
        }
    }
}

/// The gradient of [`Normalise`]: from the gradients that both directions of the layer above send,
/// each in its own reading order, to that of the layer's outputs.
pub(super) struct Denormalise<'a> {
    /// The layer's outputs, `[rows, width]`.
    pub values: &'a [f32],
    /// As measured in the forward pass.
    pub moments: &'a mut FeatureMoments,
    /// Scale.
    pub gamma: &'a [f32],
    /// Row to its place in the other reading order.
    pub reversed: &'a [u32],
    /// Whether `values` are in forward order.
    pub forward: bool,
    /// What was dropped.
    pub dropout: Dropout,
    /// From above, in the order of `values` and in the other: `[rows, stride]` each.
    pub above: [&'a [f32]; 2],
    /// Floats of a row of `above`, and this direction's first column in it.
    pub columns: (usize, usize),
    /// Gradients of scale and offset; added to.
    pub grads: [&'a mut [f32]; 2],
    /// Gradient of the layer's outputs, `[rows, width]`.
    pub out: &'a mut [f32],
}

impl Operation for Denormalise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        // The buffers of the forward pass are free by now and serve as sums.
        let FeatureMoments { mean, inverse, partial: to_gamma, normed: to_beta, .. } = self.moments;
        let (width, (stride, column)) = (mean.len(), self.columns);
        to_gamma.fill(0.0);
        to_beta.fill(0.0);
        let rows = self.values.chunks_exact(width).zip(self.out.chunks_exact_mut(width));
        for (row, ((values, out), &back)) in rows.zip(self.reversed).enumerate() {
            let [own, other] = [(self.above[0], row), (self.above[1], back as usize)]
                .map(|(above, row)| &above[row * stride + column..row * stride + column + width]);
            for (j, out) in out.iter_mut().enumerate() {
                // Two directions above read the same output; their gradients add up.
                *out = own[j] + other[j];
            }
            self.dropout.apply(if self.forward { row as u32 } else { back }, out);
            for (j, &out) in out.iter().enumerate() {
                to_gamma[j] += out * (values[j] - mean[j]) * inverse[j];
                to_beta[j] += out;
            }
        }
        // Batch statistics depend on every row, so each gradient loses its share of the common
        // part.
        let share = 1.0 / self.reversed.len().max(1) as f32;
        let rows = self.values.chunks_exact(width).zip(self.out.chunks_exact_mut(width));
        for (values, out) in rows.take(self.reversed.len()) {
            for (j, out) in out.iter_mut().enumerate() {
                let normed = (values[j] - mean[j]) * inverse[j];
                // Ioffe and Szegedy 2015, the chain rule through mean and variance in closed form.
                let centred = *out - share * (to_beta[j] + normed * to_gamma[j]);
                *out = self.gamma[j] * inverse[j] * centred;
            }
        }
        let [gamma, beta] = self.grads;
        gamma.iter_mut().zip(to_gamma).for_each(|(sum, x)| *sum += *x);
        beta.iter_mut().zip(to_beta).for_each(|(sum, x)| *sum += *x);
    }
}

/// Column sums of `term(value, extra)`.
#[inline(always)]
fn sum_rows(
    values: &[f32],
    partial: &mut [f32],
    total: &mut [f32],
    term: impl Fn(f32, f32) -> f32,
    extra: &[f32],
) {
    let width = total.len();
    total.fill(0.0);
    for rows in values.chunks(PARTIAL * width) {
        partial.fill(0.0);
        for row in rows.chunks_exact(width) {
            if extra.is_empty() {
                partial.iter_mut().zip(row).for_each(|(sum, &x)| *sum += term(x, 0.0));
            } else {
                let terms = partial.iter_mut().zip(row).zip(extra);
                terms.for_each(|((sum, &x), &extra)| *sum += term(x, extra));
            }
        }
        total.iter_mut().zip(partial.iter()).for_each(|(total, &x)| *total += x);
    }
}

#[inline(always)]
fn scale(values: &mut [f32], by: f32) {
    values.iter_mut().for_each(|value| *value *= by);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_keeps_the_mean_and_drops_its_share() {
        let dropout = Dropout::new(77, 0.3, 0);
        let (mut dropped, mut sum) = (0, 0.0);
        for row in 0..400 {
            let mut values = [1.0; 50];
            dropout.apply(row, &mut values);
            dropped += values.iter().filter(|&&x| x == 0.0).count();
            sum += values.iter().sum::<f32>();
        }
        assert!((dropped as f32 / 20_000.0 - 0.3).abs() < 0.015, "{dropped}");
        assert!((sum / 20_000.0 - 1.0).abs() < 0.02, "{sum}");
    }

    #[test]
    fn no_rate_drops_nothing() {
        let mut values = [3.0; 4];
        Dropout::new(1, 0.0, 0).apply(5, &mut values);
        assert_eq!(values, [3.0; 4]);
    }
}
