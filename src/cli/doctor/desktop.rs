//! The checks of the desktop: session, display, hook, bus, notifications, lock.

use std::env;

use super::Check;
use crate::error::Failure;
use crate::platform::{desktop, probe};

/// All of them; each is looked at when it is asked for.
pub(super) fn all() -> impl Iterator<Item = Check> {
    let checks: [fn() -> Check; 6] = [session, display, hook, bus, notifications, lockers];
    checks.into_iter().map(|check| check())
}

fn session() -> Check {
    let kind = env::var("XDG_SESSION_TYPE").unwrap_or_default();
    let wayland = kind == "wayland" || kind != "x11" && env::var_os("WAYLAND_DISPLAY").is_some();
    let name = "session type";
    if wayland {
        let found = "Wayland: no program may see the mouse of other windows";
        return Check::fail(name, found, "log in with an X11 (Xorg) session");
    }
    match kind.as_str() {
        "x11" => Check::ok(name, "x11"),
        "" => Check::ok(name, "not named; taken for x11"),
        other => Check::warn(name, other.to_owned(), "log in with an X11 (Xorg) session"),
    }
}

fn display() -> Check {
    match env::var("DISPLAY") {
        Ok(display) if !display.is_empty() => Check::ok("display", display),
        _ => Check::fail("display", "DISPLAY is not set", "start mousewarden inside the session"),
    }
}

fn hook() -> Check {
    let opened = env::current_exe()
        .map_err(|error| Failure::io("the path of this program", error))
        .and_then(desktop::mouse);
    match opened {
        Ok(source) => Check::ok("mouse hook", format!("{} is up", source.name())),
        Err(failure) => Check::failed("mouse hook", &failure, "mousewarden demo"),
    }
}

fn bus() -> Check {
    match probe::session_bus() {
        Ok(()) => Check::ok("session bus", "reached"),
        Err(failure) => Check::failed("session bus", &failure, "dbus-run-session"),
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
    let command = super::super::context::Context::load().map(|context| context.config.lock.command);
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
