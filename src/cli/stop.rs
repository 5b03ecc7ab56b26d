//! `stop`: ends the running agent, and waits until it has ended.

use std::time::Duration;

use clap::Args;

use super::context::{paths, socket};
use super::output;
use crate::agent::control::{self, ControlRequest};
use crate::agent::instance;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::event::Micros;
use crate::platform::clock;

/// How long the agent may take to end, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often is looked whether it has.
const LOOK: Micros = Micros::from_millis(20);

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub(crate) struct StopArgs {}

impl StopArgs {
    /// Asks the running agent to end.
    ///
    /// # Errors
    /// When none runs, or it does not end.
    pub fn run(self) -> Result<()> {
        let paths = paths()?;
        let socket = socket(&paths);
        control::ask(&socket, &ControlRequest::Stop)?;
        let locks = [paths.data_lock(), socket.with_file_name("agent.lock")];
        let deadline = clock::now() + Micros(PATIENCE.as_micros() as i64);
        while locks.iter().any(|lock| instance::holder(lock).is_some()) {
            if clock::now() > deadline {
                return Err(Failure::new(FailureKind::Busy, "mousewarden has not ended yet")
                    .remedy("`mousewarden status` shows its process; `kill` ends it."));
            }
            clock::sleep_until(clock::now() + LOOK);
        }
        output::line("mousewarden has ended")
    }
}
