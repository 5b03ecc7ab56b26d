//! Which moments count: those in which the session is in front, unlocked and awake, from a few
//! seconds after it came back.

use crate::pipeline::event::Micros;
use crate::pipeline::{Boundary, Timestamp};

/// How long nothing counts after an unlock, a return to the session or a sleep: the hand comes from
/// the keyboard, a password was typed, the machine is still waking.
pub(crate) const GRACE: Micros = Micros::from_millis(2_000);

/// Knows whether the owner's session is in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SessionGate {
    shut: bool,
    open_from: Option<Timestamp>,
}

impl SessionGate {
    /// Takes note of what happened to the session, in the time of the mouse's stream.
    pub(crate) fn session(&mut self, at: Timestamp, kind: Boundary) {
        match kind {
            // Locked again without an unlock between is one lock.
            Boundary::Locked => self.shut = true,
            Boundary::Unlocked | Boundary::Start => {
                self.shut = false;
                self.open_from = Some(at + GRACE);
            }
            // A sleep opens nothing: behind it the session may still be locked.
            Boundary::Suspended => self.open_from = Some(at + GRACE),
            Boundary::Quiet | Boundary::Overflow | Boundary::DeviceChanged => {}
        }
    }

    /// Whether the session is locked or away.
    pub(crate) const fn is_shut(&self) -> bool {
        self.shut
    }

    /// Whether what happens at this moment counts.
    pub(crate) fn admits(&self, at: Timestamp) -> bool {
        // Without any word of the session everything counts: on some desktops nobody tells.
        !self.shut && self.open_from.is_none_or(|from| at >= from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1000 * seconds)
    }

    #[test]
    fn nothing_counts_while_locked_nor_right_after() {
        let mut gate = SessionGate::default();
        assert!(gate.admits(s(0)));
        gate.session(s(1), Boundary::Locked);
        assert!(gate.is_shut() && !gate.admits(s(1)) && !gate.admits(s(1000)));
        gate.session(s(1000), Boundary::Unlocked);
        assert!(!gate.admits(s(1001)) && gate.admits(s(1002)));
        gate.session(s(2000), Boundary::Suspended);
        assert!(!gate.is_shut() && !gate.admits(s(2001)) && gate.admits(s(2002)));
    }

    #[test]
    fn a_sleep_opens_no_locked_session() {
        let mut gate = SessionGate::default();
        gate.session(s(1), Boundary::Locked);
        gate.session(s(2), Boundary::Suspended);
        assert!(!gate.admits(s(100)));
    }
}
