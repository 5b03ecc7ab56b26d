//! The `rdev` hook inside the capture process, blocked at most for the time of an answer of the X
//! server.
//!
//! # Invariants
//! Keys are dropped in the hook's callback before anything else happens.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rdev::{Button, Event, EventType};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use x11rb::protocol::Event as XEvent;

use super::backend::{Hook, start};
use super::choice::Surroundings;
use super::confine;
use super::devices::{Description, DeviceList, Devices};
use super::origin::{Pairs, Place, RawMotion};
use super::pipe_writer::{Line, PipeWriter};
use super::record::Record;
use super::refusal::Refusal;
use super::tap::{PlainConnection, Tap};
use super::tracker::first_two;
use super::translate::{Origin, Translator};
use super::watchdog::MotionWatchdog;
use crate::platform::{CaptureBackend, clock};

/// After so many events the tap is emptied; the server's sockets hold about 270.
const DRAIN_EVERY: u32 = 64;
/// How often the tap is emptied at most when the hook sees nothing of what moves it.
const DRAIN_PAUSE: Duration = Duration::from_millis(250);
/// How long the hook may take to come up before it is taken for up.
const HOOK_PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked after that, once in each such span.
const LATER_LOOKS: u32 = 30;
/// How often it is looked whether it is.
const LOOK: Duration = Duration::from_millis(2);

/// The hook of the `rdev` library on an X server.
pub(crate) struct RdevHook {
    connection: Arc<PlainConnection>,
    /// Describes the monitors, from a thread of its own.
    follower: DeviceList,
    /// Asks about devices.
    devices: DeviceList,
    tap: Option<Tap>,
    place: (f32, f32),
    held: u32,
}

impl RdevHook {
    /// Looks whether the display can be hooked. `untapped` leaves its buffering as it is; only the
    /// benchmark wants that.
    ///
    /// # Errors
    /// Why it cannot.
    pub(crate) fn open(session: &Surroundings, untapped: bool) -> Result<Self, Refusal> {
        if session.wayland {
            return Err(Refusal::Wayland);
        }
        let display = session.display.as_deref().ok_or(Refusal::NoDisplay)?;
        let connection = Arc::new(PlainConnection::open(display)?);
        let tap = if untapped { None } else { Some(Tap::open(display)?) };
        let (x, y, held) = connection.pointer().ok_or(Refusal::NoAnswer)?;
        let [follower, devices] = [(); 2].map(|()| DeviceList::open(display, "x11-rdev"));
        let follower = follower?;
        let devices = devices?;
        Ok(Self { connection, follower, devices, tap, place: (x, y), held: u32::from(held) << 1 })
    }
}

impl Hook for RdevHook {
    fn listen(self: Box<Self>, writer: PipeWriter) -> Result<Infallible, Refusal> {
        let Self { connection, follower, devices, tap, place, held } = *self;
        let drag = Arc::new(Drag::default());
        drag.set(held != 0);
        let told = Arc::new(AtomicU64::new(0));
        let description = Description::begin(Arc::clone(writer.line()), follower.capture());
        let devices = Devices::new(devices, Arc::clone(&description));
        let origins = tap.map(|tap| Arc::new(Origins::new(tap, devices)));
        if let Some(origins) = origins.clone() {
            let connection = Arc::clone(&connection);
            let drag = Arc::clone(&drag);
            let told = Arc::clone(&told);
            let sink = OtherMotion { origins, drag, told, connection };
            let line = Arc::clone(writer.line());
            start("capture-prod", move || sink.attend(&line))?;
        }
        start("capture-devices", move || follower.follow(&description))?;
        let line = Arc::clone(writer.line());
        let pairs = origins.clone();
        start("capture-notify", move || announce(&connection, pairs.as_deref(), &line))?;
        let translator = Translator::new(place, number);
        let mut writer = Writer { writer, origins, translator, held, drag, told, since_drain: 0 };
        // Comes back only when the hook cannot be set up: Xlib ends the process with the display.
        match rdev::listen(move |event| writer.take(&event)) {
            Ok(()) | Err(_) => Err(Refusal::Hook),
        }
    }
}

/// Shuts the process in and says that the hook is up as soon as it is.
fn announce(connection: &PlainConnection, origins: Option<&Origins>, line: &Line) {
    let deadline = Instant::now() + HOOK_PATIENCE;
    let mut up = connection.hook_is_up();
    while !up && Instant::now() < deadline {
        thread::sleep(LOOK);
        up = connection.hook_is_up();
    }
    // What moved before has no place that was told.
    origins.into_iter().for_each(Origins::forget);
    if up {
        confine::after_set_up(CaptureBackend::Rdev);
    }
    let Some((x, y, held)) = connection.pointer() else { return };
    line.write(&Record::Ready { at: clock::now(), x, y, held }.to_bytes());
    // On a slow machine it may come up later; shut in before, it never would.
    for _ in 0..LATER_LOOKS {
        if up {
            return;
        }
        thread::sleep(HOOK_PATIENCE);
        up = connection.hook_is_up();
        if up {
            confine::after_set_up(CaptureBackend::Rdev);
        }
    }
}

/// What is behind the places that the hook tells of.
struct Origins {
    tap: Tap,
    state: Mutex<(Pairs, Devices)>,
}

impl Origins {
    fn new(tap: Tap, devices: Devices) -> Self {
        Self { tap, state: Mutex::new((Pairs::default(), devices)) }
    }

    /// What moved the pointer from here to there; a device is told, if it is another one.
    fn of(&self, from: Place, to: Place) -> Origin {
        let (pairs, devices) = &mut *self.lock();
        self.read(pairs, devices);
        let device = pairs.take(from, to).or_else(|| {
            // Its raw event would have been sent before; the server's answer makes that sure.
            pairs.fit(self.tap.settle());
            self.read(pairs, devices);
            pairs.take(from, to)
        });
        let Some(device) = device else {
            pairs.pass();
            return Origin::Program;
        };
        devices.moved(clock::now(), device);
        Origin::Device
    }

    /// Takes in what has come.
    fn catch_up(&self) {
        let (pairs, devices) = &mut *self.lock();
        self.read(pairs, devices);
    }

    fn forget(&self) {
        let size = self.tap.settle();
        self.catch_up();
        let pairs = &mut self.lock().0;
        pairs.forget();
        pairs.fit(size);
    }

    fn read(&self, pairs: &mut Pairs, devices: &mut Devices) {
        while let Some(event) = self.tap.next_raw() {
            match event {
                XEvent::XinputRawMotion(moved) => {
                    let device = moved.sourceid;
                    let Some(by) = first_two(&moved) else { continue };
                    let at = clock::now();
                    let values = devices.values(device);
                    pairs.add(RawMotion { at, device, values, by, passed: 0 });
                }
                XEvent::XinputRawButtonPress(press) => devices.moved(clock::now(), press.sourceid),
                XEvent::XinputHierarchy(_) => {
                    pairs.forget();
                    devices.forget();
                }
                _ => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Pairs, Devices)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees what moves by other means than the hook.
struct OtherMotion {
    origins: Arc<Origins>,
    drag: Arc<Drag>,
    /// Events that the hook has told of.
    told: Arc<AtomicU64>,
    connection: Arc<PlainConnection>,
}

impl OtherMotion {
    /// Prods the server at each movement while a button is held; otherwise sleeps. Between, it
    /// empties the tap now and then, when the pointer moves. Ends the process when the hook tells
    /// nothing of what moves: its parent starts another one.
    fn attend(&self, line: &Line) {
        let tap = &self.origins.tap;
        let mut silence = MotionWatchdog::default();
        loop {
            let mut moved = [PollFd::from_borrowed_fd(tap.moved(), PollFlags::IN)];
            match poll(&mut moved, None) {
                Ok(_) if moved[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => {
                    std::process::exit(1)
                }
                Ok(_) if self.drag.held.load(Ordering::Acquire) => tap.prod(),
                Ok(_) => {
                    self.drag.wait(DRAIN_PAUSE);
                    tap.drain();
                }
                Err(Errno::INTR) => continue,
                Err(_) => std::process::exit(1),
            }
            self.origins.catch_up();
            if silence.moved(clock::now(), self.told.load(Ordering::Relaxed), || {
                self.connection.pointer().map(|(x, y, _)| (x, y))
            }) {
                line.write(&Record::Refused(Refusal::Silent).to_bytes());
                std::process::exit(1);
            }
        }
    }
}

/// Whether a button is held, as the callback tells the prodding thread.
#[derive(Default)]
struct Drag {
    held: AtomicBool,
    changed: (Mutex<()>, Condvar),
}

impl Drag {
    fn set(&self, held: bool) {
        self.held.store(held, Ordering::Release);
        if held {
            drop(self.changed.0.lock());
            self.changed.1.notify_one();
        }
    }

    /// Until a button is held, or for this long.
    fn wait(&self, at_most: Duration) {
        let Ok(guard) = self.changed.0.lock() else { return };
        drop(
            self.changed.1.wait_timeout_while(guard, at_most, |(): &mut ()| {
                !self.held.load(Ordering::Acquire)
            }),
        );
    }
}

/// Lives in the hook's callback.
struct Writer {
    writer: PipeWriter,
    origins: Option<Arc<Origins>>,
    translator: Translator,
    /// Bit n for button n.
    held: u32,
    drag: Arc<Drag>,
    told: Arc<AtomicU64>,
    since_drain: u32,
}

impl Writer {
    fn take(&mut self, event: &Event) {
        let origin = match (&event.event_type, &self.origins) {
            (EventType::MouseMove { x, y }, Some(origins)) => {
                origins.of(self.translator.place(), (*x as f32, *y as f32))
            }
            _ => Origin::Unknown,
        };
        let is_move = matches!(event.event_type, EventType::MouseMove { .. });
        let record = self.translator.record(&event.event_type, origin);
        if is_move || record.is_some() {
            self.heard();
        }
        let Some(record) = record else { return };
        self.writer.send(record);
        if let Record::Button { number, down, .. } = record {
            let bit = 1_u32.checked_shl(u32::from(number)).unwrap_or(0);
            self.held = if down { self.held | bit } else { self.held & !bit };
            self.drag.set(self.held != 0);
        }
    }

    /// The hook lives.
    fn heard(&mut self) {
        self.told.fetch_add(1, Ordering::Relaxed);
        self.since_drain += 1;
        if self.since_drain >= DRAIN_EVERY {
            self.since_drain = 0;
            self.origins.iter().for_each(|origins| origins.tap.drain());
        }
    }
}

/// X11 numbers; 4 to 7 are the wheel, whose releases the hook reports in part.
const fn number(button: Button) -> Option<u8> {
    Some(match button {
        Button::Left => 1,
        Button::Middle => 2,
        Button::Right => 3,
        Button::Unknown(4..=7) => return None,
        Button::Unknown(number) => number,
    })
}
