//! The real program on a recording that stands in for the mouse: its verdicts, its socket, its
//! signals, and what bad input gets. Nobody's own files are touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::hand;
use crate::sample_model;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a model, a configuration and a recording.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(home.path("data")).unwrap();
        sample_model::bundle([16, 16], 7).write(&home.path("data/owner.onnx")).unwrap();
        home.configure("[decision]\nmax_action = \"log\"\n[model]\nbackend = \"builtin\"\n");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, text: &str) {
        let journal = self.path("data/journal.jsonl");
        let text = format!("{text}[journal]\nfile = {journal:?}\n");
        fs::write(self.path("config.toml"), text).unwrap();
    }

    /// A recording of a synthetic user.
    fn recording(&self, events: usize) -> PathBuf {
        let path = self.path("hand.csv");
        hand::record(&path, events);
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command
            .args(arguments)
            .env("MOUSEWARDEN_CONFIG", self.path("config.toml"))
            .env("MOUSEWARDEN_DATA", self.path("data"))
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_SESSION_TYPE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("data/journal.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn wait_for_entry(&self, event: &str) -> Value {
        let found = || self.journal().into_iter().find(|entry| entry["event"] == event);
        wait_until(event, || found().is_some());
        found().unwrap()
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.call(&["status", "--json"]).stdout).unwrap_or_default()
    }
}

/// An agent at work; killed when the test fails.
struct Agent(Child);

impl Agent {
    fn start(home: &Home, recording: &Path) -> Self {
        let recording = recording.to_str().unwrap();
        let agent = Self(home.command(&["run", "--source", recording]).spawn().unwrap());
        wait_until("the socket", || home.status()["pid"].is_number());
        agent
    }

    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    fn ended(&mut self) -> i32 {
        wait_until("the end of the agent", || self.0.try_wait().unwrap().is_some());
        self.0.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "{what}: waited in vain");
        std::thread::yield_now();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_replay_gives_the_verdicts_of_the_live_run_bit_for_bit() {
    let home = Home::new();
    home.configure(
        "[decision]\nmax_action = \"log\"\n[model]\nbackend = \"builtin\"\n[record]\nenabled = true\n",
    );
    let recording = home.recording(6000);
    let recording = recording.to_str().unwrap();
    let live = home.call(&["run", "--source", recording, "--fast"]);
    assert!(live.status.success(), "{}", said(&live));

    let verdicts = |entries: Vec<Value>| -> Vec<String> {
        let verdicts = entries.into_iter().filter(|entry| entry["event"] == "verdict");
        let bare = |mut entry: Value| {
            let fields = entry.as_object_mut().unwrap();
            fields.remove("wall");
            fields.remove("mono_us");
            entry.to_string()
        };
        verdicts.map(bare).collect()
    };
    let journal = verdicts(home.journal());
    assert!(journal.len() > 20, "{} verdicts", journal.len());
    let replayed = |file: &str| {
        let output = home.call(&["replay", "--json", file]);
        assert!(output.status.success(), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        verdicts(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    };
    assert_eq!(replayed(recording), journal);
    // What the agent itself recorded gives them too.
    let kept = fs::read_dir(home.path("data/watched/recordings")).unwrap().next().unwrap();
    assert_eq!(replayed(kept.unwrap().path().to_str().unwrap()), journal);
}

#[test]
fn it_can_be_asked_paused_resumed_and_stopped() {
    let home = Home::new();
    let mut agent = Agent::start(&home, &home.recording(60_000));
    let status = home.status();
    assert_eq!(status["state"], "watching");
    assert_eq!(status["source"], "recording");
    assert_eq!(status["scorer"]["backend"], "builtin");
    assert_eq!(status["model"]["provenance"]["subject"], "nobody");
    assert_eq!(status["max_action"], "log");
    assert!(status.to_string().len() < 2_000, "{status}");

    assert!(home.call(&["pause", "15m"]).status.success());
    wait_until("the pause", || home.status()["state"] == "paused");
    assert!(home.status()["paused_until"].is_string());
    assert!(home.call(&["resume"]).status.success());
    wait_until("the resumption", || home.status()["state"] == "watching");

    let second = home.call(&["run"]);
    assert_eq!(second.status.code(), Some(75), "{}", said(&second));
    assert!(said(&second).contains(&agent.0.id().to_string()), "{}", said(&second));
    assert!(said(&second).contains("mousewarden stop"));

    assert!(home.call(&["stop"]).status.success());
    assert_eq!(agent.ended(), 0);
    let journal = home.journal();
    let events: Vec<_> = journal.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(events.first(), Some(&"started"));
    assert_eq!(events.last(), Some(&"stopped"));
    assert!(events.contains(&"paused") && events.contains(&"resumed"), "{events:?}");
    let nobody = home.call(&["status"]);
    assert_eq!(nobody.status.code(), Some(69), "{}", said(&nobody));
}

#[test]
fn a_bad_file_keeps_the_last_good_configuration_and_is_reported() {
    let home = Home::new();
    let mut agent = Agent::start(&home, &home.recording(60_000));
    home.configure("[decision]\nmax_action = \"lock\"\nladderr = 1\n");
    agent.signal("HUP");
    let refused = home.wait_for_entry("reload_refused");
    let why = refused["why"].as_str().unwrap();
    assert!(why.contains("line 3") && why.contains("ladderr"), "{why}");
    let status = home.status();
    assert_eq!(status["max_action"], "log");
    assert_eq!(status["problems"].as_array().unwrap().len(), 1, "{status}");

    home.configure("[decision]\nmax_action = \"notify\"\n[model]\nbackend = \"builtin\"\n");
    agent.signal("HUP");
    home.wait_for_entry("reloaded");
    wait_until("the new configuration", || home.status()["max_action"] == "notify");
    assert_eq!(home.status()["problems"], Value::Array(Vec::new()));

    agent.signal("TERM");
    assert_eq!(agent.ended(), 0);
    assert_eq!(home.journal().last().unwrap()["event"], "stopped");
}

#[test]
fn a_killed_agent_leaves_no_lock_behind() {
    let home = Home::new();
    let recording = home.recording(60_000);
    let mut agent = Agent::start(&home, &recording);
    agent.0.kill().unwrap();
    agent.ended();
    let mut next = Agent::start(&home, &recording);
    assert!(home.call(&["stop"]).status.success());
    assert_eq!(next.ended(), 0);
}

#[test]
fn bad_input_ends_in_one_sentence_a_remedy_and_its_exit_code() {
    let home = Home::new();
    let recording = home.recording(100);
    let run = ["run", "--source", recording.to_str().unwrap(), "--fast"];

    home.configure("[decision]\n\nthreshold = 2\n");
    let output = home.call(&run);
    assert_eq!(output.status.code(), Some(78), "{}", said(&output));
    assert!(said(&output).contains("line 3") && said(&output).contains('^'));

    home.configure("[model]\nbackend = \"builtin\"\n");
    fs::write(home.path("data/owner.onnx"), b"no model").unwrap();
    assert_eq!(home.call(&run).status.code(), Some(65));
    fs::remove_file(home.path("data/owner.onnx")).unwrap();
    let output = home.call(&run);
    assert_eq!(output.status.code(), Some(66), "{}", said(&output));
    assert!(said(&output).contains("--enroll"), "{}", said(&output));

    sample_model::bundle([16, 16], 7).write(&home.path("data/owner.onnx")).unwrap();
    let output = home.call(&["run"]);
    assert_eq!(output.status.code(), Some(68), "no display: {}", said(&output));
    assert_eq!(home.call(&["replay", "/nonexistent.csv"]).status.code(), Some(66));
}

#[test]
fn an_enrolment_that_is_killed_loses_nothing() {
    let home = Home::new();
    let recording = home.recording(6000);
    let source = recording.to_str().unwrap();
    let output = home.call(&["enroll", "--record-only", "--source", source]);
    assert!(output.status.success(), "{}", said(&output));
    let recordings = || fs::read_dir(home.path("data/recordings")).unwrap();
    let kept = recordings().next().unwrap().unwrap().path();
    let copy = crate::program::exported(&home.path("data"));
    let copy = copy.path().join("copy/recordings").join(kept.file_name().unwrap());
    assert!(fs::read_to_string(copy).unwrap().lines().count() > 6000);
    let whole = fs::read(&kept).unwrap();

    // Killed in the middle of writing: the next enrolment counts everything before it.
    fs::write(&kept, &whole[..whole.len() / 2]).unwrap();
    let output = home.call(&["--enroll"]);
    assert_eq!(output.status.code(), Some(68), "there is no display: {}", said(&output));
    assert_eq!(recordings().count(), 1);
    assert_eq!(fs::read(&kept).unwrap(), whole[..whole.len() / 2]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_in_one_sentence() {
    let home = Home::new();
    let recording = home.recording(6000);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut replay = home.command(&["replay", recording.to_str().unwrap()]);
    let output = replay.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74), "{}", said(&output));
    assert!(said(&output).contains("Free some space"), "{}", said(&output));
}

/// A disk of a few pages.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(at: PathBuf) -> Self {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"]).arg(&at);
        assert!(mount.status().unwrap().success(), "this test needs the right to mount a disk");
        Self(at)
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root: it mounts a small disk"]
fn an_enrolment_on_a_full_disk_keeps_what_it_has_and_says_what_to_do() {
    let home = Home::new();
    let recording = home.recording(20_000);
    let _disk = SmallDisk::mount(home.path("data"));
    let output = home.call(&["enroll", "--record-only", "--source", recording.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(74), "{}", said(&output));
    assert!(said(&output).contains("Free some space"), "{}", said(&output));
    let copy = crate::program::exported(&home.path("data"));
    let kept = fs::read_dir(copy.path().join("copy/recordings")).unwrap().next().unwrap().unwrap();
    let kept = mousewarden::data::RecordingReader::open(&kept.path()).unwrap();
    assert!(kept.filter_map(Result::ok).count() > 1000);
}
