//! The desktop of the person who runs this process: mouse, notifications, lock and session, as the
//! interfaces that the agent knows. What is missing is reported when it is used.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use super::{
    CaptureBackend, ControlHandler, EventSource, LockCommand, Locker, NoticeAnswer, Notifier,
    StartedLocker, StatusDisplay,
};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::Signal;

/// The mouse, seen in this way; `program` is this one, which holds the hook in a child process.
///
/// # Errors
/// When there is no display or device, or it cannot be hooked.
pub(crate) fn mouse(program: PathBuf, backend: CaptureBackend) -> Result<Box<dyn EventSource>> {
    use super::capture::{CaptureParams, CaptureProcess};
    // Before the hook is there: from then on another program of this user may not read its memory.
    #[cfg(target_os = "linux")]
    super::capture::linux::confine::shut_memory();
    let params = CaptureParams { backend, ..CaptureParams::new(program) };
    Ok(Box::new(CaptureProcess::open(params)?))
}

/// Has the agent write in these folders alone, as far as the system can hold it to that.
#[cfg(target_os = "linux")]
pub(crate) fn write_only_below(folders: &[PathBuf]) {
    super::capture::linux::confine::write_only_below(folders);
}

/// Which way of seeing the mouse would be taken here, and why.
#[cfg(target_os = "linux")]
pub fn choice(wanted: CaptureBackend) -> (CaptureBackend, &'static str) {
    use super::capture::{Surroundings, choose};
    let choice = choose(wanted, &Surroundings::of_environment());
    (choice.backend, choice.because)
}

/// Notifications; the bus is looked for with the first notice, and again after a failure.
#[cfg(target_os = "linux")]
pub fn notifier(answers: Sender<NoticeAnswer>) -> Box<dyn Notifier> {
    Box::new(super::notify::linux::DesktopNotifier::new(answers))
}

/// Locks by the desktop's ways, then by `command`, for which `environment` is set.
#[cfg(target_os = "linux")]
pub fn locker(command: LockCommand, environment: Vec<(String, String)>) -> Box<dyn Locker> {
    use super::linux::bus::Bus;
    use super::lock::linux::{DesktopLocker, DesktopLockerParams};
    let system_bus = Bus::System;
    let session_bus = Bus::Session;
    let patience = super::lock::command::PATIENCE;
    let params = DesktopLockerParams { system_bus, session_bus, command, environment, patience };
    Box::new(DesktopLocker::new(params))
}

/// Whether a locker that another process has started has locked, for all we know: waits as long as
/// lockers take to fail.
#[cfg(target_os = "linux")]
pub(crate) fn has_locked(started: &StartedLocker) -> bool {
    use super::linux::bus::Bus;
    super::lock::linux::has_locked(&Bus::Session, started, super::lock::command::PATIENCE)
}

/// Shows the agent on the session bus and, if wanted, in the tray.
#[cfg(target_os = "linux")]
pub(crate) fn status_display(
    handler: std::sync::Arc<dyn ControlHandler>,
    with_icon: bool,
) -> Box<dyn StatusDisplay> {
    Box::new(super::linux::bus_and_tray::BusAndTray::show(&handler, with_icon))
}

/// Shows in the tray alone what is no agent and has no name on the bus.
#[cfg(target_os = "linux")]
pub(crate) fn icon(handler: std::sync::Arc<dyn ControlHandler>) -> Box<dyn StatusDisplay> {
    Box::new(super::linux::bus_and_tray::BusAndTray::in_tray(handler))
}

/// Whether the session is locked, as a stream of boundaries; `None` where nobody ever tells. Who
/// cannot be reached yet is looked for again.
#[cfg(target_os = "linux")]
pub(crate) fn session(signals: Sender<Signal>) -> Option<SessionListener> {
    use super::linux::bus::Bus;
    use super::session::linux::SessionWatch;
    let watch = SessionWatch::seek(&Bus::System, signals, Some(SESSION_PATIENCE))?;
    let is_up = watch.is_up();
    Some(SessionListener { _watch: Box::new(watch), is_up })
}

/// How long a start waits for who tells of the session.
// logind answers within milliseconds; more only delays a start where there is none at all.
#[cfg(target_os = "linux")]
const SESSION_PATIENCE: std::time::Duration = std::time::Duration::from_millis(1500);

/// The kernel's devices know no sessions: who reads them sees the mouse of whoever sits at the
/// seat. So they may be watched only where logind tells whose turn it is.
///
/// # Errors
/// [`FailureKind::Unavailable`] for such a source without such a session.
pub(crate) fn may_be_watched(
    source: &dyn EventSource,
    session: Option<&SessionListener>,
) -> Result<()> {
    if source.name() != "evdev" || session.is_some_and(|session| session.is_up) {
        return Ok(());
    }
    // On X11 and Wayland the display belongs to one session, and this question does not arise.
    let what = "no logind session: nobody would tell when another person sits at this seat";
    Err(Failure::new(FailureKind::Unavailable, what).remedy(
        "Start mousewarden inside a session of systemd-logind or elogind; on X11 \
         [capture] backend = \"rdev\" needs neither.",
    ))
}

/// Listens as long as it lives.
pub(crate) struct SessionListener {
    _watch: Box<dyn std::any::Any>,
    /// Whether it told of the session at the start.
    is_up: bool,
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::*;

    /// Nothing holds it to that here.
    pub(crate) fn write_only_below(_folders: &[PathBuf]) {}

    /// There is one way here.
    pub fn choice(wanted: CaptureBackend) -> (CaptureBackend, &'static str) {
        match wanted {
            CaptureBackend::Auto => (CaptureBackend::Rdev, "it is the hook of this system"),
            chosen => (chosen, "the configuration says so"),
        }
    }

    /// Locks by the system, then by `command`, for which `environment` is set.
    pub fn locker(command: LockCommand, environment: Vec<(String, String)>) -> Box<dyn Locker> {
        Box::new(crate::platform::lock::elsewhere::SystemLocker::new(command, environment))
    }

    /// Nobody can tell here: it is locked once more.
    pub(crate) fn has_locked(_started: &StartedLocker) -> bool {
        false
    }

    /// Whether the session is locked, as a stream of boundaries; `None` where nobody tells.
    pub fn session(signals: Sender<Signal>) -> Option<SessionListener> {
        // Windows and macOS tell of locks themselves, so it is up as soon as it is registered.
        crate::platform::session::here::SessionWatch::start(signals)
            .map(|watch| SessionListener { _watch: Box::new(watch), is_up: true })
    }

    /// Not shown at all: the pipe or socket answers.
    pub fn status_display(
        _handler: std::sync::Arc<dyn ControlHandler>,
        _with_icon: bool,
    ) -> Box<dyn StatusDisplay> {
        Box::new(())
    }

    /// Not shown at all.
    pub fn icon(_handler: std::sync::Arc<dyn ControlHandler>) -> Box<dyn StatusDisplay> {
        Box::new(())
    }

    /// The system's own notifications.
    pub fn notifier(answers: Sender<NoticeAnswer>) -> Box<dyn Notifier> {
        Box::new(crate::platform::notify::here::Toaster::new(answers))
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{choice, icon, locker, notifier, session, status_display};
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{has_locked, write_only_below};
