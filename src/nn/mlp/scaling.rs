//! Min-max scaling: fitted on training rows, stored with the network, applied before it. A column
//! that never varied says nothing and becomes 0.

/// Scaled values end here: what lies further out than one whole range of the training rows says
/// only that it lies outside.
pub const CLIP: [f32; 2] = [-1.0, 2.0];

/// `(x - low) * factor`, then [`CLIP`].
#[derive(Debug, Clone, PartialEq)]
pub struct MinMax {
    /// Smallest training value of each feature.
    pub low: Vec<f32>,
    /// One over the range of each feature; 0 where there is none.
    pub factor: Vec<f32>,
}

impl MinMax {
    /// From training rows `[N][F]`, all equally long and finite; the first tells how long.
    pub fn fit(rows: &[Vec<f32>]) -> Self {
        let features = rows.first().map_or(0, Vec::len);
        let column = |at: usize| rows.iter().filter_map(move |row| row.get(at).copied());
        let low = |at| column(at).reduce(f32::min).unwrap_or(0.0);
        let high = |at| column(at).reduce(f32::max).unwrap_or(0.0);
        let factor = |at| {
            let range = high(at) - low(at);
            if range > 0.0 && range.recip().is_finite() { range.recip() } else { 0.0 }
        };
        Self { low: (0..features).map(low).collect(), factor: (0..features).map(factor).collect() }
    }

    /// One scaled row, computed as the exported graph does: in single precision.
    pub fn apply<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        let fitted = self.low.iter().zip(&self.factor);
        row.iter().zip(fitted).map(|(value, (low, factor))| {
            f64::from(((value - low) * factor).clamp(CLIP[0], CLIP[1]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_rows_fill_zero_to_one_and_strangers_are_clipped() {
        let rows = [vec![10.0, 5.0, -1.0], vec![20.0, 5.0, 1.0]];
        let scaling = MinMax::fit(&rows);
        let scaled = |row: &[f32]| scaling.apply(row).collect::<Vec<_>>();
        assert_eq!(scaled(&rows[0]), [0.0, 0.0, 0.0]);
        assert_eq!(scaled(&rows[1]), [1.0, 0.0, 1.0]);
        assert_eq!(scaled(&[1e9, 77.0, -1e9]), [2.0, 0.0, -1.0]);
    }

    #[test]
    fn nothing_to_fit_is_no_fault() {
        assert_eq!(MinMax::fit(&[]), MinMax { low: vec![], factor: vec![] });
    }
}
