//! Looks at what this macOS session offers, for `doctor`.

use objc2_core_graphics::CGPreflightListenEventAccess;

use crate::platform::CaptureBackend;
use crate::platform::macos::screen;
use crate::platform::probe::{Check, Services};
use crate::platform::session;

/// What to do where nothing locks.
pub(crate) const LOCK_REMEDY: &str = "[lock] command names a program that locks";

/// The session, its display, and whether the mouse may be seen.
pub(crate) fn surroundings(_backend: CaptureBackend) -> Vec<Check> {
    vec![Check::ok("session type", "macos"), display(), permission()]
}

/// What tells of the session, what tells the person, and what locks.
pub(crate) fn services() -> Services {
    Services {
        checks: vec![watch(), Check::ok("notifications", "banners and alerts by osascript")],
        lockers: vec!["login.framework".to_owned(), "pmset".to_owned()],
    }
}

fn display() -> Check {
    let sizes: Vec<_> =
        screen::capture("").screens.iter().map(|(w, h)| format!("{w}x{h}")).collect();
    if sizes.is_empty() {
        Check::fail("display", "none", "start mousewarden inside the session")
    } else {
        Check::ok("display", sizes.join(" "))
    }
}

/// The hook sees nothing without it, and gives no error.
fn permission() -> Check {
    let name = "permission";
    if CGPreflightListenEventAccess() {
        Check::ok(name, "Input Monitoring is switched on for this program")
    } else {
        Check::fail(
            name,
            "Input Monitoring is off: macOS hides the mouse from this program",
            "System Settings > Privacy & Security > Input Monitoring: switch mousewarden, or the \
             terminal that it runs in, on; then start it again",
        )
    }
}

fn watch() -> Check {
    let name = "session watch";
    match session::macos::state() {
        Some(_) => Check::ok(name, "macOS is asked for locks and other sessions once a second"),
        None => Check::warn(
            name,
            "this process is in no session with a screen",
            "start mousewarden inside the session, not as a daemon",
        ),
    }
}
