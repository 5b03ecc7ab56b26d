//! `resume`: ends a pause of the running agent.

use clap::Args;

use super::context::{paths, socket};
use super::output;
use crate::agent::control::{self, ControlRequest};
use crate::error::Result;

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {}

impl ResumeArgs {
    /// Asks the running agent to watch again.
    ///
    /// # Errors
    /// When none runs.
    pub(crate) fn run(self) -> Result<()> {
        control::ask(&socket(&paths()?), &ControlRequest::Resume)?;
        output::line("mousewarden watches again")
    }
}
