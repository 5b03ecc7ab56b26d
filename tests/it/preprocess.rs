//! The command `preprocess` on invented recordings: its arrays, its summary, and what it refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::python;
use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name)
}

fn preprocess(format: &str, input: &str, out: &Path, options: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    command.args(["preprocess", "--format", format]).arg(fixture(input)).arg("--out").arg(out);
    command.args(options).output().unwrap()
}

fn summary(format: &str, input: &str, options: &[&str]) -> Value {
    let out = tempfile::tempdir().unwrap();
    let run = preprocess(format, input, out.path(), &[options, &["--json"]].concat());
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

/// A value of each user by name, such as the number of windows.
fn each(summary: &Value, key: &str) -> Vec<(String, u64)> {
    let users = summary["users"].as_array().unwrap().iter();
    users.map(|u| (u["user"].as_str().unwrap().to_owned(), u[key].as_u64().unwrap())).collect()
}

fn of(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
    pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn cumulative_files_give_each_window_once() {
    let summary = summary("gmail", "gmail", &[]);
    assert_eq!(each(&summary, "windows"), of(&[("7001", 4), ("7002", 2), ("7003", 1)]));
    let user = &summary["users"][0];
    assert_eq!(user["dropped"]["repeated"], 41);
    assert_eq!(user["dropped"]["unreadable"], 2);
    assert_eq!(user["places"].as_array().unwrap().len(), 3);
    assert_eq!(user["steps"]["median"], 5.5);
    // Strokes of 96, 80, 112 and 80 ms.
    assert!((user["movement_min"].as_f64().unwrap() * 60_000.0 - 368.0).abs() < 1e-6);
}

#[test]
fn clicks_are_steps_only_when_asked_for() {
    let events = |options: &[&str]| each(&summary("sapimouse", "sapimouse", options), "windows");
    assert_eq!(events(&["--user", "user1"]), of(&[("user1", 2)]));
    // Press, drags and releases join the movement before them.
    let all = summary("sapimouse", "sapimouse", &["--user", "user1", "--all-events"]);
    assert_eq!(all["users"][0]["steps"]["q3"], 11.75);
}

#[test]
fn shorter_windows_pass_when_asked_for() {
    let windows = |steps| summary("gmail", "gmail/7003", &["--min-steps", steps]);
    assert_eq!(each(&windows("5"), "windows"), of(&[("7003", 1)]));
    assert_eq!(each(&windows("6"), "windows"), of(&[("7003", 0)]));
}

#[test]
fn claims_are_kept_apart_from_a_users_own_sessions() {
    let out = tempfile::tempdir().unwrap();
    assert!(preprocess("balabit", "balabit", out.path(), &[]).status.success());
    let mut names: Vec<_> = fs::read_dir(out.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["summary.json", "user12.npz", "user7.claims.npz", "user7.npz"]);
}

#[test]
fn the_table_names_every_user_and_stderr_the_faults() {
    let out = tempfile::tempdir().unwrap();
    let run = preprocess("gmail", "gmail", out.path(), &[]);
    let (table, talk) =
        (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap());
    assert_eq!(table.lines().count(), 5);
    assert!(table.lines().nth(1).unwrap().starts_with("7001"), "{table}");
    assert!(talk.contains("47 rows left out: repeated"), "{talk}");
    assert!(talk.contains("session_2.csv:36: x is not a number"), "{talk}");
}

#[test]
fn a_strict_run_fails_with_file_and_line_and_leaves_no_half_file() {
    let out = tempfile::tempdir().unwrap();
    let run = preprocess("gmail", "gmail", out.path(), &["--strict"]);
    assert_eq!(run.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&run.stderr).contains("session_2.csv:35"));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn wrong_options_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    for (options, code) in [
        (&["--user", "nobody"][..], 66),
        (&["--pause-ms", "0"][..], 78),
        (&["--min-steps", "9", "--max-steps", "8"][..], 78),
    ] {
        let run = preprocess("gmail", "gmail", &out, options);
        assert_eq!(run.status.code(), Some(code), "{options:?}");
        assert!(!out.exists());
    }
    let run = preprocess("gmail", "gmail", &out, &["--pad", "3"]);
    assert_eq!(run.status.code(), Some(78));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
}

#[test]
fn a_layout_from_options_needs_no_file() {
    let options = ["--time", "t", "--time-unit", "s", "--user-column", "user", "--event", "button"];
    let codes = ["--code", "-1=move", "--code", "0=ignore", "--code", "1=move"];
    let summary = summary("generic", "generic/epoch", &[&options[..], &codes].concat());
    assert_eq!(each(&summary, "events"), of(&[("ann", 0), ("bob", 3)]));
}

#[test]
fn numpy_reads_the_arrays() {
    let python = python("numpy");
    let out = tempfile::tempdir().unwrap();
    assert!(preprocess("gmail", "gmail/7001", out.path(), &["--pad", "9"]).status.success());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/check_windows.py");
    let archive = out.path().join("7001.npz");
    let run = Command::new(python).arg(script).arg(archive).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[cfg(feature = "columnar")]
#[test]
fn a_table_has_a_row_for_each_window() {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    let out = tempfile::tempdir().unwrap();
    let run = preprocess("balabit", "balabit", out.path(), &["--parquet"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let arrays = each(&summary("balabit", "balabit", &[]), "windows");
    let rows = |file: &str| {
        let file = fs::File::open(out.path().join(file)).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        reader.metadata().file_metadata().num_rows() as u64
    };
    let names = ["user7.parquet", "user7.claims.parquet", "user12.parquet"];
    let windows: Vec<u64> = arrays.into_iter().map(|(_, windows)| windows).collect();
    assert_eq!(names.map(rows).to_vec(), windows);
    let refused = preprocess("balabit", "balabit", out.path(), &["--parquet", "--pad", "9"]);
    assert_eq!(refused.status.code(), Some(78));
}
