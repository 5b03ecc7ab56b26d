//! Raw pointer events of the X server's XInput extension. They come at once, carry the server's time
//! in milliseconds and the movement after acceleration, and are added up to pixels here. Keys are
//! never asked for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{
    ConnectionExt as _, Device, EventMask, Fp3232, RawButtonPressEvent, XIEventMask,
};
use x11rb::protocol::xproto::{ConnectionExt as _, KeyButMask, Window};
use x11rb::rust_connection::RustConnection;

use super::choice::Surroundings;
use super::outlet::Outlet;
use super::process::{Hook, start};
use super::record::Record;
use super::refusal::Refusal;
use super::roster::Roster;
use super::tap::{connect, has_xinput};
use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::clock;

/// After so long without movement the server is asked where the pointer is: programs may have moved
/// it, and sums of rounded movements drift. It is shorter than any pause that ends a window.
const ASK_AFTER: Micros = Micros::from_millis(100);
/// A server's time that lies further back is another clock's.
const OLDEST_MS: i64 = 5_000;

/// Listens to raw events of all pointers of a display.
pub struct RawHook {
    x: RustConnection,
    root: Window,
    /// Asks about devices.
    roster: Roster,
    /// Describes the device in use, from a thread of its own.
    follower: Roster,
}

impl RawHook {
    /// Connects and selects the events.
    ///
    /// # Errors
    /// Why the display does not allow it.
    pub fn open(session: &Surroundings) -> Result<Self, Refusal> {
        if session.wayland {
            return Err(Refusal::Wayland);
        }
        let display = session.display.as_deref().ok_or(Refusal::NoDisplay)?;
        let (x, screen) = connect(display)?;
        has_xinput(&x)?;
        let root = x.setup().roots[screen].root;
        let [roster, follower] = [(); 2].map(|()| Roster::open(display, "x11-xinput2"));
        let hook = Self { x, root, roster: roster?, follower: follower? };
        hook.select().ok_or(Refusal::Hook)?;
        Ok(hook)
    }

    fn select(&self) -> Option<()> {
        let pointer = XIEventMask::RAW_MOTION
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE;
        let masks = [
            EventMask { deviceid: Device::ALL_MASTER.into(), mask: vec![pointer] },
            EventMask { deviceid: Device::ALL.into(), mask: vec![XIEventMask::HIERARCHY] },
        ];
        self.x.xinput_xi_select_events(self.root, &masks).ok()?.check().ok()
    }
}

impl Hook for RawHook {
    fn listen(self: Box<Self>, mut outlet: Outlet) -> Result<Infallible, Refusal> {
        let Self { x, root, roster, follower } = *self;
        let pipe = Arc::clone(outlet.pipe());
        let mut tracker = Tracker {
            x,
            root,
            roster,
            placed: HashMap::new(),
            place: (0.0, 0.0),
            bounds: (0.0, 0.0),
            moved_at: None,
        };
        pipe.describe(&follower.capture());
        start("sensor-roster", move || follower.follow(&pipe))?;
        let asked = tracker.ask().ok_or(Refusal::NoAnswer)?;
        let (x, y) = pixel(tracker.place);
        outlet.send(Record::Ready { at: clock::now(), x, y, held: asked.held });
        let mut batch = asked.after;
        loop {
            if batch.is_empty() {
                batch.push(tracker.x.wait_for_event().map_err(|_| Refusal::NoAnswer)?);
            }
            let now = clock::now();
            while let Ok(Some(event)) = tracker.x.poll_for_event() {
                batch.push(event);
            }
            let (records, later) = tracker.take(&batch, now);
            records.into_iter().for_each(|record| outlet.send(record));
            batch = later;
        }
    }
}

/// What came with an answer to where the pointer is.
struct Asked {
    /// Bit n-1 for button n, of the first three.
    held: u8,
    /// Events that the answer includes.
    before: Vec<Event>,
    /// Events that it does not.
    after: Vec<Event>,
}

/// A raw event as far as it is of use.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Raw {
    /// Moved by so many pixels.
    By { at: Timestamp, dx: f64, dy: f64 },
    /// Moved; only the server knows where to.
    Somewhere { at: Timestamp },
    /// A button by its number.
    Button { at: Timestamp, number: u8, down: bool },
}

/// Adds movements up.
struct Tracker {
    x: RustConnection,
    root: Window,
    roster: Roster,
    /// Whether the values of a device are places, by its number.
    placed: HashMap<u16, bool>,
    place: (f64, f64),
    bounds: (f64, f64),
    moved_at: Option<Timestamp>,
}

impl Tracker {
    /// Asks where the pointer is. The server's events carry the number of the request that it had
    /// answered by then, which tells those that the answer includes from those that came after it.
    fn ask(&mut self) -> Option<Asked> {
        let pointer = self.x.query_pointer(self.root).ok()?;
        let size = self.x.get_geometry(self.root).ok()?;
        let asked = pointer.sequence_number();
        let (pointer, size) = (pointer.reply().ok()?, size.reply().ok()?);
        self.bounds = (f64::from(size.width), f64::from(size.height));
        // The middle of the pixel is the best guess of where in it the pointer is.
        self.place = (f64::from(pointer.root_x) + 0.5, f64::from(pointer.root_y) + 0.5);
        let held = (u16::from(pointer.mask) / u16::from(KeyButMask::BUTTON1) & 0b111) as u8;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        while let Ok(Some((event, number))) = self.x.poll_for_event_with_sequence() {
            if number < asked { before.push(event) } else { after.push(event) }
        }
        Some(Asked { held, before, after })
    }

    /// The records of these events, and events that came while it was asking.
    fn take(&mut self, batch: &[Event], now: Timestamp) -> (Vec<Record>, Vec<Event>) {
        let mut events: Vec<Raw> = batch.iter().filter_map(|event| self.read(event, now)).collect();
        let Some(first) = events.first().map(Raw::at) else { return (Vec::new(), Vec::new()) };
        let rested = self.moved_at.is_none_or(|moved| first - moved >= ASK_AFTER);
        let unknown = events.iter().any(|event| matches!(event, Raw::Somewhere { .. }));
        let mut later = Vec::new();
        if (rested || unknown)
            && let Some(asked) = self.ask()
        {
            let now = clock::now();
            events.extend(asked.before.iter().filter_map(|event| self.read(event, now)));
            let back = events.iter().rev().map(Raw::step);
            self.place = back.fold(self.place, |(x, y), (dx, dy)| (x - dx, y - dy));
            later = asked.after;
        }
        self.moved_at = events.last().map(Raw::at);
        (events.iter().map(|event| self.follow(event)).collect(), later)
    }

    fn follow(&mut self, event: &Raw) -> Record {
        let (dx, dy) = event.step();
        let inside = |value: f64, size: f64| value.clamp(0.0, (size - 0.01).max(0.0));
        let (width, height) = self.bounds;
        self.place = (inside(self.place.0 + dx, width), inside(self.place.1 + dy, height));
        let (x, y) = pixel(self.place);
        match *event {
            Raw::By { at, .. } | Raw::Somewhere { at } => Record::Move { at, x, y },
            Raw::Button { at, number: 4..=7, .. } => Record::Wheel { at, x, y },
            Raw::Button { at, number, down } => Record::Button { at, x, y, number, down },
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
                self.placed.clear();
                None
            }
            _ => None,
        }
    }

    fn motion(&mut self, moved: &RawButtonPressEvent, now: Timestamp) -> Option<Raw> {
        let at = stamp(moved.time, now);
        let (roster, source) = (&self.roster, moved.sourceid);
        if *self.placed.entry(source).or_insert_with(|| roster.is_placed(source)) {
            return Some(Raw::Somewhere { at });
        }
        let axes = moved.valuator_mask.first().copied().unwrap_or(0);
        let mut values = moved.axisvalues.iter().map(number);
        // Values come in the order of the mask's bits; scrolling has axes of its own behind.
        let mut next = |bit: u32| if axes & bit != 0 { values.next() } else { None };
        let (dx, dy) = (next(1), next(2));
        if dx.is_none() && dy.is_none() {
            return None;
        }
        Some(Raw::By { at, dx: dx.unwrap_or(0.0), dy: dy.unwrap_or(0.0) })
    }
}

impl Raw {
    const fn at(&self) -> Timestamp {
        match self {
            Self::By { at, .. } | Self::Somewhere { at } | Self::Button { at, .. } => *at,
        }
    }

    const fn step(&self) -> (f64, f64) {
        match self {
            Self::By { dx, dy, .. } => (*dx, *dy),
            Self::Somewhere { .. } | Self::Button { .. } => (0.0, 0.0),
        }
    }
}

fn raw_button(event: &RawButtonPressEvent, down: bool, now: Timestamp) -> Option<Raw> {
    let number = u8::try_from(event.detail).ok()?;
    Some(Raw::Button { at: stamp(event.time, now), number, down })
}

fn number(value: &Fp3232) -> f64 {
    f64::from(value.integral) + f64::from(value.frac) / 4_294_967_296.0
}

/// Whole pixels, as every other program sees the pointer.
fn pixel((x, y): (f64, f64)) -> (f32, f32) {
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
    fn fixed_point_numbers_below_zero() {
        assert_eq!(number(&Fp3232 { integral: -1, frac: 1 << 31 }), -0.5);
    }
}
