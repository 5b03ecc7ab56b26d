//! The command on a folder of recordings: table, files, JSON, comparison, and its errors.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

use super::people::people;

fn mousewarden(arguments: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("mousewarden").unwrap();
    command.env("NO_COLOR", "1").args(arguments).output().unwrap()
}

/// Recordings of synthetic users in the layout of DFL: a folder a user, a file a session.
fn record(folder: &Path) {
    for person in people(3) {
        fs::create_dir_all(folder.join(&person.id)).unwrap();
        for session in &person.sessions {
            let mut text = String::from("client timestamp,button,state,x,y\n");
            for sample in session.windows.iter().flat_map(|window| window.samples()) {
                let ms = sample.at.micros() / 1000;
                text.push_str(&format!("{ms},NoButton,Move,{},{}\n", sample.x, sample.y));
            }
            fs::write(folder.join(&person.id).join(format!("{}.CSV", session.id)), text).unwrap();
        }
    }
}

#[test]
fn the_command_evaluates_a_folder_and_compares_its_results() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    record(&folder.path().join("recordings"));
    let input = [at("recordings"), at("models"), at("out")];
    let usual = [
        "evaluate",
        &input[0],
        "--format",
        "dfl",
        "--models",
        &input[1],
        "--out",
        &input[2],
        "--draws",
        "100",
        "--backend",
        "builtin",
    ];

    let missing = mousewarden(&usual);
    assert_eq!(missing.status.code(), Some(66));
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(said.contains("mousewarden train FOLDER --format dfl --all-users"), "{said}");

    let done = mousewarden(&[&usual[..], &["--train"]].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let table = String::from_utf8_lossy(&done.stdout).into_owned();
    for word in ["open-set (3 owners", "what knows less", "in use", "warning: Only 3 owners"] {
        assert!(table.contains(word), "{table}");
    }
    assert!(folder.path().join("out/binary_results.csv").exists());

    let json = mousewarden(&[&usual[..], &["--json"]].concat());
    let results: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(results["version"], 1);
    assert_eq!(results["runs"][0]["protocol"]["name"], "open-set");

    let file = at("out/results.json");
    let compared = mousewarden(&["evaluate", "--compare", &file, &file]);
    let said = String::from_utf8_lossy(&compared.stdout).into_owned();
    assert!(compared.status.success() && said.contains("paired by owner"), "{said}");

    let split = mousewarden(&[&usual[..], &["--split", "--protocol", "seed"]].concat());
    let said = String::from_utf8_lossy(&split.stdout).into_owned();
    assert!(said.contains("seed, seed 1: split ") && said.contains("user2"), "{said}");
}

#[test]
fn a_wrong_protocol_and_no_folder_are_told() {
    for (arguments, expected) in [
        (&["evaluate", "x", "--format", "dfl", "--protocol", "closed"][..], "is not one of"),
        (&["evaluate"][..], "no recordings are named"),
        (&["evaluate", "x", "--format", "nonsense"][..], "nonsense"),
        (&["evaluate", "--compare", "/nowhere/a", "/nowhere/b"][..], "/nowhere/a"),
    ] {
        let output = mousewarden(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(expected), "{said}");
    }
}
