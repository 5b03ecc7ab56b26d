//! Listening to the real capture process process until it has told what a test waits for. Nothing
//! is moved here.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mousewarden::pipeline::{Boundary, Signal};
use mousewarden::platform::capture::CaptureProcess;
use mousewarden::platform::{EventSource, Next};

/// How long anything may take on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The program whose capture process is meant.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_mousewarden"))
}

/// Reads until a signal fits; everything up to and with it.
///
/// # Panics
/// When nothing fits in time, or the mouse ends.
pub fn until(source: &mut CaptureProcess, fits: impl Fn(&Signal) -> bool) -> Vec<Signal> {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    loop {
        match source.next(Some(Duration::from_millis(100))).unwrap() {
            Next::Signal(signal) => {
                seen.push(signal);
                if fits(&signal) {
                    return seen;
                }
            }
            Next::Nothing => assert!(Instant::now() < deadline, "only {seen:?}"),
            Next::End => panic!("the mouse ended"),
        }
    }
}

/// Whether a signal is a boundary of this kind.
pub fn is(kind: Boundary) -> impl Fn(&Signal) -> bool {
    move |signal| matches!(signal, Signal::Boundary { kind: is, .. } if *is == kind)
}
