//! Tests that change or depend on what a process has only once: its environment, ONNX Runtime's
//! library. Each runs in a process of its own.

use std::process::Command;

/// Set in the process of the one test.
const ALONE: &str = "MOUSEWARDEN_TEST_ALONE";

/// True in a process of its own, in which the test of this full name is to be done; false where that
/// process has done it.
///
/// # Panics
/// When the test fails there.
pub fn alone(test: &str) -> bool {
    alone_with(test, |_| {})
}

/// As [`alone`], in an environment that `prepare` makes.
///
/// # Panics
/// When the test fails there.
pub fn alone_with(test: &str, prepare: impl FnOnce(&mut Command)) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--include-ignored", "--test-threads=1", "--nocapture"]);
    prepare(command.env(ALONE, test));
    let output = command.output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}{report}");
    assert!(report.contains("1 passed"), "the process did not test anything: {report}");
    false
}
