//! What a call of the real program says, and what it hands out. Starts nothing else.

use std::path::Path;
use std::process::{Command, Output};

/// What it wrote, where it had no complaint.
///
/// # Panics
/// With its complaint, if it ended with an error.
pub fn said(output: Output) -> String {
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{talk}");
    String::from_utf8(output.stdout).unwrap()
}

/// A copy of what lies in a data folder, opened where it is sealed.
///
/// # Panics
/// When it cannot be had.
pub fn exported(data: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut export = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
    export.arg("export").arg(folder.path().join("copy"));
    export.env("HOME", folder.path()).env("MOUSEWARDEN_DATA", data);
    said(export.output().unwrap());
    folder
}
