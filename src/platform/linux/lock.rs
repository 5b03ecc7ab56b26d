//! Locks the session: logind, then the screen saver services, then a configured command; each way is
//! believed only when the system confirms that the screen is locked. Nothing here unlocks, and a
//! failure here locks nothing else.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

use zbus::blocking::Connection;
use zbus::zvariant::{OwnedObjectPath, Value};

use super::bus::{Bus, Object, has_owner};
use super::logind;
use crate::error::{Failure, Kind, Result};
use crate::platform::{LockCommand, Locked, Locker, lock_command};

/// How long a locker may take until the screen is locked.
const CONFIRM: Duration = Duration::from_secs(3);
/// A screen that is locked must still be so after this long: some lockers die at once.
const SETTLE: Duration = Duration::from_millis(1500);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// Services with the screen saver interface, each with its path; the interface has the service's
/// name. Cinnamon's wants a message as an argument.
const SCREEN_SAVERS: [(&str, &str, bool); 6] = [
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", false),
    ("org.freedesktop.ScreenSaver", "/ScreenSaver", false),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", false),
    ("org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver", true),
    ("org.mate.ScreenSaver", "/org/mate/ScreenSaver", false),
    ("org.xfce.ScreenSaver", "/org/xfce/ScreenSaver", false),
];

/// The names of the screen savers that are asked, in this order.
pub fn screen_savers() -> impl Iterator<Item = &'static str> {
    SCREEN_SAVERS.iter().map(|(name, ..)| *name)
}

/// How to lock.
#[derive(Debug, Clone)]
pub struct LockParams {
    /// Where logind is.
    pub system_bus: Bus,
    /// Where the screen savers are.
    pub session_bus: Bus,
    /// What to run when no service locks; empty runs nothing.
    pub command: LockCommand,
    /// Variables for the command, as `DISPLAY` and `XAUTHORITY`: the service manager, which may
    /// start it, does not know the session's.
    pub environment: Vec<(String, String)>,
}

/// Locks through whatever the desktop has.
#[derive(Debug)]
pub struct DesktopLocker {
    params: LockParams,
}

/// Why one way did not work.
type Reason = String;

impl DesktopLocker {
    /// Connects to nothing yet.
    pub const fn new(params: LockParams) -> Self {
        Self { params }
    }
}

impl Locker for DesktopLocker {
    fn lock(&mut self) -> Result<Locked> {
        let mut reasons = Vec::new();
        match by_logind(&self.params.system_bus) {
            Ok(()) => return Ok(Locked::Confirmed("logind".to_owned())),
            Err(reason) => reasons.push(format!("logind: {reason}")),
        }
        match by_screen_saver(&self.params.session_bus) {
            Ok(name) => return Ok(Locked::Confirmed(name)),
            Err(reason) => reasons.push(reason),
        }
        match by_command(&self.params) {
            Ok(name) => return Ok(Locked::Unverified(name)),
            Err(reason) => reasons.push(reason),
        }
        let what = format!("the screen could not be locked ({})", reasons.join("; "));
        Err(Failure::new(Kind::Unavailable, what).remedy(
            "Configure a command that locks, or start a screen locker; then `mousewarden doctor`.",
        ))
    }
}

fn by_logind(bus: &Bus) -> Result<(), Reason> {
    let link = bus.connect().map_err(|failure| first_line(&failure))?;
    let session = logind::session(&link)?;
    // Success means only that the wish was passed on.
    session.call::<_, ()>(&link, "Lock", &()).map_err(|error| error.to_string())?;
    confirm(|| session.flag(&link, "LockedHint"))
}

fn by_screen_saver(bus: &Bus) -> Result<String, Reason> {
    let link = bus.connect().map_err(|failure| first_line(&failure))?;
    let mut reasons = Vec::new();
    for (name, path, wants_message) in SCREEN_SAVERS {
        if !has_owner(&link, name) {
            continue;
        }
        match ask_screen_saver(&link, &Object::new(name, path, name), wants_message) {
            Ok(()) => return Ok(name.to_owned()),
            Err(reason) => reasons.push(format!("{name}: {reason}")),
        }
    }
    Err(if reasons.is_empty() { "no screen saver service".to_owned() } else { reasons.join("; ") })
}

fn ask_screen_saver(link: &Connection, saver: &Object, message: bool) -> Result<(), Reason> {
    let asked: zbus::Result<()> =
        if message { saver.call(link, "Lock", &("",)) } else { saver.call(link, "Lock", &()) };
    // Some answer only when the screen is unlocked again; whether it is locked is asked anyway.
    let refused = asked.err().map(|error| error.to_string());
    confirm(|| saver.call(link, "GetActive", &())).map_err(|reason| refused.unwrap_or(reason))
}

/// Waits until the screen is locked, and then whether it stays so.
fn confirm(locked: impl Fn() -> zbus::Result<bool>) -> Result<(), Reason> {
    let deadline = Instant::now() + CONFIRM;
    loop {
        match locked() {
            Ok(true) => break,
            Ok(false) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(false) => return Err("asked, but the screen was not locked".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
    }
    thread::sleep(SETTLE);
    match locked() {
        Ok(true) => Ok(()),
        Ok(false) => Err("the screen was locked and came open again at once".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn by_command(params: &LockParams) -> Result<String, Reason> {
    let program = params.command.first().ok_or("no command configured")?;
    let link = params.session_bus.connect().ok();
    if let Some(link) = link.filter(|link| has_owner(link, "org.freedesktop.systemd1")) {
        // A child of a service with NoNewPrivileges could not check the password.
        if start_unit(&link, params).is_ok() {
            return Ok(program.clone());
        }
    }
    lock_command::run(&params.command, &params.environment)
}

/// Has the user's service manager run the command.
fn start_unit(link: &Connection, params: &LockParams) -> zbus::Result<()> {
    let stamp = crate::platform::clock::now().micros();
    let name = format!("mousewarden-lock-{stamp}.service");
    let variables: Vec<_> =
        params.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let program = params.command.first().cloned().unwrap_or_default();
    let properties: Vec<(&str, Value<'_>)> = vec![
        ("Description", Value::from("Screen locker started by mousewarden")),
        ("Type", Value::from("exec")),
        ("CollectMode", Value::from("inactive-or-failed")),
        ("Environment", Value::from(variables)),
        ("ExecStart", Value::from(vec![(program, params.command.clone(), false)])),
    ];
    let none: Vec<(&str, Vec<(&str, Value<'_>)>)> = Vec::new();
    let manager = Object::new(
        "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1.Manager",
    );
    manager
        .call::<_, OwnedObjectPath>(link, "StartTransientUnit", &(name, "fail", properties, none))
        .map(drop)
}

fn first_line(text: &impl Display) -> String {
    text.to_string().lines().next().unwrap_or_default().to_owned()
}
