//! Raw events of an X server added up to places in pixels, with what the server says of where the
//! pointer is. A program that puts it somewhere moves the origin: places go on from where they
//! were.

use std::collections::HashMap;

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{Fp3232, RawButtonPressEvent};
use x11rb::protocol::xproto::{ConnectionExt as _, KeyButMask, Window};
use x11rb::rust_connection::RustConnection;

use super::devices::Devices;
use super::origin::Values;
use super::pipe_writer::PipeWriter;
use super::record::Record;
use super::translate::Warps;
use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::clock;

/// After so long without movement the server is asked where the pointer is: programs may have moved
/// it, and sums of rounded movements drift. It is shorter than any pause that ends a window.
const ASK_AFTER: Micros = Micros::from_millis(100);
/// At the edge of the screen it is asked this often at most.
const ASK_AT_EDGE: Micros = Micros::from_millis(50);
/// After so long, longer than any pause that ends a window, places are the screen's again.
const REST: Micros = Micros::from_millis(60_000);
/// Sums of rounded movements stray so far from the pointer; further away a program has put it.
const DRIFT: f64 = 2.0;
/// A server's time that lies further back is another clock's.
const OLDEST_MS: i64 = 5_000;

/// What came with an answer to where the pointer is.
pub struct PointerReply {
    /// The middle of the pixel where the pointer is: the best guess of where in it.
    pub place: (f64, f64),
    /// Bit n-1 for button n, of the first three.
    pub held: u8,
    /// Events that the answer includes.
    before: Vec<Event>,
    /// Events that it does not.
    pub after: Vec<Event>,
}

/// A raw event as far as it is of use.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Raw {
    at: Timestamp,
    device: u16,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// Moved by so many pixels.
    By(f64, f64),
    /// A program's device moved, by so many pixels or to this place.
    ByOrTo(f64, f64),
    /// Moved; only the server knows where to.
    Somewhere,
    /// A button by its number.
    Button { number: u8, down: bool },
}

/// Adds movements up.
pub(crate) struct Tracker {
    /// Where events come from.
    pub x: RustConnection,
    root: Window,
    devices: Devices,
    /// Where the pointer is, as far as movements tell.
    pub place: (f64, f64),
    /// How far programs have put it away from where the hand alone would have moved it.
    put: (f64, f64),
    bounds: (f64, f64),
    moved_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    /// Whether the values of a program's device are places, by its number.
    to_places: HashMap<u16, bool>,
    warps: Warps,
}

impl Tracker {
    /// Of this display; `devices` names who moves.
    pub(crate) fn new(x: RustConnection, root: Window, devices: Devices) -> Self {
        Self {
            x,
            root,
            devices,
            place: (0.0, 0.0),
            put: (0.0, 0.0),
            bounds: (0.0, 0.0),
            moved_at: None,
            asked_at: None,
            to_places: HashMap::new(),
            // It is asked seldom, so that few of a program's moves are seen.
            warps: Warps::new(4),
        }
    }

    /// Asks where the pointer is. The server's events carry the number of the request that it had
    /// answered by then, which tells those that the answer includes from those that came after it.
    pub(crate) fn ask(&mut self) -> Option<PointerReply> {
        let pointer = self.x.query_pointer(self.root).ok()?;
        let size = self.x.get_geometry(self.root).ok()?;
        let asked = pointer.sequence_number();
        let pointer = pointer.reply().ok()?;
        let size = size.reply().ok()?;
        self.bounds = (f64::from(size.width), f64::from(size.height));
        self.asked_at = Some(clock::now());
        let place = (f64::from(pointer.root_x) + 0.5, f64::from(pointer.root_y) + 0.5);
        let held = ((u16::from(pointer.mask) / u16::from(KeyButMask::BUTTON1)) & 0b111) as u8;
        let mut before = Vec::new();
        let mut after = Vec::new();
        while let Ok(Some((event, number))) = self.x.poll_for_event_with_sequence() {
            if number < asked { before.push(event) } else { after.push(event) }
        }
        Some(PointerReply { place, held, before, after })
    }

    /// Hands over the records of these events; returns events that came while it was asking.
    pub(crate) fn take(
        &mut self,
        batch: &[Event],
        now: Timestamp,
        writer: &mut PipeWriter,
    ) -> Vec<Event> {
        let mut events: Vec<Raw> = batch.iter().filter_map(|event| self.read(event, now)).collect();
        let Some(first) = events.first().map(|event| event.at) else { return Vec::new() };
        let rest = self.moved_at.map(|moved| first - moved);
        if rest.is_none_or(|rest| rest >= REST) {
            self.put = (0.0, 0.0);
        }
        let mut later = Vec::new();
        if self.has_to_ask(&events, rest, now)
            && let Some(asked) = self.ask()
        {
            let now = clock::now();
            events.extend(asked.before.iter().filter_map(|event| self.read(event, now)));
            self.resolve(&mut events, asked.place);
            if self.correct(&events, asked.place) && self.warps.tell(now) {
                writer.send(Record::Warps { at: now });
            }
            later = asked.after;
        }
        self.moved_at = events.last().map(|event| event.at);
        for event in &events {
            self.devices.moved(event.at, event.device);
            writer.send(self.follow(event));
        }
        later
    }

    /// After a rest, where only the server knows the place, and at the edges of the screen, which
    /// may not be where the pointer is.
    fn has_to_ask(&self, events: &[Raw], rest: Option<Micros>, now: Timestamp) -> bool {
        if rest.is_none_or(|rest| rest >= ASK_AFTER)
            || events.iter().any(|event| matches!(event.what, What::Somewhere | What::ByOrTo(..)))
        {
            return true;
        }
        let (dx, dy) = sum(events);
        let x = self.place.0 + dx;
        let y = self.place.1 + dy;
        let outside = x < 0.0 || y < 0.0 || x >= self.bounds.0 || y >= self.bounds.1;
        outside && self.asked_at.is_none_or(|asked| now - asked >= ASK_AT_EDGE)
    }

    /// Finds out what a program's device means by its values, from where the pointer has come to.
    fn resolve(&mut self, events: &mut Vec<Raw>, place: (f64, f64)) {
        let program = events.iter().find(|event| matches!(event.what, What::ByOrTo(..)));
        let Some(device) = program.map(|event| event.device) else { return };
        let [steps, places] = [false, true].map(|to_places| taken(events, self.place, to_places));
        let was = self.to_places.get(&device).copied().unwrap_or(false);
        // Both, or neither where a program has put the pointer elsewhere meanwhile: as before.
        let to_places = match (is_near(place, steps.1), is_near(place, places.1)) {
            (true, false) => false,
            (false, true) => true,
            _ => was,
        };
        self.to_places.insert(device, to_places);
        *events = if to_places { places.0 } else { steps.0 };
    }

    /// Sets the place before these events right, when the pointer is here after them; whether a
    /// program has put it elsewhere.
    fn correct(&mut self, events: &[Raw], place: (f64, f64)) -> bool {
        let (dx, dy) = sum(events);
        if events.iter().any(|event| event.what == What::Somewhere) {
            self.place = (place.0 - dx, place.1 - dy);
            return false;
        }
        let (x, far_x) = corrected(self.place.0, dx, place.0, self.bounds.0);
        let (y, far_y) = corrected(self.place.1, dy, place.1, self.bounds.1);
        self.place = (x, y);
        self.put = (self.put.0 + far_x, self.put.1 + far_y);
        far_x != 0.0 || far_y != 0.0
    }

    fn follow(&mut self, event: &Raw) -> Record {
        let (dx, dy) = event.step();
        let (width, height) = self.bounds;
        self.place = (inside(self.place.0 + dx, width), inside(self.place.1 + dy, height));
        let (x, y) = pixel((self.place.0 - self.put.0, self.place.1 - self.put.1));
        let at = event.at;
        match event.what {
            What::Button { number: 4..=7, .. } => Record::Wheel { at, x, y },
            What::Button { number, down } => Record::Button { at, x, y, number, down },
            What::By(..) | What::ByOrTo(..) | What::Somewhere => Record::Move { at, x, y },
        }
    }

    fn read(&mut self, event: &Event, now: Timestamp) -> Option<Raw> {
        match event {
            Event::XinputRawMotion(moved) => self.motion(moved, now),
            Event::XinputRawButtonPress(button) => raw_button(button, true, now),
            // The wheel is told when it is pressed.
            Event::XinputRawButtonRelease(button) if (4..=7).contains(&button.detail) => None,
            Event::XinputRawButtonRelease(button) => raw_button(button, false, now),
            Event::XinputHierarchy(_) => {
                self.devices.forget();
                self.to_places.clear();
                None
            }
            _ => None,
        }
    }

    fn motion(&mut self, moved: &RawButtonPressEvent, now: Timestamp) -> Option<Raw> {
        let (dx, dy) = first_two(moved)?;
        let what = match self.devices.values(moved.sourceid) {
            Values::Own => What::Somewhere,
            Values::StepOrPlace => What::ByOrTo(dx, dy),
            Values::Step => What::By(dx, dy),
        };
        Some(Raw { at: stamp(moved.time, now), device: moved.sourceid, what })
    }
}

fn inside(value: f64, size: f64) -> f64 {
    value.clamp(0.0, (size - 0.01).max(0.0))
}

fn is_near(place: (f64, f64), (x, y): (f64, f64)) -> bool {
    (x - place.0).hypot(y - place.1) <= 1.0 + DRIFT
}

impl Raw {
    const fn step(&self) -> (f64, f64) {
        match self.what {
            What::By(dx, dy) | What::ByOrTo(dx, dy) => (dx, dy),
            What::Somewhere | What::Button { .. } => (0.0, 0.0),
        }
    }
}

/// These events with a program's values taken for places, or for steps, and where that ends.
fn taken(events: &[Raw], from: (f64, f64), to_places: bool) -> (Vec<Raw>, (f64, f64)) {
    let mut at = from;
    let mut all = Vec::with_capacity(events.len());
    for event in events {
        let what = match event.what {
            What::ByOrTo(x, y) if to_places => What::By(x + 0.5 - at.0, y + 0.5 - at.1),
            What::ByOrTo(x, y) => What::By(x, y),
            other => other,
        };
        let resolved = Raw { what, ..*event };
        let (dx, dy) = resolved.step();
        at = (at.0 + dx, at.1 + dy);
        all.push(resolved);
    }
    (all, at)
}

fn sum(events: &[Raw]) -> (f64, f64) {
    events.iter().map(Raw::step).fold((0.0, 0.0), |(x, y), (dx, dy)| (x + dx, y + dy))
}

/// The place on one axis from which a step of `by` comes to `here`, and how far away that is from
/// where it was taken to be, if so far that a program has put it there. The edge of the screen
/// holds the pointer up, which is no program.
fn corrected(from: f64, by: f64, here: f64, size: f64) -> (f64, f64) {
    let to = from + by;
    let held_up = here < 1.0 && to < 1.0 || here >= size - 1.0 && to >= size - 1.0;
    if held_up {
        return (from, 0.0);
    }
    let far = here - to;
    (here - by, if far.abs() <= DRIFT { 0.0 } else { far })
}

/// The first two values of a raw event; `None` when it has neither. Values come in the order of the
/// mask's bits; scrolling has axes of its own behind.
pub(crate) fn first_two(moved: &RawButtonPressEvent) -> Option<(f64, f64)> {
    let axes = moved.valuator_mask.first().copied().unwrap_or(0);
    let mut values = moved.axisvalues.iter().map(number);
    let mut next = |bit: u32| if axes & bit != 0 { values.next() } else { None };
    let dx = next(1);
    let dy = next(2);
    if dx.is_none() && dy.is_none() {
        return None;
    }
    Some((dx.unwrap_or(0.0), dy.unwrap_or(0.0)))
}

fn raw_button(event: &RawButtonPressEvent, down: bool, now: Timestamp) -> Option<Raw> {
    let number = u8::try_from(event.detail).ok()?;
    let what = What::Button { number, down };
    Some(Raw { at: stamp(event.time, now), device: event.sourceid, what })
}

fn number(value: &Fp3232) -> f64 {
    f64::from(value.integral) + f64::from(value.frac) / 4_294_967_296.0
}

/// Whole pixels, as every other program sees the pointer.
pub(crate) fn pixel((x, y): (f64, f64)) -> (f32, f32) {
    (x.floor() as f32, y.floor() as f32)
}

/// The server counts milliseconds of the monotonic clock, of which 32 bits arrive. Within its
/// millisecond the event happened before we read it, which is nearly at once on an idle machine.
fn stamp(server_ms: u32, now: Timestamp) -> Timestamp {
    let now_ms = now.micros() / 1000;
    let behind = i64::from((now_ms as u32).wrapping_sub(server_ms) as i32);
    if !(0..=OLDEST_MS).contains(&behind) {
        return now;
    }
    now.min(Timestamp::from_micros((now_ms - behind) * 1000 + 999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_millisecond_bounds_the_stamp() {
        let now = Timestamp::from_micros(10_000_000_400);
        assert_eq!(stamp(10_000_000, now), now, "read within its millisecond");
        assert_eq!(stamp(9_999_990, now), Timestamp::from_micros(9_999_990_999), "read late");
        assert_eq!(stamp(10_000_050, now), now, "not before it happened");
        assert_eq!(stamp(77, now), now, "another clock");
        // The counter has overflowed between the event and now.
        let now = Timestamp::from_micros((i64::from(u32::MAX) + 3) * 1000);
        let late = Timestamp::from_micros(i64::from(u32::MAX) * 1000 + 999);
        assert_eq!(stamp(u32::MAX, now), late);
    }

    #[test]
    fn a_program_is_told_from_drift_and_from_the_edge() {
        // Rounding.
        assert_eq!(corrected(100.2, 3.0, 103.5, 1280.0), (100.5, 0.0));
        // Put into the middle.
        assert_eq!(corrected(100.0, 3.0, 640.0, 1280.0), (637.0, 537.0));
        // Pushed against either edge.
        assert_eq!(corrected(1279.9, 50.0, 1279.5, 1280.0), (1279.9, 0.0));
        assert_eq!(corrected(3.0, -50.0, 0.5, 1280.0), (3.0, 0.0));
        // The sum has run against the edge, but the pointer is elsewhere.
        assert_eq!(corrected(1270.0, 50.0, 640.5, 1280.0), (590.5, -679.5));
    }

    #[test]
    fn fixed_point_numbers_below_zero() {
        assert_eq!(number(&Fp3232 { integral: -1, frac: 1 << 31 }), -0.5);
    }
}
