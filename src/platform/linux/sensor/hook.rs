//! The sensor process: holds the hook and writes what the mouse does into a pipe. Keys are dropped
//! in the hook's callback before anything else happens; nothing here blocks the hook, stores an
//! event or looks at what the movement means.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rdev::{Button, Event, EventType};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::record::{Record, SIZE};
use super::refusal::Refusal;
use super::tap::{Scout, Tap};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::Timestamp;
use crate::platform::clock;

/// Room of the pipe in bytes: at 1000 events a second it takes eleven seconds to fill.
const PIPE_BYTES: usize = 256 * 1024;
/// After so many events the tap is emptied; the server's sockets hold about 270.
const DRAIN_EVERY: u32 = 64;
/// How often the tap is emptied at most when the hook sees nothing of what moves it.
const DRAIN_PAUSE: Duration = Duration::from_millis(250);
/// How long the hook may take to come up before it is taken for up.
const HOOK_PATIENCE: Duration = Duration::from_secs(2);

/// What the sensor has to know of its environment.
#[derive(Debug, Clone, Default)]
pub struct HookParams {
    /// `DISPLAY`.
    pub display: Option<String>,
    /// Whether the session is a Wayland one.
    pub wayland: bool,
    /// Leaves the X server's buffering as it is; only the benchmark wants that.
    pub untapped: bool,
}

/// Runs the hook until the parent closes `lifeline`. Writes records to `out`, which must be a
/// pipe: first that the hook is up, or why it cannot be.
///
/// # Errors
/// Why there is no hook; the parent has been told.
pub fn run(params: &HookParams, lifeline: OwnedFd, out: OwnedFd) -> Result<()> {
    let out = Pipe::new(out)?;
    hook(params, lifeline, &out).map_err(|refusal| {
        out.write(&Record::Refused(refusal).to_bytes());
        refusal.failure()
    })
}

fn hook(params: &HookParams, lifeline: OwnedFd, out: &Arc<Pipe>) -> Result<(), Refusal> {
    if params.wayland {
        return Err(Refusal::Wayland);
    }
    let display = params.display.as_deref().filter(|display| !display.is_empty());
    let display = display.ok_or(Refusal::NoDisplay)?;
    let scout = Scout::open(display)?;
    let tap = if params.untapped { None } else { Some(Arc::new(Tap::open(display)?)) };
    let place = scout.pointer().ok_or(Refusal::NoAnswer)?;
    let drag = Arc::new(Drag::default());
    drag.set(place.2 != 0);
    let mut writer = Writer {
        tap: tap.clone(),
        drag: Arc::clone(&drag),
        place: (place.0, place.1),
        held: u32::from(place.2) << 1,
        ..Writer::to(Arc::clone(out))
    };
    start("sensor-warden", move || watch_lifeline(&lifeline))?;
    if let Some(tap) = tap {
        start("sensor-prod", move || prod_while_held(&tap, &drag))?;
    }
    let herald = Arc::clone(out);
    start("sensor-herald", move || announce(&scout, &herald))?;
    // Comes back only when the hook cannot be set up: Xlib ends the process with the display.
    match rdev::listen(move |event| writer.take(&event)) {
        Ok(()) | Err(_) => Err(Refusal::Hook),
    }
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Refusal> {
    let started = thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024).spawn(work);
    started.map(drop).map_err(|_| Refusal::Hook)
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

/// Ends the process when the parent is gone, which closes the other end of `lifeline`.
fn watch_lifeline(lifeline: &OwnedFd) {
    loop {
        match poll(&mut [PollFd::new(lifeline, PollFlags::IN)], None) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => std::process::exit(0),
        }
    }
}

/// Prods the server at each movement while a button is held; otherwise sleeps. Between, it empties
/// the tap now and then when the pointer moves and the hook sees nothing of it.
fn prod_while_held(tap: &Tap, drag: &Drag) {
    loop {
        let mut moved = [PollFd::from_borrowed_fd(tap.moved(), PollFlags::IN)];
        match poll(&mut moved, None) {
            Ok(_) if moved[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => return,
            Ok(_) if drag.held.load(Ordering::Acquire) => tap.prod(),
            Ok(_) => {
                drag.wait(DRAIN_PAUSE);
                tap.drain();
            }
            Err(Errno::INTR) => {}
            Err(_) => return,
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

/// The writing end towards the parent.
struct Pipe(OwnedFd);

impl Pipe {
    fn new(out: OwnedFd) -> Result<Arc<Self>> {
        let unfit = |error: Errno| Failure::io("standard output of the sensor", error.into());
        if rustix::termios::isatty(&out) {
            let what = "the sensor speaks to mousewarden only, not to a terminal";
            return Err(Failure::new(Kind::Unavailable, what).remedy("Run `mousewarden run`."));
        }
        let flags = fcntl_getfl(&out).map_err(unfit)?;
        fcntl_setfl(&out, flags | OFlags::NONBLOCK).map_err(unfit)?;
        // A smaller pipe does too.
        let _ = rustix::pipe::fcntl_setpipe_size(&out, PIPE_BYTES);
        Ok(Arc::new(Self(out)))
    }

    /// Whether the parent will read it. Never waits; ends the process when the parent is gone.
    fn write(&self, bytes: &[u8]) -> bool {
        loop {
            match rustix::io::write(self.0.as_fd(), bytes) {
                Ok(_) => return true,
                Err(Errno::INTR) => {}
                Err(Errno::PIPE) => std::process::exit(0),
                Err(_) => return false,
            }
        }
    }
}

/// Lives in the hook's callback.
struct Writer {
    out: Arc<Pipe>,
    tap: Option<Arc<Tap>>,
    /// Where the pointer was last; the hook tells no place with a button.
    place: (f32, f32),
    /// Bit n for button n.
    held: u32,
    drag: Arc<Drag>,
    since_drain: u32,
    lost: bool,
}

impl Writer {
    fn to(out: Arc<Pipe>) -> Self {
        let (drag, place) = (Arc::default(), (0.0, 0.0));
        Self { out, tap: None, place, held: 0, drag, since_drain: 0, lost: false }
    }

    fn take(&mut self, event: &Event) {
        let Some(record) = self.record(&event.event_type) else { return };
        self.send(record);
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

    /// `None` for everything that is not the mouse's.
    fn record(&mut self, event: &EventType) -> Option<Record> {
        let at = match event {
            EventType::KeyPress(_) | EventType::KeyRelease(_) => return None,
            _ => clock::now(),
        };
        if let EventType::MouseMove { x, y } = event {
            self.place = (*x as f32, *y as f32);
        }
        let (x, y) = self.place;
        Some(match event {
            EventType::MouseMove { .. } => Record::Move { at, x, y },
            EventType::ButtonPress(button) => button_record(at, (x, y), *button, true)?,
            EventType::ButtonRelease(button) => button_record(at, (x, y), *button, false)?,
            EventType::Wheel { .. } => Record::Wheel { at, x, y },
            EventType::KeyPress(_) | EventType::KeyRelease(_) => return None,
        })
    }

    /// Hands the record to the pipe, and before it that others were lost, if they were.
    fn send(&mut self, record: Record) {
        if !self.lost {
            self.lost = !self.out.write(&record.to_bytes());
            return;
        }
        let mut both = [0; 2 * SIZE];
        both[..SIZE].copy_from_slice(&Record::Overflow { at: clock::now() }.to_bytes());
        both[SIZE..].copy_from_slice(&record.to_bytes());
        self.lost = !self.out.write(&both);
    }
}

/// X11 numbers; 4 to 7 are the wheel, whose releases the hook reports in part.
fn button_record(at: Timestamp, (x, y): (f32, f32), button: Button, down: bool) -> Option<Record> {
    let number = match button {
        Button::Left => 1,
        Button::Middle => 2,
        Button::Right => 3,
        Button::Unknown(4..=7) => return None,
        Button::Unknown(number) => number,
    };
    Some(Record::Button { at, x, y, number, down })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_no_trace() {
        let (_reader, writer) = rustix::pipe::pipe().unwrap();
        let out = Pipe::new(writer).unwrap();
        let mut writer = Writer::to(out);
        for key in [rdev::Key::KeyA, rdev::Key::Unknown(7)] {
            assert_eq!(writer.record(&EventType::KeyPress(key)), None);
            assert_eq!(writer.record(&EventType::KeyRelease(key)), None);
        }
        assert_eq!(writer.since_drain, 0);
    }

    #[test]
    fn a_full_pipe_never_blocks_and_says_that_something_was_lost() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let out = Pipe::new(writer).unwrap();
        let mut writer = Writer::to(out);
        let at = Timestamp::from_micros(1);
        while !writer.lost {
            writer.send(Record::Move { at, x: 1.0, y: 1.0 });
        }
        let mut buffer = vec![0; 2 * PIPE_BYTES];
        let full = rustix::io::read(&reader, &mut buffer).unwrap();
        assert_eq!(full % SIZE, 0);
        writer.send(Record::Move { at, x: 2.0, y: 2.0 });
        let read = rustix::io::read(&reader, &mut buffer).unwrap();
        assert_eq!(read, 2 * SIZE);
        let first = buffer.first_chunk::<SIZE>().and_then(Record::from_bytes);
        assert!(matches!(first, Some(Record::Overflow { .. })));
    }
}
