//! The rule of the fixed group: the last n windows judged together against the threshold set at the
//! equal error rate, with hysteresis. Knows no time and does nothing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Decision, Opinion};
use crate::pipeline::likeness::{Likeness, grouped};
use crate::pipeline::score::Impression;

/// When a group is a stranger's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanParams {
    /// How many windows are judged together.
    pub group_windows: usize,
    /// Groups that score below this are a stranger's.
    pub threshold: f32,
    /// Trust returns only when the group's score is this far above the threshold.
    pub hysteresis: f32,
    /// This many groups in a row below the threshold make an intruder of a suspicion.
    pub confirm_windows: usize,
    /// How a group is scored; without it by the mean of its scores.
    pub likeness: Option<Box<Likeness>>,
}

impl MeanParams {
    /// Says which value cannot work, if any.
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.group_windows == 0 || self.group_windows > 1000 {
            return Err(format!("group_windows = {} must lie in 1..=1000", self.group_windows));
        }
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(format!("threshold = {} must lie in 0..=1", self.threshold));
        }
        if !(0.0..=1.0).contains(&self.hysteresis) {
            return Err(format!("hysteresis = {} must lie in 0..=1", self.hysteresis));
        }
        if self.confirm_windows == 0 || self.confirm_windows > 1000 {
            return Err(format!("confirm_windows = {} must lie in 1..=1000", self.confirm_windows));
        }
        self.likeness.as_ref().map_or(Ok(()), |likeness| likeness.validate())
    }
}

/// The last n windows.
#[derive(Debug, Clone)]
pub(super) struct Mean {
    params: MeanParams,
    recent: VecDeque<Impression>,
    below: usize,
}

impl Mean {
    pub(super) fn new(params: MeanParams) -> Self {
        Self { recent: VecDeque::with_capacity(params.group_windows), params, below: 0 }
    }

    pub(super) fn windows(&self) -> usize {
        self.recent.len()
    }

    /// Judges by these from now on, the windows that it holds included. Their number must be the same.
    pub(super) fn adopt(&mut self, params: MeanParams) {
        self.params = params;
    }

    pub(super) fn forget(&mut self) {
        self.recent.clear();
        self.below = 0;
    }

    pub(super) fn update(&mut self, impression: Impression, standing: Decision) -> Opinion {
        if self.recent.len() == self.params.group_windows {
            self.recent.pop_front();
        }
        self.recent.push_back(impression);
        let (grouped, windows) = (self.grouped(), self.recent.len());
        let decision = grouped.map_or(standing, |score| self.judge(score, standing));
        Opinion { grouped, windows, decision }
    }

    /// Taken anew each time, so that it depends on the last n windows alone and a replay that
    /// starts later agrees to the bit.
    fn grouped(&self) -> Option<f32> {
        let full = self.recent.len() == self.params.group_windows;
        full.then(|| grouped(self.params.likeness.as_deref(), self.recent.iter())).flatten()
    }

    fn judge(&mut self, score: f32, standing: Decision) -> Decision {
        if score < self.params.threshold {
            self.below = self.below.saturating_add(1);
            let confirmed = self.below >= self.params.confirm_windows;
            return match standing {
                Decision::Intruder => Decision::Intruder,
                _ if confirmed => Decision::Intruder,
                _ => Decision::Suspicious,
            };
        }
        self.below = 0;
        let recovered = score >= self.params.threshold + self.params.hysteresis;
        match standing {
            Decision::Trusted => Decision::Trusted,
            _ if recovered => Decision::Trusted,
            _ => Decision::Suspicious,
        }
    }
}
