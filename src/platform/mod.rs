//! The operating system behind small interfaces: the only place with `cfg(target_os)`, `unsafe` and a
//! clock.
//!
//! # Invariants
//! Nothing here decides anything about the person at the mouse.

pub mod capture;
mod capture_view;
pub mod clock;
pub mod control;
pub(crate) mod desktop;
pub mod environment;
pub(crate) mod file_watch;
pub mod guard;
#[cfg(feature = "history")]
pub(crate) mod journal_chain;
pub(crate) mod key_store;
#[cfg(target_os = "linux")]
pub(crate) mod linux;
pub mod lock;
pub(crate) mod logs;
#[cfg(target_os = "macos")]
pub(crate) mod macos;
pub mod notify;
pub(crate) mod places;
pub(crate) mod probe;
pub(crate) mod service;
pub mod session;
pub(crate) mod signals;
pub mod stopwatch;
pub mod supervisor;
pub mod tray;
pub mod user;
#[cfg(windows)]
pub mod windows;

#[cfg(target_os = "linux")]
pub use linux::bus;

use std::time::Duration;

pub use self::capture::description::{Capture, CaptureBackend};
pub use capture_view::{CaptureNews, CaptureView};

use crate::error::Result;
use crate::pipeline::Signal;

/// Where signals come from: the mouse, or a recording that stands in for it.
pub trait EventSource: Send {
    /// Waits up to `timeout` (for ever if `None`) for the next signal.
    ///
    /// # Errors
    /// When the source is gone for good; what it can mend by itself it mends and reports as a
    /// `Boundary`.
    fn next(&mut self, timeout: Option<Duration>) -> Result<Next>;

    /// What it has to say of itself, the oldest first; asked whenever `next` has returned.
    fn news(&mut self) -> Option<CaptureNews> {
        None
    }

    /// What it is, for `status` and a model's provenance: "x11-rdev", "recording".
    fn name(&self) -> &str;

    /// With what it captures now; kept up to date by sources whose device may change, each time
    /// before the `Boundary::DeviceChanged` that tells of it.
    fn capture(&self) -> CaptureView {
        CaptureView::of(Capture::by(self.name()))
    }
}

/// What a source has to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// A signal.
    Signal(Signal),
    /// The time ran out, or there is news; nothing else happened.
    Nothing,
    /// There will never be another signal (a recording ended, the source was closed).
    End,
}

/// What the person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line.
    pub summary: String,
    /// What was seen, for how long, and what can be done. Plain text.
    pub body: String,
    /// Whether to offer "It was me" and "Lock now".
    pub ask: bool,
    /// Whether it must stay until it is dismissed.
    pub urgent: bool,
}

/// What the person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeAnswer {
    /// "It was me". Proves nothing by itself.
    ItWasMe,
    /// "Lock now".
    LockNow,
    /// Closed, or timed out.
    Dismissed,
}

impl std::fmt::Display for NoticeAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::ItWasMe => "it_was_me",
            Self::LockNow => "lock_now",
            Self::Dismissed => "dismissed",
        })
    }
}

/// Tells the person. Replaces its previous notice rather than stacking another.
pub trait Notifier: Send {
    /// Shows a notice; returns once the server has it, or after a deadline of its own. Answers
    /// arrive later by the channel that the notifier was made with.
    ///
    /// # Errors
    /// When no server took it.
    fn notify(&mut self, notice: &Notice) -> Result<()>;

    /// Takes away what it shows, if that is still there; never waits longer than a notice does.
    fn withdraw(&mut self) {}

    /// Whether a notice may be shown anew each second without a sound or a movement.
    fn renews_quietly(&self) -> bool {
        false
    }
}

/// How sure it is that the screen is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locked {
    /// Asked by this way, and the system confirms it.
    Confirmed(String),
    /// Asked by this way; nothing here can confirm it.
    Unverified(String),
}

/// A locker that runs, and may yet end with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartedLocker {
    /// A process, which leads a group of its own.
    Process(u32),
    /// A unit of the user's service manager.
    Unit(String),
}

/// Locks the session.
pub trait Locker: Send {
    /// Tries the ways it knows, in order, until one is confirmed. A locker whose outcome is awaited
    /// is told as soon as it runs.
    ///
    /// # Errors
    /// When every way failed; the message names each.
    fn lock(&mut self, started: &dyn Fn(StartedLocker)) -> Result<Locked>;

    /// Why what is configured to lock cannot, if that can be told before it is needed.
    fn fault(&self) -> Option<String> {
        None
    }
}

/// How the agent is doing, as much as an icon can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusSummary {
    /// "watching", "paused", "locked", "unknown_device" or `Self::ENROLLING`.
    pub state: String,
    /// "trusted", "suspicious" or "intruder".
    pub decision: String,
    /// What does not work, if anything.
    pub problem: Option<String>,
    /// Whether there are too few windows yet to judge.
    pub learning: bool,
    /// How much of an enrolment is done, 0 to 100.
    pub enrolled_percent: u8,
}

impl StatusSummary {
    /// The state of an enrolment.
    pub(crate) const ENROLLING: &str = "enrolling";
}

/// The agent as the desktop shows it; gone when it is dropped.
pub trait StatusDisplay: Send {
    /// Shows how it goes now; called often, does nothing when nothing changed.
    fn refresh(&mut self, summary: &StatusSummary);
}

/// Not shown at all.
impl StatusDisplay for () {
    fn refresh(&mut self, _summary: &StatusSummary) {}
}

/// What a running agent answers on the bus. Refusals are sentences for people.
pub trait ControlHandler: Send + Sync {
    /// Everything there is to know, as JSON.
    fn status(&self) -> String;

    /// How it goes, in short.
    fn summary(&self) -> StatusSummary;

    /// Looks away, for so many seconds or until resumed.
    ///
    /// # Errors
    /// Why not.
    fn pause(&self, seconds: Option<u64>) -> Result<(), String>;

    /// Watches again.
    ///
    /// # Errors
    /// Why not.
    fn resume(&self) -> Result<(), String>;

    /// Reads the configuration again.
    ///
    /// # Errors
    /// Why not.
    fn reload(&self) -> Result<(), String>;

    /// Ends.
    ///
    /// # Errors
    /// Why not.
    fn stop(&self) -> Result<(), String>;
}

/// The command that locks when nothing else does; program and arguments.
pub(crate) type LockCommand = Vec<String>;
