//! The real program on a real X server of its own: an enrolment that is killed, and a display that
//! dies under the agent. Nobody's own display or files are touched.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sample_model;
use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::pipeline::{MouseEvent, Timestamp};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};

const PATIENCE: Duration = Duration::from_secs(90);

struct Program {
    child: Child,
}

impl Program {
    fn start(desktop: &TestDesktop, arguments: &[&str]) -> Self {
        Self { child: command(desktop, arguments).spawn().unwrap() }
    }

    /// Exit code and what it said on stderr.
    fn end(mut self) -> (Option<i32>, String) {
        wait_until("the end", || self.child.try_wait().unwrap().is_some());
        let mut said = String::new();
        let mut err = self.child.stderr.take().unwrap();
        std::io::Read::read_to_string(&mut err, &mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(desktop: &TestDesktop, arguments: &[&str]) -> Command {
    let mut command = desktop.command(env!("CARGO_BIN_EXE_mousewarden"));
    command
        .args(arguments)
        .env("MOUSEWARDEN_CONFIG", config(desktop))
        .env("MOUSEWARDEN_DATA", data(desktop))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn config(desktop: &TestDesktop) -> PathBuf {
    desktop.folder().join("config.toml")
}

fn data(desktop: &TestDesktop) -> PathBuf {
    desktop.folder().join("data")
}

fn desktop() -> TestDesktop {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    fs::create_dir(data(&desktop)).unwrap();
    let journal = data(&desktop).join("journal.jsonl");
    let text = format!(
        "[model]\nbackend = \"builtin\"\n[decision]\nmax_action = \"log\"\n[journal]\nfile = {journal:?}\n"
    );
    fs::write(config(&desktop), text).unwrap();
    desktop
}

fn hand(events: usize) -> Vec<MouseEvent> {
    let device = Device::steady(125.0, [1000, 700]);
    let moves =
        SyntheticUser::generate(5).moves(&device, 0, Timestamp::default(), Pauses::AtMost(0.4));
    moves.take(events).collect()
}

fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "{what}: waited in vain");
        std::thread::yield_now();
    }
}

/// The bytes of all recordings that an enrolment has put on the disk.
fn recorded(desktop: &TestDesktop) -> u64 {
    let files = fs::read_dir(data(desktop).join("recordings")).into_iter().flatten().flatten();
    files.map(|file| file.metadata().map_or(0, |data| data.len())).sum()
}

#[test]
fn an_enrolment_that_is_killed_goes_on_where_it_was() {
    let desktop = desktop();
    let first = Program::start(&desktop, &["--enroll"]);
    wait_until("the recording", || recorded(&desktop) > 0);
    desktop.player().unwrap().play(&hand(1200)).unwrap();
    wait_until("the movement on the disk", || recorded(&desktop) > 12_000);
    drop(first);
    let kept = recorded(&desktop);

    let second = Program::start(&desktop, &["--enroll"]);
    wait_until("the next recording", || recorded(&desktop) > kept);
    let pid = second.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    let (code, said) = second.end();
    assert_eq!(code, Some(0), "{said}");
    let earlier = said.lines().find(|line| line.starts_with("Earlier sessions: "));
    let windows: usize =
        earlier.and_then(|line| line.split_whitespace().nth(2)?.parse().ok()).unwrap_or(0);
    assert!(windows >= 5, "{said}");
    assert!(recorded(&desktop) >= kept);
}

#[test]
fn a_display_that_dies_ends_the_agent_in_one_sentence_and_its_exit_code() {
    let mut desktop = desktop();
    sample_model::bundle([16, 16], 7).write(&data(&desktop).join("owner.onnx")).unwrap();
    let agent = Program::start(&desktop, &["run"]);
    let journal = data(&desktop).join("journal.jsonl");
    wait_until("the agent", || {
        fs::read_to_string(&journal).is_ok_and(|text| text.contains("started"))
    });
    desktop.player().unwrap().play(&hand(600)).unwrap();
    wait_until("a verdict", || fs::read_to_string(&journal).unwrap().contains("verdict"));
    desktop.crash_display().unwrap();
    let (code, said) = agent.end();
    assert_eq!(code, Some(69), "{said}");
    let journal = fs::read_to_string(&journal).unwrap();
    assert!(journal.lines().last().unwrap().contains("\"stopped\""), "{journal}");
    assert!(!journal.contains("lock_asked"), "a fault never locks");
}
