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
        (&["--pause-ms", "0"][..], 2),
        (&["--min-steps", "9", "--max-steps", "8"][..], 2),
    ] {
        let run = preprocess("gmail", "gmail", &out, options);
        assert_eq!(run.status.code(), Some(code), "{options:?}");
        assert!(!out.exists());
    }
    let run = preprocess("gmail", "gmail", &out, &["--pad", "3"]);
    assert_eq!(run.status.code(), Some(2));
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
    assert_eq!(refused.status.code(), Some(2));
}

/// Runs the command on a folder with one file.
fn generic(
    name: &str,
    bytes: &[u8],
    options: &[&str],
) -> (tempfile::TempDir, std::process::Output) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    command.args(["preprocess", "--format", "generic"]).arg(folder.path().join("in"));
    command.arg("--out").arg(folder.path().join("out")).args(options);
    let output = command.output().unwrap();
    (folder, output)
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn empty_files_alone_are_no_success() {
    let (_folder, run) = generic("ann/a.csv", b"", &[]);
    assert_eq!(run.status.code(), Some(65));
    assert!(said(&run.stderr).contains("empty"), "{}", said(&run.stderr));
}

#[test]
fn rows_without_a_single_event_are_no_success() {
    let (folder, run) = generic("ann/a.csv", b"time;x;y\n9,5;1,0;2,0\n19,4;2,0;2,0\n", &[]);
    assert_eq!(run.status.code(), Some(65));
    assert!(said(&run.stderr).contains("decimal comma"), "{}", said(&run.stderr));
    assert!(!folder.path().join("out").exists());
    let (_folder, run) = generic("ann/a.csv", b"time,x,y\n1,,\n2,,\n", &[]);
    assert_eq!(run.status.code(), Some(65));
    assert!(said(&run.stderr).contains("none of 2 rows is a mouse event"));
}

#[test]
fn one_row_is_one_row_and_warnings_are_told() {
    let mut text = String::from("time,x,y\n");
    for i in 0..40 {
        text.push_str(&format!("{i},{i},2\n"));
    }
    text.push_str("50,x,2\n");
    let (_folder, run) = generic("ann/a.csv", text.as_bytes(), &[]);
    let talk = said(&run.stderr);
    assert!(talk.contains("1 row left out: unreadable"), "{talk}");
    assert!(talk.contains("warning: ") && talk.contains("a.csv:2: the time goes up by"), "{talk}");
}

#[test]
fn nothing_in_a_file_or_its_name_reaches_the_terminal_raw() {
    let text = b"who,time,x,y\n\x1b[2J,10,1,2\n\x1b[2J,20,\x1b,2\n\x1b[2J,30,1,2\n";
    for options in [&["--user-column", "who"][..], &["--user-column", "\x1bno"][..]] {
        let (_folder, run) = generic("a\x1b/a.csv", text, options);
        let all = [run.stdout, run.stderr].concat();
        assert!(!all.contains(&0x1b), "{}", String::from_utf8_lossy(&all).escape_debug());
    }
}

#[test]
fn a_long_name_widens_no_column_and_fits_a_file() {
    let text = format!("who,time,x,y\n{0},10,1,2\n{0},20,2,2\n", "n".repeat(65_536));
    let (folder, run) = generic("a.csv", text.as_bytes(), &["--user-column", "who"]);
    assert!(run.status.success(), "{}", said(&run.stderr));
    assert!(said(&run.stdout).lines().all(|line| line.chars().count() < 130));
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 2);
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let run = preprocess("gmail", "gmail", &folder.path().join("file/out"), &[]);
    assert_eq!(run.status.code(), Some(74));
    assert!(said(&run.stderr).contains("not a folder") && run.stdout.is_empty());
}

#[test]
fn a_format_is_named_alike_in_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["preprocess", "explore", "train", "evaluate"] {
        let run = |options: &[&str]| {
            let mut program = Command::cargo_bin("mousewarden").unwrap();
            program.arg(command).arg(fixture("generic/epoch")).current_dir(folder.path());
            let output = program.args(options).output().unwrap();
            (output.status.code(), said(&output.stderr))
        };
        let (code, talk) = run(&[]);
        assert_eq!(code, Some(2), "{command}: {talk}");
        assert!(command == "train" || talk.contains("Add --format NAME, one of gmail"), "{talk}");
        let (code, talk) = run(&["--format", "gmial"]);
        assert!(command == "train" || code == Some(2) && talk.contains("is not one of"), "{talk}");
        let (_, talk) = run(&["--format", "gmail", "--time", "t"]);
        assert!(command == "train" || talk.contains("--time says how tables of --format generic"));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn users_whose_names_are_not_utf_8_keep_apart_to_the_last_file() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    for name in [&b"Ren\xe9"[..], b"Ren\xe8"] {
        let path = folder.path().join("in").join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(&path).unwrap();
        fs::copy(fixture("generic/bare/dave/track.tsv"), path.join("track.tsv")).unwrap();
    }
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    command.args(["preprocess", "--no-header", "--separator", "tab", "--time", "1", "--x", "2"]);
    command.args(["--y", "3"]).arg(folder.path().join("in"));
    let run = command.arg("--out").arg(folder.path().join("out")).output().unwrap();
    assert!(run.status.success(), "{}", said(&run.stderr));
    for name in ["Ren%E9.npz", "Ren%E8.npz"] {
        assert!(folder.path().join("out").join(name).is_file(), "{}", said(&run.stdout));
    }
}
