//! The administrator's policy and the models that it fixes, as the program finds them below /etc: in a
//! mount namespace of its own, where /etc is a copy.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::{hand, sample_model};

/// Says which model, and locks by a command of the policy's own.
const POLICY: &str = "allow_stop = false\n[decision]\nmax_action = \"lock\"\nthreshold = 0.5\n\
                      [model]\nbackend = \"builtin\"\n[lock]\ncommand = [\"true\"]\n";

struct Machine(tempfile::TempDir);

impl Machine {
    /// With /etc/mousewarden as it is on the machine.
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        let copied = Command::new("cp").args(["-a", "/etc"]).arg(machine.0.path()).status();
        assert!(copied.unwrap().success());
        fs::create_dir_all(machine.path("etc/mousewarden/models")).unwrap();
        fs::create_dir_all(machine.path("home/.config/mousewarden")).unwrap();
        fs::write(machine.path("etc/mousewarden/policy.toml"), POLICY).unwrap();
        let owners = "[decision]\nmax_action = \"log\"\ngroup_windows = 1000\n[model]\n\
                      path = \"/tmp/everybody.onnx\"\n[lock]\ncountdown_s = 600\n";
        fs::write(machine.path("home/.config/mousewarden/config.toml"), owners).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Where root's model has to lie.
    fn model(&self) -> PathBuf {
        self.path("etc/mousewarden/models/root.onnx")
    }

    fn call(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--", "sh", "-c", "mount --bind \"$0/etc\" /etc && exec \"$@\""]);
        command.arg(self.0.path()).arg(env!("CARGO_BIN_EXE_mousewarden")).args(arguments);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.path("home"));
        command.env("MOUSEWARDEN_CONFIG", self.path("home/.config/mousewarden/config.toml"));
        command.env("MOUSEWARDEN_DATA", self.path("data")).stdin(Stdio::null());
        command.output().unwrap()
    }
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
#[ignore = "needs root: it mounts another /etc"]
fn neither_arguments_nor_the_environment_void_a_policy() {
    let machine = Machine::new();
    let recording = machine.path("hand.csv");
    hand::record(&recording, 2_000);
    for (argument, file) in [("--source", &recording), ("--model", &machine.model())] {
        let output = machine.call(&["run", argument, file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(77), "{}", said(&output));
        assert!(said(&output).contains(argument), "{}", said(&output));
    }
    let paths = said(&machine.call(&["config", "paths"]));
    let home = machine.0.path().to_str().unwrap();
    assert!(!paths.lines().any(|line| line.contains(home)), "{paths}");
    let doctor = said(&machine.call(&["doctor"]));
    for words in ["no stop, [adapt], [capture], [decision], [lock], [model]", "install -D -m 644"] {
        assert!(doctor.contains(words), "{words}: {doctor}");
    }
}

#[test]
#[ignore = "needs root: it mounts another /etc"]
fn a_fixed_model_is_used_only_where_nobody_else_writes_it() {
    let machine = Machine::new();
    sample_model::bundle([16, 16], 7).write(&machine.model()).unwrap();
    // No display: everything before that was right.
    let output = machine.call(&["run"]);
    assert_eq!(output.status.code(), Some(68), "{}", said(&output));
    let folder = machine.path("etc/mousewarden/models");
    for (path, owner) in [(machine.model(), 12_345), (folder, 12_345)] {
        std::os::unix::fs::chown(&path, Some(owner), None).unwrap();
        let output = machine.call(&["run"]);
        assert_eq!(output.status.code(), Some(77), "{}", said(&output));
        assert!(said(&output).contains("others than administrators"), "{}", said(&output));
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    }
}
