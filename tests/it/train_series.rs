//! `train --all-users` on synthetic users' recordings: everybody gets a model, an interruption
//! costs one training at most, and whoever has too little is named without stopping the others.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::model::Bundle;
use mousewarden::pipeline::{MouseEvent, Segmenter, Signal, Timestamp, WindowParams};
use serde_json::Value;
use tempfile::TempDir;

/// Recordings in the format `dfl`: a folder a user, a file a session.
struct Recordings(TempDir);

impl Recordings {
    fn of(users: &[&str]) -> Self {
        let recordings = Self(tempfile::tempdir().unwrap());
        for (seed, user) in (70..).zip(users) {
            (0..3).for_each(|session| recordings.session(user, seed, session, 65));
        }
        recordings
    }

    fn session(&self, user: &str, seed: u64, session: u64, windows: usize) {
        let device = Device::steady(125.0, [1280, 800]);
        let person = SyntheticUser::generate(seed);
        let moves = person.moves(&device, session, Timestamp::default(), Pauses::AtMost(1.0));
        let (mut segmenter, mut cut) = (Segmenter::new(WindowParams::default()), 0);
        let enough = |event: &MouseEvent| {
            cut += usize::from(segmenter.push(Signal::Mouse(*event)).is_some());
            cut < windows
        };
        let rows = moves.take_while(enough).map(|event| {
            format!("{},NoButton,Move,{},{}\n", event.at.micros() / 1000, event.x, event.y)
        });
        let text = format!("client timestamp,button,state,x,y\n{}", rows.collect::<String>());
        fs::create_dir_all(self.0.path().join(user)).unwrap();
        fs::write(self.file(user, session), text).unwrap();
    }

    fn file(&self, user: &str, session: u64) -> PathBuf {
        self.0.path().join(user).join(format!("2020_01_0{}__10_00_00.CSV", session + 1))
    }

    fn train(&self, out: &Path, options: &str) -> Command {
        let mut command = Command::cargo_bin("mousewarden").unwrap();
        command.arg("train").arg(self.0.path()).args(["--format", "dfl", "--all-users"]);
        command.arg("--out").arg(out).args(options.split_whitespace());
        command
    }
}

/// A network so small that training it takes a moment.
const SMALL: &str = "--closed-set --backbone random --units 16 --epochs 2 --threads 1";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn states(run: &Output) -> Vec<(String, String)> {
    let summary: Value = serde_json::from_slice(&run.stdout).unwrap();
    let of = |user: &Value, key: &str| user[key].as_str().unwrap().to_owned();
    let users = summary["users"].as_array().unwrap();
    users.iter().map(|user| (of(user, "user"), of(user, "state"))).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(user, state)| ((*user).into(), (*state).into())).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn everybody_gets_a_model_with_its_curve_and_a_second_run_keeps_them() {
    let people = Recordings::of(&["ann", "bob", "cem", "dee"]);
    let out = tempfile::tempdir().unwrap();
    let run = people.train(out.path(), SMALL).output().unwrap();
    assert!(run.status.success(), "{}", text(&run.stderr));
    let table = text(&run.stdout);
    assert_eq!(table.lines().count(), 1 + 4 + 1, "{table}");
    assert!(table.contains("trained"), "{table}");
    let folder = out.path().join("seed/seed-1");
    let models = ["ann", "bob", "cem", "dee"];
    let mut expected: Vec<String> = vec!["summary.json".into()];
    models.iter().for_each(|user| {
        expected.extend([format!("{user}.curve.csv"), format!("{user}.onnx")]);
    });
    expected.sort();
    assert_eq!(names(&folder), expected);
    let curve = fs::read_to_string(folder.join("bob.curve.csv")).unwrap();
    assert_eq!(curve.lines().count(), 1 + 2, "{curve}");
    let bundle = Bundle::read(&folder.join("bob.onnx")).unwrap();
    assert_eq!(bundle.provenance.subject, "bob");
    assert_eq!(bundle.network.as_bilstm().unwrap().first.hidden, 16);

    let before = fs::read(folder.join("ann.onnx")).unwrap();
    fs::remove_file(folder.join("cem.onnx")).unwrap();
    let again = people.train(out.path(), &format!("{SMALL} --json")).output().unwrap();
    let kept = ["ann", "bob", "dee"].map(|user| (user, "kept"));
    assert_eq!(states(&again), pairs(&[kept[0], kept[1], ("cem", "trained"), kept[2]]));
    assert_eq!(fs::read(folder.join("ann.onnx")).unwrap(), before);

    // Everybody has learnt against the first session of the last.
    people.session("dee", 99, 0, 65);
    let other = people.train(out.path(), &format!("{SMALL} --json")).output().unwrap();
    assert!(states(&other).iter().all(|(_, state)| state == "trained"));
}

#[test]
fn parts_share_a_folder_and_the_whole_sums_them_up() {
    let users = ["-11", "bob", "cem", "dee"];
    let people = Recordings::of(&users);
    let out = tempfile::tempdir().unwrap();
    for shard in ["1/2", "2/2"] {
        let run = people.train(out.path(), &format!("{SMALL} --shard {shard}")).output().unwrap();
        assert!(run.status.success(), "{}", text(&run.stderr));
    }
    let folder = out.path().join("seed/seed-1");
    let sums = || names(&folder).into_iter().filter(|name| name.starts_with("summary"));
    assert_eq!(sums().collect::<Vec<_>>(), ["summary-1-of-2.json", "summary-2-of-2.json"]);
    let mut users_of_parts: Vec<String> = sums()
        .map(|name| serde_json::from_slice::<Value>(&fs::read(folder.join(name)).unwrap()).unwrap())
        .flat_map(|summary| summary["users"].as_array().unwrap().clone())
        .map(|user| user["user"].as_str().unwrap().to_owned())
        .collect();
    users_of_parts.sort();
    assert_eq!(users_of_parts, users);
    let whole = people.train(out.path(), &format!("{SMALL} --json")).output().unwrap();
    assert_eq!(states(&whole), pairs(&users.map(|user| (user, "kept"))));
    assert!(folder.join("summary.json").is_file());
}

#[test]
fn who_has_too_little_is_named_and_the_others_are_done() {
    let people = Recordings::of(&["ann", "bob", "cem", "dee"]);
    people.session("one", 80, 0, 90);
    people.session("two", 81, 0, 9);
    people.session("two", 81, 1, 9);
    let out = tempfile::tempdir().unwrap();
    let run = people.train(out.path(), &format!("{SMALL} --json")).output().unwrap();
    assert_eq!(run.status.code(), Some(65), "{}", text(&run.stderr));
    let trained = ["ann", "bob", "cem", "dee"].map(|user| (user, "trained"));
    let missing = [("one", "missing"), ("two", "missing")];
    assert_eq!(states(&run), pairs(&[&trained[..], &missing].concat()));
    let talk = text(&run.stderr);
    assert!(talk.contains("2 of 6 users have no model: one, two"), "{talk}");
    let table = text(&people.train(out.path(), SMALL).output().unwrap().stdout);
    assert!(table.contains("a session of its own") && table.contains("are needed"), "{table}");
}

#[test]
fn an_interruption_leaves_nothing_half_done_and_the_same_command_goes_on() {
    let people = Recordings::of(&["ann", "bob", "cem", "dee"]);
    let out = tempfile::tempdir().unwrap();
    let long = "--closed-set --backbone random --units 16 --epochs 3 --threads 1";
    let mut child = people.train(out.path(), long).stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    // The first is done and the second has begun.
    assert!(talk.by_ref().any(|line| line.starts_with("1/4 ann: trained")));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = talk.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("goes on from here")), "{rest:?}");
    let folder = out.path().join("seed/seed-1");
    for name in names(&folder).iter().filter(|name| name.ends_with(".onnx")) {
        Bundle::read(&folder.join(name)).unwrap();
    }
    let before = fs::read(folder.join("ann.onnx")).unwrap();
    let run = people.train(out.path(), &format!("{long} --json")).output().unwrap();
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert_eq!(states(&run)[0].1, "kept");
    assert_eq!(fs::read(folder.join("ann.onnx")).unwrap(), before);
    assert_eq!(names(&folder).len(), 4 * 2 + 1);
}

#[test]
fn a_session_that_repeats_another_stops_the_run_and_is_named() {
    let people = Recordings::of(&["ann", "bob", "cem", "dee"]);
    fs::copy(people.file("bob", 0), people.file("bob", 2)).unwrap();
    let out = tempfile::tempdir().unwrap();
    let run = people.train(out.path(), SMALL).output().unwrap();
    assert_eq!(run.status.code(), Some(65));
    let talk = text(&run.stderr);
    assert!(talk.contains("the same movement twice in the split of"), "{talk}");
    assert!(talk.contains("2020_01_03") && talk.contains("bob"), "{talk}");
    assert_eq!(names(out.path()), [""; 0]);
}

/// The command with files limited to so many blocks of 512 bytes, which fails the way a full disk
/// does: in the middle of a file.
fn on_a_full_disk(command: &Command, blocks: usize) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut limited = Command::new("sh");
    limited.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
    limited.output().unwrap()
}

#[test]
fn a_full_disk_leaves_no_half_written_model() {
    let people = Recordings::of(&["ann", "bob", "cem", "dee"]);
    let out = tempfile::tempdir().unwrap();
    let run = on_a_full_disk(&people.train(out.path(), SMALL), 8);
    assert_eq!(run.status.code(), Some(74), "{}", text(&run.stderr));
    let talk = text(&run.stderr);
    assert!(talk.contains("seed-1/ann.") && talk.contains("Free some space"), "{talk}");
    assert_eq!(names(&out.path().join("seed/seed-1")), ["ann.curve.csv"]);
}

#[test]
fn a_full_disk_leaves_no_half_written_windows() {
    let people = Recordings::of(&["ann"]);
    let out = tempfile::tempdir().unwrap();
    let mut preprocess = Command::cargo_bin("mousewarden").unwrap();
    preprocess.arg("preprocess").arg(people.0.path()).args(["--format", "dfl", "--out"]);
    preprocess.arg(out.path());
    let run = on_a_full_disk(&preprocess, 64);
    assert_eq!(run.status.code(), Some(74), "{}", text(&run.stderr));
    assert_eq!(names(out.path()), [""; 0]);
}

#[test]
fn options_that_do_not_fit_together_are_refused() {
    let people = Recordings::of(&["ann"]);
    let out = tempfile::tempdir().unwrap();
    for (options, code, said) in [
        ("--user ann", 2, "cannot be used with"),
        ("--user -11", 2, "cannot be used with"),
        ("--protocol nonsense", 78, "is not one of"),
        ("--epochs 3", 2, "--backbone random"),
        ("", 65, "nobody is there to be an impostor"),
    ] {
        let run = people.train(out.path(), options).output().unwrap();
        assert_eq!(run.status.code(), Some(code), "{options}");
        assert!(text(&run.stderr).contains(said), "{options}: {}", text(&run.stderr));
    }
}
