//! Which device moves the pointer, and in whose hand it is: a person's, or a program's that injects
//! movement. Pure.

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;

/// So long after injected movement everything counts as injected: whoever mixes it with a real
/// mouse's is told as one who injects, and not as two who take turns.
// The two interleave within milliseconds when a program jitters a hand's movement.
const MIXED: Micros = Micros::from_millis(2_000);

/// Follows the devices that move.
#[derive(Debug)]
pub(crate) struct Mover<Device> {
    current: Option<Device>,
    injected_at: Option<Timestamp>,
}

impl<Device> Default for Mover<Device> {
    fn default() -> Self {
        Self { current: None, injected_at: None }
    }
}

impl<Device: PartialEq> Mover<Device> {
    /// Takes note that a device moved or clicked; whether another one moves the pointer from here
    /// on.
    pub(crate) fn moved(&mut self, at: Timestamp, device: Device, injects: bool) -> bool {
        if injects {
            // The mark stays until the hand alone has moved for a while.
            self.injected_at = Some(at);
        } else if self.injected_at.is_some_and(|injected| at - injected < MIXED) {
            return false;
        }
        let changed = self.current.as_ref() != Some(&device);
        self.current = Some(device);
        changed
    }

    /// The device that moves the pointer.
    pub(crate) const fn current(&self) -> Option<&Device> {
        self.current.as_ref()
    }

    /// Forgets a device that is gone.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "others tell no devices"))]
    pub(crate) fn forget(&mut self, device: &Device) {
        if self.current.as_ref() == Some(device) {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn injected_movement_between_a_mouses_is_told_once_and_as_injected() {
        let mut mover = Mover::default();
        assert!(mover.moved(at(0), 'm', false));
        assert!(!mover.moved(at(8), 'm', false));
        assert!(mover.moved(at(16), 'x', true));
        for ms in (24..4_000).step_by(16) {
            assert!(!mover.moved(at(ms), 'm', false), "{ms}");
            assert!(!mover.moved(at(ms + 8), 'x', true), "{ms}");
        }
        assert_eq!(mover.current(), Some(&'x'));
        assert!(!mover.moved(at(5_900), 'm', false));
        assert!(mover.moved(at(6_100), 'm', false), "it is over");
    }

    #[test]
    fn two_mice_take_turns() {
        let mut mover = Mover::default();
        assert!(mover.moved(at(0), 1, false));
        assert!(mover.moved(at(1), 2, false));
        assert!(mover.moved(at(2), 1, false));
        mover.forget(&1);
        assert!(mover.moved(at(3), 1, false));
    }
}
