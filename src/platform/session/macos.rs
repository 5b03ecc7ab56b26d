//! Tells when the session is locked, unlocked, loses the screen or has slept, as boundaries in the
//! time of the monotonic clock. macOS is asked once a second: what it tells by itself needs a run
//! loop. So far compiled only, and yet to be run on a Mac.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::Sender;
use objc2_core_foundation::{CFBoolean, CFDictionary, CFString, CFType};
use objc2_core_graphics::CGSessionCopyCurrentDictionary;

use crate::pipeline::event::Micros;
use crate::pipeline::{Boundary, Signal};
use crate::platform::clock;
use crate::platform::session::attendance::Attendance;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// A look that comes so late comes after a sleep.
const SLEPT: Micros = Micros::from_millis(5_000);

/// Looks for as long as it lives.
#[derive(Debug)]
pub struct SessionWatch {
    over: Arc<AtomicBool>,
}

impl SessionWatch {
    /// Starts to look; `None` where there is no session with a screen. Boundaries go into
    /// `signals`, with the meaning that they have on every system.
    pub fn start(signals: Sender<Signal>) -> Option<Self> {
        let attendance = state()?;
        if attendance.is_away() {
            send(&signals, Boundary::Locked);
        }
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        thread::Builder::new()
            .name("session-watch".to_owned())
            .spawn(move || look(attendance, &signals, &ended))
            .ok()?;
        Some(Self { over })
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn look(mut attendance: Attendance, signals: &Sender<Signal>, over: &AtomicBool) {
    let mut looked = clock::now();
    while !over.load(Ordering::Relaxed) {
        thread::sleep(LOOK);
        let now = clock::now();
        if now - looked > SLEPT {
            send(signals, Boundary::Suspended);
        }
        looked = now;
        let Some(state) = state() else { continue };
        let changed = attendance.changed(Some(state.locked), Some(state.active));
        if let Some(kind) = changed {
            send(signals, kind);
        }
    }
}

fn send(signals: &Sender<Signal>, kind: Boundary) {
    // When nobody listens any more there is nobody to tell.
    let _ = signals.send(Signal::Boundary { at: clock::now(), kind });
}

/// How the session is now; `None` where it has no screen at all.
pub(crate) fn state() -> Option<Attendance> {
    let session = CGSessionCopyCurrentDictionary()?;
    Some(Attendance {
        locked: flag(&session, "CGSSessionScreenIsLocked").unwrap_or(false),
        active: flag(&session, "kCGSSessionOnConsoleKey").unwrap_or(true),
    })
}

fn flag(session: &CFDictionary, name: &str) -> Option<bool> {
    let key = CFString::from_str(name);
    let key: *const CFString = &*key;
    // SAFETY: keys of this dictionary are such texts; what comes back lives as long as it does.
    let value = unsafe { session.value(key.cast()).cast::<CFType>().as_ref() }?;
    value.downcast_ref::<CFBoolean>().map(CFBoolean::value)
}
