//! The parameters of the live process, each checked while it is read, so that a wrong value is
//! reported with its line. No file is opened here and nothing is looked up.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use super::bounded::{Choice, Share, Within};

use crate::error::{Failure, Kind, Result};
use crate::model::Bundle;
use crate::model::bundle::limit_for;
use crate::pipeline::{CusumParams, Ladder, MeanParams, PolicyParams, RuleParams, ScanParams};
use crate::platform::Backend;

/// How signals are taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeParams {
    /// Which way of seeing the mouse; read at the start only.
    pub backend: Backend,
    /// How long after the end of a pause an event that belongs before it may still arrive,
    /// milliseconds; the price of every verdict.
    pub slack_ms: Within<0, 100>,
    /// Signals that may wait for the engine; what comes on top is lost, and reported as such.
    pub queue_signals: Within<64, 1_000_000>,
}

impl Default for IntakeParams {
    fn default() -> Self {
        let backend = Backend::Auto;
        Self { backend, slack_ms: Within::clamped(3), queue_signals: Within::clamped(16_384) }
    }
}

/// How scores are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleChoice {
    /// The mean of a fixed number of windows against a threshold.
    #[default]
    Mean,
    /// Evidence of single scores piles up until it passes a limit.
    Cusum,
    /// The evidence of the last windows together passes a limit, for whichever number of them says
    /// most; for models that judge by traits.
    Scan,
}

/// Office work gives about this many windows in an hour on the wall clock (8.5 a minute, the mean
/// over the administrators of the Balabit data set).
const WINDOWS_PER_HOUR: u32 = 510;

/// How scores become decisions; what the model knows best is left to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyChoice {
    /// How far the agent may go.
    pub ladder: Ladder,
    /// How scores are put together.
    pub rule: RuleChoice,
    /// The owner is disturbed once in so many hours at the desk; for [`RuleChoice::Cusum`].
    pub hours_between_alarms: Within<1, 1000>,
    /// How many windows are judged together; this and the next three for [`RuleChoice::Mean`].
    pub group_windows: Choice<Within<1, 1000>>,
    /// Grouped scores below this are a stranger's.
    pub threshold: Choice<Share>,
    /// Trust returns only when the grouped score is this far above the threshold.
    pub hysteresis: Share,
    /// This many grouped scores in a row below the threshold make an intruder of a suspicion.
    pub confirm_windows: Within<1, 1000>,
    /// After an action, none follows for this many seconds of event time.
    pub cooldown_s: Within<0, 86_400>,
}

impl Default for PolicyChoice {
    fn default() -> Self {
        Self {
            ladder: Ladder::Notify,
            rule: RuleChoice::Mean,
            hours_between_alarms: Within::clamped(40),
            group_windows: Choice::Model,
            threshold: Choice::Model,
            hysteresis: Share(0.05),
            confirm_windows: Within::clamped(2),
            cooldown_s: Within::clamped(60),
        }
    }
}

impl PolicyChoice {
    /// The choice applied to a model. A group size without a threshold needs a model that was
    /// calibrated for it.
    ///
    /// # Errors
    /// When the model knows no threshold for the chosen group size, or nothing of the chosen rule.
    pub fn resolve(&self, bundle: &Bundle) -> Result<PolicyParams> {
        let rule = match self.rule {
            RuleChoice::Mean => RuleParams::Mean(self.mean(bundle)?),
            RuleChoice::Cusum => RuleParams::Cusum(self.cusum(bundle)?),
            RuleChoice::Scan => RuleParams::Scan(self.scan(bundle)?),
        };
        Ok(PolicyParams { ladder: self.ladder, cooldown_s: self.cooldown_s.get(), rule })
    }

    fn mean(&self, bundle: &Bundle) -> Result<MeanParams> {
        let group_windows = match self.group_windows {
            Choice::Model => bundle.default_group,
            Choice::Value(windows) => windows.get() as usize,
        };
        let threshold = match self.threshold {
            Choice::Value(threshold) => threshold.get(),
            Choice::Model => calibrated(bundle, group_windows)?,
        };
        Ok(MeanParams {
            group_windows,
            threshold,
            hysteresis: self.hysteresis.get(),
            confirm_windows: self.confirm_windows.get() as usize,
            likeness: bundle.likeness.clone().map(Box::new),
        })
    }

    fn scan(&self, bundle: &Bundle) -> Result<ScanParams> {
        let limit = limit_for(&bundle.scan, self.budget());
        let params = bundle.likeness.clone().map(Box::new).zip(limit);
        params.map(|(likeness, limit)| ScanParams { likeness, limit }).ok_or_else(|| {
            let what = "policy.rule = \"scan\": the model does not judge by traits";
            Failure::new(Kind::Config, what)
                .remedy("Choose rule = \"mean\", or enrol again: mousewarden --enroll.")
        })
    }

    /// Windows of the owner for each false alarm that is put up with.
    const fn budget(&self) -> u32 {
        self.hours_between_alarms.get() * WINDOWS_PER_HOUR
    }

    fn cusum(&self, bundle: &Bundle) -> Result<CusumParams> {
        let windows = self.budget();
        let known = bundle.sequential.as_ref();
        known.and_then(|known| known.for_budget(windows)).ok_or_else(|| {
            let what = "policy.rule = \"cusum\": the model knows no limits for it";
            Failure::new(Kind::Config, what)
                .remedy("Choose rule = \"mean\", or make the model anew: mousewarden train.")
        })
    }
}

fn calibrated(bundle: &Bundle, windows: usize) -> Result<f32> {
    let points = &bundle.operating_points;
    let point = points.iter().find(|point| point.windows == windows);
    point.map(|point| point.threshold).ok_or_else(|| {
        let known: Vec<String> = points.iter().map(|point| point.windows.to_string()).collect();
        let what = format!("policy.group_windows = {windows}: the model has no threshold for it");
        let remedy = format!(
            "Choose one of {} or \"model\", or give policy.threshold as well.",
            known.join(", ")
        );
        Failure::new(Kind::Config, what).remedy(remedy)
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
    /// Whether it is told that the agent ends by a fault.
    pub fault: bool,
    /// So many alarms are told within an hour; the rest is only written down.
    pub per_hour: Within<1, 3600>,
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
            per_hour: Within::clamped(12),
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
    pub countdown_s: Within<0, 600>,
    /// After this many locks by alarm within ten minutes of event time, alarms only notify.
    pub safe_after: Within<1, 100>,
}

impl Default for LockParams {
    fn default() -> Self {
        let (countdown_s, safe_after) = (Within::clamped(10), Within::clamped(3));
        Self { command: Vec::new(), countdown_s, safe_after }
    }
}

/// Whether the agent learns from what follows an unlock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdaptParams {
    /// Whether the movement after an unlock shows where the owner is today, and once a day leads the
    /// model towards it.
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
pub struct RecordParams {
    /// Whether the running agent keeps what it sees, for a replay or a later training.
    pub enabled: bool,
}

/// The log as a file of JSON lines, for another program to collect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalParams {
    /// The file, by its absolute path; empty for none.
    pub file: PathBuf,
    /// A journal of this many megabytes is put aside; one older one is kept.
    pub max_mb: Within<1, 1024>,
}

impl Default for JournalParams {
    fn default() -> Self {
        Self { file: PathBuf::new(), max_mb: Within::clamped(8) }
    }
}

/// The icon in the tray.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrayParams {
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
pub struct MetricsParams {
    /// A text file for Prometheus' node exporter; empty for none.
    pub file: PathBuf,
}

/// How long is kept what the agent stores, in days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionParams {
    /// The recordings of enrolments; 0 keeps them until they are purged.
    pub recordings_days: Within<0, 36_500>,
    /// The recordings of the running agent; 0 keeps them until they are purged.
    pub watched_days: Within<0, 36_500>,
    /// The history of decisions; 0 keeps none at all.
    pub history_days: Within<0, 36_500>,
}

impl Default for RetentionParams {
    fn default() -> Self {
        let days = Within::clamped;
        Self { recordings_days: days(0), watched_days: days(30), history_days: Within::clamped(90) }
    }
}

/// How much movement an enrolment collects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnrolParams {
    /// Windows to collect.
    pub target_windows: Within<30, 100_000>,
    /// Minutes of movement to collect; both targets must be met.
    pub target_minutes: Within<0, 600>,
    /// Whether an enrolment ends before that, as soon as more movement no longer helps.
    pub stop_early: bool,
}

impl Default for EnrolParams {
    fn default() -> Self {
        Self {
            target_windows: Within::clamped(400),
            target_minutes: Within::clamped(5),
            stop_early: true,
        }
    }
}
