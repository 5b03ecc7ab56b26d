//! Finds the session of this user in logind.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zbus::blocking::Connection;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Structure};

use super::bus::Object;

/// logind's name on the system bus.
pub(crate) const SERVICE: &str = "org.freedesktop.login1";
/// A desktop needs so long at the most from the password to the agent's start.
const JUST_NOW: Duration = Duration::from_secs(120);
/// The interface of a session.
pub(crate) const SESSION: &str = "org.freedesktop.login1.Session";

/// logind's manager.
pub(crate) fn manager() -> Object {
    Object::new(SERVICE, "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
}

/// A session as `ListSessions` gives it: id, user id, user name, seat, path.
type Listed = (String, u32, String, String, OwnedObjectPath);

/// The graphical session of this user. A user service has no session of its own, so the session
/// of the caller, then the user's display, then the list of all sessions are tried.
///
/// # Errors
/// Why there is none: logind is not there, or knows no graphical session of this user.
pub fn session(bus: &Connection) -> Result<Object, String> {
    let automatic = at("/org/freedesktop/login1/session/auto");
    if is_graphical(bus, &automatic) {
        return Ok(named(bus, &automatic).unwrap_or(automatic));
    }
    if let Some(display) = display_of_user(bus).filter(|session| is_graphical(bus, session)) {
        return Ok(display);
    }
    let listed: Vec<Listed> =
        manager().call(bus, "ListSessions", &()).map_err(|error| error.to_string())?;
    let user = rustix::process::getuid().as_raw();
    listed
        .into_iter()
        .filter(|session| session.1 == user)
        .map(|session| at(session.4.as_str()))
        .find(|session| is_graphical(bus, session))
        .ok_or_else(|| "logind knows no graphical session of this user".to_owned())
}

/// Whether somebody has logged in just now, and was asked who it is.
pub(crate) fn just_logged_in(bus: &Connection, session: &Object) -> bool {
    let began = session.property(bus, "Timestamp").ok().and_then(|at| u64::try_from(at).ok());
    let service = session.property(bus, "Service").ok().and_then(|by| String::try_from(by).ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    is_fresh_login(began.map(Duration::from_micros), service.as_deref(), now)
}

/// Times are since 1970; `service` is the one of PAM that let the person in.
fn is_fresh_login(began: Option<Duration>, service: Option<&str>, now: Duration) -> bool {
    let asked = service.is_some_and(|service| !service.contains("autologin"));
    asked && began.and_then(|began| now.checked_sub(began)).is_some_and(|age| age <= JUST_NOW)
}

fn at(path: &str) -> Object {
    Object::new(SERVICE, path, SESSION)
}

/// The session under the path that its signals carry.
fn named(bus: &Connection, session: &Object) -> Option<Object> {
    let id = String::try_from(session.property(bus, "Id").ok()?).ok()?;
    let path: OwnedObjectPath = manager().call(bus, "GetSession", &(id,)).ok()?;
    Some(at(path.as_str()))
}

fn display_of_user(bus: &Connection) -> Option<Object> {
    let user =
        Object::new(SERVICE, "/org/freedesktop/login1/user/self", "org.freedesktop.login1.User");
    let display = Structure::try_from(user.property(bus, "Display").ok()?).ok()?;
    let path = OwnedValue::try_from(display.fields().get(1)?).ok()?;
    Some(at(OwnedObjectPath::try_from(path).ok()?.as_str()))
}

fn is_graphical(bus: &Connection, session: &Object) -> bool {
    let text = |name| String::try_from(session.property(bus, name).ok()?).ok();
    let graphical =
        text("Type").is_some_and(|kind| matches!(kind.as_str(), "x11" | "wayland" | "mir"));
    graphical && text("Class").is_some_and(|class| class == "user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_fresh_for_two_minutes_and_only_with_a_password() {
        let now = Duration::from_secs(1_700_000_000);
        let ago = |seconds| now.checked_sub(Duration::from_secs(seconds));
        assert!(is_fresh_login(ago(5), Some("gdm-password"), now));
        assert!(!is_fresh_login(ago(121), Some("gdm-password"), now));
        assert!(!is_fresh_login(ago(5), Some("lightdm-autologin"), now));
        assert!(!is_fresh_login(ago(5), None, now));
        assert!(!is_fresh_login(None, Some("login"), now));
        assert!(!is_fresh_login(Some(now + Duration::from_secs(9)), Some("login"), now));
    }
}
