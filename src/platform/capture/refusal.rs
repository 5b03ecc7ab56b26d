//! Why setting up the hook failed, as a code that crosses the pipe and a sentence with a remedy for
//! the person.

use crate::error::{Failure, FailureKind};

/// How reading the mice becomes allowed, and nothing else with them.
const PERMISSION: &str = "Let the person at the screen read mice, but no keyboards: \
     sudo install -m 644 installers/linux/70-mousewarden.rules /etc/udev/rules.d/ \
     && sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=input";

/// Why there is no hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No display is named.
    NoDisplay,
    /// The named display does not answer.
    NoAnswer,
    /// The X server refuses this user.
    NotAllowed,
    /// The session is a Wayland one: X11's hook sees next to nothing there.
    Wayland,
    /// The X server has no RECORD extension.
    NoRecord,
    /// The hook library gave up; nothing more is known.
    Hook,
    /// The X server has no XInput extension of version 2.
    NoXInput,
    /// There are mice, but this user may not read them.
    NoPermission,
    /// The kernel's devices are not there.
    NoInput,
    /// The pointer moves and the hook tells nothing of it.
    Silent,
    /// This way of seeing the mouse exists on Linux only.
    Elsewhere,
    /// The process is in no session with a screen that it may see.
    NoDesktop,
    /// macOS has not allowed it to see input.
    NoMonitoring,
}

impl Refusal {
    /// All of them.
    pub(crate) const ALL: [Self; 13] = [
        Self::NoDisplay,
        Self::NoAnswer,
        Self::NotAllowed,
        Self::Wayland,
        Self::NoRecord,
        Self::Hook,
        Self::NoXInput,
        Self::NoPermission,
        Self::NoInput,
        Self::Silent,
        Self::Elsewhere,
        Self::NoDesktop,
        Self::NoMonitoring,
    ];

    /// The number that crosses the pipe.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// `None` for a number that is no refusal.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        // By its place in `ALL`, which lists them in the order of their numbers.
        Self::ALL.get(usize::from(code)).copied()
    }

    /// What is the matter.
    pub(crate) fn words(self) -> &'static str {
        self.parts().1
    }

    /// As the person reads it.
    pub(crate) fn failure(self) -> Failure {
        let (kind, what, remedy) = self.parts();
        Failure::new(kind, what).remedy(remedy)
    }

    /// Kind, what is the matter, and what to do.
    fn parts(self) -> (FailureKind, &'static str, &'static str) {
        match self {
            Self::NoDisplay => (
                FailureKind::NoDisplay,
                "no display: DISPLAY is not set",
                "Start mousewarden inside a desktop session.",
            ),
            Self::NoAnswer => (
                FailureKind::Unavailable,
                "the display named by DISPLAY does not answer",
                "Check that the X server runs and that DISPLAY names it, and a screen that it has (\":0.1\" \
                 is the second one of \":0\").",
            ),
            Self::NotAllowed => (
                FailureKind::Denied,
                "the X server refuses this user",
                "Start mousewarden as the user of the session, with that session's XAUTHORITY.",
            ),
            Self::Wayland => (
                FailureKind::NoDisplay,
                "this is a Wayland session, where the X11 hook sees only a few windows",
                "Set [capture] backend = \"auto\" or \"evdev\", or log in with an X11 session \
                 (\"on Xorg\").",
            ),
            Self::NoRecord => (
                FailureKind::Unavailable,
                "the X server lacks the RECORD extension, which the hook needs",
                "Enable the \"record\" module in the X server's configuration.",
            ),
            Self::Hook => (
                FailureKind::Unavailable,
                "the mouse hook could not be set up",
                "Run `mousewarden doctor` for details.",
            ),
            Self::NoXInput => (
                FailureKind::Unavailable,
                "the X server lacks version 2 of the XInput extension",
                "Set [capture] backend = \"rdev\".",
            ),
            Self::NoPermission => (
                FailureKind::Denied,
                "this user may not read the mice below /dev/input",
                PERMISSION,
            ),
            Self::NoInput => (
                FailureKind::Unavailable,
                "the kernel's input devices are not there: no /dev/input",
                "Run mousewarden on the machine whose mouse it is to watch, outside a container.",
            ),
            Self::Silent => (
                FailureKind::Unavailable,
                "the pointer moves, but the mouse hook tells nothing of it",
                "Set [capture] backend = \"xinput2\" and enrol again; `mousewarden doctor` looks \
                 further.",
            ),
            Self::Elsewhere => (
                FailureKind::Unavailable,
                "this way of seeing the mouse exists on Linux only",
                "Set [capture] backend = \"auto\".",
            ),
            Self::NoDesktop => (
                FailureKind::NoDisplay,
                "this process is in no session with a screen that it may see",
                "Start mousewarden inside the session whose mouse it is to watch, not as a service.",
            ),
            Self::NoMonitoring => (
                FailureKind::Denied,
                "macOS has not allowed mousewarden to see the mouse",
                "Open System Settings > Privacy & Security > Input Monitoring, switch mousewarden \
                 (or the terminal that it runs in) on, and start it again.",
            ),
        }
    }
}
