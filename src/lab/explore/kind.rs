//! The five types of events, and how each looks wherever it is drawn: always the same colour, mark
//! and dash.

use crate::lab::plot::{Colour, Dash, PointShape};
use crate::pipeline::MouseKind;

/// What happened, without the button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EventType {
    /// The pointer moved.
    Move,
    /// It moved with a button held.
    Drag,
    /// A button went down.
    Press,
    /// A button came up.
    Release,
    /// The wheel turned.
    Wheel,
}

impl EventType {
    /// All, in the order of legends.
    pub(crate) const ALL: [Self; 5] =
        [Self::Move, Self::Drag, Self::Press, Self::Release, Self::Wheel];

    /// As legends call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Move => "move",
            Self::Drag => "drag",
            Self::Press => "press",
            Self::Release => "release",
            Self::Wheel => "wheel",
        }
    }

    /// Its place in [`EventType::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    pub(super) const fn colour(self) -> Colour {
        match self {
            Self::Move => Colour::Series(0),
            Self::Drag => Colour::Series(2),
            Self::Press => Colour::Series(1),
            Self::Release => Colour::Series(3),
            Self::Wheel => Colour::Series(4),
        }
    }

    /// The dash of what leads away from it.
    pub(super) const fn dash(self) -> Dash {
        Dash::ALL[self as usize]
    }

    /// The mark that stands at it; movement has none, the line is its mark.
    pub(super) const fn shape(self) -> Option<PointShape> {
        match self {
            Self::Move | Self::Drag => None,
            Self::Press => Some(PointShape::Triangle),
            Self::Release => Some(PointShape::Circle),
            Self::Wheel => Some(PointShape::Diamond),
        }
    }
}

impl From<MouseKind> for EventType {
    fn from(kind: MouseKind) -> Self {
        match kind {
            MouseKind::Move => Self::Move,
            MouseKind::Drag => Self::Drag,
            MouseKind::Press(_) => Self::Press,
            MouseKind::Release(_) => Self::Release,
            MouseKind::Wheel => Self::Wheel,
        }
    }
}
