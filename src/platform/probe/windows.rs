//! Looks at what this Windows session offers, for `doctor`.

use windows_sys::Win32::UI::WindowsAndMessaging::{GetSystemMetrics, SM_REMOTESESSION};

use crate::platform::probe::{Check, Services};
use crate::platform::windows::screen;
use crate::platform::{CaptureBackend, notify, session};

/// What to do where nothing locks.
pub(crate) const LOCK_REMEDY: &str = "[lock] command names a program that locks";

/// The session and its display.
pub(crate) fn surroundings(_backend: CaptureBackend) -> Vec<Check> {
    vec![session_type(), display()]
}

/// What tells of the session, what tells the person, and what locks.
pub(crate) fn services() -> Services {
    Services { checks: vec![watch(), notifications()], lockers: vec!["LockWorkStation".to_owned()] }
}

fn session_type() -> Check {
    // SAFETY: takes a number.
    let remote = unsafe { GetSystemMetrics(SM_REMOTESESSION) } != 0;
    Check::ok("session type", if remote { "remote desktop" } else { "windows" })
}

fn display() -> Check {
    let name = "display";
    let physical = screen::in_physical_pixels();
    let sizes = screen::capture("").screens;
    let sizes: Vec<_> = sizes.iter().map(|(w, h)| format!("{w}x{h}")).collect();
    match (sizes.is_empty(), physical) {
        (true, _) => Check::fail(name, "no monitor", "start mousewarden inside the session"),
        (false, true) => Check::ok(name, sizes.join(" ")),
        (false, false) => Check::warn(
            name,
            format!("{}, in scaled pixels", sizes.join(" ")),
            "Windows 10 version 1703 or later tells real ones",
        ),
    }
}

fn watch() -> Check {
    let name = "session watch";
    match session::windows::Listener::start(Box::new(|_| {})) {
        Some(_) => Check::ok(name, "Windows tells of locks, of other sessions and of sleep"),
        None => Check::warn(
            name,
            "Windows does not tell of locks, other sessions and sleep",
            "start mousewarden inside the session, not as a service",
        ),
    }
}

fn notifications() -> Check {
    let name = "notifications";
    if notify::windows::is_registered() {
        return Check::ok(name, "toasts");
    }
    let found = "toasts, under the name of PowerShell";
    Check::warn(name, found, "mousewarden service install")
}
