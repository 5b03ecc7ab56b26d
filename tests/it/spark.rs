//! The Spark job on a real local cluster gives what one process gives, also when an executor is killed
//! in the middle. Needs Java and a Python with pyspark, pyarrow and pandas; compiled with `columnar` only.
#![cfg(feature = "columnar")]

use std::process::Command;

use crate::tools::python_and_java;

#[test]
fn a_cluster_gives_what_one_process_gives_even_when_an_executor_dies() {
    let python = python_and_java();
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
