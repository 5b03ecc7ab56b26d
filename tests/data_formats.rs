//! The readers of public formats on invented rows that have the oddities of the real files.

use std::path::{Path, PathBuf};

use mousewarden::data::formats::{Dataset, Format, Mapping, Reading, Reason};
use mousewarden::error::Kind;
use mousewarden::pipeline::event::sort_recording;
use mousewarden::pipeline::{MouseEvent, MouseKind, Timestamp};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn read(format: &Format, folder: &str, user: &str) -> Reading {
    Dataset::open(format, &fixture(folder)).unwrap().read(user).unwrap()
}

fn counts(reading: &Reading) -> Vec<usize> {
    reading.sessions.iter().map(|session| session.events.len()).collect()
}

fn millis(events: &[MouseEvent]) -> Vec<i64> {
    events.iter().map(|event| event.at.micros() / 1000).collect()
}

#[test]
fn gmail_files_are_cumulative_and_each_row_is_read_once() {
    let reading = read(&Format::Gmail, "gmail", "1000001");
    // session_0, what session_1 adds, nothing in session_2, what session_10 adds.
    assert_eq!(counts(&reading), [5, 2, 1]);
    let names: Vec<_> = reading.sessions.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["session_0.csv", "session_1.csv", "session_10.csv"]);
    assert_eq!(reading.dropped.of(Reason::RepeatedFile), 5 + 7 + 7);
    assert_eq!(reading.dropped.of(Reason::RepeatedHeader), 1 + 1 + 2);
    assert_eq!(reading.dropped.of(Reason::Echo), 4);
}

#[test]
fn balabit_times_are_whole_and_outside_is_dropped() {
    let reading = read(&Format::Balabit, "balabit", "user1");
    let events = &reading.sessions[0].events;
    assert_eq!(millis(events), [0, 16, 16, 47, 110, 125, 141]);
    assert_eq!(events[1].at, Timestamp::from_micros(16_000));
    assert_eq!(events[3].kind, MouseKind::Drag);
    assert_eq!(events[4].kind, MouseKind::Wheel);
    assert_eq!(reading.dropped.of(Reason::Outside), 1);
}

#[test]
fn sapimouse_survives_crlf_and_time_that_runs_backwards() {
    let mut events = read(&Format::SapiMouse, "sapimouse", "user1").sessions.remove(0).events;
    assert_eq!(millis(&events), [100, 148, 88]);
    sort_recording(&mut events);
    assert_eq!(millis(&events), [88, 100, 148]);
}

#[test]
fn bad_rows_are_counted_by_reason_and_named_with_file_and_line() {
    let reading = read(&Format::SapiMouse, "sapimouse", "user2");
    assert_eq!(counts(&reading), [1]);
    assert_eq!(reading.dropped.of(Reason::UnknownCode), 2);
    assert_eq!(reading.dropped.of(Reason::Unreadable), 1);
    let named: Vec<String> = reading.dropped.named().iter().map(ToString::to_string).collect();
    assert!(named[0].contains("session_1min.csv:3: event code \"Third/Pushed\""), "{named:?}");
    assert!(named[1].contains("session_1min.csv:4: not a position: \"one\""), "{named:?}");
}

#[test]
fn users_come_in_the_order_of_their_numbers() {
    let dataset = Dataset::open(&Format::SapiMouse, &fixture("sapimouse")).unwrap();
    assert_eq!(dataset.users(), ["user1", "user2", "user10"]);
}

#[test]
fn bank_keeps_long_ids_and_puts_sessions_in_order_of_time() {
    let reading = read(&Format::Bank, "bank", "-2000000000000000001");
    let names: Vec<_> = reading.sessions.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["s-early", "s-late"]);
    assert_eq!(counts(&reading), [3, 1]);
    assert_eq!((reading.sessions[1].events[0].x, reading.sessions[1].events[0].y), (20.5, 30.25));
}

#[test]
fn a_spreadsheet_s_damage_is_an_error_that_says_so() {
    let failure = Dataset::open(&Format::Bank, &fixture("bank-spreadsheet")).unwrap_err();
    assert_eq!(failure.kind(), Kind::Data);
    let said = failure.to_string();
    assert!(said.contains("Train_Mouse.csv:2") && said.contains("spreadsheet"), "{said}");
}

#[test]
fn dfl_has_a_second_monitor_and_wheel_rows_without_a_position() {
    let reading = read(&Format::Dfl, "dfl", "User1");
    let xs: Vec<f64> = reading.sessions[0].events.iter().map(|event| event.x).collect();
    assert_eq!(xs, [-40.0, -36.0, -30.0]);
    assert_eq!(reading.dropped.of(Reason::NoPosition), 1);
}

#[test]
fn a_mapping_reads_a_format_without_code() {
    let text = std::fs::read_to_string(fixture("generic/mapping.toml")).unwrap();
    let mapping = Mapping::from_toml("mapping.toml", &text).unwrap();
    let reading = read(&Format::Generic(Box::new(mapping)), "generic", "ana");
    let events = &reading.sessions[0].events;
    assert_eq!(events.len(), 3);
    assert_eq!((events[1].x, events[1].y), (1049.0, 729.0));
    assert_eq!((events[1].at - events[0].at).0, 16_000);
    assert!(matches!(events[2].kind, MouseKind::Press(_)));
}

#[test]
fn the_wrong_format_names_the_missing_column() {
    let dataset = Dataset::open(&Format::Gmail, &fixture("sapimouse")).unwrap();
    let said = dataset.read("user1").unwrap_err().to_string();
    assert!(said.contains("Mouse X") && said.contains("client timestamp"), "{said}");
}

#[test]
fn an_unknown_person_and_an_empty_folder_are_told() {
    let dataset = Dataset::open(&Format::SapiMouse, &fixture("sapimouse")).unwrap();
    let said = dataset.read("user3").unwrap_err().to_string();
    assert!(said.contains("user3") && said.contains("user10"), "{said}");
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(Dataset::open(&Format::Gmail, empty.path()).unwrap_err().kind(), Kind::NoInput);
}
