//! The program under test: `mousewarden` as it is shipped, from the same build as the rig.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use mousewarden::error::{Failure, FailureKind, Result};

/// The rig's workspace.
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");

/// The program beside this one. Under `cargo run`, which builds only the rig, it is brought up to
/// date first: an old program would be measured without a word.
///
/// # Errors
/// When it cannot be built, or was not built yet.
pub fn mousewarden() -> Result<PathBuf> {
    if let Some(cargo) = env::var_os("CARGO") {
        build(&cargo)?;
    }
    let rig = env::current_exe().map_err(|error| Failure::io("the path of this program", error))?;
    let program = rig.with_file_name("mousewarden");
    if program.is_file() {
        return Ok(program);
    }
    Err(Failure::new(FailureKind::Unavailable, format!("{} is missing", program.display()))
        .remedy("Build it: cargo build --release --workspace"))
}

fn build(cargo: &OsStr) -> Result<()> {
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--locked", "--package", "mousewarden", "--bin"]);
    command.args(["mousewarden", "--manifest-path", MANIFEST]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command.status().map_err(|error| Failure::io("starting cargo", error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Unavailable, "mousewarden could not be built")
        .remedy("What cargo says stands above."))
}
