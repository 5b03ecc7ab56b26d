//! The unit under a real service manager of an ordinary user: it starts, shut in by a user namespace or
//! by its own lines alone, and ends when it is told to.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use crate::sample_model;
use crate::tools::checkout;

/// The user without rights that `tests/user_manager.sh` becomes.
const NOBODY: u32 = 65_534;

/// A home folder of that user's, with a model in it and the program beside it.
fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("home/.local/share/mousewarden");
    fs::create_dir_all(&data).unwrap();
    sample_model::bundle([16, 16], 7).write(&data.join("owner.onnx")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_mousewarden"), folder.path().join("mousewarden")).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    own(folder.path());
    folder
}

fn own(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| own(&entry.unwrap().path()));
    }
}

/// What the script prints of the service: when it had started, what `status` said, when it had ended.
fn course(sandbox: &str) -> [String; 3] {
    let folder = home();
    let program = folder.path().join("mousewarden");
    let mut script = Command::new(checkout("tests/user_manager.sh"));
    let output = script.arg("unit").arg(program).arg(folder.path()).arg(sandbox).output().unwrap();
    let [said, complained] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{sandbox}: {said}{complained}");
    let key = folder.path().join("home/.local/share/mousewarden/key.json");
    assert!(key.is_file(), "{sandbox}: it could make no key: {complained}");
    let lines: Vec<String> = said.lines().map(str::to_owned).collect();
    let lines: Result<[String; 3], _> = lines.try_into();
    lines.unwrap_or_else(|lines| panic!("{sandbox}: {lines:#?}\n{complained}"))
}

#[test]
#[ignore = "needs root and systemd"]
fn the_unit_starts_and_ends_however_it_is_shut_in() {
    for (sandbox, is_shut_in) in [("no", false), ("yes", true), ("auto", true)] {
        let [started, status, stopped] = course(sandbox);
        assert!(started.contains("ActiveState=active"), "{sandbox}: {started}");
        let has_none = started.contains("Capabilities=0000000000000000");
        assert_eq!(has_none, is_shut_in, "{sandbox}: {started}");
        assert!(status.contains("watching"), "{sandbox}: {status}");
        let ended = "ActiveState=inactive";
        assert!(stopped.contains(ended) && stopped.contains("Result=success"), "{stopped}");
    }
}
