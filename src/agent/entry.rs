//! What happens in the live process, as values: one typed log that status, watch, report, metrics,
//! the system journal and the history read and write. An entry never says where the pointer was.
//!
//! # Schema
//! Written as JSON, an entry is one object: `wall` (UTC, RFC 3339), `mono_us` (microseconds of the
//! monotonic clock), `event` (the name, one of [`Entry::NAMES`]) and the fields of that entry. New
//! fields and events may come; a field is never given another meaning. A verdict holds `window`
//! (`started_at`, `ended_at`, `steps`, `end`), `at`, `score` (0 stranger, 1 owner), `grouped` (or
//! null), `windows`, `decision`, `action` (or null) and, for an alarm, `why`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pipeline::{Boundary, Timestamp, Verdict};
use crate::platform::Answer;
use crate::platform::capture::Unknown;

pub use super::notice::Kind as NoticeKind;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Entry {
    /// The agent began to watch.
    Started {
        /// Program version.
        version: String,
        /// Where signals come from.
        source: String,
        /// Who scores.
        scorer: String,
        /// Trust below this is a stranger's.
        threshold: f32,
        /// Windows judged together; `None` where evidence piles up instead.
        group_windows: Option<usize>,
        /// What it works with.
        #[serde(default)]
        sha256: Fingerprints,
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
    /// The history is another than before, or begins.
    HistoryReset {
        /// Why.
        why: String,
    },
    /// Entries that could not be kept are gone.
    Unwritten {
        /// How many.
        entries: u64,
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
        /// What of it the model does not know. While it doesn't, nothing is judged.
        unknown: Option<Unknown>,
    },
    /// Somebody moves with a device, or on screens, that the model does not know.
    Unknown {
        /// Back end, device and screens.
        capture: String,
        /// What of it the model does not know, as in [`Self::Device`].
        what: Unknown,
    },
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
        answer: Answer,
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
    Learnt {
        /// What was learnt before and now, counted.
        version: u32,
        /// How far the model has been led from the enrolment.
        strayed: f64,
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
        /// Trust below this is a stranger's.
        threshold: f32,
        /// Windows judged together; `None` where evidence piles up instead.
        group_windows: Option<usize>,
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

impl Entry {
    /// Every name that [`Self::name`] gives.
    pub const NAMES: [&str; 30] = [
        "started",
        "gap",
        "changed",
        "put_aside",
        "history_reset",
        "unwritten",
        "verdict",
        "session",
        "device",
        "unknown",
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
        "learnt",
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
            Self::HistoryReset { .. } => "history_reset",
            Self::Unwritten { .. } => "unwritten",
            Self::Verdict(_) => "verdict",
            Self::Session { .. } => "session",
            Self::Device { .. } => "device",
            Self::Unknown { .. } => "unknown",
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
            Self::Learnt { .. } => "learnt",
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

    /// In a few words, for a log.
    pub fn words(&self) -> String {
        match self {
            Self::Started { source, scorer, .. } => format!("watching {source} with {scorer}"),
            Self::Gap { what, from, to, seconds } => {
                format!("{what} for {seconds} s, from {from} to {to}")
            }
            Self::Changed { what } => format!("another {what} than at the last start"),
            Self::PutAside { file, why } => format!("put aside as {file}: {why}"),
            Self::HistoryReset { why } => format!("the history begins anew: {why}"),
            Self::Unwritten { entries } => format!("{entries} entries could not be kept"),
            Self::Session { boundary } => format!("session: {boundary}"),
            Self::Device { capture, unknown: Some(what) } => {
                format!("unknown {what}, nothing is judged: {capture}")
            }
            Self::Device { capture, unknown: None } => format!("the mouse is {capture}"),
            Self::Unknown { what, .. } => format!("somebody moves with an unknown {what}"),
            Self::Notified { notice, .. } => format!("told: {notice}"),
            Self::Withheld { notice, why } => format!("not told: {notice} ({why})"),
            Self::NotifyFailed { why } => format!("a notice failed: {why}"),
            Self::Answered { answer } => format!("answered: {answer}"),
            Self::Countdown { seconds } => format!("locking in {seconds} s"),
            Self::CountdownEnded { why } => format!("the countdown ended: {why}"),
            Self::LockAsked { by, confirmed: true } => format!("locked by {by}"),
            Self::LockAsked { by, confirmed: false } => format!("asked {by} to lock"),
            Self::LockFailed { why } => format!("locking failed: {why}"),
            Self::SafeMode { locks } => format!("{locks} locks: alarms only warn now"),
            Self::Confirmed => "a false alarm, confirmed by password".into(),
            Self::DayKnown => "knows how you move today, from what followed the unlock".into(),
            Self::Learnt { version, strayed } => {
                format!(
                    "learnt your movement of now: version {version}, {strayed:.2} from the enrolment"
                )
            }
            Self::Paused { seconds: Some(seconds) } => format!("paused for {seconds} s"),
            Self::Paused { seconds: None } => "paused".into(),
            Self::Refused { request, why } => format!("{request} refused: {why}"),
            Self::ReloadRefused { why } => format!("the new configuration is wrong: {why}"),
            Self::RecordFailed { why } => format!("recording failed: {why}"),
            Self::Fault { why } => format!("fault: {why}"),
            Self::Stopped { why } => format!("ended: {why}"),
            Self::Verdict(_) | Self::Resumed | Self::Reloaded { .. } => self.name().into(),
        }
    }
}

/// Why nobody was watched, judged or locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// The agent ended without a word: killed, or the machine lost its power.
    Killed,
    /// The agent had been stopped.
    Stopped,
    /// The agent was paused.
    Paused,
    /// Somebody moved with what the model does not know.
    Unjudged,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Stopped => "stopped",
            Self::Paused => "paused",
            Self::Unjudged => "unjudged",
        })
    }
}

/// What an agent works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The program itself.
    Program,
    /// Whose movement is the owner's.
    Model,
    /// What the owner has configured.
    Configuration,
    /// What the administrator has fixed.
    Policy,
    /// What was learnt since the enrolment.
    Adaptation,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Program => "program",
            Self::Model => "model",
            Self::Configuration => "configuration",
            Self::Policy => "policy",
            Self::Adaptation => "adaptation",
        })
    }
}

/// SHA-256 of the files that an agent works with, hexadecimal; none of what is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprints {
    /// The program itself.
    pub program: Option<String>,
    /// Whose movement is the owner's.
    pub model: Option<String>,
    /// What the owner has configured.
    pub configuration: Option<String>,
    /// What the administrator has fixed.
    pub policy: Option<String>,
    /// What was learnt since the enrolment.
    pub adaptation: Option<String>,
}

impl Fingerprints {
    /// In what this one is another than that of an earlier start.
    pub fn changes(&self, earlier: &Self) -> Vec<Part> {
        let pairs = [
            (Part::Program, &self.program, &earlier.program),
            (Part::Model, &self.model, &earlier.model),
            (Part::Configuration, &self.configuration, &earlier.configuration),
            (Part::Policy, &self.policy, &earlier.policy),
            (Part::Adaptation, &self.adaptation, &earlier.adaptation),
        ];
        let changed = pairs.into_iter().filter(|(_, now, then)| now != then);
        changed.map(|(part, ..)| part).collect()
    }
}

/// A row of the history, and with it everything before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Counted from 1.
    pub number: i64,
    /// SHA-256 over the row and the hash of the one before it, hexadecimal.
    pub sha256: String,
}

/// Why the person was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Withheld {
    /// They do not want to be told of that.
    #[serde(rename = "switched off")]
    SwitchedOff,
    /// They have been told of too many already.
    #[serde(rename = "too many within an hour")]
    TooMany,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SwitchedOff => "switched off",
            Self::TooMany => "too many within an hour",
        })
    }
}

/// What an administrator may forbid to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// To stop watching for a while.
    Pause,
    /// To end.
    Stop,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pause => "pause",
            Self::Stop => "stop",
        })
    }
}

/// An entry with the moment at which it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// For people; may jump.
    pub wall: String,
    /// The monotonic clock, microseconds; tells how late a verdict was.
    pub mono_us: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Stamped {
    /// Stamps an entry with the clocks of the platform.
    pub fn now(entry: Entry) -> Self {
        use crate::platform::clock;
        Self { wall: clock::wall().to_string(), mono_us: clock::now(), entry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::policy::Judgement;
    use crate::pipeline::{Action, Decision, Score, WindowEnd, WindowSummary};

    fn verdict() -> Entry {
        let at = Timestamp::from_micros(1_234_567);
        let window =
            WindowSummary { started_at: at, ended_at: at, steps: 24, end: WindowEnd::Pause };
        let judgement = Judgement {
            grouped: Some(0.1),
            windows: 30,
            decision: Decision::Intruder,
            action: Some(Action::Lock),
        };
        Entry::Verdict(Verdict {
            window,
            at,
            score: Score::new(0.123_456_79),
            judgement,
            why: None,
        })
    }

    /// One of each.
    fn every() -> Vec<Entry> {
        let why = || String::from("because");
        vec![
            Entry::Started {
                version: "1".into(),
                source: "mouse".into(),
                scorer: "builtin 1".into(),
                threshold: 0.3,
                group_windows: None,
                sha256: Fingerprints { model: Some("ab".into()), ..Fingerprints::default() },
                head: Some(Head { number: 7, sha256: "cd".into() }),
                boot: None,
            },
            Entry::Gap { what: Gap::Killed, from: why(), to: why(), seconds: 3 },
            Entry::Changed { what: Part::Model },
            Entry::PutAside { file: why(), why: why() },
            Entry::HistoryReset { why: why() },
            Entry::Unwritten { entries: 3 },
            verdict(),
            Entry::Session { boundary: Boundary::DeviceChanged },
            Entry::Device { capture: why(), unknown: Some(Unknown::Backend) },
            Entry::Unknown { capture: why(), what: Unknown::Pointer },
            Entry::Notified { notice: NoticeKind::LockFailed, body: why() },
            Entry::Withheld { notice: NoticeKind::Alarm, why: Withheld::TooMany },
            Entry::NotifyFailed { why: why() },
            Entry::Answered { answer: Answer::ItWasMe },
            Entry::Countdown { seconds: 10 },
            Entry::CountdownEnded { why: why() },
            Entry::LockAsked { by: why(), confirmed: true },
            Entry::LockFailed { why: why() },
            Entry::SafeMode { locks: 3 },
            Entry::Confirmed,
            Entry::DayKnown,
            Entry::Learnt { version: 3, strayed: 0.1 },
            Entry::Paused { seconds: None },
            Entry::Resumed,
            Entry::Refused { request: Asked::Stop, why: why() },
            Entry::Reloaded { threshold: 0.5, group_windows: Some(30) },
            Entry::ReloadRefused { why: why() },
            Entry::RecordFailed { why: why() },
            Entry::Fault { why: why() },
            Entry::Stopped { why: why() },
        ]
    }

    #[test]
    fn every_entry_is_read_as_it_was_written_under_its_name() {
        let every = every();
        assert_eq!(every.iter().map(Entry::name).collect::<Vec<_>>(), Entry::NAMES);
        for entry in every {
            let stamped = Stamped {
                wall: "2026-03-01T10:00:00Z".into(),
                entry,
                ..Stamped::now(Entry::Resumed)
            };
            let text = serde_json::to_string(&stamped).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["event"], stamped.entry.name());
            let again: Stamped = serde_json::from_str(&text).unwrap();
            assert_eq!(again, stamped, "{text}");
            assert!(!stamped.entry.words().is_empty());
        }
    }

    #[test]
    fn what_an_older_version_wrote_can_be_read() {
        let text = r#"{"wall":"2026-03-01T10:00:00Z","mono_us":5,"event":"started","version":"0.1.0",
            "source":"mouse","scorer":"builtin","threshold":0.5,"group_windows":30}"#;
        let stamped: Stamped = serde_json::from_str(text).unwrap();
        assert!(matches!(stamped.entry, Entry::Started { head: None, .. }), "{stamped:?}");
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        fn same<T: Serialize + fmt::Display>(words: &[T]) {
            for word in words {
                assert_eq!(serde_json::to_value(word).unwrap(), word.to_string());
            }
        }
        same(&[Gap::Killed, Gap::Stopped, Gap::Paused, Gap::Unjudged]);
        same(&[Part::Program, Part::Model, Part::Configuration, Part::Policy, Part::Adaptation]);
        same(&[Withheld::SwitchedOff, Withheld::TooMany]);
        same(&[Asked::Pause, Asked::Stop]);
        same(&[Answer::ItWasMe, Answer::LockNow, Answer::Dismissed]);
        same(&[Unknown::Backend, Unknown::Pointer, Unknown::Screens]);
        same(&NoticeKind::ALL);
    }
}
