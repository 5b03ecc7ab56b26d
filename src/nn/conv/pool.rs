//! Mean and standard deviation of every channel over a window's ticks, and their gradient.

use crate::kernel::{Operation, Simd};

/// Added to the variance before the root, so that a channel that never moves has a slope.
pub const FLOOR: f32 = 1e-4;

/// Pools one window.
pub struct Pool<'a> {
    /// Its ticks, `[n, columns]`.
    pub values: &'a [f32],
    /// Means, `[columns]`; written.
    pub mean: &'a mut [f32],
    /// Deviations, `[columns]`; written.
    pub deviation: &'a mut [f32],
}

impl Operation for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { values, mean, deviation } = self;
        let width = mean.len();
        let share = 1.0 / (values.len() / width).max(1) as f32;
        mean.fill(0.0);
        deviation.fill(0.0);
        for row in values.chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x);
        }
        mean.iter_mut().for_each(|mean| *mean *= share);
        for row in values.chunks_exact(width) {
            let both = deviation.iter_mut().zip(mean.iter().zip(row));
            both.for_each(|(sum, (mean, x))| *sum += (x - mean) * (x - mean));
        }
        deviation.iter_mut().for_each(|sum| *sum = (*sum * share + FLOOR).sqrt());
    }
}

/// From the gradients of mean and deviation to those of one window's ticks.
pub(crate) struct Unpool<'a> {
    /// Its ticks, `[n, columns]`.
    pub values: &'a [f32],
    /// Means and deviations, `[columns]` each.
    pub pooled: [&'a [f32]; 2],
    /// Their gradients.
    pub slopes: [&'a [f32]; 2],
    /// `[n, columns]`; written.
    pub out: &'a mut [f32],
}

impl Operation for Unpool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { values, pooled: [mean, deviation], slopes: [to_mean, to_deviation], out } = self;
        let width = mean.len();
        let share = 1.0 / (values.len() / width).max(1) as f32;
        for (row, out) in values.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
            for (j, out) in out.iter_mut().enumerate() {
                let away = (row[j] - mean[j]) / deviation[j];
                *out = share * (to_mean[j] + to_deviation[j] * away);
            }
        }
    }
}
