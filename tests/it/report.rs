//! The history of a real run: as a page, as lines of JSON, and as the agent prints it itself.
#![cfg(feature = "history")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::hand;
use crate::sample_model;

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

fn recording(home: &Path) -> PathBuf {
    let path = home.join("hand.csv");
    if !path.exists() {
        hand::record(&path, 3000);
    }
    path
}

#[test]
fn history_and_printed_lines_tell_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    fs::create_dir(home.join("data")).unwrap();
    sample_model::bundle([16, 16], 7).write(&home.join("data/owner.onnx")).unwrap();
    let none = call(home, &["report"]);
    assert_eq!(none.status.code(), Some(66), "there is no history yet");

    let recording = recording(home);
    let run = ["run", "--source", recording.to_str().unwrap(), "--fast", "--json"];
    let printed = says(home, &run);
    let history = says(home, &["report", "--json"]);
    assert!(printed.lines().count() > 10, "{printed:?}");
    // The history also holds that it was begun.
    let beginning = history.lines().filter(|line| line.contains("\"history_reset\"")).count();
    let without: Vec<_> =
        history.lines().filter(|line| !line.contains("\"history_reset\"")).collect();
    assert_eq!((beginning, without), (1, printed.lines().collect()));
    assert!(!home.join("data/journal.jsonl").exists(), "there is one store of the past");
    let says_of_it = call(home, &["doctor"]);
    let doctor = String::from_utf8(says_of_it.stdout).unwrap();
    assert!(doctor.contains("each as it was written"), "{doctor}");

    let said = says(home, &["report"]);
    let page = fs::read_to_string(said.trim()).unwrap();
    assert!(page.contains("<svg") && page.contains("windows judged"), "{page}");
    assert!(page.contains("the source ended"), "{page}");
}

/// Runs the agent on a recording; what it said.
fn run(home: &Path) -> String {
    let recording = recording(home);
    let output = call(home, &["run", "--source", recording.to_str().unwrap(), "--fast"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{talk}");
    talk
}

#[test]
fn a_damaged_history_and_what_was_learnt_are_put_aside_and_the_watch_starts() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    fs::create_dir(home.join("data")).unwrap();
    sample_model::bundle([16, 16], 7).write(&home.join("data/owner.onnx")).unwrap();
    fs::write(home.join("data/history.db"), "no history").unwrap();
    let talk = run(home);
    assert!(talk.contains("put aside as history.db.damaged-"), "{talk}");
    let page = says(home, &["report", "--json"]);
    assert!(page.contains("\"put_aside\"") && page.contains("\"stopped\""), "{page}");
    let doctor = String::from_utf8(call(home, &["doctor"]).stdout).unwrap();
    assert!(doctor.contains("history.db.damaged-"), "{doctor}");
    let inventory = says(home, &["privacy"]);
    assert!(inventory.contains("history put aside"), "{inventory}");
    says(home, &["purge", "history", "--yes"]);
    assert_eq!(
        fs::read_dir(home.join("data"))
            .unwrap()
            .flatten()
            .filter(|file| { file.file_name().to_string_lossy().starts_with("history") })
            .count(),
        0
    );
}

#[test]
fn a_start_tells_of_another_model_and_carries_what_it_works_with() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    fs::create_dir(home.join("data")).unwrap();
    let model = |seed| {
        sample_model::bundle([16, 16], seed).write(&home.join("data/owner.onnx")).unwrap();
    };
    model(7);
    run(home);
    model(8);
    run(home);
    let history = says(home, &["report", "--json"]);
    let changed = history.lines().filter(|line| line.contains("\"changed\"")).collect::<Vec<_>>();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].contains("\"what\":\"model\""), "{changed:?}");
    let started = history.lines().rfind(|line| line.contains("\"started\"")).unwrap();
    assert!(started.contains("\"program\":\"") && started.contains("\"head\":{"), "{started}");
}
