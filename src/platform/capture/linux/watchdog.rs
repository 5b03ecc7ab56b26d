//! Notices a hook that has fallen silent: raw motion arrives, the pointer is elsewhere than before,
//! and the hook missed it. Called only when something moves, so that rest is free; a place is kept
//! for as long as that takes.

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;

/// So long the hook may lag behind raw motion before it is looked where the pointer is.
const LAG: Micros = Micros::from_millis(1_000);
/// So long after that the pointer is looked for again.
const AGAIN: Micros = Micros::from_millis(2_000);

/// What a place is: whole pixels.
type Place = (f32, f32);

/// Compares what moves with what the hook tells.
#[derive(Debug, Default)]
pub(crate) struct MotionWatchdog {
    told: u64,
    since: Option<Timestamp>,
    place: Option<(Timestamp, Place)>,
}

impl MotionWatchdog {
    /// Takes note that something moved when the hook had told `told` events; whether the hook is
    /// silent. A hand that pushes a pointer against the edge of the screen moves nothing, which is
    /// why `pointer` is asked, twice.
    pub(crate) fn moved(
        &mut self,
        now: Timestamp,
        told: u64,
        pointer: impl FnOnce() -> Option<Place>,
    ) -> bool {
        let Some(since) = self.since.filter(|_| told == self.told) else {
            *self = Self { told, since: Some(now), place: None };
            return false;
        };
        match self.place {
            None if now - since >= LAG => {
                self.place = pointer().map(|place| (now, place));
                false
            }
            Some((then, place)) if now - then >= AGAIN => {
                let here = pointer();
                self.place = here.map(|here| (now, here));
                here.is_some_and(|here| here != place)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Motion every 250 ms for ten seconds; what the hook had told and where the pointer was each
    /// time.
    fn silent(told: impl Fn(u64) -> u64, place: impl Fn(u64) -> Place) -> bool {
        let mut silence = MotionWatchdog::default();
        let at = |i: u64| Timestamp::from_millis(1_000_000 + 250 * i as i64);
        (0..40).any(|i| silence.moved(at(i), told(i), || Some(place(i))))
    }

    #[test]
    fn a_pointer_that_moves_without_a_word_is_noticed() {
        assert!(silent(|_| 7, |i| (i as f32, 0.0)));
        assert!(!silent(|i| i, |i| (i as f32, 0.0)), "the hook tells of it");
        assert!(!silent(|i| i / 8, |i| (i as f32, 0.0)), "the hook lags behind");
        assert!(!silent(|_| 7, |_| (1919.0, 4.0)), "pushed against the edge");
    }

    #[test]
    fn motion_after_a_long_rest_is_no_silence_yet() {
        let mut silence = MotionWatchdog::default();
        for (ms, place) in [(0, 1.0), (600_000, 2.0), (600_250, 3.0), (601_900, 4.0)] {
            assert!(!silence.moved(Timestamp::from_millis(ms), 7, || Some((place, 0.0))), "{ms}");
        }
    }

    #[test]
    fn a_display_that_does_not_answer_proves_nothing() {
        let mut silence = MotionWatchdog::default();
        let at = |i: i64| Timestamp::from_millis(250 * i);
        assert!((0..40).all(|i| !silence.moved(at(i), 7, || None)));
    }
}
