//! The sequential rule: Page's cumulative sum (Page 1954, Biometrika 41) over log-likelihood ratios.
//! Each window adds how much better a stranger explains it than the owner does; the sum never falls
//! below nothing, so it forgets an owner's past at once and a stranger's never. Knows no time and
//! does nothing.

use serde::{Deserialize, Serialize};

use super::{Decision, Opinion};
use crate::pipeline::likeness::log_odds;
use crate::pipeline::score::Score;

/// From this share of the limit on, the scores are suspicious.
const SUSPICIOUS: f32 = 0.5;
/// Trust returns at this share.
const TRUSTED: f32 = 0.25;

/// How much a score says, and how much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CusumParams {
    /// How scores become evidence.
    pub evidence: Evidence,
    /// Evidence against the owner beyond this is a stranger's, in nats.
    pub limit: f32,
}

/// The natural logarithm of how much likelier a score is for the owner than for a stranger, as a
/// line over the log-odds of the score (Platt 1999, for equally frequent classes).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Nats for each unit of log-odds; above 0.
    pub slope: f32,
    /// Nats at a score of one half.
    pub intercept: f32,
}

impl Evidence {
    /// Nats for the owner (above 0) or against (below).
    pub fn of(self, score: Score) -> f32 {
        self.slope * log_odds(score) + self.intercept
    }
}

impl CusumParams {
    /// Says which value cannot work, if any.
    pub fn validate(&self) -> Result<(), String> {
        let Evidence { slope, intercept } = self.evidence;
        if !(slope.is_finite() && slope > 0.0) {
            return Err(format!("slope = {slope} must be above 0"));
        }
        if !intercept.is_finite() {
            return Err(format!("intercept = {intercept} must be a finite number"));
        }
        if !(self.limit.is_finite() && self.limit > 0.0) {
            return Err(format!("limit = {} must be above 0", self.limit));
        }
        Ok(())
    }
}

/// The evidence so far.
#[derive(Debug, Clone)]
pub(super) struct Cusum {
    params: CusumParams,
    sum: f32,
    windows: usize,
}

impl Cusum {
    pub(super) const fn new(params: CusumParams) -> Self {
        Self { params, sum: 0.0, windows: 0 }
    }

    pub(super) const fn windows(&self) -> usize {
        self.windows
    }

    pub(super) const fn forget(&mut self) {
        self.sum = 0.0;
        self.windows = 0;
    }

    pub(super) fn update(&mut self, score: Score, standing: Decision) -> Opinion {
        // No more than the limit is kept: however long a stranger stayed, the owner who returns
        // is believed after the same number of windows.
        let sum = self.sum - self.params.evidence.of(score);
        self.sum = sum.clamp(0.0, self.params.limit);
        self.windows = if self.sum > 0.0 { self.windows.saturating_add(1) } else { 0 };
        let share = self.sum / self.params.limit;
        let decision = judge(share, standing);
        Opinion { grouped: Some(1.0 - share), windows: self.windows, decision }
    }
}

/// What a share of the limit means, given what stood before.
pub(super) fn judge(share: f32, standing: Decision) -> Decision {
    if share >= 1.0 {
        return Decision::Intruder;
    }
    match standing {
        _ if share <= TRUSTED => Decision::Trusted,
        Decision::Intruder if share >= SUSPICIOUS => Decision::Intruder,
        Decision::Trusted if share < SUSPICIOUS => Decision::Trusted,
        _ => Decision::Suspicious,
    }
}
