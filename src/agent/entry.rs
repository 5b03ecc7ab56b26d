//! What happens in the live process, as values: the journal's lines, and all that tests and `status`
//! need to know. An entry never says where the pointer was.

use serde::Serialize;

use crate::pipeline::{Boundary, Timestamp, Verdict};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
        /// What of it the model does not know: "back end", "device" or "resolution". While it
        /// doesn't, nothing is judged.
        unknown: Option<&'static str>,
    },
    /// The person was told.
    Notified {
        /// What about: "alarm", "countdown", "locked", ...
        notice: &'static str,
        /// The text as it was sent.
        body: String,
    },
    /// The person was not told.
    Withheld {
        /// What about.
        notice: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// The notice did not reach anybody.
    NotifyFailed {
        /// Why.
        why: String,
    },
    /// The person answered a notice; proves nothing.
    Answered {
        /// "it_was_me", "lock_now" or "dismissed".
        answer: &'static str,
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
    /// Watching was suspended by its owner.
    Paused {
        /// For how many seconds; for ever without.
        seconds: Option<u64>,
    },
    /// Watching goes on.
    Resumed,
    /// The configuration was read again and is in force.
    Reloaded,
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

/// An entry with the moment at which it was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
