//! How well scores separate: area under the ROC curve, equal error rate, error rates at a
//! threshold, and how sure a measured rate is.
//!
//! A score belongs to the owner when it is **at or above** the threshold, as in the live decision.

mod bootstrap;
mod calibration;
mod curve;
mod floor;
mod normal;

pub(crate) use bootstrap::Draws;
pub use bootstrap::Range;
pub(crate) use calibration::{BINS, Calibrated, Calibration};
pub(crate) use curve::FAR_GRID;
pub use curve::{ScoreCounts, frr_at_far};
pub(crate) use floor::fit_floor;

/// The area under the ROC curve: the chance that a genuine score lies above an impostor's, ties
/// counting half (Mann & Whitney). `None` when a class is empty.
pub fn auc(genuine: &[f32], impostor: &[f32]) -> Option<f64> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let impostor = sorted(impostor);
    let sum: f64 = genuine
        .iter()
        .map(|score| {
            let below = impostor.partition_point(|other| other < score);
            let not_above = impostor.partition_point(|other| other <= score);
            (below + not_above) as f64 / 2.0
        })
        .sum();
    Some(sum / (genuine.len() as f64 * impostor.len() as f64))
}

/// Where false acceptances and false rejections are equally frequent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EqualError {
    /// The equal error rate, 0..=1.
    pub rate: f64,
    /// The threshold that belongs to it.
    pub threshold: f32,
}

/// The equal error rate. Candidate thresholds lie half-way between neighbouring distinct scores
/// (and just outside the extremes). From one to the next FRR - FAR grows strictly, so it crosses
/// zero once: rate and threshold are interpolated linearly between the candidates around the
/// crossing. `None` when a class is empty.
pub fn eer(genuine: &[f32], impostor: &[f32]) -> Option<EqualError> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let genuine = sorted(genuine);
    let impostor = sorted(impostor);
    let mut before: Option<(Rates, f32)> = None;
    for threshold in candidates(&genuine, &impostor) {
        let rates = rates_of_sorted(&genuine, &impostor, threshold);
        if rates.frr >= rates.far {
            return Some(cross(before, (rates, threshold)));
        }
        before = Some((rates, threshold));
    }
    None // Unreachable: above all scores FRR is 1 and FAR 0.
}

fn cross(before: Option<(Rates, f32)>, after: (Rates, f32)) -> EqualError {
    let (rates, threshold) = after;
    let gap = rates.frr - rates.far;
    let Some((earlier, low)) = before else {
        return EqualError { rate: f64::midpoint(rates.far, rates.frr), threshold };
    };
    let share = gap / (gap + earlier.far - earlier.frr);
    EqualError {
        rate: rates.far + share * (earlier.far - rates.far),
        threshold: threshold + (share as f32) * (low - threshold),
    }
}

fn candidates(genuine: &[f32], impostor: &[f32]) -> Vec<f32> {
    let mut scores = [genuine, impostor].concat();
    scores.sort_by(f32::total_cmp);
    scores.dedup();
    let first = scores[0];
    let last = scores[scores.len() - 1];
    let between = scores.windows(2).map(|pair| f32::midpoint(pair[0], pair[1]));
    std::iter::once(first).chain(between).chain([last + 1e-6_f32.max(last.abs() * 1e-6)]).collect()
}

/// Error rates at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// False acceptance: the share of impostor scores at or above the threshold.
    pub far: f64,
    /// False rejection: the share of genuine scores below it.
    pub frr: f64,
}

/// Error rates at a threshold; a class without scores makes no errors.
pub fn rates(genuine: &[f32], impostor: &[f32], threshold: f32) -> Rates {
    rates_of_sorted(&sorted(genuine), &sorted(impostor), threshold)
}

fn rates_of_sorted(genuine: &[f32], impostor: &[f32], threshold: f32) -> Rates {
    Rates {
        far: share(impostor.len() - below(threshold, impostor), impostor.len()),
        frr: share(below(threshold, genuine), genuine.len()),
    }
}

fn below(threshold: f32, scores: &[f32]) -> usize {
    scores.partition_point(|score| *score < threshold)
}

fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

/// Gini coefficient of values that are not negative: 0 when all are alike, (n - 1) / n when one of
/// them is everything. 0 for none, and when all are zero.
pub(crate) fn gini(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let sum = values.iter().sum::<f64>();
    if sum <= 0.0 {
        return 0.0;
    }
    let ranked: f64 =
        (1..).zip(&values).map(|(rank, value): (u32, &f64)| f64::from(rank) * value).sum();
    2.0 * ranked / (n * sum) - (n + 1.0) / n
}

/// Mean; none of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Standard deviation of a sample, by n - 1; 0 for fewer than two values.
pub fn deviation(values: &[f64]) -> f64 {
    let Some(mean) = mean(values).filter(|_| values.len() > 1) else { return 0.0 };
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// The value at a share of the way, by nearest rank; none of nothing. Sorts.
pub fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.clamp(1, values.len().max(1)) - 1).copied()
}

/// Wilson's 95 % interval of a rate seen in `trials` independent trials; everything is possible
/// after none.
pub fn wilson(rate: f64, trials: usize) -> [f64; 2] {
    const Z: f64 = 1.959_963_984_540_054;
    if trials == 0 {
        return [0.0, 1.0];
    }
    let n = trials as f64;
    let scale = 1.0 + Z * Z / n;
    let centre = (rate + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// Means of the last `n` scores after each score, as the live decision takes them: neighbours
/// share all but one. One call a stream.
pub(crate) fn sliding(scores: &[f32], n: usize) -> Vec<f32> {
    scores.windows(n.max(1)).map(mean_score).collect()
}

fn mean_score(group: &[f32]) -> f32 {
    group.iter().sum::<f32>() / group.len() as f32
}

fn sorted(scores: &[f32]) -> Vec<f32> {
    let mut scores = scores.to_vec();
    scores.sort_by(f32::total_cmp);
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn auc_counts_ties_half() {
        // Pairs: .9 beats both; .5 beats .2 and ties .5: 3.5 of 4.
        assert_eq!(auc(&[0.9, 0.5], &[0.5, 0.2]), Some(0.875));
        assert_eq!(auc(&[0.5; 3], &[0.5; 7]), Some(0.5));
        assert_eq!(auc(&[], &[0.1]), None);
    }

    #[test]
    fn separated_scores_have_no_error_and_a_threshold_half_way() {
        let found = eer(&[0.8, 0.9], &[0.1, 0.4]).unwrap();
        assert!(near(found.rate, 0.0) && near(f64::from(found.threshold), 0.6), "{found:?}");
    }

    #[test]
    fn one_error_of_four_on_either_side() {
        let found = eer(&[0.3, 0.7, 0.8, 0.9], &[0.1, 0.2, 0.25, 0.75]).unwrap();
        // Between 0.3 and 0.7 one genuine is below and one impostor above.
        assert!(near(found.rate, 0.25) && near(f64::from(found.threshold), 0.5), "{found:?}");
    }

    #[test]
    fn a_tie_across_the_classes_is_interpolated() {
        // At 0.35: FAR 1/2 (the tie), FRR 0. At 0.7: FAR 0, FRR 1/3. Crossing at 2/5 of the way
        // back: rate 0.2, threshold 0.7 - 0.4 * 0.35.
        let found = eer(&[0.5, 0.9, 0.9], &[0.5, 0.2]).unwrap();
        assert!(near(found.rate, 0.2) && near(f64::from(found.threshold), 0.56), "{found:?}");
    }

    #[test]
    fn equal_scores_everywhere_are_a_coin() {
        let found = eer(&[0.5; 4], &[0.5; 4]).unwrap();
        assert!(near(found.rate, 0.5), "{found:?}");
    }

    #[test]
    fn a_score_at_the_threshold_is_the_owners() {
        assert_eq!(rates(&[0.5], &[0.5], 0.5), Rates { far: 1.0, frr: 0.0 });
    }

    #[test]
    fn wilson_agrees_with_the_book() {
        // Newcombe 1998: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
        let [low, high] = wilson(81.0 / 263.0, 263);
        assert!((low - 0.2553).abs() < 1e-4 && (high - 0.3662).abs() < 1e-4);
        let [low, high] = wilson(0.0, 20);
        assert!(low == 0.0 && (high - 0.1611).abs() < 1e-4);
        assert_eq!(wilson(0.0, 0), [0.0, 1.0]);
    }

    #[test]
    fn gini_tells_even_from_uneven() {
        assert!(near(gini(&[0.2; 5]), 0.0) && near(gini(&[0.0, 0.0, 0.0, 1.0]), 0.75));
        // Mean absolute difference over twice the mean: (2 * (1 + 2 + 1) / 9) / (2 * 2) = 2 / 9.
        assert!(near(gini(&[3.0, 1.0, 2.0]), 2.0 / 9.0));
        assert!(near(gini(&[]), 0.0) && near(gini(&[0.0, 0.0]), 0.0));
    }

    #[test]
    fn quantiles_are_values_that_are_there() {
        let mut values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&mut values, 0.5), Some(2.0));
        assert_eq!(quantile(&mut values, 0.95), Some(4.0));
        assert_eq!(quantile(&mut values, 0.0), Some(1.0));
        assert_eq!(quantile(&mut [], 0.5), None);
        assert!(near(deviation(&[1.0, 2.0, 3.0]), 1.0) && near(deviation(&[1.0]), 0.0));
    }

    fn scores() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec((0..20u8).prop_map(|s| f32::from(s) / 19.0), 1..40)
    }

    proptest! {
        #[test]
        fn the_classes_may_change_places(g in scores(), i in scores()) {
            let flip = |scores: &[f32]| scores.iter().map(|s| 1.0 - s).collect::<Vec<_>>();
            let one = eer(&g, &i).unwrap().rate;
            let other = eer(&flip(&i), &flip(&g)).unwrap().rate;
            prop_assert!((0.0..=1.0).contains(&one));
            prop_assert!((one - other).abs() < 1e-6, "{} {}", one, other);
        }

        #[test]
        fn auc_is_what_counting_pairs_gives(g in scores(), i in scores()) {
            let mut won = 0.0;
            for a in &g {
                for b in &i {
                    won += if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 };
                }
            }
            let expected = won / (g.len() * i.len()) as f64;
            prop_assert!((auc(&g, &i).unwrap() - expected).abs() < 1e-9);
        }
    }
}
