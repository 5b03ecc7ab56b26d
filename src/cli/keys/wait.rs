//! What `run` does while the key store is locked or silent: it waits, because it may be unlocked
//! after the session has begun, and says so once.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::OwnerKeys;
use crate::agent::Command;
use crate::cli::context::Context;
use crate::cli::first_hours::tell;
use crate::cli::unknown_owner::is_service;
use crate::data::reseal;
use crate::platform::supervisor::Supervisor;
use crate::sealing::{self, KeyFault};

/// How often the key store is asked again.
const LOOK: Duration = Duration::from_secs(6);

/// Waits until the key of the model can be had, or it is clear that it never will; in a terminal
/// nothing is waited for, because the error that follows says what to do. Whether the watch is to
/// begin: somebody may want this process to end.
pub(crate) fn wait(context: &Context, commands: &Receiver<Command>) -> bool {
    if io::stderr().is_terminal() || !is_service() {
        return true;
    }
    let Some(KeyFault::Unavailable(why, remedy)) = temporary_fault(context) else { return true };
    let supervisor = Supervisor::from_environment();
    supervisor.ready();
    supervisor.doing("waiting for the key store");
    tell("Not watching yet", &format!("The key of your files cannot be had: {why}. {remedy}"));
    while temporary_fault(context).is_some() {
        match commands.recv_timeout(supervisor.pulse().unwrap_or(LOOK).min(LOOK)) {
            Ok(Command::Stop(_)) | Err(RecvTimeoutError::Disconnected) => return false,
            Ok(_) | Err(RecvTimeoutError::Timeout) => supervisor.alive(),
        }
    }
    true
}

/// Why the key of the model, or the one in force, cannot be had now.
fn temporary_fault(context: &Context) -> Option<KeyFault> {
    let of_model = reseal::key_of(&context.model(None)).ok().flatten();
    let id = of_model.or_else(|| OwnerKeys::of(&context.paths).current())?;
    sealing::key_of(id).err().filter(KeyFault::is_temporary)
}
