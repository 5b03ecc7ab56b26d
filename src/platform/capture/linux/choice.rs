//! Which way of seeing the mouse suits the session, and why.

use crate::platform::CaptureBackend;

/// What the environment says of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// `DISPLAY`, unless it is empty.
    pub display: Option<String>,
    /// Whether the session is a Wayland one. Inside one `DISPLAY` may well be set, for Xwayland.
    pub wayland: bool,
    /// Whether the session is a text console.
    pub console: bool,
}

impl Surroundings {
    /// Of this process.
    pub(crate) fn of_environment() -> Self {
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
pub(crate) struct BackendChoice {
    /// Never [`CaptureBackend::Auto`].
    pub backend: CaptureBackend,
    /// Half a sentence.
    pub because: &'static str,
}

/// Decides for a session. `rdev` stays the way on X11: it is what models were made with so far, and
/// it sees positions in whole pixels as every other program does.
pub(crate) fn choose(wanted: CaptureBackend, session: &Surroundings) -> BackendChoice {
    let (backend, because) = match wanted {
        CaptureBackend::Auto if session.wayland => {
            (CaptureBackend::Evdev, "on Wayland only the kernel shows the mouse of all windows")
        }
        CaptureBackend::Auto if session.console => {
            (CaptureBackend::Evdev, "a text console has no display")
        }
        CaptureBackend::Auto if session.display.is_some() => {
            (CaptureBackend::Rdev, "this is an X11 session")
        }
        CaptureBackend::Auto => {
            (CaptureBackend::Rdev, "nothing names another kind of session than X11")
        }
        chosen => (chosen, "the configuration says so"),
    };
    BackendChoice { backend, because }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(variables: &[(&str, &str)]) -> CaptureBackend {
        let value = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        choose(CaptureBackend::Auto, &Surroundings::from(value)).backend
    }

    #[test]
    fn each_kind_of_session_gets_what_works_there() {
        assert_eq!(auto(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "x11")]), CaptureBackend::Rdev);
        assert_eq!(auto(&[("DISPLAY", ":0")]), CaptureBackend::Rdev);
        assert_eq!(
            auto(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "wayland")]),
            CaptureBackend::Evdev
        );
        assert_eq!(
            auto(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")]),
            CaptureBackend::Evdev
        );
        // A nested compositor in an X11 session.
        let nested = [("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "w"), ("XDG_SESSION_TYPE", "x11")];
        assert_eq!(auto(&nested), CaptureBackend::Rdev);
        assert_eq!(auto(&[("XDG_SESSION_TYPE", "tty")]), CaptureBackend::Evdev);
        // startx from a console.
        assert_eq!(auto(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "tty")]), CaptureBackend::Rdev);
        assert_eq!(auto(&[]), CaptureBackend::Rdev);
    }

    #[test]
    fn what_is_asked_for_is_done() {
        let wayland = Surroundings { wayland: true, ..Surroundings::default() };
        assert_eq!(choose(CaptureBackend::XInput2, &wayland).backend, CaptureBackend::XInput2);
    }
}
