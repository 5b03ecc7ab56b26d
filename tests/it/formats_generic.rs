//! Tables described by parameters, and inputs that are not what they are said to be.

use std::fs;
use std::path::{Path, PathBuf};

use mousewarden::data::formats::{
    DropReason, Format, GenericParams, ReadParams, RecordedSession, TimeUnit, UserFrom, open,
};
use mousewarden::error::{Failure, FailureKind};
use mousewarden::pipeline::{Button, MouseKind};

fn named(format: &str) -> Format {
    format.parse().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name)
}

fn layout(text: &str) -> Format {
    Format::generic(GenericParams::from_toml("layout.toml", text).unwrap())
}

fn sessions(format: &Format, path: &Path) -> Vec<RecordedSession> {
    let dataset = open(format, &[path.to_owned()], ReadParams::default()).unwrap();
    let users = dataset.users().iter();
    users.flat_map(|user| dataset.sessions(user).map(Result::unwrap).collect::<Vec<_>>()).collect()
}

fn refused(format: &Format, path: &Path) -> Failure {
    open(format, &[path.to_owned()], ReadParams::default()).unwrap_err()
}

#[test]
fn iso_times_and_positions_in_brackets_need_no_code() {
    let format = layout(
        r#"
        separator = ";"
        time = "when"
        time_unit = "iso8601"
        position = "where"
        event = "what"
        user_from = "file"
        [events]
        0 = "move"
        8 = "ignore"
        "#,
    );
    let sessions = sessions(&format, &fixture("generic/iso"));
    let session = &sessions[0];
    assert_eq!(session.user, "ann");
    let positions: Vec<_> = session.events.iter().map(|event| (event.x, event.y)).collect();
    assert_eq!(positions, [(1044.0, 731.0), (1046.5, -3.0)]);
    assert_eq!((session.events[1].at - session.events[0].at).0, 16_000);
    let counts: Vec<_> = session.dropped.by_reason().collect();
    let expected =
        [(DropReason::Unreadable, 1), (DropReason::UnknownEvent, 1), (DropReason::Ignored, 1)];
    assert_eq!(counts, expected);
}

#[test]
fn float_seconds_and_button_codes_need_no_code() {
    let format = layout(
        r#"
        time = "t"
        time_unit = "s"
        event = "button"
        user = "user"
        [events]
        -1 = "move"
        0 = "press-left"
        1 = "drag"
        "#,
    );
    let sessions = sessions(&format, &fixture("generic/epoch"));
    let users: Vec<_> = sessions.iter().map(|session| session.user.as_str()).collect();
    assert_eq!(users, ["ann", "bob"]);
    let press = sessions[0].events[0];
    assert_eq!(press.kind, MouseKind::Press(Button::Left));
    assert_eq!(press.at.micros(), 1_655_992_918_270_001);
    // A row of somebody else's in between takes nothing away.
    assert_eq!(sessions[1].events.len(), 3);
    assert_eq!(sessions[1].id, "polled");
}

#[test]
fn a_table_without_a_header_is_read_by_numbers() {
    let params = GenericParams {
        separator: "tab".into(),
        header: false,
        time: "1".into(),
        x: "2".into(),
        y: "3".into(),
        time_unit: TimeUnit::Ms,
        user_from: UserFrom::Folder,
        ..GenericParams::default()
    };
    let sessions = sessions(&Format::generic(params), &fixture("generic/bare"));
    assert_eq!((sessions[0].user.as_str(), sessions[0].events.len()), ("dave", 2));
    assert_eq!(sessions[0].events[1].x, 3.0);
}

#[test]
fn a_layout_that_cannot_work_is_refused() {
    let wrong = GenericParams::from_toml("layout.toml", "tiem = \"t\"").unwrap_err();
    assert_eq!(wrong.kind(), FailureKind::Config);
    for text in ["separator = \"ab\"", "header = false", "event = \"e\"\nevents = { a = \"fly\" }"]
    {
        let failure = refused(&layout(text), &fixture("generic/epoch"));
        assert_eq!(failure.kind(), FailureKind::Config, "{failure}");
    }
}

#[test]
fn a_file_of_another_format_is_named_with_the_column_it_lacks() {
    let failure = refused(&named("gmail"), &fixture("sapimouse/user2"));
    assert_eq!(failure.kind(), FailureKind::Data);
    assert!(failure.to_string().contains("no column \"Type\""), "{failure}");
}

#[test]
fn a_missing_input_and_a_folder_without_recordings_are_refused() {
    assert_eq!(refused(&named("gmail"), &fixture("nowhere")).kind(), FailureKind::NoInput);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(refused(&named("gmail"), empty.path()).kind(), FailureKind::NoInput);
}

#[test]
fn one_user_under_two_spellings_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = "user,time,x,y\nAnn,1,2,3\nann,2,3,4\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let failure = refused(&layout("user = \"user\""), folder.path());
    assert!(failure.to_string().contains("two spellings"), "{failure}");
}

#[test]
fn text_in_utf_16_is_refused_and_bytes_of_another_encoding_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let wide: Vec<u8> = "\u{feff}time,x,y\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&path, wide).unwrap();
    assert!(refused(&layout(""), &path).to_string().contains("UTF-16"));
    fs::write(&path, b"user,time,x,y\nJos\xe9,1,2,3\n").unwrap();
    let sessions = sessions(&layout("user = \"user\""), &path);
    assert_eq!((sessions[0].user.as_str(), sessions[0].events.len()), ("Jos%E9", 1));
}

#[test]
fn an_empty_file_is_a_session_in_which_nothing_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "").unwrap();
    let sessions = sessions(&layout(""), &path);
    assert_eq!((sessions[0].rows, sessions[0].start()), (0, None));
}

#[test]
fn a_file_given_twice_counts_once() {
    let folder = fixture("gmail/7003");
    let both = [folder.clone(), folder.join("session_0.csv")];
    let dataset = open(&named("gmail"), &both, ReadParams::default()).unwrap();
    assert_eq!(dataset.users()[0].sessions().len(), 1);
}
