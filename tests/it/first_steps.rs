//! What a new user meets first: the version of Rust that is needed, and a service that nobody has
//! enrolled with.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// `setup.sh` with nothing but a cargo that says this of itself.
fn setup(version: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, format!("#!/bin/sh\necho 'cargo {version} (0123456 2026-01-01)'\n")).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("installers/linux/setup.sh");
    Command::new("bash").arg(script).arg("nothing").env("PATH", path).output().unwrap()
}

#[test]
fn a_rust_that_is_too_old_is_told_with_a_remedy() {
    for old in ["1.63.0", "1.9.0", "1.94.1"] {
        let output = setup(old);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(69), "{old}: {said}");
        let wanted = env!("CARGO_PKG_RUST_VERSION");
        assert!(said.contains(wanted) && said.contains("rustup update"), "{said}");
    }
    for new in [env!("CARGO_PKG_RUST_VERSION"), "1.95.0", "1.100.0", "2.0.0", "1.96.0-nightly"] {
        let output = setup(new);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{new} is new enough: {said}");
    }
}

#[test]
fn a_service_without_a_model_waits_for_an_enrolment_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let place = home.join("notify");
    let manager = UnixDatagram::bind(&place).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_mousewarden"))
        .env_clear()
        .env("HOME", home)
        .env("MOUSEWARDEN_DATA", home.join("data"))
        .env("NOTIFY_SOCKET", &place)
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let heard = || {
        let mut word = [0; 256];
        let length = manager.recv(&mut word).unwrap();
        String::from_utf8_lossy(&word[..length]).into_owned()
    };
    assert_eq!(heard(), "READY=1");
    assert_eq!(heard(), "STATUS=waiting for an enrolment");
    assert!(agent.try_wait().unwrap().is_none(), "it waits");
    let asked = Command::new("kill").arg(agent.id().to_string()).status().unwrap();
    assert!(asked.success());
    let deadline = Instant::now() + Duration::from_secs(20);
    let ended = loop {
        if let Some(ended) = agent.try_wait().unwrap() {
            break ended;
        }
        assert!(Instant::now() < deadline, "it does not end");
        std::thread::yield_now();
    };
    assert!(ended.success(), "{ended}");
}
