//! Mouse events into this macOS session as Quartz events, each at its moment. Not yet run on a Mac.

use objc2_core_foundation::CGPoint;
use objc2_core_graphics::{
    CGEvent, CGEventTapLocation, CGEventType, CGMouseButton, CGScrollEventUnit,
};

use super::pace;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::{Button, MouseEvent, MouseKind, Timestamp};

/// A hand on the mouse of this session.
#[derive(Debug)]
pub struct Player(());

impl Player {
    /// There is one session; the display's name is not looked at.
    ///
    /// # Errors
    /// Never, on this system.
    pub const fn open(_display: &str) -> Result<Self> {
        Ok(Self(()))
    }

    /// Plays the events with their own distances in time; returns the moments at which each was
    /// handed to macOS, on the monotonic clock.
    ///
    /// # Errors
    /// When macOS refuses.
    pub fn play(&mut self, events: &[MouseEvent]) -> Result<Vec<Timestamp>> {
        pace::play(events, |event| self.act(event))
    }

    /// Does what one event says, now.
    ///
    /// # Errors
    /// When macOS refuses.
    pub fn act(&mut self, event: &MouseEvent) -> Result<()> {
        let place = CGPoint { x: event.x, y: event.y };
        let (kind, button) = match event.kind {
            MouseKind::Move => (CGEventType::MouseMoved, CGMouseButton::Left),
            MouseKind::Drag => (CGEventType::LeftMouseDragged, CGMouseButton::Left),
            MouseKind::Press(button) => pressed(button),
            MouseKind::Release(button) => released(button),
            MouseKind::Wheel => {
                let turned =
                    CGEvent::new_scroll_wheel_event2(None, CGScrollEventUnit::Line, 1, 1, 0, 0);
                return post(turned.as_deref());
            }
        };
        post(CGEvent::new_mouse_event(None, kind, place, button).as_deref())
    }
}

const fn pressed(button: Button) -> (CGEventType, CGMouseButton) {
    match button {
        Button::Left => (CGEventType::LeftMouseDown, CGMouseButton::Left),
        Button::Right => (CGEventType::RightMouseDown, CGMouseButton::Right),
        Button::Middle | Button::Other(_) => (CGEventType::OtherMouseDown, CGMouseButton::Center),
    }
}

const fn released(button: Button) -> (CGEventType, CGMouseButton) {
    match button {
        Button::Left => (CGEventType::LeftMouseUp, CGMouseButton::Left),
        Button::Right => (CGEventType::RightMouseUp, CGMouseButton::Right),
        Button::Middle | Button::Other(_) => (CGEventType::OtherMouseUp, CGMouseButton::Center),
    }
}

fn post(event: Option<&CGEvent>) -> Result<()> {
    let event = event.ok_or_else(|| {
        Failure::new(FailureKind::Unavailable, "macOS does not let the mouse be moved")
    })?;
    CGEvent::post(CGEventTapLocation::HIDEventTap, Some(event));
    Ok(())
}
