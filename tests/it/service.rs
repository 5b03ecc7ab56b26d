//! The service: what is laid down and taken away again, that systemd and the desktop accept it, and
//! what the agent tells the service manager. A home folder of its own; nobody's own session is touched.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::hand;
use crate::sample_model;
use crate::tools::require;

const UNIT: &str = ".config/systemd/user/mousewarden.service";
const ENDED: &str = ".config/systemd/user/mousewarden-ended.service";
const WANTED: &str = ".config/systemd/user/graphical-session.target.wants/mousewarden.service";
const AUTOSTART: &str = ".config/autostart/mousewarden.desktop";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.path("run")).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.args(arguments).env_clear().env("HOME", self.0.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        command.env("XDG_RUNTIME_DIR", self.path("run"));
        command.stdin(Stdio::null());
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {talk}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every file and link below the home folder, but for the runtime folder.
    fn files(&self) -> Vec<String> {
        let mut find = Command::new("find");
        find.arg(self.0.path())
            .args(["-name", "run", "-prune", "-o", "-not", "-type", "d", "-printf", "%P\n"]);
        let found = String::from_utf8(find.output().unwrap().stdout).unwrap();
        found.lines().map(str::to_owned).collect()
    }

    /// A service manager that writes down what it is asked, and an active session.
    fn with_systemd(self) -> Self {
        fs::create_dir_all(self.path("run/systemd/private")).unwrap();
        fs::create_dir(self.path("bin")).unwrap();
        let systemctl = self.path("bin/systemctl");
        fs::write(&systemctl, "#!/bin/sh\necho \"$*\" >>\"$XDG_RUNTIME_DIR/asked\"\n").unwrap();
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn asked(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("run/asked")).unwrap_or_default();
        let _ = fs::remove_file(self.path("run/asked"));
        text.lines().filter(|line| !line.contains("is-active")).map(str::to_owned).collect()
    }
}

#[test]
fn an_installation_is_the_same_twice_and_its_removal_names_and_leaves_nothing() {
    let home = Home::new();
    let planned = home.says(&["service", "install", "--by", "systemd", "--dry-run"]);
    assert!(planned.contains(UNIT) && planned.contains("Nothing was changed"), "{planned}");
    assert_eq!(home.files(), [""; 0]);
    home.says(&["service", "install", "--by", "systemd"]);
    let mut files = home.files();
    files.sort();
    assert_eq!(files, [WANTED, ENDED, UNIT]);
    let text = fs::read_to_string(home.path(UNIT)).unwrap();
    assert!(text.contains(&format!("ExecStart={} run", env!("CARGO_BIN_EXE_mousewarden"))));
    assert_eq!(fs::read_link(home.path(WANTED)).unwrap(), home.path(UNIT));

    let again = home.says(&["service", "install", "--by", "systemd"]);
    assert_eq!(again.matches("  there ").count(), 3, "{again}");
    let removed = home.says(&["service", "uninstall"]);
    assert!([UNIT, WANTED, ENDED].iter().all(|file| removed.contains(file)), "{removed}");
    assert_eq!(home.files(), [""; 0]);
    assert!(home.says(&["service", "uninstall"]).contains("Nothing starts mousewarden"));
}

#[test]
fn without_systemd_the_desktop_starts_it() {
    let home = Home::new();
    home.says(&["service", "install", "--by", "systemd"]);
    let said = home.says(&["service", "install"]);
    assert!(said.contains("no systemd"), "{said}");
    assert_eq!(home.files(), [AUTOSTART], "and never both");
    let status = home.call(&["service", "status", "--json"]);
    assert_eq!(status.status.code(), Some(69), "nothing runs");
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["starter"], "autostart");
    home.says(&["service", "uninstall"]);
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn the_service_manager_is_asked_in_the_right_order() {
    let home = Home::new().with_systemd();
    home.says(&["service", "install"]);
    assert_eq!(home.asked(), ["--user daemon-reload", "--user restart mousewarden.service"]);
    assert!(home.path(WANTED).exists());
    home.says(&["service", "uninstall"]);
    assert_eq!(home.asked(), ["--user stop mousewarden.service", "--user daemon-reload"]);
}

#[test]
fn an_uninstallation_may_take_everything_with_it() {
    let home = Home::new();
    home.says(&["service", "install", "--by", "autostart"]);
    let data = home.path(".local/share/mousewarden");
    fs::create_dir_all(data.join("recordings")).unwrap();
    fs::write(data.join("recordings/recording-1.csv"), "x").unwrap();
    fs::write(data.join("owner.onnx"), "x").unwrap();
    let configuration = home.path(".config/mousewarden");
    fs::create_dir_all(&configuration).unwrap();
    fs::write(configuration.join("config.toml"), "[log]\n").unwrap();
    let kept = home.says(&["service", "uninstall", "--purge", "--dry-run"]);
    assert!(kept.contains("owner.onnx"), "{kept}");
    assert_eq!(home.files().len(), 4);
    home.says(&["service", "uninstall", "--purge"]);
    assert_eq!(home.files(), [""; 0]);
    assert!(!data.exists() && !configuration.exists());
}

#[test]
fn systemd_accepts_the_unit_and_finds_little_exposed() {
    require("systemd-analyze", "--version", "systemd");
    let home = Home::new();
    home.says(&["service", "install", "--by", "systemd"]);
    let mut verify = Command::new("systemd-analyze");
    verify.args(["--user", "--man=no", "verify"]).arg(home.path(UNIT));
    verify.env("XDG_RUNTIME_DIR", home.path("run")).env("HOME", home.0.path());
    let output = verify.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    // What a unit of a user can't have (capabilities, mounts, own users) counts against it: 59 is
    // what is left. A line that is dropped by mistake is noticed; `user_manager` shows that it starts.
    let mut security = Command::new("systemd-analyze");
    security.args(["--user", "security", "--offline=true", "--threshold=59"]).arg(home.path(UNIT));
    security.env("XDG_RUNTIME_DIR", home.path("run"));
    let output = security.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    // With a user namespace 20 is not to be passed.
    home.says(&["service", "install", "--by", "systemd", "--sandbox", "yes"]);
    let sandbox = fs::read_to_string(home.path(&format!("{UNIT}.d/sandbox.conf"))).unwrap();
    let unit = fs::read_to_string(home.path(UNIT)).unwrap();
    let both = home.path("mousewarden-sandboxed.service");
    fs::write(&both, format!("{unit}\n{sandbox}")).unwrap();
    let mut security = Command::new("systemd-analyze");
    security.args(["--user", "security", "--offline=true", "--threshold=20"]).arg(&both);
    security.env("XDG_RUNTIME_DIR", home.path("run"));
    let output = security.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    home.says(&["service", "install", "--by", "systemd", "--sandbox", "no"]);
    assert!(!home.path(&format!("{UNIT}.d/sandbox.conf")).exists());
}

#[test]
fn an_end_that_nothing_mends_is_told_on_the_desktop() {
    use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};
    require("busctl", "--version", "systemd");
    let home = Home::new();
    home.says(&["service", "install", "--by", "systemd"]);
    let unit = fs::read_to_string(home.path(ENDED)).unwrap();
    // As systemd reads these lines: a shell, a word in quotes, doubled dollars.
    let script = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        let script =
            line.strip_prefix("/bin/sh -c '").and_then(|line| line.strip_suffix('\'')).unwrap();
        script.replace("$$", "$")
    };
    let desktop = TestDesktop::start(&TestDesktopPlan::default()).unwrap();
    let run = |key: &str, code: &str| {
        let mut shell = desktop.command("sh");
        shell.args(["-c", &script(key)]).env("MONITOR_EXIT_STATUS", code);
        shell.status().unwrap().success()
    };
    for (code, is_told) in [("65", true), ("KILL", true), ("", true), ("68", false), ("75", false)]
    {
        assert_eq!(run("ExecCondition=", code), is_told, "{code}");
    }
    assert!(run("ExecStart=", "65"));
    let told = desktop.notifications().wait_for(Duration::from_secs(20), |_| true).unwrap();
    assert_eq!((told.summary.as_str(), told.urgency), ("No longer watching", Some(2)));
    assert!(told.body.contains("exit code 65") && told.body.contains("mousewarden doctor"));
}

#[test]
fn the_desktop_accepts_the_autostart_file() {
    require("desktop-file-validate", "--version", "desktop-file-utils");
    let home = Home::new();
    home.says(&["service", "install", "--by", "autostart"]);
    let mut validate = Command::new("desktop-file-validate");
    validate.arg(home.path(AUTOSTART));
    let output = validate.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_service_manager_is_told_when_it_is_ready_that_it_lives_and_when_it_ends() {
    let home = Home::new();
    let data = home.path(".local/share/mousewarden");
    fs::create_dir_all(&data).unwrap();
    sample_model::bundle([16, 16], 7).write(&data.join("owner.onnx")).unwrap();
    let recording = home.path("hand.csv");
    hand::record(&recording, 60_000);

    let manager = UnixDatagram::bind(home.path("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let heard = || {
        let mut buffer = [0; 256];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
    };
    let mut run = home.command(&["run", "--source", recording.to_str().unwrap()]);
    run.env("NOTIFY_SOCKET", home.path("notify")).env("WATCHDOG_USEC", "600000");
    let _agent = Agent(run.stderr(Stdio::null()).spawn().unwrap());
    assert_eq!(heard(), "READY=1");
    assert_eq!(heard(), "STATUS=watching recording");
    assert_eq!([heard(), heard()], ["WATCHDOG=1"; 2]);
    home.says(&["stop"]);
    let last = std::iter::repeat_with(heard).find(|line| line != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}

#[test]
fn without_a_display_the_exit_code_is_one_that_is_not_started_again() {
    let home = Home::new();
    let data = home.path(".local/share/mousewarden");
    fs::create_dir_all(&data).unwrap();
    sample_model::bundle([16, 16], 7).write(&data.join("owner.onnx")).unwrap();
    let code = home.call(&["run"]).status.code().unwrap();
    assert_eq!(code, 68);
    home.says(&["service", "install", "--by", "systemd"]);
    let unit = fs::read_to_string(home.path(UNIT)).unwrap();
    let prevented = unit.lines().find(|line| line.starts_with("RestartPreventExitStatus")).unwrap();
    assert!(prevented.contains(&code.to_string()), "{prevented}");
}
