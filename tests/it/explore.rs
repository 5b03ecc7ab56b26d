//! The command `explore` on invented recordings: what its checks find, what its page says it left
//! out, and what it refuses.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

const HEAD: &str = "uid,session_id,user_id,timestamp,event_type,screen_x,screen_y\n";

fn row(text: &mut String, session: &str, user: &str, [ms, kind, x, y]: [i64; 4]) {
    writeln!(text, "u,{session},{user},{},{kind},{x}.0,{y}.0", 1_655_992_900_000 + ms).unwrap();
}

/// Two ordinary users, and every oddity that a table may hold.
fn odd_table() -> String {
    let mut text = HEAD.to_owned();
    for i in 0..60 {
        row(&mut text, "s1", "-11", [i * 40, if i % 9 == 8 { 5 } else { 2 }, 10 * i, 300 + i]);
        row(&mut text, "s2", "-12", [i * 40, if i % 7 == 6 { 3 } else { 2 }, 900 - 5 * i, 20 * i]);
        row(&mut text, "constant", "-12", [i * 40, 2, 7, 7]);
    }
    row(&mut text, "single", "-11", [0, 2, 5, 5]);
    row(&mut text, "clicks", "<script>&'\u{22}", [0, 5, 5, 5]);
    row(&mut text, "clicks", "<script>&'\u{22}", [900, 1, -5, 6]);
    row(&mut text, "s1", "<script>&'\u{22}", [950, 2, 5, 6]);
    row(&mut text, "gap", "-11", [0, 2, 5, 5]);
    row(&mut text, "gap", "-11", [5 * 3_600_000, 2, 9, 9]);
    row(&mut text, "gap", "-11", [3_600_000, 2, 9, 9]);
    row(&mut text, "gap", "-11", [3_600_000, 9, 9, 9]);
    text
}

fn explore(table: &str, out: &Path, options: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("table.csv");
    fs::write(&input, table).unwrap();
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    command.args(["explore", "--format", "bank"]).arg(&input).arg("--out").arg(out);
    command.args(options).output().unwrap()
}

fn page(table: &str, options: &[&str]) -> String {
    let out = tempfile::tempdir().unwrap();
    let run = explore(table, out.path(), options);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    fs::read_to_string(out.path().join("explore.html")).unwrap()
}

fn check<'a>(checks: &'a Value, name: &str) -> &'a Value {
    let checks = checks["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn the_checks_find_every_oddity() {
    let out = tempfile::tempdir().unwrap();
    let run = explore(&odd_table(), out.path(), &["--json"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let checks: Value = serde_json::from_slice(&run.stdout).unwrap();
    for (name, found) in [
        ("sessions with more than one user", "1 of 6 sessions"),
        ("missing values, unreadable rows", "1 unknown event"),
        ("sessions with too little in them", "2 with one event, 1 without a move"),
        ("rows out of order", "stood behind a later one"),
        ("long gaps", "4 h"),
        ("coordinates", "1 sessions at a single place"),
    ] {
        let check = check(&checks, name);
        assert_eq!(check["ok"], false, "{name}");
        let text = check["found"].as_str().unwrap();
        assert!(text.contains(found), "{name}: {text}");
        assert!(!check["places"].as_array().unwrap().is_empty(), "{name}");
    }
    assert_eq!(check(&checks, "recordings that occur twice")["ok"], true);
}

#[test]
fn a_session_that_was_copied_to_another_user_is_found() {
    let mut table = HEAD.to_owned();
    for i in 0..20 {
        row(&mut table, "mine", "1", [i * 16, 2, i * i, 40]);
        row(&mut table, "copy", "2", [90_000 + i * 16, 2, i * i, 40]);
    }
    let out = tempfile::tempdir().unwrap();
    let run = explore(&table, out.path(), &["--json"]);
    let checks: Value = serde_json::from_slice(&run.stdout).unwrap();
    let places = &check(&checks, "recordings that occur twice")["places"];
    assert_eq!(places[0], "2, copy repeats 1, mine");
}

/// Pictures of the odd table that would be empty, or of one value.
const NOT_DRAWN: usize = 9;

#[test]
fn the_page_is_well_formed_private_and_runs_nothing() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("explored");
    assert!(explore(&odd_table(), &folder, &["--svg"]).status.success());
    let html = fs::read_to_string(folder.join("explore.html")).unwrap();
    let body = html.strip_prefix("<!DOCTYPE html>\n").unwrap();
    roxmltree::Document::parse(body).unwrap();
    for forbidden in ["<script", "http:", "https:", "src=", "url(", "NaN"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("User &lt;script&gt;&amp;&#39;"));
    for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        }
        if file.extension().is_some_and(|end| end == "svg") {
            roxmltree::Document::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        }
    }
    // Legend, events by user, 17 features, 3 users with 6 each, 7 sessions with 3 each, the page; but
    // for what did not occur, or is the same in every session.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2 + 17 + 3 * 6 + 7 * 3 + 1 - NOT_DRAWN);
    assert!(html.contains("Not drawn, the same in every session: "), "{html}");
    for empty in ["Buttons held (0)", "Clicks on the screen (0)", "Speeds of movement (0)"] {
        assert!(!html.contains(empty), "{empty}");
    }
}

#[test]
fn pictures_as_png_or_a_word_on_how_to_get_them() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("explored");
    let run = explore(&odd_table(), &folder, &["--png"]);
    let said = String::from_utf8_lossy(&run.stderr);
    if !cfg!(feature = "png") {
        assert_eq!(run.status.code(), Some(69), "{said}");
        assert!(said.contains("--features png") && !folder.exists(), "{said}");
        return;
    }
    assert!(run.status.success(), "{said}");
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let (pngs, others): (Vec<_>, Vec<_>) =
        files.partition(|file| file.extension().is_some_and(|end| end == "png"));
    assert_eq!((pngs.len(), others.len()), (2 + 17 + 3 * 6 + 7 * 3 - NOT_DRAWN, 1));
    assert!(pngs.iter().all(|file| fs::read(file).unwrap().starts_with(b"\x89PNG")));
}

#[test]
fn what_is_beyond_the_limits_is_said() {
    let html = page(&odd_table(), &["--users", "1", "--sessions", "1", "--events", "20"]);
    assert!(html.contains("2 users beyond the first 1"), "users");
    assert!(html.contains("2 sessions beyond the first 1"), "sessions");
    assert!(html.contains("so that a path has at most 20 events"), "events");
    let html = page(&odd_table(), &[]);
    assert!(!html.contains("Not drawn here"), "nothing is left out of a small table");
}

#[test]
fn the_same_recordings_give_the_same_page() {
    assert!(page(&odd_table(), &[]) == page(&odd_table(), &[]), "two runs differ");
}

#[test]
fn a_table_that_a_spreadsheet_saved_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let table = format!("{HEAD}u,s1,-2.4162E+18,1.65599E+12,2,5.0,5.0\n");
    let run = explore(&table, out.path(), &[]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(65), "{said}");
    assert!(said.contains("spreadsheet"), "{said}");
    assert!(!out.path().join("explore.html").exists());
}

#[test]
fn a_table_with_a_head_and_nothing_else_is_a_page_or_a_clear_error() {
    let out = tempfile::tempdir().unwrap();
    let run = explore(HEAD, out.path(), &[]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() || run.status.code() == Some(65), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}
