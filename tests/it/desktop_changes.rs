//! What happens to a desktop while the real program watches it: the screen is locked, another
//! terminal is switched to, the machine sleeps, a mouse goes and comes, monitors change. It carries
//! on each time, and judges nobody whom it does not know by right.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::hearing::{program, until};
use crate::logind::Logind;
use crate::mice::hardware;
use crate::sample_model;
use crate::screens::Screens;
use mousewarden::data::RecordingReader;
use mousewarden::model::Provenance;
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{MouseEvent, MouseKind, Signal, Timestamp};
use mousewarden::platform::capture::{CaptureParams, CaptureProcess};
use mousewarden::platform::{CaptureBackend, clock};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan, TestMouse};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);
/// What the agent leaves out after an unlock or a sleep.
const GRACE: Micros = Micros::from_millis(2_000);

/// The program at work on a test desktop, with folders of its own.
struct Agent {
    child: Child,
    data: PathBuf,
}

impl Agent {
    /// With a model that was made by this capture; alarms are written down only.
    fn start(desktop: &TestDesktop, capture: &str) -> Self {
        Self::deciding(desktop, capture, "max_action = \"log\"")
    }

    /// The same with this section `[decision]`.
    fn deciding(desktop: &TestDesktop, capture: &str, decision: &str) -> Self {
        let data = desktop.folder().join("data");
        fs::create_dir(&data).unwrap();
        let bundle = sample_model::bundle([16, 16], 7);
        let provenance = Provenance { capture: capture.into(), ..bundle.provenance };
        let bundle = mousewarden::model::Bundle { provenance, ..bundle };
        bundle.write(&data.join("owner.onnx")).unwrap();
        let config = desktop.folder().join("config.toml");
        let journal = data.join("journal.jsonl");
        let text = format!(
            "[model]\nbackend = \"builtin\"\n[decision]\n{decision}\n\
             [record]\nenabled = true\n[journal]\nfile = {journal:?}\n"
        );
        fs::write(&config, text).unwrap();
        let mut command = desktop.command(program());
        command
            .env("MOUSEWARDEN_CONFIG", config)
            .env("MOUSEWARDEN_DATA", &data)
            .env("DBUS_SYSTEM_BUS_ADDRESS", desktop.bus_address())
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let agent = Self { child, data };
        agent.wait_for(|entry| entry["event"] == "device");
        agent
    }

    fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.data.join("journal.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn count(&self, event: &str) -> usize {
        self.journal().iter().filter(|entry| entry["event"] == event).count()
    }

    /// The first entry that fits.
    fn wait_for(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(entry) = self.journal().into_iter().find(&fits) {
                return entry;
            }
            assert!(Instant::now() < deadline, "waited in vain: {:#?}", self.journal());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The first entry of a kind that was written after this moment.
    fn after(&self, at: Timestamp, fits: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(|entry| micros(&entry["mono_us"]) > at.micros() && fits(entry))
    }

    /// What the agent says of this device or arrangement once something has changed.
    fn device_after(&self, at: Timestamp, named: &str) -> Value {
        let is_it = |entry: &Value| {
            let capture = entry["capture"].as_str().unwrap_or_default();
            entry["event"] == "device" && capture.ends_with(named)
        };
        self.after(at, is_it)
    }

    /// What was not known of that which somebody moved with, each time.
    fn told_of_unknown(&self) -> Vec<String> {
        let told = self.journal().into_iter().filter(|entry| entry["event"] == "unknown");
        told.map(|entry| entry["what"].as_str().unwrap().to_owned()).collect()
    }

    /// Where windows that were judged lie in time.
    fn judged(&self) -> Vec<(i64, i64)> {
        let verdicts = self.journal().into_iter().filter(|entry| entry["event"] == "verdict");
        let span = |verdict: Value| {
            let window = &verdict["window"];
            (micros(&window["started_at"]), micros(&window["ended_at"]))
        };
        verdicts.map(span).collect()
    }

    /// When the mouse moved in what was recorded.
    fn recorded(&self) -> Vec<i64> {
        let copy = crate::program::exported(&self.data);
        let files = fs::read_dir(copy.path().join("copy/watched/recordings")).unwrap().flatten();
        let signals = files.flat_map(|file| RecordingReader::open(&file.path()).unwrap());
        let moved = signals.filter_map(|signal| match signal.unwrap() {
            Signal::Mouse(event) => Some(event.at.micros()),
            Signal::Boundary { .. } => None,
        });
        moved.collect()
    }

    /// What a command prints about it.
    fn says(&self, desktop: &TestDesktop, arguments: &[&str]) -> String {
        let mut command = desktop.command(program());
        command.args(arguments).env("MOUSEWARDEN_DATA", &self.data);
        let config = desktop.folder().join("config.toml");
        let output = command.env("MOUSEWARDEN_CONFIG", config).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ends it by its own command.
    fn stop(&mut self, desktop: &TestDesktop) {
        let mut stop = desktop.command(program());
        let stopped = stop.arg("stop").env("MOUSEWARDEN_DATA", &self.data).output().unwrap();
        assert!(stopped.status.success(), "{stopped:?}");
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn micros(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

fn is_verdict(entry: &Value) -> bool {
    entry["event"] == "verdict"
}

fn is_session(boundary: &str) -> impl Fn(&Value) -> bool {
    move |entry| entry["event"] == "session" && entry["boundary"] == boundary
}

/// A hand that moves all the time, stroke by stroke.
struct Hand {
    done: Arc<AtomicBool>,
    strokes: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Hand {
    fn on(desktop: &TestDesktop) -> Self {
        let mut player = desktop.player().unwrap();
        let (done, strokes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (end, count) = (done.clone(), strokes.clone());
        let work = move || {
            while !end.load(Ordering::Relaxed) {
                let stroke = count.fetch_add(1, Ordering::Relaxed) as f64;
                let step = |i: i64| MouseEvent {
                    at: Timestamp::from_millis(10 * i),
                    kind: MouseKind::Move,
                    x: 100.0 + 20.0 * i as f64,
                    y: 100.0 + stroke % 500.0 + i as f64,
                };
                // Too few steps to tell a program by.
                player.play(&(0..10).map(step).collect::<Vec<_>>()).unwrap();
                clock::sleep_until(clock::now() + Micros::from_millis(300));
            }
        };
        Self { done, strokes, thread: Some(thread::spawn(work)) }
    }

    /// Waits until it has made some strokes more.
    fn goes_on(&self) {
        let deadline = Instant::now() + PATIENCE;
        let enough = self.strokes.load(Ordering::Relaxed) + 3;
        while self.strokes.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < deadline, "the hand rests");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The capture process of an agent.
fn capture_process(agent: u32) -> String {
    let tasks = fs::read_dir(format!("/proc/{agent}/task")).unwrap();
    let children = tasks
        .map(|task| fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default());
    let all = children.collect::<String>();
    all.split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn a_capture_process_that_is_stopped_is_an_event_and_the_watch_goes_on() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut agent = Agent::start(&desktop, "recording");
    let _hand = Hand::on(&desktop);
    agent.wait_for(is_verdict);
    let stopped = clock::now();
    let pid = capture_process(agent.child.id());
    let kill = std::process::Command::new("kill").args(["-STOP", &pid]).status().unwrap();
    assert!(kill.success(), "{pid}");
    let is = |state: &'static str| {
        move |entry: &Value| entry["event"] == "capture" && entry["state"] == state
    };
    let blind = agent.after(stopped, is("blind"));
    assert!(blind["why"].as_str().unwrap().contains("stopped from outside"), "{blind}");
    let sees = agent.after(stopped, is("sees"));
    agent.after(Timestamp::from_micros(micros(&sees["mono_us"])), is_verdict);
    agent.stop(&desktop);
}

#[test]
fn a_hand_in_a_locked_left_or_sleeping_session_is_neither_judged_nor_recorded() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let logind = Logind::start(&desktop);
    let mut agent = Agent::start(&desktop, "recording");
    let hand = Hand::on(&desktop);
    agent.wait_for(is_verdict);
    type Tell = fn(&Logind, bool);
    let stories: [(Tell, &str, &str); 3] = [
        (Logind::locked, "locked", "unlocked"),
        (|logind, away| logind.active(!away), "locked", "start"),
        (Logind::sleeps, "suspended", "suspended"),
    ];
    let mut away = Vec::new();
    for (tell, goes, comes) in stories {
        let before = clock::now();
        tell(&logind, true);
        let gone = micros(&agent.after(before, is_session(goes))["mono_us"]);
        hand.goes_on();
        let back = clock::now();
        tell(&logind, false);
        agent.after(back, is_session(comes));
        let first = agent.after(back + GRACE, is_verdict);
        // Only a password forgets what was seen before.
        assert_eq!(first["windows"] == 1, comes == "unlocked", "{first}");
        // A machine that sleeps stands still from some moment on that nobody tells.
        let from = if goes == "suspended" { back.micros() } else { gone };
        away.push((from, (back + GRACE).micros()));
    }
    drop(hand);
    agent.stop(&desktop);
    assert!(agent.judged().len() >= 4);
    for (from, to) in away {
        for (start, end) in agent.judged() {
            assert!(end < from || start >= to, "{start}-{end} in {from}-{to}");
        }
        assert!(!agent.recorded().iter().any(|at| (from + 1..to).contains(at)), "{from}-{to}");
    }
    let journal = agent.journal();
    assert!(!journal.iter().any(|entry| entry["event"] == "fault"), "{journal:#?}");
}

/// One movement there and back, and the pause that ends it.
fn stroke(mouse: &mut TestMouse) {
    for i in 0..24 {
        let step = if i < 12 { 9.0 } else { -9.0 };
        mouse.step(step, step / 2.0).unwrap();
        clock::sleep_until(clock::now() + Micros::from_millis(8));
    }
    clock::sleep_until(clock::now() + Micros::from_millis(300));
}

/// Moves until a window is judged.
fn is_judged(agent: &Agent, mouse: &mut TestMouse) {
    let (before, deadline) = (agent.judged().len(), Instant::now() + PATIENCE);
    while agent.judged().len() == before {
        assert!(Instant::now() < deadline, "nothing is judged: {:#?}", agent.journal());
        stroke(mouse);
    }
}

#[test]
fn mice_that_go_and_come_are_known_or_not_and_the_agent_stays() {
    let mut desktop = hardware();
    let [mut first, mut second] = [1, 2].map(|number| desktop.mouse(number).unwrap());
    let agent = Agent::start(&desktop, "x11-rdev; mouse Test Mouse 1; 1280x800");
    is_judged(&agent, &mut first);

    // Out of reach, and back.
    enable(&desktop, "Test Mouse 1", false);
    enable(&desktop, "Test Mouse 1", true);
    let mut first = desktop.mouse_anew(1).unwrap();
    is_judged(&agent, &mut first);

    // Out of reach, and another one is taken.
    enable(&desktop, "Test Mouse 1", false);
    let before = clock::now();
    second.step(3.0, 3.0).unwrap();
    assert_eq!(agent.device_after(before, "Test Mouse 2; 1280x800")["unknown"], "device");
    is_judged(&agent, &mut second);

    let before = clock::now();
    enable(&desktop, "Test Mouse 1", true);
    let mut first = desktop.mouse_anew(1).unwrap();
    first.step(3.0, 3.0).unwrap();
    assert_eq!(agent.device_after(before, "Test Mouse 1; 1280x800")["unknown"], Value::Null);
    is_judged(&agent, &mut first);
    assert_eq!(agent.told_of_unknown(), ["device"]);
}

#[test]
fn a_password_makes_another_mouse_the_owners_until_it_is_forgotten() {
    let desktop = hardware();
    let [mut first, mut second] = [1, 2].map(|number| desktop.mouse(number).unwrap());
    let logind = Logind::start(&desktop);
    let agent = Agent::start(&desktop, "x11-rdev; mouse Test Mouse 1; 1280x800");
    is_judged(&agent, &mut first);
    let before = clock::now();
    second.step(3.0, 3.0).unwrap();
    assert_eq!(agent.device_after(before, "Test Mouse 2; 1280x800")["unknown"], "device");
    for locked in [true, false] {
        logind.locked(locked);
    }
    agent.wait_for(|entry| entry["event"] == "trusted");
    assert!(agent.says(&desktop, &["devices"]).contains("1  x11-rdev; mouse Test Mouse 2"));

    let before = clock::now();
    assert!(agent.says(&desktop, &["devices", "forget", "1"]).contains("Test Mouse 2"));
    assert_eq!(agent.device_after(before, "Test Mouse 2; 1280x800")["unknown"], "device");
    assert!(agent.says(&desktop, &["devices"]).contains("None since"));
}

/// How many windows are judged until there is an alarm; after each, something is tried against it.
fn windows_until_alarm(
    agent: &Agent,
    mut move_once: impl FnMut(),
    mut trick: impl FnMut(&Agent),
) -> usize {
    let deadline = Instant::now() + PATIENCE;
    let mut judged = 0;
    loop {
        assert!(Instant::now() < deadline, "no alarm: {:#?}", agent.journal());
        move_once();
        let verdicts: Vec<Value> = agent.journal().into_iter().filter(is_verdict).collect();
        if let Some(at) = verdicts.iter().position(|verdict| !verdict["action"].is_null()) {
            return at + 1;
        }
        if verdicts.len() > judged {
            judged = verdicts.len();
            trick(agent);
        }
    }
}

#[test]
fn nothing_that_a_stranger_can_do_at_the_desk_puts_an_alarm_off() {
    // By this rule whoever moves for eight windows is a stranger.
    let decision = "max_action = \"notify\"\ngroup_windows = 8\nthreshold = 1.0\nconfirm_windows = 1\n\
                    notice_budget_h = \"eer\"\nlock_budget_h = \"eer\"";
    let until_alarm = |inject: bool, trick: fn(&TestDesktop, &Agent)| {
        let desktop = hardware();
        let mut mouse = desktop.mouse(1).unwrap();
        let agent = Agent::deciding(&desktop, "x11-rdev; mouse Test Mouse 1; 1280x800", decision);
        let by_hand = || if inject { injected_stroke(&desktop) } else { stroke(&mut mouse) };
        let windows = windows_until_alarm(&agent, by_hand, |agent| trick(&desktop, agent));
        let told = agent.journal().iter().any(|entry| entry["event"] == "interrupted");
        (windows, told)
    };
    assert_eq!(until_alarm(false, |_, _| ()), (8, false));
    let pause = |desktop: &TestDesktop, agent: &Agent| {
        agent.says(desktop, &["pause", "1m"]);
        agent.says(desktop, &["resume"]);
    };
    assert_eq!(until_alarm(false, pause), (8, true));
    let reload = |_: &TestDesktop, agent: &Agent| {
        let reloads = agent.count("reloaded");
        let pid = agent.child.id().to_string();
        assert!(
            std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success()
        );
        agent.wait_for(|_| agent.count("reloaded") > reloads);
    };
    assert_eq!(until_alarm(false, reload).0, 8);
    assert_eq!(until_alarm(true, |_, _| ()).0, 8, "another mouse, and that one a program's");
}

/// One movement there and back as a program makes it.
fn injected_stroke(desktop: &TestDesktop) {
    let mut player = mousewarden_rig::inject::Player::open(desktop.display()).unwrap();
    let event = |n: i64| {
        let at = Timestamp::from_millis(8 * n);
        let x = 600.0 + 9.0 * (12 - (n - 12).abs()) as f64;
        MouseEvent { at, kind: MouseKind::Move, x, y: x / 2.0 }
    };
    player.play(&(0..24).map(event).collect::<Vec<_>>()).unwrap();
    clock::sleep_until(clock::now() + Micros::from_millis(300));
}

/// Three steps there or back, which are no window, and the pause that ends them.
fn nudge(mouse: &mut TestMouse, back: bool) {
    let step = if back { -6.0 } else { 6.0 };
    for _ in 0..3 {
        mouse.step(step, step / 2.0).unwrap();
        clock::sleep_until(clock::now() + Micros::from_millis(8));
    }
    clock::sleep_until(clock::now() + Micros::from_millis(270));
}

#[test]
fn a_hand_that_keeps_below_a_window_is_an_alarm() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    let agent = Agent::start(&desktop, "x11-rdev; mouse Test Mouse 1; 1280x800");
    let is_told = |entry: &Value| entry["event"] == "fragments";
    let deadline = Instant::now() + 2 * PATIENCE;
    let mut pieces = 0;
    while !agent.journal().iter().any(is_told) {
        assert!(Instant::now() < deadline, "{pieces} pieces: {:#?}", agent.journal());
        nudge(&mut mouse, pieces % 2 == 1);
        pieces += 1;
    }
    // A slow machine makes a window of some, each of which takes the place of eight.
    let windows = agent.judged().len();
    assert!((100..=102 + 9 * windows).contains(&pieces), "{pieces} pieces, {windows} windows");
}

/// Has the X server lose a device, or find it again.
fn enable(desktop: &TestDesktop, name: &str, enabled: bool) {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xinput::{ConnectionExt as _, Device, XIChangePropertyAux};
    use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, PropMode};
    let (x, _) = x11rb::connect(Some(desktop.display())).unwrap();
    let devices = x.xinput_xi_query_device(Device::ALL).unwrap().reply().unwrap().infos;
    let device = devices.iter().find(|device| device.name == name.as_bytes()).unwrap().deviceid;
    let property = x.intern_atom(true, b"Device Enabled").unwrap().reply().unwrap().atom;
    let (kind, value) =
        (AtomEnum::INTEGER.into(), XIChangePropertyAux::Data8(vec![enabled.into()]));
    x.xinput_xi_change_property(device, PropMode::REPLACE, property, kind, 1, &value)
        .unwrap()
        .check()
        .unwrap();
    x.flush().unwrap();
}

#[test]
fn monitors_that_change_are_known_or_not_and_the_agent_stays() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    let agent = Agent::start(&desktop, "x11-rdev; mouse Test Mouse 1; 1280x800");
    let screens = Screens::of(&desktop);
    is_judged(&agent, &mut mouse);
    let laptop = Some((1280, 800));
    let stories = [
        (vec![Some((1024, 768))], "1024x768", Some("resolution")),
        (vec![laptop], "1280x800", None),
        // One more monitor; then docked, with the lid closed.
        (vec![laptop, Some((1024, 768))], "1280x800 1024x768", None),
        (vec![None, Some((1024, 768))], "1024x768", Some("resolution")),
        (vec![laptop], "1280x800", None),
    ];
    for (sizes, named, lacks) in stories {
        let before = clock::now();
        screens.arrange(&sizes);
        // Where the pointer's screen goes dark, the server names another mouse until one moves.
        mouse.step(3.0, 3.0).unwrap();
        let device = agent.device_after(before, &format!("; mouse Test Mouse 1; {named}"));
        assert_eq!(device["unknown"].as_str(), lacks);
        is_judged(&agent, &mut mouse);
    }
    assert_eq!(agent.told_of_unknown(), ["resolution", "resolution"]);
}

#[test]
fn places_are_right_on_every_arrangement_of_monitors() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    let screens = Screens::of(&desktop);
    for backend in [CaptureBackend::Rdev, CaptureBackend::XInput2] {
        for sizes in [
            vec![Some((1024, 768))],
            vec![Some((1280, 800)), Some((1024, 768))],
            vec![Some((1280, 800))],
        ] {
            screens.arrange(&sizes);
            // Places begin as the screen's; what the server itself moves afterwards is no movement.
            let params = CaptureParams { backend, ..CaptureParams::new(program()) };
            let mut source = CaptureProcess::open(params.on(desktop.environment())).unwrap();
            let width: u16 = sizes.iter().flatten().map(|(width, _)| width).sum();
            mouse.step(-9000.0, -9000.0).unwrap();
            until(&mut source, is_at(0.0, 0.0));
            mouse.step(9000.0, 0.0).unwrap();
            until(&mut source, is_at(f64::from(width) - 1.0, 0.0));
            mouse.step(-7.0, 5.0).unwrap();
            until(&mut source, is_at(f64::from(width) - 8.0, 5.0));
        }
    }
}

fn is_at(x: f64, y: f64) -> impl Fn(&Signal) -> bool {
    move |signal| matches!(signal, Signal::Mouse(event) if (event.x, event.y) == (x, y))
}
