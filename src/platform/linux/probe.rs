//! Looks at what this desktop offers, for `doctor`. Asks only: shows no notice, locks nothing and
//! keeps nothing open.

use super::bus::{Bus, Object, has_owner};
use super::lock::screen_savers;
use super::logind;
use crate::error::{Failure, Kind, Result};

/// The notification server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// Name and version.
    pub server: String,
    /// Whether it lets the person answer.
    pub answers: bool,
}

/// Whether the session bus can be reached.
///
/// # Errors
/// Why it cannot.
pub fn session_bus() -> Result<()> {
    Bus::Session.connect().map(drop)
}

/// Asks the notification server what it is; the bus may start one for it.
///
/// # Errors
/// Why there is none.
pub fn notifications() -> Result<Notifications> {
    let link = Bus::Session.connect()?;
    let name = "org.freedesktop.Notifications";
    let server = Object::new(name, "/org/freedesktop/Notifications", name);
    let silent = |error: zbus::Error| {
        Failure::new(Kind::Unavailable, format!("no notification server answers: {error}"))
    };
    let (program, _, version, _): (String, String, String, String) =
        server.call(&link, "GetServerInformation", &()).map_err(silent)?;
    let can: Vec<String> = server.call(&link, "GetCapabilities", &()).map_err(silent)?;
    let answers = can.iter().any(|capability| capability == "actions");
    Ok(Notifications { server: format!("{program} {version}"), answers })
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
