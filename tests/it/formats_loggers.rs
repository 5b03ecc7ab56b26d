//! The formats of common loggers, each on a fixture of invented rows.

use std::path::{Path, PathBuf};

use mousewarden::data::formats::{Dataset, DropReason, Format, ReadParams, RecordedSession, open};
use mousewarden::pipeline::window::cut_recording;
use mousewarden::pipeline::{Button, MouseKind, WindowParams};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name)
}

fn read(format: &str, name: &str) -> Dataset {
    let format: Format = format.parse().unwrap();
    open(&format, &[fixture(name)], ReadParams::default()).unwrap()
}

/// Users with the events of each of their sessions.
fn events(dataset: &Dataset) -> Vec<(&str, Vec<usize>)> {
    let of = |user| dataset.sessions(user).map(|session| session.unwrap().events.len()).collect();
    dataset.users().iter().map(|user| (user.id(), of(user))).collect()
}

fn session(dataset: &Dataset, user: usize) -> RecordedSession {
    dataset.sessions(&dataset.users()[user]).next().unwrap().unwrap()
}

fn kinds(session: &RecordedSession) -> Vec<MouseKind> {
    session.events.iter().map(|event| event.kind).collect()
}

fn steps_ms(session: &RecordedSession) -> Vec<f64> {
    session.events.windows(2).map(|pair| (pair[1].at - pair[0].at).0 as f64 / 1e3).collect()
}

fn windows(session: &RecordedSession) -> usize {
    cut_recording(WindowParams { thin_ms: 0, ..WindowParams::default() }, session.signals()).0.len()
}

#[test]
fn pynput_logs_and_tables_are_read_alike() {
    let dataset = read("pynput", "pynput");
    assert_eq!(events(&dataset), [("ann", vec![10]), ("bob", vec![9])]);
    let log = session(&dataset, 0);
    assert_eq!(steps_ms(&log)[..3], [16.0, 16.0, 16.0]);
    assert_eq!(kinds(&log)[8..], [MouseKind::Press(Button::Left), MouseKind::Wheel]);
    assert_eq!(log.dropped.faults(), 1);
    let table = session(&dataset, 1);
    assert_eq!(table.events[0].at.micros(), 1_655_992_918_250_000);
    let [right, clicks] = [Button::Right, Button::Right];
    let expected = [MouseKind::Press(right), MouseKind::Release(clicks), MouseKind::Wheel];
    assert_eq!(kinds(&table)[6..], expected);
}

#[test]
fn json_lines_and_arrays_are_read_and_a_broken_line_costs_itself() {
    let dataset = read("jsonl", "jsonl/ann");
    let session = session(&dataset, 0);
    assert_eq!((session.events.len(), session.rows), (7, 9));
    assert_eq!(session.dropped.count(DropReason::Unreadable), 1);
    assert_eq!(session.dropped.count(DropReason::Ignored), 1);
    assert_eq!(session.events[6].kind, MouseKind::Press(Button::Right));
    let dataset = read("jsonl", "jsonl/two.json");
    assert_eq!(events(&dataset), [("carl", vec![5]), ("dora", vec![5])]);
}

#[test]
fn jspsych_trials_have_clocks_of_their_own() {
    let dataset = read("jspsych", "jspsych/csv");
    assert_eq!(events(&dataset), [("p1", vec![20]), ("p2", vec![9])]);
    let session = session(&dataset, 0);
    assert_eq!(session.parts().map(<[_]>::len).collect::<Vec<_>>(), [10, 10]);
    assert_eq!((windows(&session), session.dropped.count(DropReason::NoPosition)), (2, 1));
    assert!(session.dropped.warnings().is_empty(), "{:?}", session.dropped.warnings());
    assert_eq!(kinds(&session)[8], MouseKind::Drag);
    let dataset = read("jspsych", "jspsych/json");
    assert_eq!(events(&dataset), [("ann", vec![18])]);
}

#[test]
fn psychopy_lists_are_unfolded_with_their_buttons() {
    let dataset = read("psychopy", "psychopy");
    assert_eq!(events(&dataset), [("7", vec![16])]);
    let session = session(&dataset, 0);
    let left = Button::Left;
    let expected = [MouseKind::Press(left), MouseKind::Drag, MouseKind::Release(left)];
    assert_eq!(kinds(&session)[4..7], expected);
    assert_eq!(steps_ms(&session)[0], 16.7);
    assert_eq!(session.events[0].y, 40.0, "y grows upwards there");
    assert_eq!(session.parts().count(), 2);
}

#[test]
fn mousetrap_tables_are_read_in_lists_in_columns_and_in_rows() {
    let dataset = read("mousetrap", "mousetrap/lists");
    assert_eq!(events(&dataset), [("1", vec![14]), ("2", vec![14])]);
    assert_eq!(session(&dataset, 1).dropped.count(DropReason::Unreadable), 1);
    let dataset = read("mousetrap", "mousetrap/wide");
    assert_eq!(events(&dataset), [("ann", vec![14])]);
    assert_eq!(session(&dataset, 0).parts().map(<[_]>::len).collect::<Vec<_>>(), [8, 6]);
    let dataset = read("mousetrap", "mousetrap/long");
    assert_eq!(events(&dataset), [("ann", vec![12])]);
    assert_eq!((session(&dataset, 0).parts().count(), windows(&session(&dataset, 0))), (2, 2));
}

#[test]
fn mousetrackers_blocks_are_put_together() {
    let dataset = read("mousetracker", "mousetracker");
    assert_eq!(events(&dataset), [("ann", vec![12])]);
    let session = session(&dataset, 0);
    assert_eq!(session.parts().map(<[_]>::len).collect::<Vec<_>>(), [7, 5]);
    assert_eq!(steps_ms(&session)[..2], [15.0, 15.0]);
    assert_eq!(session.dropped.total(), 0);
}

#[test]
fn the_kharagpur_logs_count_time_from_line_to_line() {
    let dataset = read("kharagpur", "kharagpur");
    let session = session(&dataset, 0);
    assert_eq!(session.events[0].at.micros(), 1_600_000_000_000_000);
    assert_eq!(session.events[7].at.micros(), 1_600_000_000_056_000);
    let left = Button::Left;
    let expected =
        [MouseKind::Press(left), MouseKind::Drag, MouseKind::Release(left), MouseKind::Move];
    assert_eq!(kinds(&session)[8..], expected);
    assert_eq!(session.dropped.count(DropReason::UnknownEvent), 1);
    assert_eq!(session.dropped.count(DropReason::Unreadable), 1);
    // Time passes in lines that are left out, too.
    assert_eq!(steps_ms(&session)[10], 38.0);
}

/// The failure of a file of this name and text.
fn refusal(format: &str, name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let inputs = [folder.path().to_owned()];
    open(&format.parse().unwrap(), &inputs, ReadParams::default()).unwrap_err().to_string()
}

#[test]
fn objects_that_keep_their_positions_inside_are_named() {
    for (text, cause) in [
        (r#"{"events": [{"t": 1, "x": 2, "y": 3}]}"#, "in the list \"events\""),
        (r#"{"t": [1, 2, 3], "x": [1, 2, 3], "y": [1, 2, 3]}"#, "holds a whole column"),
        (r#"{"t": 1, "data": {"x": 1, "y": 2}}"#, "inside \"data\""),
    ] {
        let said = refusal("jsonl", "a.json", text);
        assert!(said.contains(cause), "{said}");
    }
    let said = refusal("jspsych", "a.json", r#"{"data": [{"mouse_tracking_data": []}]}"#);
    assert!(said.contains("in the list \"data\""), "{said}");
}

#[test]
fn a_script_that_logs_bare_numbers_in_another_order_is_not_guessed_at() {
    let said =
        refusal("pynput", "log.txt", "639,400,0,1656000000010000\n641,401,0,1656000000020000\n");
    assert!(said.contains("--no-header"), "{said}");
}

#[test]
fn lists_without_brackets_are_lists() {
    let folder = tempfile::tempdir().unwrap();
    let text = "subject_nr,timestamps_a,xpos_a,ypos_a\n1,\"0, 10, 20\",\"1, 2, 3\",\"4, 5, 6\"\n";
    std::fs::write(folder.path().join("a.csv"), text).unwrap();
    let inputs = [folder.path().to_owned()];
    let dataset = open(&"mousetrap".parse().unwrap(), &inputs, ReadParams::default()).unwrap();
    assert_eq!(session(&dataset, 0).events.len(), 3);
}

#[test]
fn lists_as_numpy_prints_them_are_read_and_places_without_a_position_are_counted() {
    let numbers = |values: &[&str]| format!("\"[{}]\"", values.join(", "));
    let scalar = |value: &str| format!("np.float64({value})");
    let xs: Vec<String> = ["1.0", "2.0", "nan", "4.0"].iter().map(|x| scalar(x)).collect();
    let xs: Vec<&str> = xs.iter().map(String::as_str).collect();
    let times = numbers(&["0.1", "0.2", "0.3", "0.4"]);
    let text = format!("mouse.x,mouse.y,mouse.time\n{},{times},{times}\n", numbers(&xs));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, text).unwrap();
    let dataset = open(&"psychopy".parse().unwrap(), &[file], ReadParams::default()).unwrap();
    let session = session(&dataset, 0);
    assert_eq!(session.events.iter().map(|event| event.x).collect::<Vec<_>>(), [1.0, 2.0, 4.0]);
    assert_eq!(session.dropped.count(DropReason::NoPosition), 1);
}

#[test]
fn lists_of_other_lengths_name_no_format_that_is_given_already() {
    let text = "mouse.x,mouse.y,mouse.time\n\"[1, 2]\",\"[1, 2, 3]\",\"[1, 2, 3]\"\n";
    let told = refusal("psychopy", "a.csv", text);
    assert!(told.contains("as many in each") && !told.contains("--format"), "{told}");
}

/// A file of MouseTracker with a separator of its own, saved by a spreadsheet.
fn blocks(separator: &str) -> String {
    let block = |title: &str, values: &str| {
        format!("{title},,,\ntrial,condition,error,,\n0,\"c, d\",0,{values},,\n,,\n")
    };
    let text = block("RAW TRACKS (X coordinates)", "1,2,3")
        + &block("RAW TRACKS (Y coordinates)", "4,5,6")
        + &block("RAW TRACKS (time)", "0,15,30");
    text.replace(", ", "@").replace(',', separator).replace('@', ", ")
}

#[test]
fn mousetrackers_blocks_may_have_any_separator_quotes_and_empty_fields() {
    let folder = tempfile::tempdir().unwrap();
    for separator in [",", "\t", ";"] {
        let file = folder.path().join("a.csv");
        std::fs::write(&file, blocks(separator)).unwrap();
        let format = "mousetracker".parse().unwrap();
        let dataset = open(&format, &[file], ReadParams::default()).unwrap();
        let session = session(&dataset, 0);
        let places: Vec<_> = session.events.iter().map(|event| (event.x, event.y)).collect();
        assert_eq!(places, [(1.0, 4.0), (2.0, 5.0), (3.0, 6.0)], "{separator:?}");
        let failure = open(&format, &[folder.path().into()], ReadParams::default()).unwrap_err();
        assert!(failure.to_string().contains("name the file itself"), "{failure}");
    }
}
