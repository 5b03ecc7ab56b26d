//! What the `rdev` library says, as records for the parent. A program that puts the pointer
//! somewhere moves the origin: places go on from where they were.
//!
//! # Invariants
//! Key presses end here: nothing of them is stored, counted or stamped.

use rdev::{Button, EventType};

use super::record::Record;
use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::clock;

/// Who comes back within this time to where it was is no hand.
const BACK_AT_ONCE: Micros = Micros::from_millis(1);
/// Longer than any pause that ends a window: places are the screen's again.
const REST: Micros = Micros::from_millis(60_000);

/// What is behind a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A device moved the pointer there.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only X servers tell origins"))]
    Device,
    /// A program put it there.
    Program,
    /// The system does not say.
    Unknown,
}

/// Turns the hook's events into records; lives in its callback.
#[derive(Debug)]
pub(crate) struct Translator {
    /// Where the pointer was last; the hook tells no place with a button.
    place: (f32, f32),
    /// Where it was before that.
    before: (f32, f32),
    /// How far programs have put it away from where the hand alone would have moved it.
    put: (f32, f32),
    moved_at: Timestamp,
    number: fn(Button) -> Option<u8>,
    warps: Warps,
}

impl Translator {
    /// With the pointer here; `number` gives a button's X11 number, or none for what is no button.
    pub(crate) fn new(place: (f32, f32), number: fn(Button) -> Option<u8>) -> Self {
        let put = (0.0, 0.0);
        let moved_at = Timestamp::default();
        // Sixteen: a window that comes up puts the pointer once, a game with every frame.
        Self { place, before: place, put, moved_at, number, warps: Warps::new(16) }
    }

    /// Where the pointer was last.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only X servers tell origins"))]
    pub(crate) const fn place(&self) -> (f32, f32) {
        self.place
    }

    /// `None` for everything that is not the mouse's.
    pub(crate) fn record(&mut self, event: &EventType, origin: Origin) -> Option<Record> {
        let at = match event {
            EventType::KeyPress(_) | EventType::KeyRelease(_) => return None,
            // Before anything else is done with the event: what comes later is not the hand's time.
            _ => clock::now(),
        };
        if let EventType::MouseMove { x, y } = event
            // A place that a program chose is no step; the hand goes on from where it was.
            && !self.follow(at, (*x as f32, *y as f32), origin)
        {
            return self.warps.tell(at).then_some(Record::Warps { at });
        }
        let x = self.place.0 - self.put.0;
        let y = self.place.1 - self.put.1;
        Some(match event {
            EventType::MouseMove { .. } => Record::Move { at, x, y },
            EventType::ButtonPress(button) => self.button(at, (x, y), *button, true)?,
            EventType::ButtonRelease(button) => self.button(at, (x, y), *button, false)?,
            EventType::Wheel { .. } => Record::Wheel { at, x, y },
            EventType::KeyPress(_) | EventType::KeyRelease(_) => return None,
        })
    }

    /// Goes to a place; whether that is a hand's movement.
    fn follow(&mut self, at: Timestamp, to: (f32, f32), origin: Origin) -> bool {
        let from = std::mem::replace(&mut self.place, to);
        // A game puts the pointer back to the middle within the same millisecond, to the very place
        // before.
        let at_once = at - self.moved_at < BACK_AT_ONCE && to == self.before && to != from;
        let by_program = origin == Origin::Program || origin == Origin::Unknown && at_once;
        self.before = from;
        if by_program {
            // Steps by the hand stay what they are, only the places are shifted.
            self.put = (self.put.0 + to.0 - from.0, self.put.1 + to.1 - from.1);
            return false;
        }
        // After a rest places may be the screen's again: nothing is joined across it.
        if at - self.moved_at >= REST {
            self.put = (0.0, 0.0);
        }
        self.moved_at = at;
        true
    }

    fn button(
        &self,
        at: Timestamp,
        (x, y): (f32, f32),
        button: Button,
        down: bool,
    ) -> Option<Record> {
        Some(Record::Button { at, x, y, number: (self.number)(button)?, down })
    }
}

/// Counts how often a program puts the pointer somewhere: once is a menu or a window that comes up,
/// again and again is a game.
#[derive(Debug)]
pub(crate) struct Warps {
    enough: u32,
    count: u32,
    told_at: Option<Timestamp>,
}

impl Warps {
    /// Told at most so often, as long as it goes on.
    const AGAIN: Micros = Micros::from_millis(5_000);

    /// Told when there are so many.
    pub(crate) const fn new(enough: u32) -> Self {
        Self { enough, count: 0, told_at: None }
    }

    /// One more; whether to tell now.
    pub(crate) fn tell(&mut self, at: Timestamp) -> bool {
        self.count += 1;
        let lately = self.told_at.is_some_and(|told| at - told < Self::AGAIN);
        if self.count < self.enough || lately {
            return false;
        }
        // Counted anew: what goes on is told again after five seconds.
        self.count = 0;
        self.told_at = Some(at);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(translator: &mut Translator, x: f64, origin: Origin) -> Option<Record> {
        translator.record(&EventType::MouseMove { x, y: 4.0 }, origin)
    }

    #[test]
    fn keys_leave_no_trace_and_a_button_is_where_the_pointer_was_last() {
        let mut translator = Translator::new((1.0, 2.0), |_| Some(9));
        for key in [rdev::Key::KeyA, rdev::Key::Unknown(7)] {
            assert_eq!(translator.record(&EventType::KeyPress(key), Origin::Unknown), None);
            assert_eq!(translator.record(&EventType::KeyRelease(key), Origin::Device), None);
        }
        let there = moved(&mut translator, 3.0, Origin::Device);
        assert!(matches!(there, Some(Record::Move { x: 3.0, y: 4.0, .. })));
        let press = EventType::ButtonPress(Button::Left);
        let pressed = translator.record(&press, Origin::Unknown);
        let at = |x, y| (x, y) == (3.0, 4.0);
        assert!(
            matches!(pressed, Some(Record::Button { x, y, number: 9, down: true, .. }) if at(x, y))
        );
    }

    #[test]
    fn a_hand_goes_on_from_where_it_was_when_a_program_has_put_the_pointer_elsewhere() {
        let mut translator = Translator::new((640.0, 4.0), |_| Some(9));
        let mut told = 0;
        for i in 1..100 {
            let there = moved(&mut translator, 643.0, Origin::Device);
            let expected = 640.0 + 3.0 * i as f32;
            assert!(matches!(there, Some(Record::Move { x, .. }) if x == expected), "{there:?}");
            let back = moved(&mut translator, 640.0, Origin::Program);
            told += usize::from(matches!(back, Some(Record::Warps { .. })));
            assert!(back.is_none_or(|record| matches!(record, Record::Warps { .. })));
        }
        assert_eq!(told, 1);
    }

    #[test]
    fn where_the_system_says_nothing_coming_back_at_once_is_no_hand() {
        let mut translator = Translator::new((640.0, 4.0), |_| Some(9));
        // The first place of all is long after the start of the clock.
        moved(&mut translator, 640.0, Origin::Unknown);
        assert!(moved(&mut translator, 643.0, Origin::Unknown).is_some());
        let soon = clock::now();
        let back = moved(&mut translator, 640.0, Origin::Unknown);
        // A machine that took longer than that has shown nothing.
        assert!(back.is_none() || clock::now() - soon > BACK_AT_ONCE);
    }
}
