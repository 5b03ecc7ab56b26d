//! Windows' way to lock the session, believed only when Windows tells that it is locked.

use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use windows_sys::Win32::System::Shutdown::LockWorkStation;

use crate::platform::clock;
use crate::platform::session::windows::{Change, Listener, state};

/// How long Windows may take until the session is locked.
const CONFIRM: Duration = Duration::from_secs(3);
/// What locks, for the journal.
pub(crate) const BY: &str = "LockWorkStation";
/// What to do where nothing locks.
pub(crate) const REMEDY: &str = "Locking may be switched off by a policy (DisableLockWorkstation); \
                          [lock] command names another way.";

/// Locks as the key combination does.
///
/// # Errors
/// Why it did not, in a few words.
pub(crate) fn by_system() -> Result<(), String> {
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

/// There is none.
///
/// # Errors
/// Always.
pub(crate) fn by_last_resort() -> Result<String, String> {
    Err("Windows has no other way".to_owned())
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
