//! The tools that tests need beside the program. A test whose tool is missing fails and says how to
//! get it: `installers/linux/setup.sh prepare` installs them all, `cargo test -- --skip NAME` leaves
//! the test out. What not every machine can have is `#[ignore = "needs ..."]` instead, and `setup.sh
//! test` runs it where it is there.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "most tools are Linux's"))]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What gets all of them.
const PREPARE: &str = "installers/linux/setup.sh prepare";

/// A path below the checkout.
pub fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// ONNX Runtime's library: `MOUSEWARDEN_ONNXRUNTIME`, or what `setup.sh` fetched.
///
/// # Panics
/// When there is none.
pub fn onnxruntime() -> PathBuf {
    let fetched =
        || checkout("target/lib/mousewarden").join(mousewarden::model::library_names()[0]);
    let library = std::env::var_os("MOUSEWARDEN_ONNXRUNTIME").map_or_else(fetched, PathBuf::from);
    assert!(library.is_file(), "this test needs {}: {PREPARE}", library.display());
    library
}

/// Scoring by ONNX Runtime or nobody, with the library of [`onnxruntime`], whichever that is.
///
/// # Panics
/// When there is none.
pub fn by_onnxruntime() -> mousewarden::model::ScorerParams {
    use mousewarden::model::{LibraryHash, ScorerBackend, ScorerParams};
    let library = onnxruntime();
    let library_sha256 = LibraryHash::of(&library).ok();
    let backend = ScorerBackend::OnnxRuntime;
    ScorerParams { backend, library: Some(library), library_sha256, search: vec![] }
}

/// A Python that can import these modules ("onnx, numpy"): `MOUSEWARDEN_PYTHON`, or `target/venv`.
///
/// # Panics
/// When there is none.
pub fn python(modules: &str) -> PathBuf {
    python_of("MOUSEWARDEN_PYTHON", "target/venv", modules)
}

/// A Python for Spark's jobs: `MOUSEWARDEN_PYTHON_SPARK`, or `target/venv-spark`; and Java.
///
/// # Panics
/// When there is none.
#[cfg(feature = "columnar")]
pub fn python_and_java() -> PathBuf {
    require("java", "-version", "openjdk-17-jre-headless");
    python_of("MOUSEWARDEN_PYTHON_SPARK", "target/venv-spark", "pyspark, pyarrow, pandas")
}

fn python_of(variable: &str, environment: &str, modules: &str) -> PathBuf {
    let own = || checkout(environment).join("bin/python");
    let python = std::env::var_os(variable).map_or_else(own, PathBuf::from);
    let mut import = Command::new(&python);
    import.args(["-c", &format!("import {modules}")]).env("ORT_DISABLE_TELEMETRY", "1");
    let imports = import.output().is_ok_and(|output| output.status.success());
    assert!(imports, "this test needs {} with {modules}: {PREPARE}", python.display());
    python
}

/// Makes sure that a program of this Debian package is there, by an argument that it answers.
///
/// # Panics
/// When it is not.
pub fn require(program: &str, argument: &str, package: &str) {
    let answer = Command::new(program).arg(argument).output();
    assert!(answer.is_ok(), "this test needs {program}: apt-get install {package}");
}
