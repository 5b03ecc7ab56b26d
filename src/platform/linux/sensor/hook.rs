//! The `rdev` hook inside the sensor process. Keys are dropped in the hook's callback before anything
//! else happens; nothing here blocks the hook, stores an event or looks at what the movement means.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rdev::{Button, Event};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::choice::Surroundings;
use super::outlet::{Outlet, Pipe};
use super::process::{Hook, start};
use super::record::Record;
use super::refusal::Refusal;
use super::roster::Roster;
use super::silence::Silence;
use super::tap::{Scout, Tap};
use super::translate::Translator;
use crate::platform::clock;

/// After so many events the tap is emptied; the server's sockets hold about 270.
const DRAIN_EVERY: u32 = 64;
/// How often the tap is emptied at most when the hook sees nothing of what moves it.
const DRAIN_PAUSE: Duration = Duration::from_millis(250);
/// How long the hook may take to come up before it is taken for up.
const HOOK_PATIENCE: Duration = Duration::from_secs(2);

/// The hook of the `rdev` library on an X server.
pub struct RdevHook {
    scout: Arc<Scout>,
    roster: Roster,
    tap: Option<Arc<Tap>>,
    place: (f32, f32),
    held: u32,
}

impl RdevHook {
    /// Looks whether the display can be hooked. `untapped` leaves its buffering as it is; only the
    /// benchmark wants that.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn open(session: &Surroundings, untapped: bool) -> Result<Self, Refusal> {
        if session.wayland {
            return Err(Refusal::Wayland);
        }
        let display = session.display.as_deref().ok_or(Refusal::NoDisplay)?;
        let scout = Arc::new(Scout::open(display)?);
        let tap = if untapped { None } else { Some(Arc::new(Tap::open(display)?)) };
        let (x, y, held) = scout.pointer().ok_or(Refusal::NoAnswer)?;
        let roster = Roster::open(display, "x11-rdev")?;
        Ok(Self { scout, roster, tap, place: (x, y), held: u32::from(held) << 1 })
    }
}

impl Hook for RdevHook {
    fn listen(self: Box<Self>, outlet: Outlet) -> Result<Infallible, Refusal> {
        let Self { scout, roster, tap, place, held } = *self;
        let drag = Arc::new(Drag::default());
        drag.set(held != 0);
        let told = Arc::new(AtomicU64::new(0));
        let (herald, follower) = (Arc::clone(outlet.pipe()), Arc::clone(outlet.pipe()));
        herald.describe(&roster.capture());
        if let Some(tap) = tap.clone() {
            let (scout, pipe) = (Arc::clone(&scout), Arc::clone(outlet.pipe()));
            let (drag, told) = (Arc::clone(&drag), Arc::clone(&told));
            let witness = Witness { tap, drag, told, scout };
            start("sensor-prod", move || witness.attend(&pipe))?;
        }
        start("sensor-roster", move || roster.follow(&follower))?;
        start("sensor-herald", move || announce(&scout, &herald))?;
        let translator = Translator::new(place, number);
        let mut writer = Writer { outlet, tap, translator, held, drag, told, since_drain: 0 };
        // Comes back only when the hook cannot be set up: Xlib ends the process with the display.
        match rdev::listen(move |event| writer.take(&event)) {
            Ok(()) | Err(_) => Err(Refusal::Hook),
        }
    }
}

/// Says that the hook is up as soon as it is.
fn announce(scout: &Scout, out: &Pipe) {
    let deadline = Instant::now() + HOOK_PATIENCE;
    while !scout.hook_is_up() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
    let Some((x, y, held)) = scout.pointer() else { return };
    out.write(&Record::Ready { at: clock::now(), x, y, held }.to_bytes());
}

/// Sees what moves by other means than the hook.
struct Witness {
    tap: Arc<Tap>,
    drag: Arc<Drag>,
    /// Events that the hook has told of.
    told: Arc<AtomicU64>,
    scout: Arc<Scout>,
}

impl Witness {
    /// Prods the server at each movement while a button is held; otherwise sleeps. Between, it
    /// empties the tap now and then, when the pointer moves. Ends the process when the hook tells
    /// nothing of what moves: its parent starts another one.
    fn attend(&self, pipe: &Pipe) {
        let mut silence = Silence::default();
        loop {
            let mut moved = [PollFd::from_borrowed_fd(self.tap.moved(), PollFlags::IN)];
            match poll(&mut moved, None) {
                Ok(_) if moved[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => return,
                Ok(_) if self.drag.held.load(Ordering::Acquire) => self.tap.prod(),
                Ok(_) => {
                    self.drag.wait(DRAIN_PAUSE);
                    self.tap.drain();
                }
                Err(Errno::INTR) => continue,
                Err(_) => return,
            }
            let pointer = || self.scout.pointer().map(|(x, y, _)| (x, y));
            if silence.moved(clock::now(), self.told.load(Ordering::Relaxed), pointer) {
                pipe.write(&Record::Refused(Refusal::Silent).to_bytes());
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
        let released = |(): &mut ()| !self.held.load(Ordering::Acquire);
        drop(self.changed.1.wait_timeout_while(guard, at_most, released));
    }
}

/// Lives in the hook's callback.
struct Writer {
    outlet: Outlet,
    tap: Option<Arc<Tap>>,
    translator: Translator,
    /// Bit n for button n.
    held: u32,
    drag: Arc<Drag>,
    told: Arc<AtomicU64>,
    since_drain: u32,
}

impl Writer {
    fn take(&mut self, event: &Event) {
        let Some(record) = self.translator.record(&event.event_type) else { return };
        self.outlet.send(record);
        self.told.fetch_add(1, Ordering::Relaxed);
        if let Record::Button { number, down, .. } = record {
            let bit = 1_u32.checked_shl(u32::from(number)).unwrap_or(0);
            self.held = if down { self.held | bit } else { self.held & !bit };
            self.drag.set(self.held != 0);
        }
        self.since_drain += 1;
        if self.since_drain >= DRAIN_EVERY {
            self.since_drain = 0;
            self.tap.iter().for_each(|tap| tap.drain());
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
