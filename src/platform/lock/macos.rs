//! macOS's ways to lock the session: what the menu's "Lock Screen" calls, which is believed only
//! when macOS tells that the screen is locked, and putting the display to sleep. So far compiled
//! only, and yet to be run on a Mac.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::platform::session::macos::state;

/// Where the function that locks lives; it has no public header.
const LIBRARY: &str = "/System/Library/PrivateFrameworks/login.framework/Versions/Current/login";
/// That function: what locks, for the journal.
pub(crate) const BY: &str = "SACLockScreenImmediate";
/// What to do where nothing locks.
pub(crate) const REMEDY: &str = "[lock] command names a program that locks.";
/// How long macOS may take until the screen is locked.
const CONFIRM: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Locks as the menu does.
///
/// # Errors
/// Why it did not, in a few words.
pub(crate) fn by_system() -> Result<(), String> {
    // SAFETY: a library of the system, which runs nothing of ours when it is loaded.
    let library = unsafe { libloading::Library::new(LIBRARY) }.map_err(|e| e.to_string())?;
    // SAFETY: the function takes nothing and returns a number, as every caller of it has it.
    let lock = unsafe { library.get::<unsafe extern "C" fn() -> i32>(BY.as_bytes()) };
    // SAFETY: as above.
    match unsafe { lock.map_err(|e| e.to_string())?() } {
        0 => confirm(),
        code => Err(format!("code {code}")),
    }
}

fn confirm() -> Result<(), String> {
    let deadline = Instant::now() + CONFIRM;
    while Instant::now() < deadline {
        if state().is_some_and(|state| state.locked) {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    Err("asked, but the screen was not locked".to_owned())
}

/// Puts the display to sleep, which locks only where a password is required at once; nobody can
/// tell.
///
/// # Errors
/// Why it did not, in a few words.
pub(crate) fn by_last_resort() -> Result<String, String> {
    let mut command = Command::new("/usr/bin/pmset");
    command.arg("displaysleepnow").stdin(Stdio::null()).stdout(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok("pmset displaysleepnow".to_owned()),
        Ok(status) => Err(format!("pmset: {status}")),
        Err(error) => Err(format!("pmset: {error}")),
    }
}
