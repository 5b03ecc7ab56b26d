//! The desktop of the person who runs this process: mouse, notifications, lock and session, as the
//! traits that the agent knows. What is missing is reported when it is used, never a reason to panic.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use super::{Answer, EventSource, LockCommand, Locker, Notice, Notifier};
use crate::error::Result;
use crate::pipeline::Signal;

/// The mouse; `program` is this one, which holds the hook in a child process.
///
/// # Errors
/// When there is no display, or it cannot be hooked.
#[cfg(target_os = "linux")]
pub fn mouse(program: PathBuf) -> Result<Box<dyn EventSource>> {
    use super::sensor::{SensorParams, SensorSource};
    Ok(Box::new(SensorSource::open(SensorParams::new(program))?))
}

/// Notifications; the bus is looked for with the first notice, and again after a failure.
pub fn notifier(answers: Sender<Answer>) -> Box<dyn Notifier> {
    Box::new(LateNotifier { answers, inner: None })
}

/// Locks by the desktop's ways, then by `command`, for which `environment` is set.
#[cfg(target_os = "linux")]
pub fn locker(command: LockCommand, environment: Vec<(String, String)>) -> Box<dyn Locker> {
    use super::linux::bus::Bus;
    use super::linux::lock::{DesktopLocker, LockParams};
    let params =
        LockParams { system_bus: Bus::System, session_bus: Bus::Session, command, environment };
    Box::new(DesktopLocker::new(params))
}

/// Whether the session is locked, as a stream of boundaries; `None` where nobody tells.
#[cfg(target_os = "linux")]
pub fn session(signals: Sender<Signal>) -> Option<Session> {
    use super::linux::bus::Bus;
    super::linux::session::SessionWatch::start(&Bus::System, signals)
        .map(|watch| Session(Box::new(watch)))
}

/// Listens as long as it lives.
pub struct Session(#[allow(dead_code, reason = "held for its drop")] Box<dyn std::any::Any>);

struct LateNotifier {
    answers: Sender<Answer>,
    inner: Option<Box<dyn Notifier>>,
}

impl Notifier for LateNotifier {
    fn notify(&mut self, notice: &Notice) -> Result<()> {
        if self.inner.is_none() {
            self.inner = Some(open_notifier(self.answers.clone())?);
        }
        self.inner.as_mut().map_or(Ok(()), |inner| inner.notify(notice))
    }
}

#[cfg(target_os = "linux")]
fn open_notifier(answers: Sender<Answer>) -> Result<Box<dyn Notifier>> {
    use super::linux::bus::Bus;
    use super::linux::notify::DesktopNotifier;
    Ok(Box::new(DesktopNotifier::open(Bus::Session, answers)?))
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::*;
    use crate::error::{Failure, Kind};
    use crate::platform::Locked;

    fn missing(what: &str) -> Failure {
        Failure::new(Kind::Unavailable, format!("no {what} on this system yet"))
    }

    /// Always fails.
    ///
    /// # Errors
    /// Always.
    pub fn mouse(_program: PathBuf) -> Result<Box<dyn EventSource>> {
        Err(missing("mouse hook"))
    }

    /// A locker that always fails.
    pub fn locker(_command: LockCommand, _environment: Vec<(String, String)>) -> Box<dyn Locker> {
        Box::new(NoLocker)
    }

    /// Nobody tells.
    pub fn session(_signals: Sender<Signal>) -> Option<Session> {
        None
    }

    pub(super) fn open_notifier(_answers: Sender<Answer>) -> Result<Box<dyn Notifier>> {
        Err(missing("notification"))
    }

    struct NoLocker;

    impl Locker for NoLocker {
        fn lock(&mut self) -> Result<Locked> {
            Err(missing("locker"))
        }
    }
}

#[cfg(not(target_os = "linux"))]
use elsewhere::open_notifier;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{locker, mouse, session};
