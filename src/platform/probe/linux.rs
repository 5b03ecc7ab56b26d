//! Looks at what this desktop offers, for `doctor`.
//!
//! # Invariants
//! It asks only: shows no notice, locks nothing and keeps nothing open.

use std::env;
use std::thread;

use zbus::blocking::Connection;

use crate::error::{Failure, FailureKind, Result};
use crate::platform::CaptureBackend;
use crate::platform::capture::linux::confine;
use crate::platform::linux::bus::{Bus, Object, has_owner};
use crate::platform::linux::logind;
use crate::platform::lock::linux::screen_savers;
use crate::platform::probe::{Check, Services};

/// The session of this user in logind; `None` where nobody could be asked.
type Login = Option<Result<Object, String>>;

/// What to do where nothing locks.
pub(crate) const LOCK_REMEDY: &str =
    "sudo apt install i3lock, then [lock] command = [\"i3lock\", \"-n\"]";

/// The session and its display, seen in this way.
pub(crate) fn surroundings(backend: CaptureBackend) -> Vec<Check> {
    vec![session(), display(backend), confinement()]
}

/// What shuts the capture process in, through whose memory key presses pass under the X11 hook.
fn confinement() -> Check {
    let name = "capture process";
    let lacks = match (confine::has_landlock(), confine::has_filter()) {
        (true, true) => {
            let found = "shut in once it sees the mouse: no files, no new connections, no new \
                         privileges, no core dumps, its memory closed to others";
            return Check::ok(name, found);
        }
        (false, true) => "Landlock",
        (true, false) => "a filter of system calls",
        (false, false) => "Landlock and a filter of system calls",
    };
    Check::warn(
        name,
        format!("this kernel lacks {lacks}; it is shut in by the rest alone"),
        "[capture] backend = \"xinput2\" sees no keys at all; or use a kernel from 5.13 on",
    )
}

/// What tells of the session, what tells the person, and what locks. Each bus is reached for once,
/// and both at the same time: one that does not answer costs one deadline.
pub(crate) fn services() -> Services {
    let session = thread::spawn(|| Bus::Session.connect());
    let system = Bus::System.connect();
    let died = || Failure::new(FailureKind::Internal, "the look at the session bus broke");
    let session = session.join().unwrap_or_else(|_| Err(died()));
    let login = system.as_ref().ok().map(logind::session);
    Services {
        checks: vec![watch(&system, &login), bus(&session), notifications(&session)],
        lockers: lockers(&login, &session),
    }
}

fn session() -> Check {
    let kind = env::var("XDG_SESSION_TYPE").unwrap_or_default();
    let wayland = kind == "wayland" || kind != "x11" && env::var_os("WAYLAND_DISPLAY").is_some();
    let name = "session type";
    match kind.as_str() {
        _ if wayland => Check::ok(name, "wayland"),
        "" => Check::ok(name, "not named; taken for x11"),
        known => Check::ok(name, known),
    }
}

fn display(backend: CaptureBackend) -> Check {
    match env::var("DISPLAY") {
        Ok(display) if !display.is_empty() => Check::ok("display", display),
        _ if backend == CaptureBackend::Evdev => Check::ok("display", "none; evdev needs none"),
        _ => Check::fail("display", "DISPLAY is not set", "start mousewarden inside the session"),
    }
}

fn watch(system: &Result<Connection>, login: &Login) -> Check {
    let name = "session watch";
    let mend = "log in by a display manager or a console with systemd-logind or elogind";
    let found = match (system, login) {
        (_, Some(Ok(_))) => {
            return Check::ok(name, "logind tells of locks, of other sessions and of sleep");
        }
        (Err(failure), _) => failure.first_line(),
        (Ok(_), _) => "no logind session of this user".into(),
    };
    Check::warn(name, format!("{found}: locks, other sessions and sleep are not noticed"), mend)
}

fn bus(session: &Result<Connection>) -> Check {
    let name = "session bus";
    let Err(failure) = session else { return Check::ok(name, "reached") };
    let found = format!(
        "{}; it watches all the same, but shows no notice and no icon, and locks only by \
         logind or a command",
        failure.first_line()
    );
    let mend = if failure.to_string().contains("does not answer") {
        "log out and in again; its daemon (dbus-daemon or dbus-broker) hangs"
    } else {
        "sudo apt install dbus-user-session, and log in again"
    };
    Check::warn(name, found, mend)
}

fn notifications(session: &Result<Connection>) -> Check {
    let name = "notifications";
    let asked = session.as_ref().map_err(Failure::first_line).and_then(server);
    match asked {
        Ok((server, true)) => Check::ok(name, format!("{server}, with buttons")),
        Ok((server, false)) => Check::warn(
            name,
            format!("{server}, without buttons"),
            "install dunst or xfce4-notifyd for buttons",
        ),
        Err(found) => Check::warn(name, found, "sudo apt install dunst"),
    }
}

/// Asks the notification server for its name and version, and whether it lets the person answer;
/// the bus may start one for it.
fn server(link: &Connection) -> Result<(String, bool), String> {
    let name = "org.freedesktop.Notifications";
    let server = Object::new(name, "/org/freedesktop/Notifications", name);
    let (program, _, version, _): (String, String, String, String) =
        server.call(link, "GetServerInformation", &()).map_err(silent)?;
    let can: Vec<String> = server.call(link, "GetCapabilities", &()).map_err(silent)?;
    Ok((format!("{program} {version}"), can.iter().any(|capability| capability == "actions")))
}

fn silent(error: zbus::Error) -> String {
    format!("no notification server answers: {error}")
}

/// The services that may lock the screen, best first.
fn lockers(login: &Login, session: &Result<Connection>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(Ok(_)) = login {
        found.push("logind".to_owned());
    }
    if let Ok(link) = session {
        found.extend(screen_savers().filter(|name| has_owner(link, name)).map(str::to_owned));
    }
    found
}
