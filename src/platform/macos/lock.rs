//! Locks the session by what the menu's "Lock Screen" calls, then by a configured command, then by
//! putting the display to sleep. The first is believed only when macOS tells that the screen is
//! locked. Nothing here unlocks. Never run on a Mac so far.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::session::state;
use crate::error::{Failure, Kind, Result};
use crate::platform::{LockCommand, Locked, Locker, lock_command};

/// Where the function lives; it has no public header.
const LIBRARY: &str = "/System/Library/PrivateFrameworks/login.framework/Versions/Current/login";
const FUNCTION: &str = "SACLockScreenImmediate";
/// How long macOS may take until the screen is locked.
const CONFIRM: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Locks through macOS.
#[derive(Debug)]
pub struct SystemLocker {
    command: LockCommand,
    environment: Vec<(String, String)>,
}

impl SystemLocker {
    /// With a command for where macOS does not lock, and variables for it.
    pub const fn new(command: LockCommand, environment: Vec<(String, String)>) -> Self {
        Self { command, environment }
    }
}

impl Locker for SystemLocker {
    fn lock(&mut self) -> Result<Locked> {
        let refused = match by_login_framework() {
            Ok(()) => return Ok(Locked::Confirmed(FUNCTION.to_owned())),
            Err(reason) => reason,
        };
        let by_command = lock_command::run(&self.command, &self.environment);
        by_command.or_else(|why| by_sleep().map_err(|last| format!("{why}; {last}"))).map_or_else(
            |why| {
                let what = format!("the screen could not be locked ({FUNCTION}: {refused}; {why})");
                Err(Failure::new(Kind::Unavailable, what)
                    .remedy("[lock] command names a program that locks."))
            },
            |name| Ok(Locked::Unverified(name)),
        )
    }
}

fn by_login_framework() -> Result<(), String> {
    // SAFETY: a library of the system, which runs nothing of ours when it is loaded.
    let library = unsafe { libloading::Library::new(LIBRARY) }.map_err(|e| e.to_string())?;
    // SAFETY: the function takes nothing and returns a number, as every caller of it has it.
    let lock = unsafe { library.get::<unsafe extern "C" fn() -> i32>(FUNCTION.as_bytes()) };
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

/// Locks only where a password is required at once; nobody can tell.
fn by_sleep() -> Result<String, String> {
    let mut command = Command::new("/usr/bin/pmset");
    command.arg("displaysleepnow").stdin(Stdio::null()).stdout(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok("pmset displaysleepnow".to_owned()),
        Ok(status) => Err(format!("pmset: {status}")),
        Err(error) => Err(format!("pmset: {error}")),
    }
}
