//! The grouped score: the last windows judged together against the threshold at the equal error
//! rate, with hysteresis.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::owner_model::{OwnerModel, grouped, log_odds};
use crate::score::{Score, WindowScore};

/// A suspicion ends when the grouped score is so far above the threshold, in nats of log-odds.
const HYSTERESIS: f32 = 0.5;

/// When a group of windows is suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupingParams {
    /// How many windows are judged together.
    pub windows: usize,
    /// Grouped scores below this are another user's.
    pub threshold: f32,
    /// So many grouped scores in a row below the threshold are an alarm, where the rule of the
    /// equal error rate gives alarms.
    pub confirm: usize,
}

impl GroupingParams {
    /// Says which value cannot work, if any.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn validate(&self) -> Result<(), String> {
        let Self { windows, threshold, confirm } = self;
        if !(1..=1000).contains(windows) {
            return Err(format!("group_windows = {windows} must lie in 1..=1000"));
        }
        if !(0.0..=1.0).contains(threshold) {
            return Err(format!("threshold = {threshold} must lie in 0..=1"));
        }
        if !(1..=1000).contains(confirm) {
            return Err(format!("confirm_windows = {confirm} must lie in 1..=1000"));
        }
        Ok(())
    }
}

/// The last windows, and what became of their grouped scores.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grouping {
    recent: VecDeque<WindowScore>,
    /// Grouped scores in a row below the threshold.
    below: usize,
    /// Below the threshold, and not yet clearly above it again.
    low: bool,
}

impl Grouping {
    pub(super) fn windows(&self) -> usize {
        self.recent.len()
    }

    /// Whether the grouped score has fallen below the threshold and not recovered.
    pub(super) const fn is_low(&self) -> bool {
        self.low
    }

    /// Whether it has been below for long enough to be an alarm, and not recovered.
    pub(super) const fn is_confirmed(&self, params: &GroupingParams) -> bool {
        self.low && self.below >= params.confirm
    }

    /// Takes what the model made of the next window. The grouped score is computed anew each time,
    /// so that it depends on the last windows alone.
    pub(super) fn push(
        &mut self,
        seen: &WindowScore,
        params: &GroupingParams,
        owner: Option<&OwnerModel>,
    ) -> Option<f32> {
        while self.recent.len() >= params.windows {
            self.recent.pop_front();
        }
        self.recent.push_back(seen.clone());
        if self.recent.len() < params.windows {
            return None;
        }
        let score = grouped(owner, self.recent.iter())?;
        self.judge(score, params);
        Some(score)
    }

    fn judge(&mut self, score: f32, params: &GroupingParams) {
        if score < params.threshold {
            self.below = self.below.saturating_add(1);
            self.low = true;
            return;
        }
        let recovered = has_recovered(score, params.threshold);
        self.low &= !recovered;
        if recovered || self.below < params.confirm {
            self.below = 0;
        }
    }

    /// Whether the windows can go on under a model whose embedding has so many numbers.
    pub(super) fn fits(&self, embedding: usize) -> bool {
        self.recent.iter().all(|seen| seen.embedding.len() == embedding)
    }
}

/// Log-odds are bounded, so that every threshold can be recovered from.
fn has_recovered(score: f32, threshold: f32) -> bool {
    let [score, threshold, most] = [score, threshold, 1.0].map(|x| log_odds(Score::new(x)));
    score >= (threshold + HYSTERESIS).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: GroupingParams = GroupingParams { windows: 2, threshold: 0.5, confirm: 2 };

    fn fed(scores: &[f32]) -> (Grouping, Vec<Option<f32>>) {
        let mut grouping = Grouping::default();
        let feed = |score: &f32| grouping.push(&Score::new(*score).into(), &PARAMS, None);
        let grouped = scores.iter().map(feed).collect();
        (grouping, grouped)
    }

    #[test]
    fn a_group_is_judged_once_it_is_full() {
        assert_eq!(fed(&[1.0, 0.5, 0.0]).1, [None, Some(0.75), Some(0.25)]);
    }

    #[test]
    fn a_suspicion_stays_until_the_score_is_clearly_above_the_threshold() {
        assert!(fed(&[0.4, 0.4]).0.is_low() && !fed(&[0.4, 0.4]).0.is_confirmed(&PARAMS));
        assert!(fed(&[0.4; 3]).0.is_confirmed(&PARAMS));
        assert!(!fed(&[0.4, 0.4, 0.7, 0.2]).0.is_confirmed(&PARAMS), "not in a row");
        assert!(fed(&[0.4, 0.4, 0.7]).0.is_low(), "0.55 is hardly above");
        assert!(!fed(&[0.4, 0.4, 0.7, 0.7]).0.is_low());
    }

    #[test]
    fn every_threshold_can_be_recovered_from() {
        for threshold in [0.0, 0.5, 0.97, 0.999, 1.0] {
            assert!(has_recovered(1.0, threshold), "{threshold}");
        }
    }
}
