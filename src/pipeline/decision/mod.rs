//! The decision: from what a model makes of windows to trusted, suspicious or intruder, and what
//! ought to be done about it, in event time.
//!
//! Two layers give three answers. The grouped score of the last windows below the threshold at the
//! equal error rate is a suspicion, which bothers nobody. The accumulated [`Evidence`] beyond the
//! limit of the notice budget is an alarm, beyond that of the lock budget a reason to lock. Either
//! limit may be replaced by the rule of the equal error rate. Beside them stand what needs no
//! score: movement that cannot be judged, and movement that no hand makes.
//!
//! # Invariants
//! Evidence survives everything but a proven unlock: whoever interrupts the watch is not forgotten.
//! An internal fault is no evidence.

mod evidence;
mod fragments;
mod grouping;
mod interruptions;

use serde::{Deserialize, Serialize};

use super::event::{Boundary, Micros, Timestamp};
use super::owner_model::OwnerModel;
use super::score::WindowScore;
use fragments::Fragments;
use grouping::Grouping;
use interruptions::Interruptions;

pub use evidence::{BLOCK, Block, BlockModel, Evidence, MOST, PageSum, ScoreCalibration};
pub use grouping::GroupingParams;

/// From this share of a limit on, evidence is suspicious; below it an alarm is over.
const SUSPICIOUS: f64 = 0.5;
/// No more evidence is kept than this times the higher limit.
const CEILING: f64 = 1.25;
/// So much movement that cannot be judged is an alarm, and twice as much a reason to lock.
pub(crate) const UNJUDGED: Micros = Micros::from_millis(10_000);

/// Whose hand it is, as far as the windows tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing speaks against the owner, or there are too few windows yet to say anything.
    #[default]
    Trusted,
    /// Something does, but not enough to bother anybody.
    Suspicious,
    /// The limit of an alarm is passed.
    Intruder,
}

/// How far the agent may go.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum MaxAction {
    /// Write it to the log only.
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
    /// Write an alarm to the log.
    Log,
    /// Show a notification (and write to the log).
    Notify,
    /// Lock the session (and write to the log).
    Lock,
}

/// What passes a limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Grouped scores below the threshold at the equal error rate, so many in a row as
    /// [`GroupingParams::confirm`] says.
    Eer,
    /// Evidence against the owner of so many nats.
    Llr(f32),
}

impl Trigger {
    fn validate(self, name: &str) -> Result<(), String> {
        match self {
            Self::Llr(limit) if !(limit.is_finite() && limit > 0.0) => {
                Err(format!("the limit of a {name} = {limit} must be above 0"))
            }
            Self::Eer | Self::Llr(_) => Ok(()),
        }
    }

    /// The limit in nats, unless it is the rule of the equal error rate.
    pub const fn limit(self) -> Option<f32> {
        match self {
            Self::Eer => None,
            Self::Llr(limit) => Some(limit),
        }
    }
}

/// How windows become decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionParams {
    /// How far to go.
    pub max_action: MaxAction,
    /// After a lock, or an alarm by the equal error rate, none follows for this many seconds of
    /// event time.
    pub cooldown_s: u32,
    /// When a group of windows is suspicious.
    pub grouping: GroupingParams,
    /// How blocks of windows become evidence.
    pub model: BlockModel,
    /// When the person is told.
    pub notice: Trigger,
    /// When the session is locked.
    pub lock: Trigger,
}

impl DecisionParams {
    /// Says which value cannot work, if any: field, value and what is allowed.
    ///
    /// # Errors
    /// When a value is out of its range.
    pub fn validate(&self) -> Result<(), String> {
        self.grouping.validate()?;
        self.model.validate()?;
        self.notice.validate("notice")?;
        self.lock.validate("lock")
    }

    /// The owner model, where windows are judged by it.
    pub fn owner(&self) -> Option<&OwnerModel> {
        self.model.owner()
    }

    /// The most evidence that is kept.
    fn ceiling(&self) -> f64 {
        let limits = [self.notice, self.lock].into_iter().filter_map(Trigger::limit);
        let highest = limits.fold(0.0, f32::max);
        if highest > 0.0 { CEILING * f64::from(highest) } else { f64::MAX }
    }
}

/// What one window led to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The score of the last windows together; `None` while there are too few.
    pub grouped: Option<f32>,
    /// The evidence against the owner, nats.
    pub evidence: f32,
    /// The log-likelihood ratio, owner to another user, of the block that this window completed.
    pub block: Option<f32>,
    /// How many windows the decision rests on.
    pub windows: usize,
    /// The state after this window.
    pub decision: Decision,
    /// What ought to be done now, if anything.
    pub action: Option<Action>,
}

/// The part of the state that outlives a restart of the agent within a session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionState {
    evidence: Evidence,
    grouping: Grouping,
    interruptions: Interruptions,
    #[serde(default)]
    fragments: Fragments,
    decision: Decision,
    /// Movement since the last proven unlock that could not be judged.
    unjudged: Micros,
    /// Whether somebody has moved with a device or a screen that the model does not know since the
    /// last proven unlock.
    unknown: bool,
    /// Whether a recording of earlier movement was played, or a program moved, since the last proven
    /// unlock.
    #[serde(default, alias = "replayed")]
    no_hand: bool,
    /// Whether the person was told of the present alarm.
    told: bool,
    /// No lock, and no alarm by the equal error rate, before this.
    quiet_until: Option<Timestamp>,
}

/// The state machine behind the decisions.
#[derive(Debug, Clone)]
pub struct Decider {
    params: DecisionParams,
    state: DecisionState,
}

impl Decider {
    /// A decision that trusts until something speaks against the owner.
    pub fn new(params: DecisionParams) -> Self {
        Self { params, state: DecisionState::default() }
    }

    /// The same, going on from a state that was saved. A state that another model left is dropped.
    #[must_use]
    pub fn resumed(mut self, state: DecisionState) -> Self {
        let embedding = self.params.owner().map_or(0, |owner| owner.mean.len());
        if state.evidence.fits(embedding) && state.grouping.fits(embedding) {
            self.state = state;
        }
        self
    }

    /// What has to be saved for that.
    pub const fn state(&self) -> &DecisionState {
        &self.state
    }

    /// The parameters it decides by.
    pub const fn params(&self) -> &DecisionParams {
        &self.params
    }

    /// The state now.
    pub const fn decision(&self) -> Decision {
        self.state.decision
    }

    /// The evidence against the owner, nats.
    pub const fn evidence(&self) -> f64 {
        self.state.evidence.sum()
    }

    /// How many windows the grouped score rests on.
    pub fn filled(&self) -> usize {
        self.state.grouping.windows()
    }

    /// Whether the watch was interrupted more often than happens by itself.
    pub const fn is_interrupted(&self) -> bool {
        self.state.interruptions.are_many()
    }

    /// Judges by this owner model and these limits from now on; the evidence stays.
    pub fn adopt(&mut self, owner: OwnerModel, notice: Trigger, lock: Trigger) {
        self.params.model = BlockModel::Embedding(Box::new(owner));
        (self.params.notice, self.params.lock) = (notice, lock);
    }

    /// Takes what the model made of the window that closed at `at`.
    pub fn update(&mut self, at: Timestamp, seen: impl Into<WindowScore>) -> Judgement {
        let seen = seen.into();
        let params = &self.params;
        let grouped = self.state.grouping.push(&seen, &params.grouping, params.owner());
        let step = self.state.evidence.push(&seen, &params.model, params.ceiling());
        self.state.interruptions.window();
        self.state.fragments.window();
        self.state.decision = self.decide();
        let action = self.act(at);
        Judgement {
            grouped,
            evidence: step.sum as f32,
            block: step.block.map(|llr| llr as f32),
            windows: self.ground(),
            decision: self.state.decision,
            action,
        }
    }

    /// How many windows an alarm rests on.
    fn ground(&self) -> usize {
        if self.params.notice == Trigger::Eer {
            self.filled()
        } else {
            self.state.evidence.windows().max(1)
        }
    }

    fn decide(&self) -> Decision {
        let standing = self.state.decision == Decision::Intruder;
        let beyond = self.state.unjudged >= UNJUDGED
            || self.state.fragments.are_an_alarm()
            || self.state.no_hand;
        if beyond || self.passes(self.params.notice, standing) {
            return Decision::Intruder;
        }
        let doubtful = self.state.grouping.is_low()
            || self.evidence_is_suspicious()
            || self.state.interruptions.are_many()
            || self.state.fragments.are_many()
            || self.state.unjudged > Micros(0)
            || self.state.unknown;
        if doubtful { Decision::Suspicious } else { Decision::Trusted }
    }

    /// Whether half of what a notice takes speaks against the owner; under the rule of the equal error
    /// rate, whether the last group is below the threshold.
    pub fn evidence_is_suspicious(&self) -> bool {
        match self.params.notice {
            Trigger::Eer => self.state.grouping.is_low(),
            Trigger::Llr(limit) => self.state.evidence.sum() >= SUSPICIOUS * f64::from(limit),
        }
    }

    /// Whether a limit is passed; one that was passed before holds until half of it is gone.
    fn passes(&self, trigger: Trigger, before: bool) -> bool {
        match trigger {
            Trigger::Eer => self.state.grouping.is_confirmed(&self.params.grouping),
            Trigger::Llr(limit) => {
                let share = if before { SUSPICIOUS } else { 1.0 };
                self.state.evidence.sum() >= share * f64::from(limit)
            }
        }
    }

    fn act(&mut self, at: Timestamp) -> Option<Action> {
        if self.state.decision != Decision::Intruder {
            self.state.told = false;
            return None;
        }
        let unjudged =
            self.state.unjudged >= UNJUDGED + UNJUDGED || self.state.fragments.are_a_lock();
        let lock = self.params.max_action == MaxAction::Lock
            && (self.passes(self.params.lock, false) || unjudged || self.state.no_hand);
        let repeats = lock || self.params.notice == Trigger::Eer;
        let due = if repeats { self.is_over(at) } else { !self.state.told };
        if !due {
            return None;
        }
        self.state.told = true;
        if repeats {
            let cooldown = Micros::from_millis(i64::from(self.params.cooldown_s) * 1000);
            self.state.quiet_until = Some(at + cooldown);
        }
        Some(match self.params.max_action {
            MaxAction::Log => Action::Log,
            MaxAction::Lock if lock => Action::Lock,
            MaxAction::Notify | MaxAction::Lock => Action::Notify,
        })
    }

    fn is_over(&self, at: Timestamp) -> bool {
        self.state.quiet_until.is_none_or(|until| at >= until)
    }

    /// Takes note of movement that cannot be judged, which ended at `at`; returns what ought to be
    /// done.
    pub fn unjudged(&mut self, at: Timestamp, movement: Micros) -> Option<Action> {
        self.state.unjudged = self.state.unjudged + movement;
        self.state.decision = self.decide();
        self.act(at)
    }

    /// Takes note of movement that came to no window, which ended at `at`; returns what ought to be
    /// done.
    pub fn fragment(&mut self, at: Timestamp) -> Option<Action> {
        self.state.fragments.add();
        self.state.decision = self.decide();
        self.act(at)
    }

    /// Takes note of movement with a device or a screen that the model does not know: it is judged
    /// all the same, but trust takes a password.
    pub fn unknown_device(&mut self) {
        self.state.unknown = true;
        self.state.decision = self.decide();
    }

    /// Takes note of movement that no hand makes, a recording that is being played or a program's: an
    /// alarm of its own, whatever the windows that follow score.
    pub const fn no_hand(&mut self) {
        self.state.told &= self.state.no_hand;
        self.state.no_hand = true;
    }

    /// Takes note of a boundary. Evidence outlives every one of them but a proven unlock.
    pub fn boundary(&mut self, at: Timestamp, kind: Boundary) {
        match kind {
            Boundary::Quiet | Boundary::Locked => {}
            Boundary::Unlocked => self.state = DecisionState::default(),
            Boundary::Start
            | Boundary::Suspended
            | Boundary::Overflow
            | Boundary::DeviceChanged => {
                self.state.interruptions.add(at);
                self.state.decision = self.decide();
            }
        }
    }
}
