//! What `run` does while nobody is enrolled: it asks for an enrolment, goes on with one that was
//! begun, and gives way to the watch as soon as there is a model.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::context::Context;
use super::enroll::EnrollArgs;
use super::first_hours::tell;
use crate::agent::Command;
use crate::agent::instance;
use crate::error::Result;
use crate::platform::supervisor::Supervisor;

/// How often is looked whether somebody has enrolled meanwhile.
const LOOK: Duration = Duration::from_secs(2);
/// What is asked, on the desktop and on the terminal.
pub(super) const ASK: &str = "Run `mousewarden --enroll` in a terminal. It takes about 20 minutes of your \
                   ordinary work and never interrupts it.";

/// How the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// There is a model, or it is for the watch to say what is wrong.
    Yes,
    /// Somebody wants this process to end.
    Stopped,
}

/// Waits, where nobody is enrolled, until somebody is; in a terminal nothing is waited for, because
/// the error that follows says what to do.
///
/// # Errors
/// When the enrolment that was begun cannot be ended.
pub(super) fn wait(context: &Context, commands: &Receiver<Command>) -> Result<Known> {
    let model = context.model(None);
    if model.exists() || io::stderr().is_terminal() || !is_service() {
        return Ok(Known::Yes);
    }
    let supervisor = Supervisor::from_environment();
    supervisor.ready();
    supervisor.doing("waiting for an enrolment");
    if !is_begun(context) {
        tell("mousewarden is new here", ASK);
    }
    while !model.exists() {
        if is_begun(context) && instance::holder(&context.paths.enrol_lock()).is_none() {
            return enrol(context, &supervisor);
        }
        match commands.recv_timeout(supervisor.pulse().unwrap_or(LOOK).min(LOOK)) {
            Ok(Command::Stop(_)) | Err(RecvTimeoutError::Disconnected) => {
                return Ok(Known::Stopped);
            }
            Ok(_) | Err(RecvTimeoutError::Timeout) => supervisor.alive(),
        }
    }
    Ok(Known::Yes)
}

/// Goes on with what was begun, beside its owner's work.
fn enrol(context: &Context, supervisor: &Supervisor) -> Result<Known> {
    supervisor.doing("getting to know its owner");
    tell(
        "Getting to know you",
        "mousewarden goes on with your enrolment while you work, and says when it is done.",
    );
    EnrollArgs::default().run()?;
    Ok(if context.model(None).exists() { Known::Yes } else { Known::Stopped })
}

/// Whether there are recordings to go on from.
fn is_begun(context: &Context) -> bool {
    let folder = crate::data::Store::at(context.paths.data()).recordings();
    std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some())
}

/// Whether a service manager or the desktop started this process, and not a script.
pub(super) fn is_service() -> bool {
    ["NOTIFY_SOCKET", "JOURNAL_STREAM", "DESKTOP_AUTOSTART_ID"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
}
