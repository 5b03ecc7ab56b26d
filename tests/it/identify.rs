//! `mousewarden identify` from the outside: learn, measure, predict, and what it says of bad input.
//! The people are invented.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::invented::{HEADER, person, table};
use assert_cmd::Command;
use mousewarden::model::Identifier;

/// Exit code, standard output, standard error.
fn identify(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    let output = command.arg("identify").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const QUICK: [&str; 4] = ["--epochs", "60", "--members", "1"];

fn trained(folder: &Path) -> (String, String) {
    let (train, model) = (folder.join("Train_Mouse.csv"), folder.join("people.onnx"));
    fs::write(&train, table(&[0, 1, 2, 3], 0..4, true)).unwrap();
    let (train, model) = (train.to_str().unwrap().to_owned(), model.to_str().unwrap().to_owned());
    let (code, out, err) = identify(&[&["train", &train, "--out", &model][..], &QUICK].concat());
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("knows 4 people from 16 sessions"), "{err}");
    (train, model)
}

fn in_folder(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn it_learns_and_names_the_makers_of_sessions_without_a_user() {
    let folder = tempfile::tempdir().unwrap();
    let (_, model) = trained(folder.path());
    let text = table(&[0, 1, 2, 3], 4..6, false);
    let test = in_folder(folder.path(), "Test_Mouse.csv", &text);
    let out = folder.path().join("Predicted_mouse.csv");
    let out = out.to_str().unwrap();
    let arguments = ["predict", &test, "--model", &model, "--out", out, "--probability"];
    let (code, listed, err) = identify(&arguments);
    assert_eq!(code, 0, "{err}");
    assert_eq!(listed.lines().count(), 9);
    assert_eq!(listed.lines().next(), Some("session_id,user_id,probability,second,unsure"));

    let predicted = fs::read_to_string(out).unwrap();
    let mut lines = predicted.lines();
    let header = "uid,session_id,user_id,timestamp,event_type,screen_x,screen_y,probability";
    assert_eq!(lines.next(), Some(header));
    let mut right = 0;
    for (line, before) in lines.by_ref().zip(text.lines().skip(1)) {
        let fields: Vec<&str> = line.split(',').collect();
        let kept = [&fields[..2], &fields[3..7]].concat().join(",");
        assert_eq!(kept, before);
        right += usize::from(fields[1].starts_with(&format!("of-{}", fields[2])));
        let probability: f64 = fields[7].parse().unwrap();
        assert!((0.25..=1.0).contains(&probability), "{line}");
    }
    let rows = text.lines().count() - 1;
    assert_eq!(predicted.lines().count(), rows + 1);
    assert!(right * 10 >= rows * 9, "{right} of {rows}\n{listed}");
}

#[test]
fn a_model_says_in_how_many_parts_it_wants_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let (train, model) = trained(folder.path());
    assert_eq!(Identifier::read(Path::new(&model)).unwrap().features.parts, 2);
    let answers = |model: &str| {
        let (code, out, err) = identify(&["predict", &train, "--model", model]);
        assert_eq!(code, 0, "{err}");
        out
    };
    // The same weights, asked about whole sessions alone.
    let mut whole = Identifier::read(Path::new(&model)).unwrap();
    whole.features.parts = 1;
    let path = folder.path().join("whole.onnx");
    whole.write(&path).unwrap();
    assert_ne!(answers(&model), answers(path.to_str().unwrap()));
    whole.features.parts = 0;
    assert!(whole.write(&path).unwrap_err().to_string().contains("0 parts"));
    let (code, _, err) = identify(&["train", &train, "--parts", "0"]);
    assert!(code == 2 && err.contains("from 1 to 20"), "{err}");
}

#[test]
fn an_evaluation_finds_people_who_differ_and_keeps_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let train = in_folder(folder.path(), "t.csv", &table(&[0, 1, 2, 3], 0..4, true));
    let confusion = folder.path().join("confusion.csv");
    let options = ["--repeats", "2", "--importance", "--confusion", confusion.to_str().unwrap()];
    let (code, text, err) = identify(&[&["evaluate", &train][..], &QUICK, &options].concat());
    assert_eq!(code, 0, "{err}");
    for words in [
        "16 sessions of 4 people",
        "4 folds of whole sessions, assigned 2 times; each also cut in 2 parts",
        "macro F1",
        "changes hands",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    assert_eq!(fs::read_to_string(&confusion).unwrap().lines().count(), 5);

    let (code, json, err) = identify(
        &[&["evaluate", &train, "--json", "--grid", "--repeats", "1"][..], &QUICK].concat(),
    );
    assert_eq!(code, 0, "{err}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["scores"]["macro_f1"]["value"].as_f64().unwrap() > 0.8, "{json}");
    assert_eq!(json["folds"], 4);
    let folds: u64 =
        json["chosen"].as_array().unwrap().iter().map(|one| one[1].as_u64().unwrap()).sum();
    assert_eq!(folds, 4);
}

#[test]
fn the_confusion_matrix_is_written_as_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let train = in_folder(folder.path(), "t.csv", &table(&[0, 1], 0..3, true));
    let written = |name: &str| {
        let path = folder.path().join(name);
        let options = ["--repeats", "1", "--confusion", path.to_str().unwrap()];
        let (code, _, err) = identify(&[&["evaluate", &train][..], &QUICK, &options].concat());
        (code, err, fs::read(&path).unwrap_or_default())
    };
    let (code, err, svg) = written("c.svg");
    assert_eq!(code, 0, "{err}");
    roxmltree::Document::parse(std::str::from_utf8(&svg).unwrap()).unwrap();
    let (code, err, _) = written("c.jpeg");
    assert!(code == 78 && err.contains(".csv, .svg or .png"), "{err}");
    let (code, err, png) = written("c.png");
    match cfg!(feature = "png") {
        true => assert!(code == 0 && png.starts_with(b"\x89PNG"), "{err}"),
        false => assert!(code == 69 && err.contains("--features png"), "{err}"),
    }
}

#[test]
fn shards_of_features_make_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let train = in_folder(folder.path(), "t.csv", &table(&[0, 1, 2], 0..4, true));
    let rows = |shard: &str| -> BTreeSet<String> {
        let (code, text, err) = identify(&["features", &train, "--shard", shard]);
        assert_eq!(code, 0, "{err}");
        text.lines().skip(1).map(str::to_owned).collect()
    };
    let parts = ["1/3", "2/3", "3/3"].map(rows);
    assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), 12);
    let together: BTreeSet<String> = parts.into_iter().flatten().collect();
    assert_eq!(together, rows("1/1"));
    let (code, _, err) = identify(&["features", &train, "--shard", "4/3"]);
    assert!(code != 0 && err.contains("2/4"), "{err}");
}

#[test]
fn sessions_without_clicks_moves_or_change_get_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (_, model) = trained(folder.path());
    let odd = [
        HEADER,
        "a,one-event,9,1655000000000,2,5.0,5.0",
        "b,no-moves,9,1655000000000,5,5.0,5.0",
        "c,no-moves,9,1655000000900,5,6.0,7.0",
        "d,no-clicks,9,1655000000000,2,1.0,2.0",
        "e,no-clicks,9,1655000000016,2,3.0,5.0",
        "f,constant,9,1655000000000,2,4.0,4.0",
        "g,constant,9,1655000000016,2,4.0,4.0",
        "h,constant,9,1655000000032,5,4.0,4.0",
    ];
    let test = in_folder(folder.path(), "odd.csv", &odd.join("\n"));
    let (code, text, err) = identify(&["predict", &test, "--model", &model]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    // User 9 is nobody whom the model knows.
    assert!(err.contains("4 of them were made by people whom the model does not know"), "{err}");
}

#[test]
fn unknown_event_types_are_counted_and_named_and_a_session_of_nothing_else_is_kept_empty() {
    let folder = tempfile::tempdir().unwrap();
    let (_, model) = trained(folder.path());
    let text = [
        HEADER,
        "a,s1,x,1655000000000,2,5.0,5.0",
        "b,s1,x,1655000000020,9,5.0,6.0",
        "c,s2,x,1655000000000,7,1.0,1.0",
    ];
    let test = in_folder(folder.path(), "odd.csv", &text.join("\n"));
    let out = folder.path().join("p.csv");
    let out = out.to_str().unwrap();
    let (code, listed, err) = identify(&["predict", &test, "--model", &model, "--out", out]);
    assert_eq!(code, 0, "{err}");
    for words in
        ["2 rows left out: unknown event", "unknown event \"9\"", "session s2: not a single"]
    {
        assert!(err.contains(words), "{words:?} is not in\n{err}");
    }
    assert_eq!(listed.lines().count(), 2);
    let rows: Vec<String> = fs::read_to_string(out).unwrap().lines().map(str::to_owned).collect();
    assert!(rows[1].starts_with("a,s1,") && !rows[1].starts_with("a,s1,,"), "{}", rows[1]);
    assert_eq!(rows[3], "c,s2,,1655000000000,7,1.0,1.0");
    let (code, _, err) = identify(&["predict", &test, "--model", &model, "--strict"]);
    assert!(code == 65 && err.contains("odd.csv:3"), "{err}");
}

#[test]
fn a_file_that_a_spreadsheet_saved_is_refused_with_a_remedy() {
    for (name, words) in [("ids", "-2.4162E+18"), ("times", "E+12"), ("rounded", "zeros")] {
        let file = format!(
            "{}/tests/fixtures/formats/bank_damaged/{name}.csv",
            env!("CARGO_MANIFEST_DIR")
        );
        let (code, out, err) = identify(&["features", &file]);
        assert_eq!((code, out.as_str()), (65, ""), "{name}: {err}");
        assert!(err.contains(words) && err.contains("original file"), "{name}: {err}");
    }
}

#[test]
fn a_model_of_other_features_or_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (train, model) = trained(folder.path());
    let mut other = Identifier::read(Path::new(&model)).unwrap();
    other.features.names[3] = "colour_of_the_mouse".into();
    let renamed = folder.path().join("renamed.onnx");
    other.write(&renamed).unwrap();
    let (code, _, err) = identify(&["predict", &train, "--model", renamed.to_str().unwrap()]);
    assert!(code == 65 && err.contains("number 4 is \"colour_of_the_mouse\""), "{err}");

    other.features.set = "smells".into();
    other.write(&renamed).unwrap();
    let (code, _, err) = identify(&["predict", &train, "--model", renamed.to_str().unwrap()]);
    assert!(code == 65 && err.contains("\"smells\", unknown here"), "{err}");

    let nowhere = folder.path().join("nowhere.onnx");
    let (code, _, err) = identify(&["predict", &train, "--model", nowhere.to_str().unwrap()]);
    assert!(code == 66 && err.contains("identify train"), "{err}");

    let start = concat!(env!("CARGO_MANIFEST_DIR"), "/onnx/backbone.onnx");
    let (code, _, err) = identify(&["predict", &train, "--model", start]);
    assert!(code == 65 && err.contains("identify train"), "{err}");
}

#[test]
fn too_few_people_or_sessions_to_learn_from_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let alone = in_folder(folder.path(), "alone.csv", &table(&[0], 0..4, true));
    let (code, _, err) = identify(&["evaluate", &alone]);
    assert!(code == 65 && err.contains("two users are needed, these recordings name 1"), "{err}");
    let nobody = in_folder(folder.path(), "nobody.csv", &table(&[0, 1], 0..2, false));
    let (code, _, err) = identify(&["train", &nobody]);
    assert!(code == 65 && err.contains("name 0"), "{err}");
    let once = [table(&[0, 1], 0..3, true), person(2, 0, true)].concat();
    let once = in_folder(folder.path(), "once.csv", &once);
    let (code, _, err) = identify(&["evaluate", &once]);
    assert!(code == 65 && err.contains("has a single session"), "{err}");
}

#[cfg(not(feature = "forests"))]
#[test]
fn a_build_without_forests_says_how_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    let train = in_folder(folder.path(), "t.csv", &table(&[0, 1], 0..3, true));
    let (code, _, err) = identify(&["evaluate", &train, "--classifier", "extra-trees"]);
    assert!(code == 69 && err.contains("--features forests"), "{err}");
}

#[cfg(feature = "forests")]
#[test]
fn forests_boosting_and_the_ensemble_find_people_who_differ() {
    let folder = tempfile::tempdir().unwrap();
    let train = in_folder(folder.path(), "t.csv", &table(&[0, 1, 2], 0..4, true));
    for name in ["random-forest", "extra-trees", "boosted", "ensemble"] {
        let options = ["--classifier", name, "--repeats", "1", "--json"];
        let (code, json, err) = identify(&[&["evaluate", &train][..], &QUICK, &options].concat());
        assert_eq!(code, 0, "{name}: {err}");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let found = json["scores"]["macro_f1"]["value"].as_f64().unwrap();
        assert!(found > 0.7, "{name}: {found}");
    }
}

#[cfg(not(feature = "columnar"))]
#[test]
fn a_build_without_arrow_says_how_to_get_it() {
    let (code, out, err) = identify(&["features", "--stdio-arrow"]);
    assert_eq!((code, out.as_str()), (69, ""));
    assert!(err.contains("--features columnar"), "{err}");
}
