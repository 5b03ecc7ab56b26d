//! The Windows program under Wine, beside the same program here: the same defaults, the same
//! verdicts by both scorers, the hook in its process of its own, the pipe by which it is asked, and
//! its end. Needs `MOUSEWARDEN_WINDOWS_EXE` and `MOUSEWARDEN_RIG_EXE`, which
//! `installers/windows/cross.sh wine-test` builds and names.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::sample_model;
use mousewarden::data::{Header, RecordingWriter};
use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::pipeline::{Signal, Timestamp};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};
use serde_json::Value;

/// Wine is slow to start, and slower on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(200);
const SCREEN: [u32; 2] = [1024, 768];

/// The Windows program with a home of its own, and the one of this system with the same.
struct Both {
    exe: PathBuf,
    desktop: TestDesktop,
    home: tempfile::TempDir,
}

impl Both {
    /// # Panics
    /// When there is no Windows program.
    fn here() -> Self {
        let exe = std::env::var_os("MOUSEWARDEN_WINDOWS_EXE").unwrap();
        let desktop =
            TestDesktop::start(&TestDesktopPlan { screen: (1024, 768), ..TestDesktopPlan::bare() })
                .unwrap();
        let home = tempfile::tempdir().unwrap();
        Self { exe: exe.into(), desktop, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn configure(&self, text: &str) {
        std::fs::write(self.path("config.toml"), text).unwrap();
    }

    /// This path as Windows programs see it.
    fn seen(path: &Path) -> String {
        format!("Z:{}", path.display()).replace('/', "\\")
    }

    fn places(&self, command: &mut Command, name: impl Fn(&Path) -> String, data: &str) {
        command.env("MOUSEWARDEN_DATA", name(&self.path(data)));
        if self.path("config.toml").exists() {
            command.env("MOUSEWARDEN_CONFIG", name(&self.path("config.toml")));
        }
        command.stdin(Stdio::null());
    }

    /// With the places that Windows gives.
    fn at_home(&self, arguments: &[&str]) -> Command {
        let mut command = self.under_wine(self.exe.as_os_str());
        command.args(arguments);
        command
    }

    fn under_wine(&self, program: &OsStr) -> Command {
        let mut command = self.desktop.command("wine");
        command.arg(program);
        for name in ["WINEPREFIX", "WINEDEBUG", "PATH", "HOME"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.stdin(Stdio::null());
        command
    }

    fn windows(&self, arguments: &[&str]) -> Command {
        let mut command = self.at_home(arguments);
        self.places(&mut command, Self::seen, "windows");
        command
    }

    fn linux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.args(arguments);
        self.places(&mut command, |path| path.display().to_string(), "linux");
        command
    }

    /// A recording of a synthetic user.
    fn recording(&self, events: usize) -> PathBuf {
        let path = self.path("recording.csv");
        let header = Header { capture: "recording".into(), started_unix_s: 0 };
        let mut writer = RecordingWriter::create(&path, &header).unwrap();
        let device = Device::steady(125.0, SCREEN);
        let start = Timestamp::from_millis(1_000);
        let moves = SyntheticUser::generate(7).moves(&device, 0, start, Pauses::AtMost(0.4));
        moves.take(events).for_each(|event| writer.push(&Signal::Mouse(event)).unwrap());
        writer.flush().unwrap();
        path
    }

    fn model(&self) -> PathBuf {
        let path = self.path("model.onnx");
        sample_model::conv_bundle(&[(5, 24), (3, 16)], 5).write(&path).unwrap();
        path
    }
}

fn said(command: &mut Command) -> String {
    let output = ended(command);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {talk}");
    text(&output)
}

/// What a command says and how it ends. Into files: services of Wine that begin meanwhile inherit
/// its output, and a pipe would stay open with them.
fn ended(command: &mut Command) -> Output {
    let [mut out, mut talk] = [(); 2].map(|()| tempfile::tempfile().unwrap());
    command.stdout(out.try_clone().unwrap()).stderr(talk.try_clone().unwrap());
    let status = command.status().unwrap();
    let [stdout, stderr] = [&mut out, &mut talk].map(|file| {
        let mut text = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut text).unwrap();
        text
    });
    Output { status, stdout, stderr }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n")
}

fn verdicts(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All of every verdict is the same, but for the last bit of scores: the two systems' libraries
/// round logarithms and exponentials differently.
fn assert_same(here: &[Value], there: &[Value], scorer: &str) {
    assert_eq!(here.len(), there.len(), "{scorer}");
    let mut most = 0.0_f64;
    for (here, there) in here.iter().zip(there) {
        let mut there = there.clone();
        for name in ["score", "grouped"] {
            let Some((a, b)) = here[name].as_f64().zip(there[name].as_f64()) else { continue };
            most = most.max((a - b).abs());
            there[name] = here[name].clone();
        }
        assert_eq!(there, *here, "{scorer}");
    }
    println!("{} verdicts by {scorer}, scores within {most:.1e}", here.len());
    assert!(most < 5e-7, "{scorer}: scores differ by {most:e}");
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs the programs that installers/windows/cross.sh wine-test builds"]
fn it_knows_its_defaults_and_its_surroundings() {
    let both = Both::here();
    let defaults = said(&mut both.windows(&["config", "default"]));
    assert_eq!(defaults, said(&mut both.linux(&["config", "default"])));
    let looked = text(&ended(&mut both.windows(&["doctor"])));
    println!("{looked}");
    let words = looked.split_whitespace().collect::<Vec<_>>().join(" ");
    for found in ["display 1024x768", "ok mouse hook", "ok session watch"] {
        assert!(words.contains(found), "no {found:?} in\n{looked}");
    }
}

#[test]
#[ignore = "needs the programs that installers/windows/cross.sh wine-test builds"]
fn a_recording_gets_the_same_verdicts() {
    let both = Both::here();
    let (recording, model) = (both.recording(20_000), both.model());
    for scorer in ["builtin", "onnxruntime"] {
        both.configure(&format!("[model]\nbackend = \"{scorer}\"\n"));
        let here = ["replay", "--json", "--model", model.to_str().unwrap()];
        let here = said(both.linux(&here).arg(&recording));
        let there = ["replay", "--json", "--model", &Both::seen(&model)];
        let there = said(both.windows(&there).arg(Both::seen(&recording)));
        assert!(here.lines().count() >= 40, "{here}");
        assert_same(&verdicts(&here), &verdicts(&there), scorer);
    }
}

#[test]
#[ignore = "needs the programs that installers/windows/cross.sh wine-test builds"]
fn the_hook_sees_what_a_hand_does_and_the_agent_tells_of_it() {
    let both = Both::here();
    let (recording, model) = (both.recording(2_000), both.model());
    let journal = both.path("windows/journal.jsonl");
    let seen = Both::seen(&journal);
    both.configure(&format!("[model]\nbackend = \"builtin\"\n[journal]\nfile = '{seen}'\n"));
    let mut run = both.windows(&["run", "--model", &Both::seen(&model)]);
    let agent = Running(run.stdout(Stdio::null()).spawn().unwrap());
    let status = wait_for(&both, |status| status["source"] == "windows-rdev");
    assert_eq!(status["state"], "watching", "{status}");

    let rig = std::env::var_os("MOUSEWARDEN_RIG_EXE").unwrap();
    let played = said(both.under_wine(&rig).args(["bench", "play"]).arg(Both::seen(&recording)));
    assert!(played.contains("events played"), "{played}");
    let status = wait_for(&both, |status| status["windows_seen"].as_u64() >= Some(10));
    println!("{status}");
    assert!(said(&mut both.windows(&["stop"])).contains("has ended"));
    drop(agent);
    let journal = std::fs::read_to_string(journal).unwrap();
    assert!(journal.lines().filter(|line| line.contains("\"verdict\"")).count() >= 10);
}

#[test]
#[ignore = "needs the programs that installers/windows/cross.sh wine-test builds"]
fn the_task_scheduler_takes_the_task_and_gives_it_back() {
    let both = Both::here();
    let planned = said(&mut both.at_home(&["service", "install", "--dry-run"]));
    assert!(planned.contains("Nothing was changed"), "{planned}");
    let installed = said(&mut both.at_home(&["service", "install"]));
    assert!(installed.contains("schtasks /Create /TN mousewarden"), "{installed}");
    // Nothing runs: Wine makes the task, but does not start it.
    let status = ended(&mut both.at_home(&["service", "status", "--json"]));
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["starter"], "task");
    let removed = said(&mut both.at_home(&["service", "uninstall"]));
    assert!(removed.contains("schtasks /Delete /TN mousewarden"), "{removed}");
    let again = said(&mut both.at_home(&["service", "uninstall"]));
    assert!(again.contains("Nothing starts mousewarden"), "{again}");
}

/// The agent's status once it fits.
fn wait_for(both: &Both, fits: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let output = ended(&mut both.windows(&["status", "--json"]));
        let status = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        if fits(&status) {
            return status;
        }
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(Instant::now() < deadline, "{status} {talk}");
        std::thread::sleep(LOOK);
    }
}
