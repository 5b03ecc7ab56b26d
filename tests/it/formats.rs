//! Reading public recordings: each oddity of each format, on invented rows.

use std::fs;
use std::path::{Path, PathBuf};

use mousewarden::data::formats::{Dataset, DropReason, Format, ReadParams, RecordedSession, open};
use mousewarden::error::FailureKind;
use mousewarden::pipeline::{Button, MouseKind};

fn named(format: &str) -> Format {
    format.parse().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name)
}

fn read(format: &Format, name: &str) -> Dataset {
    open(format, &[fixture(name)], ReadParams::default()).unwrap()
}

fn ids(dataset: &Dataset) -> Vec<&str> {
    dataset.users().iter().map(|user| user.id()).collect()
}

fn sessions(dataset: &Dataset, user: &str) -> Vec<RecordedSession> {
    let user = dataset.user(user).unwrap_or_else(|| panic!("no user {user}"));
    dataset.sessions(user).map(Result::unwrap).collect()
}

fn names(sessions: &[RecordedSession]) -> Vec<&str> {
    sessions.iter().map(|session| session.id.as_str()).collect()
}

fn millis(session: &RecordedSession) -> Vec<f64> {
    session.events.iter().map(|event| event.at.micros() as f64 / 1000.0).collect()
}

#[test]
fn gmail_files_that_repeat_each_other_are_read_once() {
    let dataset = read(&named("gmail"), "gmail");
    assert_eq!(ids(&dataset), ["7001", "7002", "7003"]);
    let sessions = sessions(&dataset, "7001");
    assert_eq!(names(&sessions), ["session_0", "session_1", "session_2"]);
    let events: Vec<_> = sessions.iter().map(|session| session.events.len()).collect();
    assert_eq!(events, [16, 9, 6]);
    let repeated: Vec<_> = sessions.iter().map(|s| s.dropped.count(DropReason::Repeated)).collect();
    assert_eq!(repeated, [0, 16, 25]);
    assert_eq!(sessions[2].rows, 25 + 6 + 3);
}

#[test]
fn gmail_sessions_follow_their_numbers() {
    let dataset = read(&named("gmail"), "gmail");
    let sessions = sessions(&dataset, "7002");
    assert_eq!(names(&sessions), ["session_9", "session_10"]);
    assert_eq!(sessions[1].events.len(), 6);
}

#[test]
fn a_gmail_file_whose_predecessor_is_missing_repeats_nothing() {
    let path = fixture("gmail/7001/session_1.csv");
    let dataset = open(&named("gmail"), &[path], ReadParams::default()).unwrap();
    let sessions = sessions(&dataset, "7001");
    assert_eq!(sessions[0].events.len(), 25);
    assert_eq!(sessions[0].dropped.total(), 0);
}

#[test]
fn a_repetition_with_other_line_breaks_is_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let text = |k| fs::read_to_string(fixture(&format!("gmail/7001/session_{k}.csv"))).unwrap();
    fs::write(folder.path().join("session_0.csv"), text(0).replace('\n', "\r\n")).unwrap();
    fs::write(folder.path().join("session_1.csv"), text(1)).unwrap();
    let dataset =
        open(&named("gmail"), &[folder.path().to_owned()], ReadParams::default()).unwrap();
    let user = &dataset.users()[0];
    let events: Vec<_> = dataset.sessions(user).map(|s| s.unwrap().events.len()).collect();
    assert_eq!(events, [16, 9]);
}

#[test]
fn gmail_clicks_that_were_logged_late_return_to_their_time() {
    let dataset = read(&named("gmail"), "gmail");
    let session = &sessions(&dataset, "7001")[0];
    assert!(session.events.is_sorted_by_key(|event| event.at));
    let clicks: Vec<_> = session.events.iter().map(|e| e.kind).skip(7).take(3).collect();
    let (press, release) = (MouseKind::Press(Button::Left), MouseKind::Release(Button::Left));
    assert_eq!(clicks, [press, release, release]);
}

#[test]
fn unreadable_rows_are_counted_and_named_without_their_position() {
    let dataset = read(&named("gmail"), "gmail");
    let session = &sessions(&dataset, "7001")[2];
    assert_eq!(session.dropped.count(DropReason::UnknownEvent), 1);
    assert_eq!(session.dropped.count(DropReason::Unreadable), 2);
    let said: Vec<_> = session.dropped.places().iter().map(ToString::to_string).collect();
    assert!(said[0].ends_with("session_2.csv:35: unknown event \"wobble\""), "{said:?}");
    assert!(said[1].ends_with("session_2.csv:36: x is not a number"), "{said:?}");
    assert!(said[2].contains("session_2.csv:37: no column"), "{said:?}");
}

#[test]
fn strict_reading_ends_at_the_first_row_that_is_not_understood() {
    let strict = ReadParams { strict: true };
    let dataset = open(&named("gmail"), &[fixture("gmail")], strict).unwrap();
    let user = dataset.user("7001").unwrap();
    let failure = dataset.read(user, &user.sessions()[2]).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Data);
    assert!(failure.to_string().contains("session_2.csv:35: unknown event"), "{failure}");
    // What a recorder always does is no fault.
    let dataset = open(&named("balabit"), &[fixture("balabit")], strict).unwrap();
    assert!(dataset.sessions(&dataset.users()[0]).all(|session| session.is_ok()));
}

#[test]
fn a_byte_order_mark_and_windows_line_breaks_change_nothing() {
    let dataset = read(&named("gmail"), "gmail");
    let session = &sessions(&dataset, "7003")[0];
    assert_eq!((session.events.len(), session.dropped.total()), (6, 0));
    assert_eq!(session.events[1].y, 42.0);
}

#[test]
fn sapimouse_users_and_sessions_come_in_their_natural_order() {
    let dataset = read(&named("sapimouse"), "sapimouse");
    let expected = ["user1", "user2", "user10", "user35", "user35_2021-10-14", "user85"];
    assert_eq!(ids(&dataset), expected);
    let user1 = sessions(&dataset, "user1");
    assert_eq!(names(&user1), ["session_2021_03_02_3min", "session_2021_03_02_1min"]);
    assert_eq!(user1[0].events.len(), 15);
    assert_eq!((user1[1].events.len(), user1[1].dropped.total()), (6, 0));
    assert_eq!(names(&sessions(&dataset, "user10")), ["session_3min", "session_1min"]);
    let user85 = sessions(&dataset, "user85");
    let minutes: Vec<_> = user85.iter().map(|s| s.id.rsplit('_').next().unwrap()).collect();
    assert_eq!(minutes, ["5min", "3min", "1min"]);
}

#[test]
fn sapimouse_rows_that_run_backwards_are_put_in_order() {
    let dataset = read(&named("sapimouse"), "sapimouse");
    let session = &sessions(&dataset, "user2")[0];
    let expected = [1000.0, 1010.0, 1016.0, 1032.0, 1060.0, 1076.0, 1092.0, 1092.0];
    assert_eq!(millis(session), expected);
}

#[test]
fn balabit_times_lose_their_noise_and_the_outside_is_left_out() {
    let dataset = read(&named("balabit"), "balabit");
    assert_eq!(ids(&dataset), ["user7", "user12"]);
    let session = &sessions(&dataset, "user7")[0];
    assert_eq!(millis(session), [0.0, 16.0, 16.0, 31.0, 62.0, 62.0, 78.0, 94.0]);
    assert_eq!(session.dropped.count(DropReason::Outside), 1);
    let kinds: Vec<_> = session.events.iter().map(|event| event.kind).collect();
    let press = |button| MouseKind::Press(button);
    assert_eq!(kinds[3..6], [MouseKind::Drag, MouseKind::Wheel, MouseKind::Wheel]);
    assert_eq!(kinds[6..], [press(Button::Other(0)), press(Button::Left)]);
}

#[test]
fn balabit_test_files_are_claims_with_their_labels() {
    let dataset = read(&named("balabit"), "balabit");
    let user = dataset.user("user7").unwrap();
    assert_eq!(user.sessions().len(), 1);
    let labels: Vec<_> = user.claims().iter().map(|plan| plan.genuine()).collect();
    assert_eq!(labels, [Some(true), Some(false), None]);
    assert_eq!(dataset.read(user, &user.claims()[1]).unwrap().genuine, Some(false));
}

#[test]
fn dfl_scroll_rows_have_no_position_and_a_second_monitor_has_negative_ones() {
    let dataset = read(&named("dfl"), "dfl");
    let session = &sessions(&dataset, "User3")[0];
    assert_eq!(session.dropped.count(DropReason::NoPosition), 1);
    let positions: Vec<_> = session.events.iter().map(|event| (event.x, event.y)).collect();
    assert_eq!(positions, [(211.0, 730.0), (-4.0, 729.0), (-9.0, -1.0)]);
    assert_eq!(session.events[2].kind, MouseKind::Drag);
}

#[test]
fn bank_sessions_are_gathered_and_ordered_and_their_ids_stay_whole() {
    let dataset = read(&named("bank"), "bank/Train_Mouse.csv");
    assert_eq!(ids(&dataset), ["-2416201411472988629", "-7000000000000012345"]);
    let session = &sessions(&dataset, "-2416201411472988629")[0];
    assert_eq!(session.id, "aa");
    // In the order of time, not of the table.
    assert_eq!(names(&sessions(&dataset, "-7000000000000012345")), ["early", "bb"]);
    let origin = millis(session)[0];
    let times: Vec<_> = millis(session).iter().map(|at| at - origin).collect();
    assert_eq!(times, [0.0, 16.0, 32.0, 48.0, 90.0]);
    assert_eq!(session.events[0].x, 0.25);
    let kinds: Vec<_> = session.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds[2..], [MouseKind::Drag, MouseKind::Move, MouseKind::Wheel]);
}

#[test]
fn bank_sessions_without_a_user_are_claims_of_nobody_known() {
    let dataset = read(&named("bank"), "bank");
    let nobody = dataset.user("unlabelled").unwrap();
    assert!(nobody.sessions().is_empty());
    assert_eq!(nobody.claims().len(), 2);
    let session = dataset.read(nobody, &nobody.claims()[0]).unwrap();
    assert_eq!((session.events.len(), session.genuine), (2, None));
}

#[test]
fn a_bank_file_with_semicolons_is_read_like_the_original() {
    let dataset = read(&named("bank"), "bank_damaged/semicolons.csv");
    assert_eq!(sessions(&dataset, "-2416201411472988629")[0].events.len(), 5);
}

#[test]
fn what_a_spreadsheet_destroyed_is_an_error_that_says_so() {
    let said = |name: &str| {
        let dataset =
            open(&named("bank"), &[fixture("bank_damaged").join(name)], ReadParams::default());
        let failure = match dataset {
            Err(failure) => failure,
            Ok(dataset) => dataset.sessions(&dataset.users()[0]).find_map(Result::err).unwrap(),
        };
        assert_eq!(failure.kind(), FailureKind::Data);
        failure.to_string()
    };
    for (name, place) in
        [("ids.csv", "ids.csv:2: the user"), ("times.csv", "times.csv:2: the time")]
    {
        let said = said(name);
        assert!(said.contains(place) && said.contains("spreadsheet"), "{said}");
    }
    assert!(said("rounded.csv").contains("rounded ids"));
}
