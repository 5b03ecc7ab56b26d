//! What the capture process tells its parent: records of 24 bytes, and how they become signals.
//!
//! # Invariants
//! A key press has no representation here; it cannot cross.

use std::collections::VecDeque;

use super::refusal::Refusal;
use super::stamps::{Fault, Stamps};
use crate::pipeline::{Boundary, Button, MouseEvent, MouseKind, Signal, Timestamp};
use crate::platform::Capture;

/// Bytes of one record. A pipe takes a write of up to 4096 bytes whole or not at all.
pub(crate) const SIZE: usize = 24;

/// One message of the capture process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Record {
    /// The hook is up. The pointer is here, and these buttons are held (bit n-1 for button n).
    Ready { at: Timestamp, x: f32, y: f32, held: u8 },
    /// The hook cannot be set up.
    Refused(Refusal),
    /// The pointer moved.
    Move { at: Timestamp, x: f32, y: f32 },
    /// A button by its X11 number went down (`true`) or came up.
    Button { at: Timestamp, x: f32, y: f32, number: u8, down: bool },
    /// The wheel turned.
    Wheel { at: Timestamp, x: f32, y: f32 },
    /// The pipe was full and events were lost before this moment.
    Overflow { at: Timestamp },
    /// A program goes on moving the pointer; what it does is left out.
    Warps { at: Timestamp },
    /// The process was asked, and lives.
    Alive { at: Timestamp },
    /// A piece of the line that says what captures from here on; `length` below 8 ends the line.
    Text { at: Timestamp, piece: [u8; PIECE], length: u8 },
}

/// Bytes of a line that fit into one record.
const PIECE: usize = 8;
/// A line is cut here, so that a pipe takes it in one write.
const LONGEST_LINE: usize = 400;

/// The records that say what captures from `at` on.
pub(crate) fn description(at: Timestamp, capture: &Capture) -> Vec<u8> {
    let line = capture.to_string();
    // Names come from devices: one that is longer than the line must not break it.
    let line = &line.as_bytes()[..line.len().min(LONGEST_LINE)];
    let pieces =
        // One piece more than fits in whole ones: a short one, empty if need be, ends the line.
        (0..=line.len() / PIECE).map(|i| &line[i * PIECE..line.len().min((i + 1) * PIECE)]);
    pieces
        .flat_map(|text| {
            let mut piece = [0; PIECE];
            piece[..text.len()].copy_from_slice(text);
            Record::Text { at, piece, length: text.len() as u8 }.to_bytes()
        })
        .collect()
}

impl Record {
    /// Time in microseconds (8 bytes), x and y (4 each), kind, detail, six zeros; little endian.
    pub(crate) fn to_bytes(self) -> [u8; SIZE] {
        let origin = Timestamp::default();
        let (at, x, y, kind, detail) = match self {
            Self::Ready { at, x, y, held } => (at, x, y, b'+', held),
            Self::Refused(refusal) => (origin, 0.0, 0.0, b'-', refusal.code()),
            Self::Move { at, x, y } => (at, x, y, b'm', 0),
            Self::Button { at, x, y, number, down: true } => (at, x, y, b'p', number),
            Self::Button { at, x, y, number, down: false } => (at, x, y, b'r', number),
            Self::Wheel { at, x, y } => (at, x, y, b'w', 0),
            Self::Overflow { at } => (at, 0.0, 0.0, b'!', 0),
            Self::Warps { at } => (at, 0.0, 0.0, b'j', 0),
            Self::Alive { at } => (at, 0.0, 0.0, b'a', 0),
            Self::Text { at, length, .. } => (at, 0.0, 0.0, b't', length),
        };
        let mut bytes = [0; SIZE];
        bytes[..8].copy_from_slice(&at.micros().to_le_bytes());
        // Single precision: positions of screens are exact in it to a hundredth of a pixel.
        bytes[8..12].copy_from_slice(&x.to_le_bytes());
        bytes[12..16].copy_from_slice(&y.to_le_bytes());
        bytes[16] = kind;
        bytes[17] = detail;
        if let Self::Text { piece, .. } = self {
            bytes[8..16].copy_from_slice(&piece);
        }
        bytes
    }

    /// When it was made; a refusal has no time.
    const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Refused(_) => None,
            Self::Ready { at, .. }
            | Self::Move { at, .. }
            | Self::Button { at, .. }
            | Self::Wheel { at, .. }
            | Self::Overflow { at }
            | Self::Warps { at }
            | Self::Alive { at }
            | Self::Text { at, .. } => Some(*at),
        }
    }

    /// `None` when these bytes are no record.
    pub(crate) fn from_bytes(bytes: &[u8; SIZE]) -> Option<Self> {
        let (time, rest) = bytes.split_first_chunk::<8>()?;
        let piece = *rest.first_chunk::<PIECE>()?;
        let (x, rest) = rest.split_first_chunk::<4>()?;
        let (y, rest) = rest.split_first_chunk::<4>()?;
        let at = Timestamp::from_micros(i64::from_le_bytes(*time));
        let x = f32::from_le_bytes(*x);
        let y = f32::from_le_bytes(*y);
        let detail = *rest.get(1)?;
        // Asked first: the bytes of a text are no positions, and need not be finite.
        if *rest.first()? == b't' {
            let fits = usize::from(detail) <= PIECE;
            return fits.then_some(Self::Text { at, piece, length: detail });
        }
        // A position that is not finite would spread through every window behind it.
        if !(x.is_finite() && y.is_finite()) {
            return None;
        }
        Some(match rest.first()? {
            b'+' => Self::Ready { at, x, y, held: detail },
            b'-' => Self::Refused(Refusal::from_code(detail)?),
            b'm' => Self::Move { at, x, y },
            b'p' => Self::Button { at, x, y, number: detail, down: true },
            b'r' => Self::Button { at, x, y, number: detail, down: false },
            b'w' => Self::Wheel { at, x, y },
            b'!' => Self::Overflow { at },
            b'j' => Self::Warps { at },
            b'a' => Self::Alive { at },
            _ => return None,
        })
    }
}

/// What the capture process said about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookState {
    /// The hook is up.
    Ready,
    /// It cannot be set up.
    Refused(Refusal),
    /// It sent what cannot be believed; nothing behind that is read.
    Broken(Fault),
}

/// Turns the bytes of the pipe into signals. Knows which buttons are held, so that a movement
/// with one is a drag.
#[derive(Debug, Default)]
pub(crate) struct RecordDecoder {
    partial: Vec<u8>,
    held: u32,
    signals: VecDeque<Signal>,
    line: Vec<u8>,
    capture: Option<Capture>,
    /// What captured from these moments on, not yet taken.
    captures: Vec<(Timestamp, Capture)>,
    stamps: Stamps,
    warps: bool,
}

impl RecordDecoder {
    /// Takes bytes as they come, cut anywhere, read just before `now`. Returns what the process
    /// said about itself, in its order.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], now: Timestamp) -> Vec<HookState> {
        let mut states = Vec::new();
        while !bytes.is_empty() {
            // A read may end within a record; the rest comes with the next one.
            let (part, later) = bytes.split_at(bytes.len().min(SIZE - self.partial.len()));
            bytes = later;
            self.partial.extend_from_slice(part);
            let Ok(whole) = <&[u8; SIZE]>::try_from(self.partial.as_slice()) else { break };
            let record = Record::from_bytes(whole);
            self.partial.clear();
            let Some(record) = record else {
                states.push(HookState::Broken(Fault::Nonsense));
                // Behind one that is no record, nothing says where the next begins.
                break;
            };
            let admitted = record.at().map_or(Ok(()), |at| self.stamps.admit(at, now));
            if let Err(fault) = admitted {
                states.push(HookState::Broken(fault));
                break;
            }
            states.extend(self.take(record));
        }
        states
    }

    /// The next signal, if there is one.
    pub(crate) fn next(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }

    /// Whether there is no next signal.
    pub(crate) fn is_empty(&self) -> bool {
        self.signals.is_empty()
    }

    /// Puts a boundary behind what was said so far; for the parent's own ones.
    pub(crate) fn boundary(&mut self, at: Timestamp, kind: Boundary) {
        self.signals.push_back(Signal::Boundary { at, kind });
    }

    /// What captures, each with the moment from which on, as said since the last call.
    pub(crate) fn take_captures(&mut self) -> Vec<(Timestamp, Capture)> {
        std::mem::take(&mut self.captures)
    }

    /// Whether a program was said to move the pointer since the last call.
    pub(crate) const fn take_warps(&mut self) -> bool {
        std::mem::replace(&mut self.warps, false)
    }

    /// Forgets half a record, half a line and the held buttons: another process begins.
    pub(crate) fn restart(&mut self) {
        self.partial.clear();
        self.line.clear();
        self.held = 0;
        // Another process has its own order of stamps.
        self.stamps = Stamps::default();
        self.warps = false;
    }

    fn take(&mut self, record: Record) -> Option<HookState> {
        match record {
            Record::Ready { at, held, .. } => {
                // Bit n stands for button n here, and bit n - 1 in the record.
                self.held = u32::from(held) << 1;
                self.boundary(at, Boundary::Start);
                return Some(HookState::Ready);
            }
            Record::Refused(refusal) => return Some(HookState::Refused(refusal)),
            Record::Move { at, x, y } if self.held == 0 => self.mouse(at, MouseKind::Move, x, y),
            Record::Move { at, x, y } => self.mouse(at, MouseKind::Drag, x, y),
            Record::Button { at, x, y, number, down } => {
                // A number beyond 31 has no bit: it is passed on and never held.
                let bit = 1_u32.checked_shl(u32::from(number)).unwrap_or(0);
                let kind = if down {
                    self.held |= bit;
                    MouseKind::Press(button(number))
                } else {
                    self.held &= !bit;
                    MouseKind::Release(button(number))
                };
                self.mouse(at, kind, x, y);
            }
            Record::Wheel { at, x, y } => self.mouse(at, MouseKind::Wheel, x, y),
            Record::Overflow { at } => {
                // The lost events may have been releases.
                self.held = 0;
                self.boundary(at, Boundary::Overflow);
            }
            Record::Warps { .. } => self.warps = true,
            Record::Alive { .. } => {}
            Record::Text { at, piece, length } => self.text(at, &piece[..usize::from(length)]),
        }
        None
    }

    fn text(&mut self, at: Timestamp, piece: &[u8]) {
        self.line.extend_from_slice(piece);
        // A line that never ends is taken as it is: whoever sends it gets no more memory.
        if piece.len() == PIECE && self.line.len() <= LONGEST_LINE {
            return;
        }
        let now = Capture::parse(&String::from_utf8_lossy(&std::mem::take(&mut self.line)));
        // The first description is where the stream begins, and no change.
        if self.capture.as_ref().is_some_and(|before| *before != now) {
            self.boundary(at, Boundary::DeviceChanged);
        }
        // With its moment: signals in front of it still belong to the one before.
        self.captures.push((at, now.clone()));
        self.capture = Some(now);
    }

    fn mouse(&mut self, at: Timestamp, kind: MouseKind, x: f32, y: f32) {
        let event = MouseEvent { at, kind, x: f64::from(x), y: f64::from(y) };
        self.signals.push_back(Signal::Mouse(event));
    }
}

/// By the core protocol's numbers.
const fn button(number: u8) -> Button {
    match number {
        1 => Button::Left,
        2 => Button::Middle,
        3 => Button::Right,
        other => Button::Other(other),
    }
}

#[cfg(test)]
mod tests;
