//! Mouse events onto an X display through the XTEST extension, each at its moment.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, MOTION_NOTIFY_EVENT, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::pace;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::{Button, MouseEvent, MouseKind, Timestamp};

/// The number of the X11 button that turning the wheel upwards presses.
const WHEEL_UP: u8 = 4;

/// A hand on the mouse of one display.
pub struct Player {
    display: String,
    x: RustConnection,
    root: Window,
}

impl Player {
    /// Connects to the display, ":42".
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when there is no such display or it lacks XTEST.
    pub fn open(display: &str) -> Result<Self> {
        let refused = |why: String| {
            Failure::new(
                FailureKind::Unavailable,
                format!("cannot play on display {display}: {why}"),
            )
        };
        let (x, screen) =
            x11rb::connect(Some(display)).map_err(|error| refused(error.to_string()))?;
        x.xtest_get_version(2, 2)
            .map_err(|error| refused(error.to_string()))?
            .reply()
            .map_err(|error| refused(error.to_string()))?;
        let root = x.setup().roots[screen].root;
        Ok(Self { display: display.to_owned(), x, root })
    }

    /// Plays the events with their own distances in time: the first at once, the others each at
    /// an absolute moment, so that delays do not add up. Positions are rounded to whole pixels.
    /// Returns when the last is done, with the moments at which each was handed to the X server,
    /// on the monotonic clock.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when the display goes away.
    pub fn play(&mut self, events: &[MouseEvent]) -> Result<Vec<Timestamp>> {
        let handed = pace::play(events, |event| self.act(event))?;
        self.settle().map(|()| handed)
    }

    /// Returns once the X server has done all that it was handed.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when the display goes away.
    pub fn settle(&mut self) -> Result<()> {
        let focus = self.x.get_input_focus().map_err(|error| self.gone(&error))?;
        focus.reply().map(drop).map_err(|error| self.gone(&error))
    }

    /// Does what one event says, now.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when the display goes away.
    pub fn act(&mut self, event: &MouseEvent) -> Result<()> {
        let at = (event.x, event.y);
        match event.kind {
            MouseKind::Move | MouseKind::Drag => self.fake(MOTION_NOTIFY_EVENT, 0, at)?,
            MouseKind::Press(button) => self.fake(BUTTON_PRESS_EVENT, number(button), at)?,
            MouseKind::Release(button) => self.fake(BUTTON_RELEASE_EVENT, number(button), at)?,
            MouseKind::Wheel => {
                self.fake(BUTTON_PRESS_EVENT, WHEEL_UP, at)?;
                self.fake(BUTTON_RELEASE_EVENT, WHEEL_UP, at)?;
            }
        }
        self.x.flush().map_err(|error| self.gone(&error))
    }

    fn fake(&self, kind: u8, detail: u8, (x, y): (f64, f64)) -> Result<()> {
        let pixel = |value: f64| value.round() as i16;
        self.x
            .xtest_fake_input(kind, detail, 0, self.root, pixel(x), pixel(y), 0)
            .map(drop)
            .map_err(|error| self.gone(&error))
    }

    fn gone(&self, error: &impl std::fmt::Display) -> Failure {
        Failure::new(
            FailureKind::Unavailable,
            format!("display {} went away: {error}", self.display),
        )
    }
}

impl Drop for Player {
    /// The X server closes a connection whose other end is gone without reading what is left.
    fn drop(&mut self) {
        // A display that is gone has nothing left to do.
        let _ = self.settle();
    }
}

const fn number(button: Button) -> u8 {
    match button {
        Button::Left => 1,
        Button::Middle => 2,
        Button::Right => 3,
        Button::Other(number) => number,
    }
}
