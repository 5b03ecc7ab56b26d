//! The parameters of the live process, each checked while it is read, so that a wrong value is
//! reported with its line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use super::bounded::BoundedInt;
pub(crate) use super::bounded::{Fraction, ModelOr};

use crate::error::{Failure, FailureKind, Result};
use crate::model::Bundle;
use crate::model::bundle::limit_for;
use crate::pipeline::{BlockModel, DecisionParams, GroupingParams, MaxAction, Micros, Trigger};
use crate::platform::CaptureBackend;

/// How signals are taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeParams {
    /// Which way of seeing the mouse; read at the start only.
    pub backend: CaptureBackend,
    /// How long after the end of a pause an event that belongs before it may still arrive,
    /// milliseconds; the price of every verdict.
    pub slack_ms: BoundedInt<0, 100>,
    /// Signals that may wait for the engine; what comes on top is lost, and reported as such.
    pub queue_signals: BoundedInt<64, 1_000_000>,
}

impl Default for IntakeParams {
    fn default() -> Self {
        let backend = CaptureBackend::Auto;
        Self {
            backend,
            // An event takes a quarter of a millisecond to get here (median on X11); three leave
            // room.
            slack_ms: BoundedInt::clamped(3),
            // At 8,000 Hz two seconds of an engine that stands still.
            queue_signals: BoundedInt::clamped(16_384),
        }
    }
}

/// How often somebody may be disturbed by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum Budget {
    /// Once in so many hours at the desk, by accumulated evidence.
    Hours(BoundedInt<1, 1000>),
    /// As often as grouped scores fall below the threshold at the equal error rate.
    Eer,
}

impl TryFrom<toml::Value> for Budget {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        match (value.as_str(), value.as_integer()) {
            (Some("eer"), _) => Ok(Self::Eer),
            (_, Some(hours)) => BoundedInt::try_from(hours).map(Self::Hours),
            _ => Err(format!("{value} must be \"eer\" or whole hours in 1..=1000")),
        }
    }
}

impl From<Budget> for toml::Value {
    fn from(budget: Budget) -> Self {
        match budget {
            Budget::Hours(hours) => hours.get().into(),
            Budget::Eer => "eer".into(),
        }
    }
}

impl Budget {
    /// Half of what a refuted alarm has raised the limits by is gone after so much time at the
    /// desk.
    pub fn half_life(self) -> Micros {
        let hours = match self {
            Self::Hours(hours) => hours.get(),
            // As the default of a budget in hours.
            Self::Eer => 8,
        };
        Micros::from_millis(i64::from(hours) * 3_600_000)
    }
}

/// How windows become decisions; what the model knows best is left to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionChoice {
    /// How far the agent may go.
    pub max_action: MaxAction,
    /// The person is told by mistake so often.
    pub notice_budget_h: Budget,
    /// The session is locked by mistake so often.
    pub lock_budget_h: Budget,
    /// How many windows the grouped score judges together.
    pub group_windows: ModelOr<BoundedInt<1, 1000>>,
    /// Grouped scores below this are suspicious.
    pub threshold: ModelOr<Fraction>,
    /// With [`Budget::Eer`], this many grouped scores in a row below the threshold are an alarm.
    pub confirm_windows: BoundedInt<1, 1000>,
    /// After a lock, or an alarm by [`Budget::Eer`], none follows for this many seconds of event
    /// time.
    pub cooldown_s: BoundedInt<0, 86_400>,
}

impl Default for DecisionChoice {
    fn default() -> Self {
        Self {
            // A notice is cheap, and an owner who is locked out by mistake switches the program
            // off.
            max_action: MaxAction::Notify,
            // One in a working day.
            notice_budget_h: Budget::Hours(BoundedInt::clamped(8)),
            // One in a week of work: being locked out costs more than being asked.
            lock_budget_h: Budget::Hours(BoundedInt::clamped(40)),
            group_windows: ModelOr::Model,
            threshold: ModelOr::Model,
            confirm_windows: BoundedInt::clamped(2),
            // As long as it takes to unlock and sit down again.
            cooldown_s: BoundedInt::clamped(60),
        }
    }
}

impl DecisionChoice {
    /// The choice applied to a model. A group size without a threshold needs a model that was
    /// calibrated for it.
    ///
    /// # Errors
    /// When the model knows no threshold for the chosen group size, or no limits for a budget.
    pub fn resolve(&self, bundle: &Bundle) -> Result<DecisionParams> {
        let windows = match self.group_windows {
            ModelOr::Model => bundle.default_group,
            ModelOr::Value(windows) => windows.get() as usize,
        };
        let threshold = match self.threshold {
            ModelOr::Value(threshold) => threshold.get(),
            // A threshold of another group size promises nothing for this one.
            ModelOr::Model => calibrated(bundle, windows)?,
        };
        let confirm = self.confirm_windows.get() as usize;
        Ok(DecisionParams {
            max_action: self.max_action,
            cooldown_s: self.cooldown_s.get(),
            grouping: GroupingParams { windows, threshold, confirm },
            // Embeddings where there are any: they tell sessions apart, and scores do not.
            model: self.block_model(bundle)?,
            notice: trigger("notice_budget_h", self.notice_budget_h, bundle)?,
            lock: trigger("lock_budget_h", self.lock_budget_h, bundle)?,
        })
    }

    fn block_model(&self, bundle: &Bundle) -> Result<BlockModel> {
        let embedding =
            bundle.owner_model.clone().map(|owner| BlockModel::Embedding(Box::new(owner)));
        embedding.or_else(|| bundle.score_calibration.map(BlockModel::Scores)).ok_or_else(|| {
            Failure::new(
                FailureKind::Data,
                "the model tells neither an owner nor what a score says",
            )
            .remedy("Enrol again: `mousewarden enroll`.")
        })
    }
}

fn trigger(key: &str, budget: Budget, bundle: &Bundle) -> Result<Trigger> {
    let Budget::Hours(hours) = budget else { return Ok(Trigger::Eer) };
    let limit = limit_for(&bundle.limits, hours.get() as f32);
    limit.map(Trigger::Llr).ok_or_else(|| {
        let what = format!("decision.{key} = {}: the model knows no limits", hours.get());
        Failure::new(FailureKind::Config, what)
            .remedy("Enrol again: `mousewarden enroll`; or choose \"eer\".")
    })
}

fn calibrated(bundle: &Bundle, windows: usize) -> Result<f32> {
    let points = &bundle.operating_points;
    let point = points.iter().find(|point| point.windows == windows);
    point.map(|point| point.threshold).ok_or_else(|| {
        let known: Vec<String> = points.iter().map(|point| point.windows.to_string()).collect();
        let what = format!("decision.group_windows = {windows}: the model has no threshold for it");
        let remedy = format!(
            "Choose one of {} or \"model\", or give decision.threshold as well.",
            known.join(", ")
        );
        Failure::new(FailureKind::Config, what).remedy(remedy)
    })
}

/// What the person is told, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyParams {
    /// Whether to offer "It was me" and "Lock now" where the server draws buttons.
    pub buttons: bool,
    /// Whether an alarm stays until it is dismissed.
    pub stay: bool,
    /// Whether an alarm is told.
    pub alarm: bool,
    /// Whether a lock is told before it happens.
    pub countdown: bool,
    /// Whether a lock, or one that was called off, is told afterwards.
    pub locked: bool,
    /// Whether it is told that locking failed.
    pub lock_failed: bool,
    /// Whether it is told that alarms no longer lock.
    pub safe_mode: bool,
    /// Whether it is told that the model does not know this mouse or these screens.
    pub unknown_device: bool,
    /// Whether it is told that the agent ends by a fault, or does not see the mouse.
    pub fault: bool,
    /// So many alarms are told within an hour; the rest is only written down.
    pub per_hour: BoundedInt<1, 3600>,
}

impl Default for NotifyParams {
    fn default() -> Self {
        Self {
            buttons: true,
            stay: true,
            alarm: true,
            countdown: true,
            locked: true,
            lock_failed: true,
            safe_mode: true,
            unknown_device: true,
            fault: true,
            // One in five minutes, before people stop reading them.
            per_hour: BoundedInt::clamped(12),
        }
    }
}

/// How the session is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LockParams {
    /// Program and arguments, tried when the system's own ways fail; empty for none.
    pub command: Vec<String>,
    /// Seconds between an alarm and its lock; who is recognised meanwhile is not locked out.
    pub countdown_s: BoundedInt<0, 600>,
    /// After this many locks by alarm within ten minutes of event time, alarms only notify.
    pub safe_after: BoundedInt<1, 100>,
}

impl Default for LockParams {
    fn default() -> Self {
        // Ten seconds: enough to move the mouse and be recognised, too few to do much harm in.
        let countdown_s = BoundedInt::clamped(10);
        // Three within ten minutes is more often a bad model than an intruder who comes back.
        let safe_after = BoundedInt::clamped(3);
        Self { command: Vec::new(), countdown_s, safe_after }
    }
}

/// Whether the agent learns from what follows an unlock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AdaptParams {
    /// Whether the movement after an unlock shows where the owner is today, and once a day leads
    /// the model towards it.
    pub enabled: bool,
}

impl Default for AdaptParams {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// Whether movement is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RecordParams {
    /// Whether the running agent keeps what it sees, for a replay or a later training.
    pub enabled: bool,
}

/// The log as a file of JSON lines, for another program to collect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JournalParams {
    /// The file, by its absolute path; empty for none.
    pub file: PathBuf,
    /// A journal of this many megabytes is put aside; one older one is kept.
    pub max_mb: BoundedInt<1, 1024>,
}

impl Default for JournalParams {
    fn default() -> Self {
        // 8 MB are some days of work, and a collector reads them within seconds.
        Self { file: PathBuf::new(), max_mb: BoundedInt::clamped(8) }
    }
}

/// The icon in the tray.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TrayParams {
    /// Whether it is shown where the desktop has a tray.
    pub enabled: bool,
}

impl Default for TrayParams {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// Figures for those who watch over many machines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MetricsParams {
    /// A text file for Prometheus' node exporter; empty for none.
    pub file: PathBuf,
}

/// How long is kept what the agent stores, in days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetentionParams {
    /// The recordings of enrolments; 0 keeps them until they are purged.
    pub recordings_days: BoundedInt<0, 36_500>,
    /// The recordings of the running agent; 0 keeps them until they are purged.
    pub watched_days: BoundedInt<0, 36_500>,
    /// The history of decisions; 0 keeps none at all.
    pub history_days: BoundedInt<0, 36_500>,
}

impl Default for RetentionParams {
    fn default() -> Self {
        let days = BoundedInt::clamped;
        Self {
            // Long enough to train again with them; the model itself needs them no more.
            recordings_days: days(30),
            watched_days: days(30),
            // A quarter of a year, as incidents are looked into late.
            history_days: BoundedInt::clamped(90),
        }
    }
}

/// How much movement an enrolment collects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EnrolParams {
    /// Windows to collect.
    pub target_windows: BoundedInt<30, 100_000>,
    /// Minutes of movement to collect; both targets must be met.
    pub target_minutes: BoundedInt<0, 600>,
    /// Whether an enrolment ends before that, as soon as more movement no longer helps.
    pub stop_early: bool,
    /// After the first enrolment alarms are written down only for so many hours.
    pub quiet_hours: BoundedInt<0, 168>,
}

impl Default for EnrolParams {
    fn default() -> Self {
        Self {
            // More windows of one day say little more: days make an owner, not minutes.
            target_windows: BoundedInt::clamped(400),
            target_minutes: BoundedInt::clamped(5),
            stop_early: true,
            // A working day in which false alarms of a young model bother nobody.
            quiet_hours: BoundedInt::clamped(8),
        }
    }
}
