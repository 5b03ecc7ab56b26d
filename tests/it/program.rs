//! What a call of the real program says. Starts nothing.

use std::process::Output;

/// What it wrote, where it had no complaint.
///
/// # Panics
/// With its complaint, if it ended with an error.
pub fn said(output: Output) -> String {
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{talk}");
    String::from_utf8(output.stdout).unwrap()
}
