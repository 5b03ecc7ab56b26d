//! What happens in the live process, as values: one typed log that status, watch, report, metrics,
//! the system journal and the history read and write.
//!
//! # Schema
//! Written as JSON, an entry is one object: `wall` (UTC, RFC 3339), `mono_us` (microseconds of the
//! monotonic clock), `event` (the name, one of [`Event::NAMES`]) and the fields of that entry. New
//! fields and events may come; a field is never given another meaning. A verdict holds `window`
//! (`started_at`, `ended_at`, `steps`, `end`), `at`, `score` (0 impostor, 1 owner), `grouped` (or
//! null), `windows`, `decision`, `action` (or null) and, for an alarm, `why`.
//!
//! # Invariants
//! An entry never says where the pointer was, and a field is never given another meaning.

mod kinds;
mod words;

use serde::{Deserialize, Serialize};

use crate::pipeline::{Action, Boundary, Timestamp, Verdict};
use crate::platform::NoticeAnswer;
use crate::platform::capture::description::Unknown;

pub(crate) use self::kinds::{Asked, CaptureState, Fingerprints, Gap, Head, Part, Withheld};
pub(crate) use super::notice::NoticeKind;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The agent began to watch.
    Started {
        /// Program version.
        version: String,
        /// Where signals come from.
        source: String,
        /// Who scores.
        scorer: String,
        /// Grouped scores below this are suspicious.
        threshold: f32,
        /// Windows judged together.
        group_windows: usize,
        /// What it works with.
        #[serde(default)]
        sha256: Box<Fingerprints>,
        /// The last row of the history that it found.
        #[serde(default)]
        head: Option<Head>,
        /// Which start of the machine this was, where the system tells.
        #[serde(default)]
        boot: Option<String>,
    },
    /// Nobody was watched, judged or locked for a while.
    Gap {
        /// Why.
        what: Gap,
        /// Since when, wall time.
        from: String,
        /// Until when, wall time.
        to: String,
        /// How long, by a clock that nobody sets where there is one.
        seconds: u64,
    },
    /// The agent works with another file than when it started last.
    Changed {
        /// Which.
        what: Part,
    },
    /// A file that could not be used was put aside; a new one is begun.
    PutAside {
        /// Its name now.
        file: String,
        /// What was wrong with it.
        why: String,
    },
    /// A file by which the running agent is found was removed, replaced or moved.
    Removed {
        /// Which.
        file: String,
        /// Why it could not be made again, if so.
        #[serde(default)]
        why: Option<String>,
    },
    /// The history is another than before, or begins.
    HistoryReset {
        /// Why.
        why: String,
    },
    /// Entries that could not be kept are gone.
    Unwritten {
        /// How many.
        #[serde(alias = "entries")]
        events: u64,
    },
    /// A window was judged.
    Verdict(Verdict),
    /// The session changed, or signals were lost.
    Session {
        /// How.
        boundary: Boundary,
    },
    /// What captures the movement: at the start, and each time that it changes.
    Device {
        /// Back end, device and screens.
        capture: String,
        /// What of it the model does not know.
        unknown: Option<Unknown>,
    },
    /// Somebody moves with a device, or on screens, that the model does not know.
    Unknown {
        /// Back end, device and screens.
        capture: String,
        /// What of it the model does not know, as in [`Self::Device`].
        what: Unknown,
    },
    /// A password was given while a device or screens were in use that the model does not know: they
    /// count as the owner's from now on.
    Trusted {
        /// Back end, device and screens.
        capture: String,
    },
    /// Somebody moves with something whose movement cannot be judged, for so long that something
    /// ought to be done.
    Unjudged {
        /// Back end, device and screens.
        capture: String,
        /// What of it the model does not know, as in [`Self::Device`].
        what: Unknown,
        /// What ought to be done.
        action: Action,
    },
    /// Somebody moves in pieces too short to be judged, too often to be left alone.
    Fragments {
        /// What ought to be done.
        action: Action,
    },
    /// The watch was interrupted more often than happens by itself.
    Interrupted,
    /// How the capture process is getting on.
    Capture(CaptureState),
    /// The person was told.
    Notified {
        /// What about.
        notice: NoticeKind,
        /// The text as it was sent.
        body: String,
    },
    /// The person was not told.
    Withheld {
        /// What about.
        notice: NoticeKind,
        /// Why not.
        why: Withheld,
    },
    /// The notice did not reach anybody.
    NotifyFailed {
        /// Why.
        why: String,
    },
    /// The person answered a notice; proves nothing.
    Answered {
        /// Which button.
        answer: NoticeAnswer,
    },
    /// The screen will be locked unless its owner is recognised before.
    Countdown {
        /// Seconds.
        seconds: u32,
    },
    /// The countdown is over.
    CountdownEnded {
        /// Why; unless it was the owner's hand, the lock follows.
        why: String,
    },
    /// The session was asked to lock.
    LockAsked {
        /// By which way.
        by: String,
        /// Whether the system confirms that it is locked.
        confirmed: bool,
    },
    /// No way of locking worked.
    LockFailed {
        /// Why, way by way.
        why: String,
    },
    /// After several locks in a short time alarms only notify: something is wrong with the model.
    SafeMode {
        /// How many locks there were.
        locks: usize,
    },
    /// The password was given after "It was me": it was.
    Confirmed,
    /// The movement after an unlock has shown how its owner moves today.
    DayKnown,
    /// The movement after an unlock was learnt from for good.
    #[serde(alias = "learnt")]
    Adapted {
        /// What was learnt before and now, counted.
        version: u32,
        /// How far the model has been led from the enrolment.
        drift: f64,
    },
    /// Watching was suspended by its owner.
    Paused {
        /// For how many seconds; for ever without.
        seconds: Option<u64>,
    },
    /// Watching goes on.
    Resumed,
    /// Something was asked that may not be done.
    Refused {
        /// What.
        request: Asked,
        /// Why not.
        why: String,
    },
    /// The configuration was read again and is in force.
    Reloaded {
        /// Grouped scores below this are suspicious.
        threshold: f32,
        /// Windows judged together.
        group_windows: usize,
        /// What the agent works with from here on.
        #[serde(default)]
        sha256: Option<Box<Fingerprints>>,
    },
    /// The configuration was read again and is wrong; the last good one stays.
    ReloadRefused {
        /// What is wrong with it.
        why: String,
    },
    /// The movement can no longer be kept; watching goes on.
    RecordFailed {
        /// Why.
        why: String,
    },
    /// A fault of the program. Never a reason to lock.
    Fault {
        /// What failed.
        why: String,
    },
    /// The agent ends.
    Stopped {
        /// Why.
        why: String,
    },
}

impl Event {
    /// Every name that [`Self::name`] gives.
    pub const NAMES: [&str; 36] = [
        "started",
        "gap",
        "changed",
        "put_aside",
        "removed",
        "history_reset",
        "unwritten",
        "verdict",
        "session",
        "device",
        "unknown",
        "trusted",
        "unjudged",
        "fragments",
        "interrupted",
        "capture",
        "notified",
        "withheld",
        "notify_failed",
        "answered",
        "countdown",
        "countdown_ended",
        "lock_asked",
        "lock_failed",
        "safe_mode",
        "confirmed",
        "day_known",
        "adapted",
        "paused",
        "resumed",
        "refused",
        "reloaded",
        "reload_refused",
        "record_failed",
        "fault",
        "stopped",
    ];

    /// As it is written.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Gap { .. } => "gap",
            Self::Changed { .. } => "changed",
            Self::PutAside { .. } => "put_aside",
            Self::Removed { .. } => "removed",
            Self::HistoryReset { .. } => "history_reset",
            Self::Unwritten { .. } => "unwritten",
            Self::Verdict(_) => "verdict",
            Self::Session { .. } => "session",
            Self::Device { .. } => "device",
            Self::Unknown { .. } => "unknown",
            Self::Trusted { .. } => "trusted",
            Self::Unjudged { .. } => "unjudged",
            Self::Fragments { .. } => "fragments",
            Self::Interrupted => "interrupted",
            Self::Capture(_) => "capture",
            Self::Notified { .. } => "notified",
            Self::Withheld { .. } => "withheld",
            Self::NotifyFailed { .. } => "notify_failed",
            Self::Answered { .. } => "answered",
            Self::Countdown { .. } => "countdown",
            Self::CountdownEnded { .. } => "countdown_ended",
            Self::LockAsked { .. } => "lock_asked",
            Self::LockFailed { .. } => "lock_failed",
            Self::SafeMode { .. } => "safe_mode",
            Self::Confirmed => "confirmed",
            Self::DayKnown => "day_known",
            Self::Adapted { .. } => "adapted",
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Refused { .. } => "refused",
            Self::Reloaded { .. } => "reloaded",
            Self::ReloadRefused { .. } => "reload_refused",
            Self::RecordFailed { .. } => "record_failed",
            Self::Fault { .. } => "fault",
            Self::Stopped { .. } => "stopped",
        }
    }
}

/// An entry with the moment at which it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StampedEvent {
    /// For people; may jump.
    pub wall: String,
    /// The monotonic clock, microseconds; tells how late a verdict was.
    pub mono_us: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl StampedEvent {
    /// Stamps an entry with the clocks of the platform.
    pub fn now(event: Event) -> Self {
        use crate::platform::clock;
        // Two clocks: one that people read and one that tells how late something was.
        Self { wall: clock::wall().to_string(), mono_us: clock::now(), event }
    }
}

#[cfg(test)]
mod tests;
