//! Where the pointer is, how large the displays are, and how long ago the mouse moved, as macOS
//! tells anybody.

use objc2_core_graphics::{
    CGDisplayBounds, CGEvent, CGEventSource, CGEventSourceStateID, CGEventType,
    CGGetActiveDisplayList, CGMouseButton,
};

use crate::pipeline::Timestamp;
use crate::platform::{Capture, clock};

/// More displays than anybody has.
const MOST: usize = 32;

/// Where the pointer is, in points of all displays together.
pub(crate) fn pointer() -> Option<(f64, f64)> {
    let now = CGEvent::new(None)?;
    let place = CGEvent::location(Some(&now));
    Some((place.x, place.y))
}

/// Which buttons are held: bit n-1 for button n by X11's numbers.
pub(crate) fn buttons() -> u8 {
    let held =
        |button| CGEventSource::button_state(CGEventSourceStateID::CombinedSessionState, button);
    let buttons = [CGMouseButton::Left, CGMouseButton::Center, CGMouseButton::Right];
    let held = buttons.into_iter().enumerate().filter(|(_, button)| held(*button));
    held.fold(0, |all, (index, _)| all | 1 << index)
}

/// When the mouse of this session moved last, without a button.
pub(crate) fn last_movement() -> Timestamp {
    let state = CGEventSourceStateID::CombinedSessionState;
    let ago = CGEventSource::seconds_since_last_event_type(state, CGEventType::MouseMoved);
    Timestamp::from_micros(clock::now().micros().saturating_sub((ago * 1e6) as i64))
}

/// What captures, by this name. Which of several devices moves the pointer is not told.
pub fn capture(backend: &str) -> Capture {
    Capture { screens: displays(), ..Capture::by(backend) }
}

/// Width and height of each display in points, the largest first.
fn displays() -> Vec<(u16, u16)> {
    let mut all = [0; MOST];
    let mut count = 0;
    // SAFETY: the list has the length that is told, and both outlive the call.
    unsafe { CGGetActiveDisplayList(MOST as u32, all.as_mut_ptr(), &mut count) };
    let mut sizes: Vec<_> = all
        .iter()
        .take(count as usize)
        .map(|display| {
            let area = CGDisplayBounds(*display).size;
            (area.width as u16, area.height as u16)
        })
        .collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}
