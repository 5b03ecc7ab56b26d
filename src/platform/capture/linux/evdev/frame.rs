//! From the kernel's `input_event` stream of one device to records: frames are put together, counts
//! are added up to positions, a touchpad's finger is followed. Pure: bytes and a time in, records
//! out.
//!
//! # Invariants
//! Keys have no branch here; what is no movement, mouse button or wheel is skipped.

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::capture::linux::record::Record;

/// Bytes of the kernel's `struct input_event`: two longs of time, type, code, value.
pub(crate) const EVENT_BYTES: usize = 2 * LONG + 8;
const LONG: usize = size_of::<std::ffi::c_long>();

// From the kernel's include/uapi/linux/input-event-codes.h.
const EV_SYN: u16 = 0;
const EV_KEY: u16 = 1;
const EV_REL: u16 = 2;
const EV_ABS: u16 = 3;
const SYN_REPORT: u16 = 0;
const SYN_DROPPED: u16 = 3;
const REL_X: u16 = 0;
const REL_Y: u16 = 1;
const REL_HWHEEL: u16 = 6;
const REL_WHEEL: u16 = 8;
const ABS_X: u16 = 0;
const ABS_Y: u16 = 1;
const BTN_MOUSE: u16 = 0x110;
const BTN_TASK: u16 = 0x117;
const BTN_TOOL_FINGER: u16 = 0x145;
const BTN_TOUCH: u16 = 0x14a;

/// A kernel stamp that differs from now by more is another clock's.
const FOREIGN: Micros = Micros::from_millis(5_000);
/// Counts are added up from here anew after a rest, once they have run this far: lifted mice drift,
/// and positions cross the pipe in single precision.
const FAR: f64 = 100_000.0;
/// Longer than any pause that ends a window.
const REST: Micros = Micros::from_millis(60_000);

/// How a device tells of movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MotionShape {
    /// In counts.
    Counts,
    /// By where a finger is, while one is there.
    Finger,
    /// By places.
    Places,
}

/// What one frame said.
#[derive(Debug, Default)]
struct Frame {
    dx: i32,
    dy: i32,
    wheel: bool,
    buttons: Vec<(u8, bool)>,
}

/// Follows one device.
#[derive(Debug)]
pub(crate) struct Assembler {
    shape: MotionShape,
    partial: Vec<u8>,
    frame: Frame,
    /// Where an absolute device points, as far as it has said.
    spot: (Option<i32>, Option<i32>),
    /// Where it pointed when the last frame ended; `None` when the finger was away.
    before: Option<(i32, i32)>,
    touched: bool,
    one_finger: bool,
    /// The kernel's buffer ran over: what comes up to the next report is half a truth.
    dropped: bool,
    place: (f64, f64),
    moved_at: Option<Timestamp>,
}

impl Assembler {
    /// For a device of this shape.
    pub(crate) const fn new(shape: MotionShape) -> Self {
        Self {
            shape,
            partial: Vec::new(),
            frame: Frame { dx: 0, dy: 0, wheel: false, buttons: Vec::new() },
            spot: (None, None),
            before: None,
            touched: false,
            one_finger: false,
            dropped: false,
            place: (0.0, 0.0),
            moved_at: None,
        }
    }

    /// Takes bytes as they come, cut anywhere; `now` is when they were read. Returns the records of
    /// the frames that they complete.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], now: Timestamp) -> Vec<Record> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(EVENT_BYTES - self.partial.len()));
            self.partial.extend_from_slice(part);
            bytes = rest;
            if let Ok(whole) = <[u8; EVENT_BYTES]>::try_from(self.partial.as_slice()) {
                self.partial.clear();
                self.take(&InputEvent::from_bytes(&whole), now, &mut records);
            }
        }
        records
    }

    fn take(&mut self, event: &InputEvent, now: Timestamp, records: &mut Vec<Record>) {
        match (event.kind, event.code) {
            (EV_SYN, SYN_DROPPED) => {
                self.forget();
                self.dropped = true;
                records.push(Record::Overflow { at: event.stamp(now) });
            }
            (EV_SYN, SYN_REPORT) if self.dropped => {
                self.forget();
                self.dropped = false;
            }
            (EV_SYN, SYN_REPORT) => self.report(event.stamp(now), records),
            _ => self.note(event),
        }
    }

    fn note(&mut self, event: &InputEvent) {
        let frame = &mut self.frame;
        let value = event.value;
        match (event.kind, event.code) {
            (EV_REL, REL_X) => frame.dx = frame.dx.saturating_add(value),
            (EV_REL, REL_Y) => frame.dy = frame.dy.saturating_add(value),
            (EV_REL, REL_WHEEL | REL_HWHEEL) => frame.wheel = true,
            (EV_ABS, ABS_X) => self.spot.0 = Some(value),
            (EV_ABS, ABS_Y) => self.spot.1 = Some(value),
            (EV_KEY, code @ BTN_MOUSE..=BTN_TASK) => {
                // 2 would be a repetition.
                frame.buttons.extend((value < 2).then(|| (number(code), value != 0)));
            }
            (EV_KEY, BTN_TOUCH) => self.touched = value != 0,
            (EV_KEY, BTN_TOOL_FINGER) => self.one_finger = value != 0,
            _ => {}
        }
    }

    fn report(&mut self, at: Timestamp, records: &mut Vec<Record>) {
        let frame = std::mem::take(&mut self.frame);
        let moved = match self.shape {
            MotionShape::Counts => self.count(at, frame.dx, frame.dy),
            MotionShape::Finger => self.follow_finger(at),
            MotionShape::Places => self.jump(),
        };
        let x = self.place.0 as f32;
        let y = self.place.1 as f32;
        if moved {
            self.moved_at = Some(at);
            records.push(Record::Move { at, x, y });
        }
        records.extend(frame.buttons.into_iter().map(|(number, down)| Record::Button {
            at,
            x,
            y,
            number,
            down,
        }));
        records.extend(frame.wheel.then_some(Record::Wheel { at, x, y }));
    }

    fn count(&mut self, at: Timestamp, dx: i32, dy: i32) -> bool {
        if (dx, dy) == (0, 0) {
            return false;
        }
        let rested = self.moved_at.is_none_or(|moved| at - moved >= REST);
        if rested && self.place.0.abs().max(self.place.1.abs()) > FAR {
            self.place = (0.0, 0.0);
        }
        self.place = (self.place.0 + f64::from(dx), self.place.1 + f64::from(dy));
        true
    }

    /// Two fingers scroll, and a finger that was lifted comes down anywhere: neither moves the
    /// pointer.
    fn follow_finger(&mut self, at: Timestamp) -> bool {
        let before = self.before.take();
        let (Some(x), Some(y)) = self.spot else { return false };
        if !(self.touched && self.one_finger) {
            return false;
        }
        self.before = Some((x, y));
        let step = before.map(|(px, py)| (x.saturating_sub(px), y.saturating_sub(py)));
        step.is_some_and(|(dx, dy)| self.count(at, dx, dy))
    }

    fn jump(&mut self) -> bool {
        let (Some(x), Some(y)) = self.spot else { return false };
        let place = (f64::from(x), f64::from(y));
        std::mem::replace(&mut self.place, place) != place
    }

    /// Drops what is half said.
    fn forget(&mut self) {
        self.frame = Frame::default();
        self.before = None;
    }
}

/// X11's numbers: left, middle, right are 1, 2, 3; 4 to 7 are the wheel; side buttons follow.
const fn number(code: u16) -> u8 {
    match code - BTN_MOUSE {
        0 => 1,
        1 => 3,
        2 => 2,
        other => other as u8 + 5,
    }
}

struct InputEvent {
    micros: i64,
    kind: u16,
    code: u16,
    value: i32,
}

impl InputEvent {
    fn from_bytes(bytes: &[u8; EVENT_BYTES]) -> Self {
        let long = |at: usize| {
            let mut wide = [0; LONG];
            wide.copy_from_slice(&bytes[at..at + LONG]);
            #[allow(clippy::unnecessary_cast, reason = "not on machines of 32 bits")]
            let long = std::ffi::c_long::from_ne_bytes(wide) as i64;
            long
        };
        let tail = &bytes[2 * LONG..];
        Self {
            micros: long(0).saturating_mul(1_000_000).saturating_add(long(LONG)),
            kind: u16::from_ne_bytes([tail[0], tail[1]]),
            code: u16::from_ne_bytes([tail[2], tail[3]]),
            value: i32::from_ne_bytes([tail[4], tail[5], tail[6], tail[7]]),
        }
    }

    /// The kernel's stamp, unless it is not the monotonic clock's.
    fn stamp(&self, now: Timestamp) -> Timestamp {
        let at = Timestamp::from_micros(self.micros);
        let late = now - at;
        if late < Micros(0) || late > FOREIGN { now } else { at }
    }
}

#[cfg(test)]
mod tests;
