//! Fits and applies the input scaling of a network. The scaling is part of the model: it is fixed
//! before training, from training windows alone.

use super::network::Conditioning;

impl Conditioning {
    /// Scale 1, no shift: `z = asinh(x)`.
    // Enough for tests and invented networks: nothing is fitted.
    pub const IDENTITY: Self = Self { scale: [1.0; 3], shift: [0.0; 3], gain: [1.0; 3] };

    /// From the raw steps of the training part, `(dx px, dy px, dt ms)` a row. The scale is one
    /// over the median magnitude of the column's non-zero values, so that asinh bends where the
    /// hand's usual step lies; shift and gain make the result's mean 0 and deviation 1. Values that
    /// are not finite are left out; a column without any values, or with a single one, keeps its
    /// identity.
    pub fn fit(rows: impl IntoIterator<Item = [f32; 3]>) -> Self {
        let mut columns: [Vec<f32>; 3] = Default::default();
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                if value.is_finite() {
                    column.push(value);
                }
            }
        }
        let mut fitted = Self::IDENTITY;
        for (index, column) in columns.iter().enumerate() {
            // The median, because one flick across two screens would move a mean.
            let scale = median_magnitude(column).map_or(1.0, |median| 1.0 / median);
            let (mean, deviation) = moments(column, scale);
            fitted.scale[index] = scale;
            fitted.shift[index] = mean;
            // A column that never varies (a clock of one period) would be divided by almost
            // nothing.
            fitted.gain[index] = if deviation > 1e-6 { 1.0 / deviation } else { 1.0 };
        }
        fitted
    }

    /// One conditioned row.
    #[inline]
    pub fn apply(&self, row: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|i| ((row[i] * self.scale[i]).asinh() - self.shift[i]) * self.gain[i])
    }
}

fn median_magnitude(column: &[f32]) -> Option<f32> {
    // Steps of 0 are most of a column on one axis: with them the median is 0 itself.
    let mut sizes: Vec<f32> = column.iter().map(|x| x.abs()).filter(|&x| x > 0.0).collect();
    let middle = sizes.len() / 2;
    if sizes.is_empty() {
        return None;
    }
    // Selection and not a sort: a training part has millions of rows.
    let (_, median, _) = sizes.select_nth_unstable_by(middle, f32::total_cmp);
    Some(*median)
}

/// Mean and standard deviation of `asinh(x * scale)`; 0 and 0 without values.
fn moments(column: &[f32], scale: f32) -> (f32, f32) {
    let count = column.len().max(1) as f64;
    let mean = column.iter().map(|one| bent(scale, one)).sum::<f64>() / count;
    let variance = column.iter().map(|x| (bent(scale, x) - mean).powi(2)).sum::<f64>() / count;
    (mean as f32, variance.sqrt() as f32)
}

fn bent(scale: f32, x: &f32) -> f64 {
    f64::from((x * scale).asinh())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitted_rows_have_mean_zero_and_deviation_one() {
        let rows: Vec<[f32; 3]> = (0..500)
            .map(|i| [(i % 17) as f32 - 5.0, (i % 5) as f32 * 30.0, 8.0 + (i % 3) as f32])
            .collect();
        let fitted = Conditioning::fit(rows.iter().copied());
        for column in 0..3 {
            let values: Vec<f32> = rows.iter().map(|&row| fitted.apply(row)[column]).collect();
            let mean = values.iter().sum::<f32>() / 500.0;
            let square = values.iter().map(|x| x * x).sum::<f32>() / 500.0;
            assert!(mean.abs() < 1e-4 && (square - 1.0).abs() < 1e-3, "{column}: {mean} {square}");
        }
    }

    #[test]
    fn empty_constant_and_broken_columns_stay_finite() {
        assert_eq!(Conditioning::fit([]), Conditioning::IDENTITY);
        let fitted = Conditioning::fit([[0.0, 4.0, f32::NAN], [0.0, 4.0, f32::INFINITY]]);
        assert_eq!(fitted.apply([0.0, 4.0, 0.0]), [0.0, 0.0, 0.0]);
    }
}
