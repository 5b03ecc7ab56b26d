//! Batch normalisation over the ticks of all windows, the positive part and dropout, in one pass
//! over the rows, and their gradient. Whether an output was dropped or negative shows in the output
//! itself: it is zero.

use crate::kernel::{Operation, Simd};
use crate::norm::Dropout;

use super::rows::BatchRows;

/// Statistics of one batch, a value a channel.
#[derive(Debug)]
pub(crate) struct ChannelMoments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    inverse: Vec<f32>,
    /// Sums over one window, so that single precision suffices.
    partial: [Vec<f32>; 2],
}

impl ChannelMoments {
    /// Room for `width` channels.
    pub(crate) fn new(width: usize) -> Self {
        let zeros = vec![0.0; width];
        let partial = [zeros.clone(), zeros.clone()];
        Self { mean: zeros.clone(), variance: zeros.clone(), inverse: zeros, partial }
    }
}

/// Measures the moments, normalises, takes the positive part, drops.
pub(crate) struct Activate<'a> {
    /// `[rows, width]`.
    pub values: &'a [f32],
    pub rows: &'a BatchRows,
    /// To be measured.
    pub moments: &'a mut ChannelMoments,
    /// Scale and offset.
    pub affine: [&'a [f32]; 2],
    pub epsilon: f32,
    pub dropout: Dropout,
    /// `[rows, width]`; rows of no window are left alone.
    pub out: &'a mut [f32],
}

impl Operation for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { values, rows, affine: [gamma, beta], out, .. } = self;
        let ChannelMoments { mean, variance, inverse, partial: [partial, _] } = self.moments;
        let width = mean.len();
        let share = 1.0 / rows.used().max(1) as f32;
        mean.fill(0.0);
        // Sums by window before the whole: thousands of ticks in one float would lose the small
        // ones.
        for range in rows.ranges() {
            partial.fill(0.0);
            for row in values[range.start * width..range.end * width].chunks_exact(width) {
                partial.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            // Multiplied here and not at the end, where the sum would be at its largest.
            mean.iter_mut().zip(&*partial).for_each(|(mean, sum)| *mean += sum * share);
        }
        variance.fill(0.0);
        for range in rows.ranges() {
            partial.fill(0.0);
            for row in values[range.start * width..range.end * width].chunks_exact(width) {
                let both = partial.iter_mut().zip(row.iter().zip(&*mean));
                both.for_each(|(sum, (x, mean))| *sum += (x - mean) * (x - mean));
            }
            variance.iter_mut().zip(&*partial).for_each(|(all, sum)| *all += sum * share);
        }
        for (inverse, variance) in inverse.iter_mut().zip(&*variance) {
            *inverse = 1.0 / (variance + self.epsilon).sqrt();
        }
        // Gaps between windows are left out: zeros there are no ticks.
        for row in rows.ranges().iter().cloned().flatten() {
            let values = &values[row * width..(row + 1) * width];
            let out = &mut out[row * width..(row + 1) * width];
            for (j, out) in out.iter_mut().enumerate() {
                *out = ((values[j] - mean[j]) * inverse[j] * gamma[j] + beta[j]).max(0.0);
            }
            self.dropout.apply(row as u32, out);
        }
    }
}

/// The gradient of [`Activate`], in place.
pub(crate) struct Deactivate<'a> {
    /// `[rows, width]`, as they went in.
    pub values: &'a [f32],
    /// As they came out.
    pub outputs: &'a [f32],
    pub rows: &'a BatchRows,
    /// As measured.
    pub moments: &'a mut ChannelMoments,
    /// Scale.
    pub gamma: &'a [f32],
    /// Share of outputs that dropout keeps.
    pub kept: f32,
    /// Gradient of the outputs, and then of the values, `[rows, width]`.
    pub slopes: &'a mut [f32],
    /// Gradients of scale and offset; added to.
    pub grads: [&'a mut [f32]; 2],
}

impl Operation for Deactivate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { values, outputs, rows, gamma, slopes, .. } = self;
        let ChannelMoments { mean, inverse, partial: [to_gamma, to_beta], .. } = self.moments;
        let width = mean.len();
        let scale = 1.0 / self.kept;
        let share = 1.0 / rows.used().max(1) as f32;
        to_gamma.fill(0.0);
        to_beta.fill(0.0);
        for row in rows.ranges().iter().cloned().flatten() {
            let range = row * width..(row + 1) * width;
            let values = &values[range.clone()];
            let outputs = &outputs[range.clone()];
            for (j, slope) in slopes[range].iter_mut().enumerate() {
                // An output of 0 passes no gradient, whether it was negative or dropped.
                *slope = if outputs[j] > 0.0 { *slope * scale } else { 0.0 };
                to_gamma[j] += *slope * (values[j] - mean[j]) * inverse[j];
                to_beta[j] += *slope;
            }
        }
        for row in rows.ranges().iter().cloned().flatten() {
            let range = row * width..(row + 1) * width;
            let values = &values[range.clone()];
            for (j, slope) in slopes[range].iter_mut().enumerate() {
                let away = (values[j] - mean[j]) * inverse[j];
                let common = share * (to_beta[j] + away * to_gamma[j]);
                *slope = gamma[j] * inverse[j] * (*slope - common);
            }
        }
        let [gammas, betas] = self.grads;
        gammas.iter_mut().zip(&*to_gamma).for_each(|(grad, sum)| *grad += sum);
        betas.iter_mut().zip(&*to_beta).for_each(|(grad, sum)| *grad += sum);
    }
}
