//! The desktop of the person who runs this process: mouse, notifications, lock and session, as the
//! traits that the agent knows. What is missing is reported when it is used, never a reason to panic.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use super::{Answer, Counter, EventSource, LockCommand, Locker, Notifier, Presence};
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
#[cfg(target_os = "linux")]
pub fn notifier(answers: Sender<Answer>) -> Box<dyn Notifier> {
    Box::new(super::linux::notify::DesktopNotifier::new(answers))
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

/// Shows the agent on the session bus and, if wanted, in the tray.
#[cfg(target_os = "linux")]
pub fn presence(counter: std::sync::Arc<dyn Counter>, with_icon: bool) -> Box<dyn Presence> {
    Box::new(super::linux::face::Face::show(&counter, with_icon))
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

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::*;
    use crate::error::{Failure, Kind};
    use crate::platform::{Locked, Notice};

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

    /// Not shown at all.
    pub fn presence(_counter: std::sync::Arc<dyn Counter>, _with_icon: bool) -> Box<dyn Presence> {
        Box::new(())
    }

    /// A notifier that always fails.
    pub fn notifier(_answers: Sender<Answer>) -> Box<dyn Notifier> {
        Box::new(NoNotifier)
    }

    struct NoNotifier;

    impl Notifier for NoNotifier {
        fn notify(&mut self, _notice: &Notice) -> Result<()> {
            Err(missing("notification"))
        }
    }

    struct NoLocker;

    impl Locker for NoLocker {
        fn lock(&mut self) -> Result<Locked> {
            Err(missing("locker"))
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{locker, mouse, notifier, presence, session};
