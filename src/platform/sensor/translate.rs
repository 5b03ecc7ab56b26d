//! What the `rdev` library says, as records for the parent. Key presses end here: nothing of them is
//! stored, counted or stamped.

use rdev::{Button, EventType};

use super::record::Record;
use crate::pipeline::Timestamp;
use crate::platform::clock;

/// Turns the hook's events into records; lives in its callback.
#[derive(Debug)]
pub struct Translator {
    /// Where the pointer was last; the hook tells no place with a button.
    place: (f32, f32),
    number: fn(Button) -> Option<u8>,
}

impl Translator {
    /// With the pointer here; `number` gives a button's X11 number, or none for what is no button.
    pub const fn new(place: (f32, f32), number: fn(Button) -> Option<u8>) -> Self {
        Self { place, number }
    }

    /// `None` for everything that is not the mouse's.
    pub fn record(&mut self, event: &EventType) -> Option<Record> {
        let at = match event {
            EventType::KeyPress(_) | EventType::KeyRelease(_) => return None,
            _ => clock::now(),
        };
        if let EventType::MouseMove { x, y } = event {
            self.place = (*x as f32, *y as f32);
        }
        let (x, y) = self.place;
        Some(match event {
            EventType::MouseMove { .. } => Record::Move { at, x, y },
            EventType::ButtonPress(button) => self.button(at, *button, true)?,
            EventType::ButtonRelease(button) => self.button(at, *button, false)?,
            EventType::Wheel { .. } => Record::Wheel { at, x, y },
            EventType::KeyPress(_) | EventType::KeyRelease(_) => return None,
        })
    }

    fn button(&self, at: Timestamp, button: Button, down: bool) -> Option<Record> {
        let (x, y) = self.place;
        Some(Record::Button { at, x, y, number: (self.number)(button)?, down })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_no_trace_and_a_button_is_where_the_pointer_was_last() {
        let mut translator = Translator::new((1.0, 2.0), |_| Some(9));
        for key in [rdev::Key::KeyA, rdev::Key::Unknown(7)] {
            assert_eq!(translator.record(&EventType::KeyPress(key)), None);
            assert_eq!(translator.record(&EventType::KeyRelease(key)), None);
        }
        let moved = translator.record(&EventType::MouseMove { x: 3.0, y: 4.0 });
        assert!(matches!(moved, Some(Record::Move { x: 3.0, y: 4.0, .. })));
        let pressed = translator.record(&EventType::ButtonPress(Button::Left));
        let at = |x, y| (x, y) == (3.0, 4.0);
        assert!(
            matches!(pressed, Some(Record::Button { x, y, number: 9, down: true, .. }) if at(x, y))
        );
    }
}
