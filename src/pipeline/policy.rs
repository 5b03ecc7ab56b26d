//! From scores to decisions: the mean of the last n windows against the threshold set at the equal
//! error rate, with hysteresis and a cooldown in event time. Says what ought to be done; never does it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::event::{Boundary, Micros, Timestamp};
use super::score::Score;

/// What the scores say about whose hand it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing speaks against the owner, or there are too few windows yet to say anything.
    #[default]
    Trusted,
    /// The group fell below the threshold, but not yet for long enough.
    Suspicious,
    /// The group has stayed below the threshold.
    Intruder,
}

/// How far the agent may go.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Ladder {
    /// Write it to the journal only.
    Log,
    /// Tell the person by a desktop notification.
    #[default]
    Notify,
    /// Lock the session.
    Lock,
}

/// What ought to be done about a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Write an alarm to the journal.
    Log,
    /// Show a notification (and write to the journal).
    Notify,
    /// Lock the session (and write to the journal).
    Lock,
}

/// How scores become decisions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyParams {
    /// How far to go.
    pub ladder: Ladder,
    /// How many windows are judged together.
    pub group_windows: usize,
    /// Grouped scores below this are a stranger's.
    pub threshold: f32,
    /// Trust returns only when the grouped score is this far above the threshold.
    pub hysteresis: f32,
    /// This many grouped scores in a row below the threshold make an intruder of a suspicion.
    pub confirm_windows: usize,
    /// After an action, none follows for this many seconds of event time.
    pub cooldown_s: u32,
}

impl PolicyParams {
    /// Says which value cannot work, if any: field, value and what is allowed.
    pub fn validate(&self) -> Result<(), String> {
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
        Ok(())
    }
}

/// What one score led to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Judgement {
    /// Mean of the last n scores; `None` while fewer than n are there.
    pub grouped: Option<f32>,
    /// The state after this score.
    pub decision: Decision,
    /// What ought to be done now, if anything.
    pub action: Option<Action>,
}

/// The state machine behind the decisions.
#[derive(Debug, Clone)]
pub struct Policy {
    params: PolicyParams,
    recent: VecDeque<f32>,
    decision: Decision,
    below: usize,
    quiet_until: Option<Timestamp>,
}

impl Policy {
    /// A policy that trusts until it has seen enough.
    pub fn new(params: PolicyParams) -> Self {
        let recent = VecDeque::with_capacity(params.group_windows);
        Self { params, recent, decision: Decision::Trusted, below: 0, quiet_until: None }
    }

    /// The parameters it decides by.
    pub const fn params(&self) -> &PolicyParams {
        &self.params
    }

    /// The state now.
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// How many of the n scores of a group are there.
    pub fn filled(&self) -> usize {
        self.recent.len()
    }

    /// Takes the score of the window that closed at `at`.
    pub fn update(&mut self, at: Timestamp, score: Score) -> Judgement {
        if self.recent.len() == self.params.group_windows {
            self.recent.pop_front();
        }
        self.recent.push_back(score.get());
        let Some(grouped) = self.grouped() else {
            return Judgement { grouped: None, decision: self.decision, action: None };
        };
        self.decision = self.judge(grouped);
        let action = (self.decision == Decision::Intruder).then(|| self.act(at)).flatten();
        Judgement { grouped: Some(grouped), decision: self.decision, action }
    }

    /// Scores never cross a boundary that may separate two people; only an unlock restores trust.
    pub fn boundary(&mut self, kind: Boundary) {
        match kind {
            Boundary::Quiet | Boundary::Overflow => return,
            Boundary::Unlocked | Boundary::Start => {
                self.decision = Decision::Trusted;
                self.quiet_until = None;
            }
            Boundary::Locked | Boundary::Suspended | Boundary::DeviceChanged => {}
        }
        self.below = 0;
        self.recent.clear();
    }

    /// The mean is taken anew each time, so that it depends on the last n scores alone and a
    /// replay that starts later agrees to the bit.
    fn grouped(&self) -> Option<f32> {
        let full = self.recent.len() == self.params.group_windows;
        full.then(|| self.recent.iter().sum::<f32>() / self.recent.len() as f32)
    }

    fn judge(&mut self, grouped: f32) -> Decision {
        if grouped < self.params.threshold {
            self.below = self.below.saturating_add(1);
            let confirmed = self.below >= self.params.confirm_windows;
            return match self.decision {
                Decision::Intruder => Decision::Intruder,
                _ if confirmed => Decision::Intruder,
                _ => Decision::Suspicious,
            };
        }
        self.below = 0;
        let recovered = grouped >= self.params.threshold + self.params.hysteresis;
        match self.decision {
            Decision::Trusted => Decision::Trusted,
            _ if recovered => Decision::Trusted,
            _ => Decision::Suspicious,
        }
    }

    fn act(&mut self, at: Timestamp) -> Option<Action> {
        if self.quiet_until.is_some_and(|until| at < until) {
            return None;
        }
        self.quiet_until = Some(at + Micros::from_millis(i64::from(self.params.cooldown_s) * 1000));
        Some(match self.params.ladder {
            Ladder::Log => Action::Log,
            Ladder::Notify => Action::Notify,
            Ladder::Lock => Action::Lock,
        })
    }
}
