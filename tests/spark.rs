//! The Spark job on a real local cluster gives what one process gives, also when an executor is killed
//! in the middle. Needs Java and a Python with pyspark, pyarrow and pandas; compiled with `columnar` only.
#![cfg(feature = "columnar")]
#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that can import pyspark, pyarrow and pandas: `MOUSEWARDEN_PYTHON_SPARK`, or `target/venv-spark`.
///
/// # Panics
/// When `MOUSEWARDEN_PYTHON_SPARK` is set and cannot, or there is no Java then.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("MOUSEWARDEN_PYTHON_SPARK").map(PathBuf::from);
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv-spark/bin/python");
    let python = named.clone().unwrap_or_else(own);
    let succeeds = |program: &Path, arguments: &[&str]| {
        let run = Command::new(program).args(arguments).output();
        run.is_ok_and(|output| output.status.success())
    };
    let mut missing = Vec::new();
    if !succeeds(&python, &["-c", "import pyspark, pyarrow, pandas"]) {
        missing.push(format!("{} with pyspark, pyarrow and pandas", python.display()));
    }
    if !succeeds(Path::new("java"), &["-version"]) {
        missing.push("java (openjdk-17-jre-headless)".into());
    }
    if missing.is_empty() {
        return Some(python);
    }
    let missing = missing.join(" and ");
    assert!(named.is_none(), "MOUSEWARDEN_PYTHON_SPARK is set, but there is no {missing}");
    eprintln!("skipped: there is no {missing} (installers/spark/requirements.txt)");
    None
}

#[test]
fn a_cluster_gives_what_one_process_gives_even_when_an_executor_dies() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_mousewarden");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/check_spark.py");
    let output = Command::new(&python)
        .arg(script)
        .arg(binary)
        .arg(folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{talk}");
    assert_eq!(talk.matches("ok: ").count(), 17, "{talk}");
}
