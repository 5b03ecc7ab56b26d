//! `capture-process`: the process that holds the mouse hook and prints the records that its parent
//! reads; mousewarden starts it by itself.

use std::path::PathBuf;

use clap::Args;

use crate::error::Result;
use crate::platform::CaptureBackend;
use crate::platform::capture::{HookParams, hold};

/// Arguments of `capture-process`.
#[derive(Debug, Args)]
pub(crate) struct CaptureProcessArgs {
    /// Which way of seeing the mouse is wanted.
    #[arg(long, default_value_t = CaptureBackend::Auto)]
    backend: CaptureBackend,
    /// Leave the X server's buffering of events unmended (for the benchmark of capture).
    #[arg(long, hide = true)]
    untapped: bool,
    /// The folder that stands for / when devices are looked for (for tests).
    #[arg(long, hide = true, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl CaptureProcessArgs {
    /// Runs until the parent process goes.
    ///
    /// # Errors
    /// Why there is no hook.
    pub(crate) fn run(self) -> Result<()> {
        let Self { backend, untapped, root } = self;
        hold(&HookParams { backend, untapped, root })
    }
}
