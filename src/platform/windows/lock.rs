//! Locks the session by Windows itself, then by a configured command. The first is believed only when
//! Windows tells that the session is locked. Nothing here unlocks.

use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use windows_sys::Win32::System::Shutdown::LockWorkStation;

use super::session::{Change, Listener, state};
use crate::error::{Failure, Kind, Result};
use crate::platform::{LockCommand, Locked, Locker, clock, lock_command};

/// How long Windows may take until the session is locked.
const CONFIRM: Duration = Duration::from_secs(3);
/// What locks, for the journal.
const BY: &str = "LockWorkStation";

/// Locks through Windows.
#[derive(Debug)]
pub struct SystemLocker {
    command: LockCommand,
    environment: Vec<(String, String)>,
}

impl SystemLocker {
    /// With a command for where Windows does not lock, and variables for it.
    pub const fn new(command: LockCommand, environment: Vec<(String, String)>) -> Self {
        Self { command, environment }
    }
}

impl Locker for SystemLocker {
    fn lock(&mut self) -> Result<Locked> {
        let refused = match by_windows() {
            Ok(()) => return Ok(Locked::Confirmed(BY.to_owned())),
            Err(reason) => reason,
        };
        lock_command::run(&self.command, &self.environment).map(Locked::Unverified).map_err(|why| {
            let what = format!("the screen could not be locked ({BY}: {refused}; {why})");
            Failure::new(Kind::Unavailable, what).remedy(
                "Locking may be switched off by a policy (DisableLockWorkstation); \
                 [lock] command names another way.",
            )
        })
    }
}

fn by_windows() -> Result<(), String> {
    let (heard, changes) = bounded(8);
    // Before asking: the answer may come at once.
    let listener = Listener::start(Box::new(move |change| {
        // When it is full, the lock was told of already.
        let _ = heard.try_send(change);
    }));
    // SAFETY: takes nothing. Success means only that the wish was passed on.
    if unsafe { LockWorkStation() } == 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    let told = listener.is_some() && is_told(&changes);
    if told || state().is_some_and(|(locked, _)| locked) {
        Ok(())
    } else {
        Err("asked, but the session was not locked".to_owned())
    }
}

/// Waits until Windows tells of the lock; `false` when it does not.
fn is_told(changes: &Receiver<Change>) -> bool {
    let deadline = clock::now().micros() + CONFIRM.as_micros() as i64;
    loop {
        let left = u64::try_from(deadline - clock::now().micros()).unwrap_or(0);
        match changes.recv_timeout(Duration::from_micros(left)) {
            Ok(Change::Locked(true)) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
