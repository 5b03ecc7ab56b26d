//! `sensor`: the process that holds the mouse hook; mousewarden starts it by itself. Reads nothing
//! of the configuration and prints nothing but the records that its parent reads.

use std::env;

use clap::Args;

use crate::error::Result;
use crate::platform::sensor::{HookParams, inherited, run};

/// Arguments of `sensor`.
#[derive(Debug, Args)]
pub struct SensorArgs {
    /// Leave the X server's buffering of events unmended (for `bench capture`).
    #[arg(long, hide = true)]
    untapped: bool,
}

impl SensorArgs {
    /// Runs until the parent process goes.
    ///
    /// # Errors
    /// Why there is no hook.
    pub fn run(self) -> Result<()> {
        let (lifeline, out) = inherited()?;
        let display = env::var("DISPLAY").ok();
        run(&HookParams { display, wayland: wayland(), untapped: self.untapped }, lifeline, out)
    }
}

/// Whether this is a Wayland session. Inside one `DISPLAY` may well be set, for Xwayland.
fn wayland() -> bool {
    let kind = env::var("XDG_SESSION_TYPE").unwrap_or_default();
    kind == "wayland" || kind != "x11" && env::var_os("WAYLAND_DISPLAY").is_some()
}
