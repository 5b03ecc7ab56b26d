//! Looks at what this desktop offers, for `doctor`. Asks only: shows no notice, locks nothing and
//! keeps nothing open.

use std::env;

use super::bus::{Bus, Object, has_owner};
use super::lock::screen_savers;
use super::logind;
use super::sensor::confine;
use super::session::SessionWatch;
use crate::error::{Failure, Kind, Result};
use crate::platform::Backend;
use crate::platform::probe::Check;

/// What to do where nothing locks.
pub const LOCK_REMEDY: &str = "sudo apt install i3lock, then [lock] command = [\"i3lock\", \"-n\"]";

/// The session and its display, seen in this way.
pub fn surroundings(backend: Backend) -> Vec<Check> {
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

/// What tells of the session, and what tells the person.
pub fn services() -> Vec<Check> {
    vec![watch(), bus(), notifications()]
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

fn display(backend: Backend) -> Check {
    match env::var("DISPLAY") {
        Ok(display) if !display.is_empty() => Check::ok("display", display),
        _ if backend == Backend::Evdev => Check::ok("display", "none; evdev needs none"),
        _ => Check::fail("display", "DISPLAY is not set", "start mousewarden inside the session"),
    }
}

fn watch() -> Check {
    let name = "session watch";
    let (signals, _heard) = crossbeam_channel::bounded(16);
    match SessionWatch::start(&Bus::System, signals) {
        Some(_) => Check::ok(name, "logind tells of locks, of other sessions and of sleep"),
        None => Check::warn(
            name,
            "no logind session of this user: locks, other sessions and sleep are not noticed",
            "log in by a display manager or a console with systemd-logind or elogind",
        ),
    }
}

fn bus() -> Check {
    match Bus::Session.connect() {
        Ok(_) => Check::ok("session bus", "reached"),
        Err(failure) => {
            let why = Check::failed("session bus", &failure, "");
            let found = format!(
                "{}; it watches all the same, but shows no notice and no icon, and locks only by \
                 logind or a command",
                why.found
            );
            Check::warn(why.name, found, "sudo apt install dbus-user-session, and log in again")
        }
    }
}

fn notifications() -> Check {
    let name = "notifications";
    match server() {
        Ok((server, true)) => Check::ok(name, format!("{server}, with buttons")),
        Ok((server, false)) => Check::warn(
            name,
            format!("{server}, without buttons"),
            "install dunst or xfce4-notifyd for buttons",
        ),
        Err(failure) => {
            let found = failure.to_string();
            let found = found.lines().next().unwrap_or_default().to_owned();
            Check::warn(name, found, "sudo apt install dunst")
        }
    }
}

/// Asks the notification server for its name and version, and whether it lets the person answer;
/// the bus may start one for it.
fn server() -> Result<(String, bool)> {
    let link = Bus::Session.connect()?;
    let name = "org.freedesktop.Notifications";
    let server = Object::new(name, "/org/freedesktop/Notifications", name);
    let silent = |error: zbus::Error| {
        Failure::new(Kind::Unavailable, format!("no notification server answers: {error}"))
    };
    let (program, _, version, _): (String, String, String, String) =
        server.call(&link, "GetServerInformation", &()).map_err(silent)?;
    let can: Vec<String> = server.call(&link, "GetCapabilities", &()).map_err(silent)?;
    Ok((format!("{program} {version}"), can.iter().any(|capability| capability == "actions")))
}

/// The services that may lock the screen, best first.
pub fn lockers() -> Vec<String> {
    let mut found = Vec::new();
    if Bus::System.connect().is_ok_and(|link| logind::session(&link).is_ok()) {
        found.push("logind".to_owned());
    }
    if let Ok(link) = Bus::Session.connect() {
        found.extend(screen_savers().filter(|name| has_owner(&link, name)).map(str::to_owned));
    }
    found
}
