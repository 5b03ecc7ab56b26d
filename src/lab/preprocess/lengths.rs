//! Lengths of windows: quartiles, and Tukey's fences. Pure arithmetic.

/// A quantile between 0 and 1 by linear interpolation, as numpy's default computes it; `None` of
/// nothing. `sorted` ascends.
pub(super) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q * (sorted.len().checked_sub(1)? as f64);
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

/// Which windows stay: all, or those within 1.5 interquartile ranges of the quartiles
/// (J. W. Tukey, Exploratory Data Analysis, 1977).
pub(super) fn kept(lengths: &[usize], filter: bool) -> Vec<bool> {
    let mut sorted: Vec<f64> = lengths.iter().map(|length| *length as f64).collect();
    sorted.sort_by(f64::total_cmp);
    let fences = quantile(&sorted, 0.25).zip(quantile(&sorted, 0.75)).filter(|_| filter);
    let Some((q1, q3)) = fences else { return vec![true; lengths.len()] };
    let reach = 1.5 * (q3 - q1);
    lengths.iter().map(|length| (q1 - reach..=q3 + reach).contains(&(*length as f64))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_numpys() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sorted, 0.25), Some(1.75));
        assert_eq!(quantile(&sorted, 0.5), Some(3.0));
        assert_eq!(quantile(&sorted, 0.75), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn what_lies_behind_the_fences_goes() {
        // Quartiles 10 and 12: fences at 7 and 15.
        let lengths = [10, 10, 11, 12, 12, 15, 16, 7, 6, 11, 11, 11, 11];
        let gone: Vec<_> = lengths.iter().zip(kept(&lengths, true)).filter(|(_, k)| !k).collect();
        assert_eq!(gone.iter().map(|(l, _)| **l).collect::<Vec<_>>(), [16, 6]);
        assert!(kept(&lengths, false).into_iter().all(|kept| kept));
    }
}
