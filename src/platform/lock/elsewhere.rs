//! Locks the session by the system's own way, then by a configured command, then by what else the
//! system has. The first is believed only when the system tells that the screen is locked.

use super::here::{BY, REMEDY, by_last_resort, by_system};
use crate::error::{Failure, FailureKind, Result};
use crate::platform::lock::command;
use crate::platform::{LockCommand, Locked, Locker, StartedLocker};

/// Locks through the system.
#[derive(Debug)]
pub(crate) struct SystemLocker {
    command: LockCommand,
    environment: Vec<(String, String)>,
}

impl SystemLocker {
    /// With a command for where the system does not lock, and variables for it.
    pub(crate) const fn new(command: LockCommand, environment: Vec<(String, String)>) -> Self {
        Self { command, environment }
    }
}

impl Locker for SystemLocker {
    fn lock(&mut self, started: &dyn Fn(StartedLocker)) -> Result<Locked> {
        let refused = match by_system() {
            Ok(()) => return Ok(Locked::Confirmed(BY.to_owned())),
            Err(reason) => reason,
        };
        command::run(&self.command, &self.environment, command::PATIENCE, started)
            .or_else(|why| by_last_resort().map_err(|last| format!("{why}; {last}")))
            .map(Locked::Unverified)
            .map_err(|why| {
                let what = format!("the screen could not be locked ({BY}: {refused}; {why})");
                Failure::new(FailureKind::Unavailable, what).remedy(REMEDY)
            })
    }

    fn fault(&self) -> Option<String> {
        if self.command.is_empty() { None } else { command::find(&self.command).err() }
    }
}
