//! Mouse events into this Windows session through `SendInput`, each at its moment.

use windows_sys::Win32::UI::Input::KeyboardAndMouse::{
    INPUT, INPUT_0, INPUT_MOUSE, MOUSEEVENTF_ABSOLUTE, MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP,
    MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP, MOUSEEVENTF_MOVE, MOUSEEVENTF_RIGHTDOWN,
    MOUSEEVENTF_RIGHTUP, MOUSEEVENTF_VIRTUALDESK, MOUSEEVENTF_WHEEL, MOUSEEVENTF_XDOWN,
    MOUSEEVENTF_XUP, MOUSEINPUT, SendInput,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN, SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN,
    WHEEL_DELTA,
};

use super::pace;
use mousewarden::error::{Failure, Result};
use mousewarden::pipeline::{Button, MouseEvent, MouseKind, Timestamp};
use mousewarden::platform::windows::screen;

/// A hand on the mouse of this session.
#[derive(Debug)]
pub struct Player(());

impl Player {
    /// There is one display a session; its name is not looked at.
    ///
    /// # Errors
    /// Never, on this system.
    pub fn open(_display: &str) -> Result<Self> {
        screen::in_physical_pixels();
        Ok(Self(()))
    }

    /// Plays the events with their own distances in time; returns the moments at which each was
    /// handed to Windows, on the monotonic clock. Positions are rounded to whole pixels.
    ///
    /// # Errors
    /// When Windows refuses: a program with more rights has the screen.
    pub fn play(&mut self, events: &[MouseEvent]) -> Result<Vec<Timestamp>> {
        pace::play(events, |event| self.act(event))
    }

    /// Does what one event says, now.
    ///
    /// # Errors
    /// When Windows refuses.
    pub fn act(&mut self, event: &MouseEvent) -> Result<()> {
        match event.kind {
            MouseKind::Move | MouseKind::Drag => move_to(event.x, event.y),
            MouseKind::Press(button) => press(button, true),
            MouseKind::Release(button) => press(button, false),
            MouseKind::Wheel => send(MOUSEEVENTF_WHEEL, (0, 0), WHEEL_DELTA),
        }
    }
}

/// Places are told in 65536ths of all monitors together; Windows rounds down to a pixel.
fn move_to(x: f64, y: f64) -> Result<()> {
    // SAFETY: takes a number.
    let metric = |index| i64::from(unsafe { GetSystemMetrics(index) });
    let part = |value: f64, from: i64, side: i64| {
        let side = side.max(1);
        let pixel = (value.round() as i64 - from).clamp(0, side - 1);
        i32::try_from((pixel * 65_536 + side - 1) / side).unwrap_or_default()
    };
    let x = part(x, metric(SM_XVIRTUALSCREEN), metric(SM_CXVIRTUALSCREEN));
    let y = part(y, metric(SM_YVIRTUALSCREEN), metric(SM_CYVIRTUALSCREEN));
    send(MOUSEEVENTF_MOVE | MOUSEEVENTF_ABSOLUTE | MOUSEEVENTF_VIRTUALDESK, (x, y), 0)
}

fn press(button: Button, down: bool) -> Result<()> {
    let (pressed, released, side) = match button {
        Button::Left => (MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP, 0),
        Button::Middle => (MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP, 0),
        Button::Right => (MOUSEEVENTF_RIGHTDOWN, MOUSEEVENTF_RIGHTUP, 0),
        Button::Other(number) => {
            (MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP, u32::from(number.saturating_sub(7)))
        }
    };
    send(if down { pressed } else { released }, (0, 0), side)
}

fn send(what: u32, (dx, dy): (i32, i32), data: u32) -> Result<()> {
    let mouse = MOUSEINPUT { dx, dy, mouseData: data, dwFlags: what, time: 0, dwExtraInfo: 0 };
    let input = INPUT { r#type: INPUT_MOUSE, Anonymous: INPUT_0 { mi: mouse } };
    // SAFETY: one structure of the size that is told.
    match unsafe { SendInput(1, &input, size_of::<INPUT>() as i32) } {
        1 => Ok(()),
        _ => Err(Failure::io("moving the mouse", std::io::Error::last_os_error())),
    }
}
