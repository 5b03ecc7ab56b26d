//! What `status` shows: one value that the threads of the agent keep up to date, for people to
//! read.
//!
//! # Invariants
//! No decision depends on it.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::{BackboneUsers, Bundle, LoadedScorer, OperatingPoint, Provenance, SeenWindows};
use crate::pipeline::{
    Action, Decision, DecisionParams, KnownMovement, MaxAction, Timestamp, Verdict,
};
use crate::platform::capture::description::Unknown;
use crate::platform::{StatusSummary, clock};

use super::model_versions::ModelVersions;

/// A mouse that has not moved for so long while the session is in front may be one that is not
/// seen, seconds.
// A quarter of an hour is longer than most people read without touching the mouse.
const SILENT_S: u64 = 15 * 60;

/// Whether the agent watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WatchState {
    /// It does.
    #[default]
    Watching,
    /// Its owner paused it.
    Paused,
    /// The screen is locked; nobody is judged.
    Locked,
    /// The model does not know what captures; nobody is judged.
    UnknownDevice,
}

impl fmt::Display for WatchState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Watching => "watching",
            Self::Paused => "paused",
            Self::Locked => "locked",
            Self::UnknownDevice => "unknown_device",
        })
    }
}

/// The last window, as far as it may be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastWindow {
    /// When it was judged, wall time.
    pub at: String,
    /// Steps.
    pub steps: usize,
    /// Seconds of movement.
    pub movement_s: f64,
    /// Its score: 0 impostor, 1 owner.
    pub score: f32,
}

/// The last alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastAlarm {
    /// When, wall time.
    pub at: String,
    /// What was to be done.
    pub action: Action,
    /// In what the movement was unlike the owner's; empty where nothing can be told.
    #[serde(default)]
    pub why: Vec<String>,
}

/// Who scores.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScorerStatus {
    /// "onnxruntime" or "builtin".
    pub backend: String,
    /// Of ONNX Runtime, or of this program.
    pub version: String,
    /// The library in use.
    pub library: Option<PathBuf>,
    /// Why ONNX Runtime is not used, or what to know about it.
    pub note: Option<String>,
}

/// Whose model judges, and how well it is known to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelStatus {
    /// The file.
    pub path: PathBuf,
    /// Where it comes from.
    pub provenance: Option<Provenance>,
    /// How well it separates at the group size in use; unknown for a size of one's own.
    pub operating_point: Option<OperatingPoint>,
}

/// What was learnt for good since the enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct AdaptationStatus {
    /// The version in force.
    pub version: u32,
    /// How far it is from the enrolment, see
    /// [`OwnerMean::drift`](crate::pipeline::OwnerMean::drift).
    pub drift: f64,
}

/// Everything that `status` shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Status {
    /// Whether it watches.
    pub(crate) state: WatchState,
    /// Whose hand it is.
    pub decision: Decision,
    /// What the rule makes of the last scores.
    pub grouped: Option<f32>,
    /// Below this it is an impostor's.
    pub threshold: f32,
    /// Windows judged together.
    pub group_windows: usize,
    /// The evidence against the owner, nats.
    #[serde(default)]
    pub evidence: f32,
    /// The evidence that makes an alarm, and the one that locks, nats; none under the rule of the
    /// equal error rate.
    #[serde(default)]
    pub limits: [Option<f32>; 2],
    /// Whether the watch was interrupted more often than happens by itself.
    #[serde(default)]
    pub interrupted: bool,
    /// How far the agent may go.
    pub max_action: MaxAction,
    /// Windows judged since the start.
    pub windows_seen: u64,
    /// The last one.
    pub(crate) last_window: Option<LastWindow>,
    /// The last alarm.
    pub(crate) last_alarm: Option<LastAlarm>,
    /// Where signals come from.
    pub source: String,
    /// With what: back end, device and screens.
    #[serde(default)]
    pub capture: String,
    /// What of that the model does not know.
    #[serde(default)]
    pub(crate) unknown: Option<Unknown>,
    /// Seconds since the mouse moved last, or since it began to be watched.
    #[serde(default)]
    pub still_s: u64,
    /// Who scores.
    pub scorer: ScorerStatus,
    /// Whose model.
    pub model: ModelStatus,
    /// What it has learnt for good since the enrolment.
    #[serde(default)]
    pub(crate) adaptation: Option<AdaptationStatus>,
    /// Whether it has learnt how the owner moves today.
    #[serde(default)]
    pub today: bool,
    /// Process number.
    pub pid: u32,
    /// Program version.
    pub version: String,
    /// Wall time of the start.
    pub started: String,
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Until when it is paused, wall time; `None` while it isn't, or until it is resumed.
    pub paused_until: Option<String>,
    /// The configuration file, if there is one.
    pub config: Option<PathBuf>,
    /// Where movement is kept, if it is.
    pub recording: Option<PathBuf>,
    /// How often signals were lost.
    pub overflows: u64,
    /// What does not work as it should, in sentences.
    pub problems: Vec<String>,
}

impl Status {
    /// What the decision rests on, in words.
    pub fn ground(&self) -> String {
        let Self { threshold, group_windows, .. } = self;
        let grouped = match self.grouped {
            Some(score) => {
                format!("score of {group_windows} windows {score:.3}, threshold {threshold:.3}")
            }
            None => format!("fewer than {group_windows} windows yet"),
        };
        match self.limits[0] {
            Some(limit) => {
                format!("evidence {:.1} of {limit:.1} nats; {grouped}", self.evidence)
            }
            None => grouped,
        }
    }
}

/// A status that several threads write.
#[derive(Debug)]
pub(crate) struct SharedStatus {
    status: Mutex<Status>,
    started: Timestamp,
    /// Microseconds of the monotonic clock.
    // Outside the lock, because it is written at every batch of a moving mouse.
    moved: AtomicI64,
}

impl SharedStatus {
    /// The status of an agent that starts now.
    pub(crate) fn new(status: Status) -> Self {
        let started = clock::wall().to_string();
        let pid = std::process::id();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let status = Mutex::new(Status { started, pid, version, ..status });
        let started = clock::now();
        Self { status, started, moved: AtomicI64::new(started.micros()) }
    }

    /// The status now.
    pub(crate) fn read(&self) -> Status {
        let since = |then| (clock::now() - then).0.max(0).unsigned_abs() / 1_000_000;
        let moved = Timestamp::from_micros(self.moved.load(Ordering::Relaxed));
        let uptime_s = since(self.started);
        let still_s = since(moved);
        let mut status = Status { uptime_s, still_s, ..self.lock().clone() };
        // Only while it watches: a locked or paused session is meant to be still.
        if status.state == WatchState::Watching && still_s >= SILENT_S {
            let minutes = still_s / 60;
            status.problems.push(format!(
                "mouse: nothing has moved for {minutes} minutes while the session is in front; if \
                 you did use the mouse, `mousewarden doctor` looks for the reason"
            ));
        }
        status
    }

    /// Notes that the mouse moves, or is watched again.
    pub(crate) fn moved(&self) {
        // The clock and not the signal's own time: a recording lives in another one.
        self.moved.store(clock::now().micros(), Ordering::Relaxed);
    }

    /// The status as an icon shows it.
    pub(crate) fn summary(&self) -> StatusSummary {
        let status = self.lock();
        StatusSummary {
            state: status.state.to_string(),
            decision: status.decision.to_string(),
            problem: status.problems.first().cloned(),
            learning: status.grouped.is_none(),
            enrolled_percent: 100,
        }
    }

    /// Changes it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.lock());
    }

    /// Notes a verdict that was given at `wall`.
    pub(crate) fn verdict(&self, verdict: &Verdict, wall: &str) {
        self.change(|status| {
            status.windows_seen += 1;
            status.decision = verdict.judgement.decision;
            status.grouped = verdict.judgement.grouped;
            status.evidence = verdict.judgement.evidence;
            status.last_window = Some(LastWindow {
                at: wall.to_owned(),
                steps: verdict.window.steps,
                movement_s: verdict.window.movement().as_secs_f64(),
                score: verdict.score.get(),
            });
            if let Some(action) = verdict.judgement.action {
                // Kept as words: the windows behind it are gone by the time that somebody asks.
                let why = verdict.why.map(|why| why.words()).unwrap_or_default();
                status.last_alarm = Some(LastAlarm { at: wall.to_owned(), action, why });
            }
        });
    }

    /// Shows what a model has learnt that is new here: of the day it knows nothing yet.
    pub(crate) fn adaptation(&self, adaptation: Option<&ModelVersions>) {
        let now = adaptation.and_then(ModelVersions::now);
        let now = now.map(|now| AdaptationStatus { version: now.number, drift: now.drift });
        self.change(|status| (status.adaptation, status.today) = (now, false));
    }

    /// Says what does not work, under a topic that can be cleared.
    pub(crate) fn problem(&self, topic: &str, sentence: Option<String>) {
        let prefix = format!("{topic}: ");
        self.change(|status| {
            // One sentence for a topic: the newest reason replaces the last.
            status.problems.retain(|problem| !problem.starts_with(&prefix));
            status.problems.extend(sentence.map(|sentence| prefix + &sentence));
        });
    }

    /// Notes which model judges, by which parameters.
    pub(crate) fn model(
        &self,
        model: ModelStatus,
        scorer: ScorerStatus,
        decision: &DecisionParams,
    ) {
        self.change(|status| {
            status.model = model;
            status.scorer = scorer;
            status.threshold = decision.grouping.threshold;
            status.group_windows = decision.grouping.windows;
            status.limits = [decision.notice.limit(), decision.lock.limit()];
            status.max_action = decision.max_action;
        });
    }

    /// A thread that died while it wrote leaves a status that is still worth showing.
    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ScorerStatus {
    /// What a scorer says of itself.
    pub fn of(scorer: &LoadedScorer) -> Self {
        let report = scorer.report();
        Self {
            backend: report.backend.to_string(),
            version: report.version.clone(),
            library: report.library.clone(),
            note: report.note.clone(),
        }
    }
}

impl ModelStatus {
    /// What a bundle says of itself, for the group size in use.
    pub fn of(path: PathBuf, bundle: &Bundle, decision: &DecisionParams) -> Self {
        // Thousands of windows, which concern an evaluation only.
        let backbone_users = bundle
            .provenance
            .backbone_users
            .as_ref()
            .map(|people| BackboneUsers { windows: SeenWindows::default(), ..people.clone() });
        let seen_windows = SeenWindows::default();
        let own_movement = KnownMovement::default();
        let from =
            Provenance { seen_windows, own_movement, backbone_users, ..bundle.provenance.clone() };
        Self {
            path,
            provenance: Some(from),
            operating_point: bundle
                .operating_points
                .iter()
                // A size of the owner's own was never measured: nothing is said of it.
                .find(|point| point.windows == decision.grouping.windows)
                .copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mouse_that_is_silent_for_long_is_a_problem_only_while_it_is_watched() {
        let shared_status = SharedStatus::new(Status::default());
        assert!(shared_status.read().problems.is_empty());
        let long_ago = clock::now().micros() - 20 * 60 * 1_000_000;
        shared_status.moved.store(long_ago, Ordering::Relaxed);
        let status = shared_status.read();
        assert!(status.still_s >= 20 * 60);
        assert!(status.problems[0].contains("for 20 minutes"), "{:?}", status.problems);
        shared_status.change(|status| status.state = WatchState::Locked);
        assert!(shared_status.read().problems.is_empty());
        shared_status.change(|status| status.state = WatchState::Watching);
        shared_status.moved();
        assert!(shared_status.read().problems.is_empty());
    }
}
