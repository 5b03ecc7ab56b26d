//! Who learns from what: training, validation for early stopping, and calibration. Chronological,
//! session by session where the sessions allow it, impostors by person; within a person the order
//! stays, because neighbours in time resemble each other.
//!
//! # Invariants
//! Training never sees the calibration part.

use std::ops::Range;

use crate::lab::random::Random;

/// Three parts of something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TrainingParts<T> {
    pub(super) training: T,
    pub(super) validation: T,
    pub(super) calibration: T,
}

impl<T> TrainingParts<T> {
    pub(super) fn map<U>(self, mut f: impl FnMut(T) -> U) -> TrainingParts<U> {
        TrainingParts {
            training: f(self.training),
            validation: f(self.validation),
            calibration: f(self.calibration),
        }
    }

    pub(super) fn named(&self) -> [(&'static str, &T); 3] {
        [
            ("training", &self.training),
            ("validation", &self.validation),
            ("calibration", &self.calibration),
        ]
    }
}

/// A stretch of one session: which session, which of its windows.
pub(super) type SessionRange = (usize, Range<usize>);

/// Splits sessions of these many windows, in order of time, by shares of the whole (training,
/// validation; the rest is calibration). Borders lie between sessions where that leaves every part
/// at least half its share; elsewhere `gap` windows behind each border belong to nobody.
pub(super) fn genuine(
    counts: &[usize],
    shares: [f64; 2],
    gap: usize,
) -> TrainingParts<Vec<SessionRange>> {
    let total: usize = counts.iter().sum();
    let at = |share: f64| (share * total as f64).round() as usize;
    let wanted = [at(shares[0]), at(shares[0] + shares[1])];
    let edges: Vec<usize> = counts
        .iter()
        .scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
        .collect();
    let nearest = wanted.map(|w| edges.iter().copied().min_by_key(|e| e.abs_diff(w)).unwrap_or(w));
    let fair = |[a, b]: [usize; 2]| {
        2 * a >= wanted[0]
            && 2 * b.saturating_sub(a) >= wanted[1] - wanted[0]
            && 2 * (total - b) >= total - wanted[1]
    };
    let between_sessions = nearest[0] < nearest[1] && nearest[1] < total && fair(nearest);
    let ([a, b], gap) = if between_sessions { (nearest, 0) } else { (wanted, gap) };
    TrainingParts {
        training: stretches(counts, 0..a),
        validation: stretches(counts, (a + gap).min(b)..b),
        calibration: stretches(counts, (b + gap).min(total)..total),
    }
}

/// A range over all windows as stretches of the sessions that it touches.
fn stretches(counts: &[usize], range: Range<usize>) -> Vec<SessionRange> {
    let mut begins = 0;
    let mut found = Vec::new();
    for (session, count) in counts.iter().enumerate() {
        let from = range.start.clamp(begins, begins + count) - begins;
        let to = range.end.clamp(begins, begins + count) - begins;
        if from < to {
            found.push((session, from..to));
        }
        begins += count;
    }
    found
}

/// Deals people out, each to one part only. With at least three people no part is empty.
pub(super) fn people(
    count: usize,
    shares: [f64; 2],
    random: &mut Random,
) -> TrainingParts<Vec<usize>> {
    let mut order: Vec<usize> = (0..count).collect();
    random.shuffle(&mut order);
    let at = |share: f64| (share * count as f64).round() as usize;
    let a = at(shares[0]).clamp(1.min(count), count.saturating_sub(2).max(1).min(count));
    let b = at(shares[0] + shares[1]).clamp((a + 1).min(count), count.saturating_sub(1).max(a));
    TrainingParts {
        calibration: order.split_off(b),
        validation: order.split_off(a),
        training: order,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_sessions_are_never_cut() {
        let parts = genuine(&[50; 10], [0.6, 0.15], 5);
        assert_eq!(parts.training, (0..6).map(|s| (s, 0..50)).collect::<Vec<_>>());
        assert_eq!(parts.validation.len() + parts.calibration.len(), 4);
        assert!(parts.calibration.iter().all(|(_, range)| *range == (0..50)));
    }

    #[test]
    fn one_session_is_cut_in_order_of_time_with_gaps() {
        let parts = genuine(&[100], [0.6, 0.15], 4);
        assert_eq!(parts.training, [(0, 0..60)]);
        assert_eq!(parts.validation, [(0, 64..75)]);
        assert_eq!(parts.calibration, [(0, 79..100)]);
    }

    proptest! {
        #[test]
        fn parts_are_in_order_and_apart(counts in prop::collection::vec(0..80usize, 1..9)) {
            let total: usize = counts.iter().sum();
            prop_assume!(total >= 40);
            let parts = genuine(&counts, [0.6, 0.15], 2);
            let all: Vec<_> = parts.named().iter().flat_map(|(_, part)| part.to_vec()).collect();
            prop_assert!(parts.named().iter().all(|(_, part)| !part.is_empty()));
            for pair in all.windows(2) {
                let (a, b) = (&pair[0], &pair[1]);
                prop_assert!(a.0 < b.0 || a.0 == b.0 && a.1.end <= b.1.start);
            }
        }

        #[test]
        fn everybody_is_in_exactly_one_part(count in 3..60usize, seed in any::<u64>()) {
            let parts = people(count, [0.6, 0.15], &mut Random::new(seed, 0));
            prop_assert!(parts.named().iter().all(|(_, part)| !part.is_empty()));
            let mut all: Vec<_> = parts.named().iter().flat_map(|(_, part)| part.to_vec()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }
}
