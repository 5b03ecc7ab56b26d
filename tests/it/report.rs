//! The history of a real run: as a page, as lines of JSON, and as the agent prints it itself.
#![cfg(feature = "history")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::hand;
use crate::sample_model;
use serde_json::Value;

fn call(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
    command.args(arguments).env("MOUSEWARDEN_DATA", home.join("data")).env("HOME", home);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent").stdin(Stdio::null());
    command.output().unwrap()
}

fn says(home: &Path, arguments: &[&str]) -> String {
    let output = call(home, arguments);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {talk}");
    String::from_utf8(output.stdout).unwrap()
}

fn events(lines: &str) -> Vec<String> {
    let event = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].clone();
    lines.lines().map(|line| event(line).as_str().unwrap().to_owned()).collect()
}

fn recording(home: &Path) -> PathBuf {
    let path = home.join("hand.csv");
    hand::record(&path, 3000);
    path
}

#[test]
fn journal_history_and_printed_lines_tell_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    fs::create_dir(home.join("data")).unwrap();
    sample_model::bundle([16, 16], 7).write(&home.join("data/owner.onnx")).unwrap();
    let none = call(home, &["report"]);
    assert_eq!(none.status.code(), Some(66), "there is no history yet");

    let recording = recording(home);
    let run = ["run", "--source", recording.to_str().unwrap(), "--fast", "--json"];
    let printed = events(&says(home, &run));
    let journal = events(&fs::read_to_string(home.join("data/journal.jsonl")).unwrap());
    let history = events(&says(home, &["report", "--json"]));
    assert!(printed.len() > 10, "{printed:?}");
    assert_eq!(printed, journal);
    assert_eq!(history, journal);

    let said = says(home, &["report"]);
    let page = fs::read_to_string(said.trim()).unwrap();
    assert!(page.contains("<svg") && page.contains("windows judged"), "{page}");
    assert!(page.contains("the source ended"), "{page}");
}
