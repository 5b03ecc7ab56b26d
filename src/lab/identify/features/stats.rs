//! Means, deviations and quantiles that are 0 for an empty list.

/// Mean; 0 of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Standard deviation around the mean, of the values as a whole population; 0 of nothing.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    mean(&values.iter().map(|value| (value - centre).powi(2)).collect::<Vec<_>>()).sqrt()
}

/// The quantile `q` in 0..=1, between neighbours linearly; 0 of nothing.
pub(super) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = q * sorted.len().saturating_sub(1) as f64;
    let low = place.floor() as usize;
    let share = place.fract();
    let Some(&below) = sorted.get(low) else { return 0.0 };
    let above = sorted.get(low + 1).copied().unwrap_or(below);
    below + share * (above - below)
}

/// The value in the middle; 0 of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// `part / whole`; 0 of nothing.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// How many of the values fulfil a condition, as a share; 0 of nothing.
pub(super) fn share(values: &[f64], holds: impl Fn(f64) -> bool) -> f64 {
    ratio(values.iter().filter(|value| holds(**value)).count() as f64, values.len() as f64)
}

/// Times and speeds have long tails: their logarithm is what differs between people.
pub(super) fn log(value: f64) -> f64 {
    value.max(0.0).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_give_known_statistics() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!((mean(&values), median(&values), quantile(&values, 1.0)), (2.5, 2.5, 4.0));
        assert!((deviation(&values) - 1.25_f64.sqrt()).abs() < 1e-12);
        assert_eq!(share(&values, |value| value > 2.5), 0.5);
    }

    #[test]
    fn nothing_gives_zero() {
        assert_eq!([mean(&[]), deviation(&[]), median(&[]), ratio(1.0, 0.0)], [0.0; 4]);
    }
}
