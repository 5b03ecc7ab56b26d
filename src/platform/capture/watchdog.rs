//! Notices a hook that the system has taken away in silence: the pointer has moved by a hand, and
//! the hook has missed it. What the system says comes from the caller.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use super::pipe_writer::ToldCapture;
use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::Capture;

/// Between two looks at the hook and the displays.
// Windows removes a hook that was too slow and says nothing; five seconds without it are few.
const LOOK: Duration = Duration::from_secs(5);
/// Input so shortly after the hook's last event may still be on its way to it.
const ON_ITS_WAY: Micros = Micros::from_millis(1_000);

/// What the system says at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SystemReading {
    /// When the hook saw the mouse last.
    pub heard: Timestamp,
    /// When there was input of any kind last.
    pub input: Timestamp,
    /// Where the pointer is; `None` while that may not be known (another desktop has the screen).
    pub place: Option<(i32, i32)>,
}

/// Compares one look with the one before.
#[derive(Debug, Default)]
pub(crate) struct HookWatchdog {
    place: Option<(i32, i32)>,
}

impl HookWatchdog {
    /// Whether the hook is deaf: the pointer is elsewhere than at the last look, there was input
    /// since the hook heard of any, and not just now. A program that puts the pointer somewhere is
    /// no input; a key alone moves no pointer.
    pub(crate) fn is_deaf(&mut self, look: &SystemReading) -> bool {
        let before = self.place;
        self.place = look.place;
        // Unknown on either side is no movement: another desktop may have had the screen.
        let moved = before.zip(look.place).is_some_and(|(before, now)| before != now);
        moved && look.input - look.heard > ON_ITS_WAY
    }
}

/// What a system tells of itself.
pub(crate) struct System {
    /// When there was input of any kind last.
    pub input: fn() -> Timestamp,
    /// Where the pointer is.
    pub place: fn() -> Option<(i32, i32)>,
    /// What captures, and the displays.
    pub capture: fn() -> Capture,
}

/// Ends the process when its hook has gone deaf: the parent starts another. Says when the displays
/// have changed. `heard` is when the hook heard of the mouse last, in microseconds.
pub(crate) fn attend(system: &System, told: &ToldCapture, heard: &AtomicI64) {
    let mut watchdog = HookWatchdog::default();
    loop {
        let look = SystemReading {
            input: (system.input)(),
            place: (system.place)(),
            // Last: what came during this look must not count as unheard.
            heard: Timestamp::from_micros(heard.load(Ordering::Relaxed)),
        };
        if watchdog.is_deaf(&look) {
            // A hook that was taken away cannot be set up again in a process that still holds it.
            std::process::exit(0);
        }
        told.displays((system.capture)());
        thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(heard: i64, input: i64, place: Option<(i32, i32)>) -> SystemReading {
        let at = Timestamp::from_millis;
        SystemReading { heard: at(heard), input: at(input), place }
    }

    #[test]
    fn only_a_pointer_that_a_hand_moved_unheard_is_deafness() {
        let mut watchdog = HookWatchdog::default();
        let mut deaf = |heard, input, place| watchdog.is_deaf(&look(heard, input, Some(place)));
        assert!(!deaf(0, 9_000, (1, 1)), "nothing is known of where it was");
        assert!(!deaf(0, 9_000, (1, 1)), "keys only");
        assert!(!deaf(9_000, 9_500, (2, 1)), "it may still be on its way");
        assert!(!deaf(9_500, 4_000, (5, 5)), "a program moved it");
        assert!(deaf(9_500, 15_000, (9, 9)));
    }

    #[test]
    fn a_screen_that_another_desktop_has_says_nothing() {
        let mut watchdog = HookWatchdog::default();
        assert!(!watchdog.is_deaf(&look(0, 0, Some((1, 1)))));
        assert!(!watchdog.is_deaf(&look(0, 9_000, None)));
        assert!(!watchdog.is_deaf(&look(0, 9_000, Some((7, 7)))));
    }
}
