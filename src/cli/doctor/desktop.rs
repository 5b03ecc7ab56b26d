//! The checks of the desktop: session, display, mouse hook and device, bus, notifications, lock.

use std::env;

use super::super::context::Context;
use super::Check;
use crate::error::Failure;
use crate::platform::capture::Unknown;
use crate::platform::{Backend, Capture, desktop, probe};

/// All of them; each is looked at when it is asked for.
pub(super) fn all() -> impl Iterator<Item = Check> {
    let context = Context::load().ok();
    let wanted = context.as_ref().map(|context| context.config.capture.backend).unwrap_or_default();
    let (backend, because) = desktop::choice(wanted);
    let first: [Check; 2] = [session(), display(backend)];
    let mouse = mouse(wanted, &format!("{backend}, because {because}"), context.as_ref());
    let rest: [fn() -> Check; 4] = [watch, bus, notifications, lockers];
    first.into_iter().chain(mouse).chain(rest.into_iter().map(|check| check()))
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

/// The back end, set up for a moment, and the device that it sees.
fn mouse(wanted: Backend, chosen: &str, context: Option<&Context>) -> Vec<Check> {
    let opened = env::current_exe()
        .map_err(|error| Failure::io("the path of this program", error))
        .and_then(|program| desktop::mouse(program, wanted));
    match opened {
        Ok(source) => {
            let capture = source.capture().get();
            vec![Check::ok("mouse hook", format!("up; {chosen}")), device(&capture, context)]
        }
        Err(failure) => {
            let why = Check::failed("mouse hook", &failure, "mousewarden demo");
            vec![Check { found: format!("{} ({chosen})", why.found), ..why }]
        }
    }
}

fn device(capture: &Capture, context: Option<&Context>) -> Check {
    let name = "device";
    let Some(pointer) = &capture.pointer else {
        return Check::ok(name, "not known before one moves");
    };
    let sizes: Vec<_> = capture.screens.iter().map(|(w, h)| format!("{w}x{h}")).collect();
    let screens = if sizes.is_empty() { String::new() } else { format!(", {}", sizes.join(" ")) };
    let found = format!("{pointer}{screens}");
    let judge = context.and_then(|context| context.judge(None).ok());
    match judge.and_then(|judge| judge.profile().lacks(capture)) {
        None => Check::ok(name, found),
        Some(Unknown::Backend) => unknown(name, found, "back end"),
        Some(Unknown::Pointer) => unknown(name, found, "device"),
        Some(Unknown::Screens) => unknown(name, found, "resolution"),
    }
}

fn unknown(name: &'static str, found: String, what: &str) -> Check {
    let found = format!("{found}: your model does not know this {what}, so nothing is judged");
    Check::warn(name, found, "mousewarden --enroll")
}

fn watch() -> Check {
    let name = "session watch";
    let (signals, _heard) = crossbeam_channel::bounded(16);
    match desktop::session(signals) {
        Some(_) => Check::ok(name, "logind tells of locks, of other sessions and of sleep"),
        None => Check::warn(
            name,
            "no logind session of this user: locks, other sessions and sleep are not noticed",
            "log in by a display manager or a console with systemd-logind or elogind",
        ),
    }
}

fn bus() -> Check {
    match probe::session_bus() {
        Ok(()) => Check::ok("session bus", "reached"),
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
    match probe::notifications() {
        Ok(found) if found.answers => Check::ok(name, format!("{}, with buttons", found.server)),
        Ok(found) => Check::warn(
            name,
            format!("{}, without buttons", found.server),
            "install dunst or xfce4-notifyd for buttons",
        ),
        Err(failure) => {
            let found = failure.to_string();
            let found = found.lines().next().unwrap_or_default().to_owned();
            Check::warn(name, found, "sudo apt install dunst")
        }
    }
}

fn lockers() -> Check {
    let found = probe::lockers();
    let command = Context::load().map(|context| context.config.lock.command);
    match (found.is_empty(), command.unwrap_or_default().first()) {
        (false, _) => Check::ok("screen lock", found.join(", ")),
        (true, Some(program)) => Check::ok("screen lock", format!("command {program}")),
        (true, None) => Check::warn(
            "screen lock",
            "no service that locks, and no command",
            "sudo apt install i3lock, then [lock] command = [\"i3lock\", \"-n\"]",
        ),
    }
}
