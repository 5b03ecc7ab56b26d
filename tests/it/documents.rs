//! Every command of the laboratory that a document names, run on invented people in the format that
//! it names: what a reader types works, whatever page it stands on.
#![cfg(all(feature = "history", feature = "watch"))]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands::{documents, of_document, quoted};
use crate::invented::table;
use crate::laboratory::{SESSIONS, USERS, invented, session};
use crate::tools::checkout;

/// Commands that read recordings or models, and nothing of the desktop; training takes its time, and is
/// typed by the walk.
const LABORATORY: [&str; 5] = ["preprocess", "explore", "evaluate", "identify", "inspect"];
/// The page whose lines build upon one another: a test of its own types them.
const WALK: &str = "LABORATORY.md";

/// The rows of a session in the layout of DFL: time, position.
fn moves(user: usize, which: usize) -> Vec<(f64, String, String)> {
    let text = session(user, which);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].parse().unwrap(), cells[3].to_owned(), cells[4].to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

/// The same people as Gmail's recorder writes them.
fn gmail(folder: &Path) {
    for user in 1..=USERS {
        let own = folder.join(format!("{}", 7000 + user));
        fs::create_dir_all(&own).unwrap();
        for which in 0..SESSIONS {
            let begin = 1_600_000_000_000.0 + 86_400_000.0 * which as f64;
            let mut text = String::from("Tab ID,ClientID,Type,Mouse X,Mouse Y,TimeStamp\n");
            for (at, x, y) in moves(user, which) {
                let _ = writeln!(text, "{user},{user},movement,{x},{y},{:.0}", begin + at);
            }
            fs::write(own.join(format!("session_{which}.csv")), text).unwrap();
        }
    }
}

/// The same people as the Balabit challenge lays them out.
fn balabit(folder: &Path) {
    for user in 1..=USERS {
        let own = folder.join(format!("training_files/user{user}"));
        fs::create_dir_all(&own).unwrap();
        for which in 0..SESSIONS {
            let mut text = String::from("record timestamp,client timestamp,button,state,x,y\n");
            for (at, x, y) in moves(user, which) {
                let at = at / 1000.0;
                let _ = writeln!(text, "{at:.3},{at:.3},NoButton,Move,{x},{y}");
            }
            fs::write(own.join(format!("session_{user}{which}0000000")), text).unwrap();
        }
    }
    fs::create_dir_all(folder.join("test_files")).unwrap();
    fs::write(folder.join("public_labels.csv"), "filename,is_illegal\n").unwrap();
}

/// Folders with the data of each format, and what commands name beside them.
fn data(folder: &Path) {
    invented(&folder.join("dfl"));
    gmail(&folder.join("gmail"));
    balabit(&folder.join("balabit"));
    fs::write(folder.join("Train_Mouse.csv"), table(&[0, 1, 2, 3], 0..4, true)).unwrap();
}

/// The format that a command names, the first of them for any.
fn format_of(words: &[&str]) -> String {
    let named = words.iter().position(|word| *word == "--format").and_then(|at| words.get(at + 1));
    let known = ["dfl", "gmail", "balabit"];
    named.filter(|name| known.contains(*name)).map_or("dfl".into(), |name| (*name).to_owned())
}

/// What is typed for a command of a page: its places filled, files of the source where they lie.
fn filled(command: &str) -> Vec<String> {
    let command = command.replace(['[', ']'], "");
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let format = format_of(&words);
    let fill = |word: &&str| match *word {
        "F" => format.clone(),
        "P" | "NAME" => "open-set".into(),
        "BACKBONE" => checkout("onnx/benchmark.onnx").display().to_string(),
        "MODEL" => checkout("onnx/backbone.onnx").display().to_string(),
        // Models of one format in one folder: what is trained once is kept.
        "M" | "models" => format!("models-{format}"),
        word if word == "DIR" || word.starts_with("FOLDER") => format.clone(),
        word if word.starts_with("onnx/") => checkout(word).display().to_string(),
        word => word.to_owned(),
    };
    let mut filled: Vec<String> =
        words.iter().filter(|word| **word != "OPTIONS").map(fill).collect();
    match filled[0].as_str() {
        // Reading and parting people is what differs from page to page; the walk trains and measures.
        "evaluate" => filled.push("--split".into()),
        "identify" if filled[1] == "evaluate" => {
            filled.extend(["--epochs", "40", "--members", "1"].map(str::to_owned));
            filled.extend(["--repeats", "1"].map(str::to_owned));
        }
        _ => {}
    }
    filled
}

/// Whether there is anything to run: a command with what it works on. Invented people do not move for
/// minutes, nor come back for days.
fn is_whole(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let of_laboratory = words.get(1).is_some_and(|word| LABORATORY.contains(word));
    let works_on = ["DIR", "FOLDER", "MODEL", "Train_Mouse.csv", "onnx/"];
    of_laboratory
        && !words.iter().any(|word| ["--minutes", "--days"].contains(word))
        && words[2..].iter().any(|word| works_on.iter().any(|it| word.starts_with(it)))
}

#[test]
fn every_whole_command_of_the_laboratory_runs() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let of_page = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        if path.ends_with(WALK) { quoted(&text) } else { of_document(&text) }
    };
    let commands: BTreeSet<Vec<String>> = documents()
        .into_iter()
        .flat_map(of_page)
        .filter(|command| is_whole(command))
        .map(|command| filled(&command))
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    let mut wrong = String::new();
    for words in &commands {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.args(words).current_dir(folder.path()).env("HOME", folder.path());
        let output = command.output().unwrap();
        if !output.status.success() {
            let talk = String::from_utf8_lossy(&output.stderr).into_owned();
            let _ = writeln!(wrong, "mousewarden {}: {talk}", words.join(" "));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
