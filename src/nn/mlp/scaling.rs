//! Scaling of features: fitted on training rows, stored with the network, applied before it. A
//! constant column becomes 0.

/// Min-max scaled values end here: what lies further out than one whole range of the training rows
/// says only that it lies outside.
const BEYOND: [f32; 2] = [-1.0, 2.0];
/// A stretch of a feature is not begun at 0 and passed at 1.
const WITHIN: [f32; 2] = [0.0, 1.0];

/// Each scaled column is `(x - low) * factor` of one feature x, then clipped.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// Features of a raw row.
    pub features: usize,
    /// `[E]`, the feature of each column, each below `features`.
    pub source: Vec<usize>,
    /// `[E]`, where a column is 0.
    pub low: Vec<f32>,
    /// `[E]`, one over the range of a column; 0 where there is none.
    pub factor: Vec<f32>,
    /// The least and the most that a column says.
    pub clip: [f32; 2],
}

impl Scaling {
    /// From training rows `[N][F]`, all equally long and finite; the first tells how long. One bin
    /// scales each feature by its least and most. More encode it piecewise linearly (Gorishniy,
    /// Rubachev & Babenko 2022): a column for each stretch between neighbouring quantiles, so that
    /// a network can bend at any of them, as a tree can split there, and no far-out value squeezes
    /// the others together. Quantiles that coincide make fewer columns.
    pub fn fit(rows: &[Vec<f32>], bins: usize) -> Self {
        let features = rows.first().map_or(0, Vec::len);
        let clip = if bins > 1 { WITHIN } else { BEYOND };
        let source = Vec::new();
        let low = Vec::new();
        let factor = Vec::new();
        let mut scaling = Self { features, source, low, factor, clip };
        for feature in 0..features {
            let column = rows.iter().filter_map(|row| row.get(feature).copied()).collect();
            let edges = edges(column, bins.max(1));
            for pair in edges.windows(2) {
                scaling.push(feature, pair[0], (pair[1] - pair[0]).recip());
            }
            if let [only] = edges[..] {
                scaling.push(feature, only, 0.0);
            }
        }
        scaling
    }

    fn push(&mut self, feature: usize, low: f32, factor: f32) {
        self.source.push(feature);
        self.low.push(low);
        self.factor.push(factor);
    }

    /// Columns of a scaled row.
    pub fn columns(&self) -> usize {
        self.source.len()
    }

    /// Whether every feature has exactly one column, in its own place.
    pub fn is_plain(&self) -> bool {
        self.features == self.source.len()
            && self.source.iter().enumerate().all(|(at, feature)| at == *feature)
    }

    /// Whether its parts fit each other.
    pub fn fits(&self) -> bool {
        let count = self.source.len();
        (self.low.len(), self.factor.len()) == (count, count)
            && self.source.iter().all(|feature| *feature < self.features)
            && self.clip[0] <= self.clip[1]
    }

    /// One scaled row, computed as the exported graph does: in single precision.
    pub fn apply<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        let [least, most] = self.clip;
        let fitted = self.low.iter().zip(&self.factor);
        self.source.iter().zip(fitted).map(move |(feature, (low, factor))| {
            f64::from(((row[*feature] - low) * factor).clamp(least, most))
        })
    }
}

/// Quantiles that divide a column into `bins` parts, without those that coincide or lie so close
/// that one over their distance is no number; at least one where the column has a value.
fn edges(mut column: Vec<f32>, bins: usize) -> Vec<f32> {
    column.sort_by(f32::total_cmp);
    let mut edges: Vec<f32> = Vec::with_capacity(bins + 1);
    for edge in (0..=bins).filter_map(|part| quantile(&column, part, bins)) {
        if edges.last().is_none_or(|last| edge > *last && (edge - last).recip().is_finite()) {
            edges.push(edge);
        }
    }
    edges
}

/// The quantile `part / of` of sorted values, between neighbours linearly.
fn quantile(sorted: &[f32], part: usize, of: usize) -> Option<f32> {
    let place = part as f64 / of as f64 * sorted.len().checked_sub(1)? as f64;
    let below = place.floor() as usize;
    let share = place.fract();
    let low = f64::from(*sorted.get(below)?);
    let high = sorted.get(below + 1).map_or(low, |value| f64::from(*value));
    Some((low + share * (high - low)) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(scaling: &Scaling, row: &[f32]) -> Vec<f64> {
        scaling.apply(row).collect()
    }

    #[test]
    fn one_bin_fills_zero_to_one_and_impostors_are_clipped() {
        let rows = [vec![10.0, 5.0, -1.0], vec![20.0, 5.0, 1.0]];
        let scaling = Scaling::fit(&rows, 1);
        assert!(scaling.is_plain() && scaling.fits());
        assert_eq!(scaled(&scaling, &rows[0]), [0.0, 0.0, 0.0]);
        assert_eq!(scaled(&scaling, &rows[1]), [1.0, 0.0, 1.0]);
        assert_eq!(scaled(&scaling, &[1e9, 77.0, -1e9]), [2.0, 0.0, -1.0]);
    }

    #[test]
    fn bins_fill_up_one_after_another_as_the_value_rises() {
        // Quartiles of the first: 0, 1, 2, 3, 1000; the second is constant.
        let rows = [0.0, 1.0, 2.0, 3.0, 1000.0].map(|value| vec![value, 7.0]);
        let scaling = Scaling::fit(&rows, 4);
        assert_eq!((scaling.columns(), scaling.is_plain()), (5, false));
        assert_eq!(scaled(&scaling, &[1.5, 7.0]), [1.0, 0.5, 0.0, 0.0, 0.0]);
        assert_eq!(scaled(&scaling, &[501.5, 8.0]), [1.0, 1.0, 1.0, 0.5, 0.0]);
        assert_eq!(scaled(&scaling, &[-5.0, 7.0]), [0.0; 5]);
    }

    #[test]
    fn quantiles_that_coincide_make_fewer_columns() {
        let rows: Vec<Vec<f32>> = (0..9).map(|i| vec![if i == 8 { 4.0 } else { 0.0 }]).collect();
        let scaling = Scaling::fit(&rows, 4);
        assert_eq!((scaling.columns(), scaled(&scaling, &[1.0])), (1, vec![0.25]));
    }

    #[test]
    fn nothing_to_fit_is_no_fault() {
        let nothing = Scaling::fit(&[], 4);
        assert_eq!((nothing.features, nothing.columns(), nothing.fits()), (0, 0, true));
    }
}
