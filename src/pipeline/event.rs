//! What a mouse does, as data: time stamps, events, boundaries, and the signal that carries both. A
//! time stamp is only ever something that arrived with an event.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A moment of a stream in microseconds since an origin that the stream chose (monotonic clock,
/// X server start, Unix epoch). Only differences within one stream carry meaning.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From whole microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole milliseconds.
    // Saturating: a time stamp of a broken file must not end the program.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Whole microseconds since the stream's origin.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl Add<Micros> for Timestamp {
    type Output = Self;

    fn add(self, span: Micros) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Micros;

    fn sub(self, earlier: Self) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }
}

/// A span of time in microseconds; negative when time ran backwards.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// From whole milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// As milliseconds, in the precision that the models see.
    pub fn as_millis_f32(self) -> f32 {
        // The division happens in double precision: spans of hours stay exact to the microsecond.
        (self.0 as f64 / 1000.0) as f32
    }

    /// As seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add for Micros {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.as_secs_f64())
    }
}

/// A mouse button by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// The primary button.
    Left,
    /// The secondary button.
    Right,
    /// The wheel pressed down.
    Middle,
    /// Any other button, by the number that the system gives it.
    Other(u8),
}

/// What happened at the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MouseKind {
    /// The pointer moved with no button held.
    Move,
    /// The pointer moved with a button held.
    Drag,
    /// A button went down.
    Press(Button),
    /// A button came up.
    Release(Button),
    /// The wheel turned; its position is that of the pointer.
    Wheel,
}

impl MouseKind {
    /// Moves and drags are movement; clicks and the wheel are not.
    pub const fn is_movement(self) -> bool {
        matches!(self, Self::Move | Self::Drag)
    }
}

/// One event of one pointer: when, what, and where in pixels (x to the right, y downwards).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MouseEvent {
    /// When the hand did it, as exactly as the source knows.
    pub at: Timestamp,
    /// What was done.
    pub kind: MouseKind,
    /// Horizontal position in pixels; finite.
    pub x: f64,
    /// Vertical position in pixels; finite.
    pub y: f64,
}

/// Why a stretch of movement is not continued by what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// A stream or a session of recording begins.
    Start,
    /// Nothing has moved since; says that time has passed.
    Quiet,
    /// The screen was locked, or the session lost its seat.
    Locked,
    /// The screen was unlocked by its password.
    Unlocked,
    /// The machine slept.
    Suspended,
    /// Events were lost; what surrounds the gap must not be joined.
    Overflow,
    /// Another pointing device, or another geometry of the screens.
    DeviceChanged,
}

/// The only thing that enters the pipeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Something ended, or time passed.
    Boundary {
        /// When.
        at: Timestamp,
        /// Why.
        kind: Boundary,
    },
}

impl Signal {
    /// When the signal happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Mouse(event) => event.at,
            Self::Boundary { at, .. } => *at,
        }
    }
}

/// Puts the events of one finished recording into the order of time, keeping the file's order
/// among equals. Some recorders log clicks late or rows in random order; a live stream needs none
/// of this and must not pass here.
pub fn sort_recording(events: &mut [MouseEvent]) {
    // A stable sort: two events of one millisecond keep the order in which they were written.
    events.sort_by_key(|event| event.at);
}
