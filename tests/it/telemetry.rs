//! Scoring with ONNX Runtime leaves nothing behind: no file in the home of the person, no thread
//! in the process. Each check runs in a process and a home of its own.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::hand;
use crate::sample_model::{bundle, windows};
use crate::tools::{by_onnxruntime, onnxruntime};
use mousewarden::model::{LoadedScorer, ScorerBackend};
use mousewarden::pipeline::Scorer;

fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_below(&path));
        }
        found.push(path);
    }
    found
}

/// Runs a command with an empty home, and fails when it writes there.
fn run_without_traces(command: &mut Command) -> Output {
    let home = tempfile::tempdir().unwrap();
    for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env_remove(name);
    }
    let output = command.env("HOME", home.path()).output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(everything_below(home.path()), Vec::<PathBuf>::new());
    output
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn scoring_starts_no_thread_and_writes_no_file() {
    let library = onnxruntime();
    let output = run_without_traces(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "telemetry::child_scores_on_one_thread", "--ignored"])
            .args(["--test-threads=1", "--nocapture"])
            .env_remove("ORT_DISABLE_TELEMETRY")
            .env("MOUSEWARDEN_ONNXRUNTIME", library),
    );
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("1 passed"), "the child did not test anything: {report}");
}

#[test]
#[ignore = "needs a process of its own: scoring_starts_no_thread_and_writes_no_file starts it"]
fn child_scores_on_one_thread() {
    let before = threads();
    let params = by_onnxruntime();
    let mut scorer = LoadedScorer::of(&bundle([64, 64], 1), &params).unwrap();
    for length in [5, 25, 128] {
        scorer.score(&windows(&[length; 8], 1)).unwrap();
    }
    assert_eq!(scorer.report().backend, ScorerBackend::OnnxRuntime);
    assert_eq!(threads(), before);
    drop(scorer);
}

#[test]
fn the_program_itself_leaves_nothing_behind() {
    let library = onnxruntime();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let library = toml::Value::String(library.display().to_string());
    let config = format!("[model]\nbackend = \"onnxruntime\"\nlibrary = {library}\n");
    fs::write(path("config.toml"), config).unwrap();
    bundle([64, 64], 1).write(&path("owner.onnx")).unwrap();
    hand::record(&path("hand.csv"), 1500);
    let mut program = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
    program.env("MOUSEWARDEN_CONFIG", path("config.toml")).env_remove("ORT_DISABLE_TELEMETRY");
    program.args(["replay", "--model"]).arg(path("owner.onnx")).arg(path("hand.csv"));
    let output = run_without_traces(&mut program);
    assert!(String::from_utf8_lossy(&output.stdout).lines().count() > 5, "nothing was scored");
}

#[test]
fn the_programs_shut_telemetry_off_before_anything_else() {
    for main in [include_str!("../../src/main.rs"), include_str!("../rig/src/main.rs")] {
        let body = main.split("fn main() -> ExitCode {").nth(1).unwrap();
        assert_eq!(body.trim_start().lines().next(), Some("environment::silence_onnx_runtime();"));
    }
}
