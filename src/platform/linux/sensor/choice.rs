//! Which way of seeing the mouse suits the session, and why. Opens nothing.

use crate::platform::Backend;

/// What the environment says of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `DISPLAY`, unless it is empty.
    pub display: Option<String>,
    /// Whether the session is a Wayland one. Inside one `DISPLAY` may well be set, for Xwayland.
    pub wayland: bool,
    /// Whether the session is a text console.
    pub console: bool,
}

impl Surroundings {
    /// Of this process.
    pub fn of_environment() -> Self {
        Self::from(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Self {
        let kind = variable("XDG_SESSION_TYPE").unwrap_or_default();
        let display = variable("DISPLAY");
        Self {
            wayland: kind == "wayland" || kind != "x11" && variable("WAYLAND_DISPLAY").is_some(),
            console: kind == "tty" && display.is_none(),
            display,
        }
    }
}

/// A decision with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Never [`Backend::Auto`].
    pub backend: Backend,
    /// Half a sentence.
    pub because: &'static str,
}

/// Decides for a session. `rdev` stays the way on X11: it is what models were made with so far, and
/// it sees positions in whole pixels as every other program does.
pub fn choose(wanted: Backend, session: &Surroundings) -> Choice {
    let (backend, because) = match wanted {
        Backend::Auto if session.wayland => {
            (Backend::Evdev, "on Wayland only the kernel shows the mouse of all windows")
        }
        Backend::Auto if session.console => (Backend::Evdev, "a text console has no display"),
        Backend::Auto if session.display.is_some() => (Backend::Rdev, "this is an X11 session"),
        Backend::Auto => (Backend::Rdev, "nothing names another kind of session than X11"),
        chosen => (chosen, "the configuration says so"),
    };
    Choice { backend, because }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(variables: &[(&str, &str)]) -> Backend {
        let value = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        choose(Backend::Auto, &Surroundings::from(value)).backend
    }

    #[test]
    fn each_kind_of_session_gets_what_works_there() {
        assert_eq!(auto(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "x11")]), Backend::Rdev);
        assert_eq!(auto(&[("DISPLAY", ":0")]), Backend::Rdev);
        assert_eq!(auto(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "wayland")]), Backend::Evdev);
        assert_eq!(auto(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")]), Backend::Evdev);
        // A nested compositor in an X11 session.
        let nested = [("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "w"), ("XDG_SESSION_TYPE", "x11")];
        assert_eq!(auto(&nested), Backend::Rdev);
        assert_eq!(auto(&[("XDG_SESSION_TYPE", "tty")]), Backend::Evdev);
        // startx from a console.
        assert_eq!(auto(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "tty")]), Backend::Rdev);
        assert_eq!(auto(&[]), Backend::Rdev);
    }

    #[test]
    fn what_is_asked_for_is_done() {
        let wayland = Surroundings { wayland: true, ..Surroundings::default() };
        assert_eq!(choose(Backend::XInput2, &wayland).backend, Backend::XInput2);
    }
}
