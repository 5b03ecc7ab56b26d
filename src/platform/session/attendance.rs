//! Whether the owner's session has the screen: what its changes mean as boundaries, the same on
//! every system.

use crate::pipeline::Boundary;

/// A session that is locked or away is one thing, however it came to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attendance {
    /// The screen is locked.
    pub locked: bool,
    /// The session has a screen.
    pub active: bool,
}

impl Attendance {
    /// Takes in what has changed; returns what that means to the stream of signals, if anything:
    /// [`Boundary::Locked`] when the screen is locked or the session loses it,
    /// [`Boundary::Unlocked`] when an unlock ends that, [`Boundary::Start`] when an unlocked
    /// session gets its screen back.
    pub(crate) fn changed(
        &mut self,
        locked: Option<bool>,
        active: Option<bool>,
    ) -> Option<Boundary> {
        let was_away = self.is_away();
        let was_locked = self.locked;
        self.locked = locked.unwrap_or(self.locked);
        self.active = active.unwrap_or(self.active);
        match (was_away, self.is_away()) {
            (false, true) => Some(Boundary::Locked),
            (true, false) if was_locked => Some(Boundary::Unlocked),
            // A seat that comes back proves no password.
            (true, false) => Some(Boundary::Start),
            _ => None,
        }
    }

    /// Whether somebody else may be at the mouse by right.
    pub(crate) const fn is_away(self) -> bool {
        self.locked || !self.active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unlock_counts_as_one() {
        let mut state = Attendance { locked: false, active: true };
        assert_eq!(state.changed(None, Some(false)), Some(Boundary::Locked));
        assert_eq!(state.changed(None, Some(true)), Some(Boundary::Start));
        assert_eq!(state.changed(Some(true), None), Some(Boundary::Locked));
        assert_eq!(state.changed(Some(true), None), None);
        assert_eq!(state.changed(Some(false), None), Some(Boundary::Unlocked));
    }

    #[test]
    fn a_locked_session_that_comes_back_is_still_locked() {
        let mut state = Attendance { locked: false, active: true };
        assert_eq!(state.changed(Some(true), None), Some(Boundary::Locked));
        assert_eq!(state.changed(None, Some(false)), None);
        assert_eq!(state.changed(None, Some(true)), None);
        assert_eq!(state.changed(Some(false), None), Some(Boundary::Unlocked));
    }
}
