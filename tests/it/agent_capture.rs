//! What the agent does not judge: movement while the session is locked, away or just back, and
//! movement by a device that the model does not know. The mouse is a wire, or the real capture
//! process on pipes that stand for the kernel's devices; the hands are journals.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::bare_agent;
use crate::sample_model;
use crossbeam_channel::{Receiver, Sender, unbounded};
use mousewarden::agent::Command;
use mousewarden::agent::judge::Judge;
use mousewarden::agent::live::{self, SourceKind};
use mousewarden::agent::settings::{BoundedInt, LockParams, NotifyParams};
use mousewarden::agent::shared_status::{ModelStatus, ScorerStatus};
use mousewarden::error::Result;
use mousewarden::model::Provenance;
use mousewarden::pipeline::{
    Boundary, KnownMovement, MaxAction, Micros, MouseEvent, MouseKind, Score, ScoreError, Scorer,
    Signal, Steps, Timestamp, WindowParams, WindowScore,
};
use mousewarden::platform::{Capture, CaptureView, EventSource, Next, clock};
use mousewarden_rig::fake::{FakeCall, FakeDesktop as Fake};
use serde_json::Value;

const KNOWN: &str = "evdev; mouse Plain Mouse (0001:0001)";
const STRANGE: &str = "evdev; mouse Other Mouse (0001:0002)";

/// Takes everybody for an impostor.
struct Stern;

impl Scorer for Stern {
    fn score(&mut self, windows: &[Steps]) -> std::result::Result<Vec<WindowScore>, ScoreError> {
        Ok(windows.iter().map(|_| Score::new(0.0).into()).collect())
    }
}

/// Gives what a test sends, and ends when the test drops its end.
struct Wire(Receiver<Signal>, CaptureView);

impl EventSource for Wire {
    fn next(&mut self, _timeout: Option<Duration>) -> Result<Next> {
        Ok(self.0.recv().map_or(Next::End, Next::Signal))
    }

    fn name(&self) -> &str {
        "evdev"
    }

    fn capture(&self) -> CaptureView {
        self.1.clone()
    }
}

struct Agent {
    folder: tempfile::TempDir,
    notifier: Fake,
    locker: Fake,
    mouse: Sender<Signal>,
    session: Sender<Signal>,
    commands: Sender<Command>,
    view: CaptureView,
    ended: JoinHandle<Result<String>>,
}

impl Agent {
    /// An agent that locks at the first window, if it may judge it.
    fn start() -> Self {
        Self::judging(judge(KNOWN))
    }

    /// The same with this judge.
    fn judging(judge: Judge) -> Self {
        let (mouse, signals) = unbounded();
        let view = CaptureView::of(Capture::parse(KNOWN));
        Self::watch(Wire(signals, view), judge, mouse)
    }

    /// The same with any mouse.
    fn watch(source: impl EventSource + 'static, judge: Judge, mouse: Sender<Signal>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (notifier, locker) = (Fake::default(), Fake::default());
        let (session, boundaries) = unbounded();
        let (_, answers) = unbounded();
        let view = source.capture();
        let journal = folder.path().join("journal.jsonl");
        let responder_io = bare_agent::responder_io((&notifier, &locker), answers, &journal);
        let source = (source, SourceKind::Mouse);
        let setup = bare_agent::setup(source, boundaries, judge, responder_io);
        let (commands, obeyed) = live::commands();
        let to_it = commands.clone();
        let ended = std::thread::spawn(move || live::run(setup, (commands, obeyed)));
        let agent = Self { folder, notifier, locker, mouse, session, commands: to_it, view, ended };
        agent.wait_for("device", 1);
        agent
    }

    /// One movement of ten steps that begins at this moment, and its pause.
    fn move_at(&self, at: Timestamp) {
        let ms = |ms: i64| Timestamp::from_micros(at.micros() + 1000 * ms);
        for i in 0..11 {
            let (x, y) = (i as f64, 0.0);
            let event = MouseEvent { at: ms(10 * i), kind: MouseKind::Move, x, y };
            self.mouse.send(Signal::Mouse(event)).unwrap();
        }
        self.mouse.send(Signal::Boundary { at: ms(500), kind: Boundary::Quiet }).unwrap();
    }

    fn tell(&self, kind: Boundary) {
        let before = self.count("session");
        self.session.send(Signal::Boundary { at: clock::now(), kind }).unwrap();
        self.wait_for("session", before + 1);
    }

    fn use_device(&self, capture: &str) {
        let before = self.count("device");
        self.view.set(Capture::parse(capture));
        let at = clock::now();
        self.mouse.send(Signal::Boundary { at, kind: Boundary::DeviceChanged }).unwrap();
        self.wait_for("device", before + 1);
    }

    fn journal(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path()).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("journal.jsonl")
    }

    fn count(&self, event: &str) -> usize {
        self.journal().iter().filter(|entry| entry["event"] == event).count()
    }

    fn wait_for(&self, event: &str, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.count(event) < count {
            assert!(Instant::now() < deadline, "{event}: {:?}", self.journal());
            std::thread::yield_now();
        }
    }

    /// Ends it, after all that was sent.
    fn finish(self) -> (Vec<Value>, Fake, Fake) {
        let Self { folder, notifier, locker, mouse, session, commands, ended, .. } = self;
        drop((mouse, session));
        ended.join().unwrap().unwrap();
        drop(commands);
        let text = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (lines, notifier, locker)
    }
}

fn judge(known: &str) -> Judge {
    let from = sample_model::bundle([1, 1], 7).provenance;
    let provenance = Provenance { capture: known.into(), ..from };
    Judge {
        scorer: Box::new(Stern),
        windows: WindowParams::default(),
        decision: bare_agent::by_groups_of(1, MaxAction::Lock),
        half_life: Micros::from_millis(8 * 3_600_000),
        adapts: false,
        model: ModelStatus { provenance: Some(provenance), ..ModelStatus::default() },
        report: ScorerStatus::default(),
        notify: NotifyParams::default(),
        lock: LockParams { countdown_s: BoundedInt::clamped(0), ..LockParams::default() },
        kinematics: None,
        adaptation: None,
        own_movement: KnownMovement::default(),
        later_movement: None,
        devices: None,
    }
}

fn verdicts(journal: &[Value]) -> usize {
    journal.iter().filter(|entry| entry["event"] == "verdict").count()
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_micros(clock::now().micros() + 1_000_000 * seconds)
}

#[test]
fn nobody_is_judged_while_the_session_is_locked_or_just_back() {
    let agent = Agent::start();
    agent.tell(Boundary::Locked);
    agent.move_at(clock::now());
    agent.tell(Boundary::Unlocked);
    // Within the time of grace.
    agent.move_at(clock::now());
    let (journal, _, locker) = agent.finish();
    assert_eq!(verdicts(&journal), 0, "{journal:?}");
    assert_eq!(locker.events(), []);
}

#[test]
fn after_the_grace_somebody_is_judged_again() {
    let agent = Agent::start();
    for kind in [Boundary::Locked, Boundary::Unlocked, Boundary::Suspended, Boundary::Start] {
        agent.tell(kind);
    }
    agent.move_at(after(3));
    let (journal, _, locker) = agent.finish();
    assert_eq!(verdicts(&journal), 1, "{journal:?}");
    assert_eq!(locker.events(), [FakeCall::Locked]);
}

#[test]
fn an_unknown_mouse_is_judged_and_told_once() {
    let agent = Agent::start();
    agent.use_device(STRANGE);
    (0..5).for_each(|i| agent.move_at(after(i)));
    agent.use_device(KNOWN);
    agent.use_device(STRANGE);
    let (journal, notifier, locker) = agent.finish();
    assert!(verdicts(&journal) > 0, "{journal:?}");
    assert!(!locker.events().is_empty(), "another hand with another mouse is locked out");
    let is_about =
        |entry: &FakeCall| matches!(entry, FakeCall::Notified(n) if n.body.contains("Other Mouse"));
    let told: Vec<_> = notifier.events().into_iter().filter(is_about).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let FakeCall::Notified(notice) = &told[0] else { panic!("{told:?}") };
    assert!(
        notice.body.contains("Other Mouse") && notice.body.contains("Lock and unlock"),
        "{notice:?}"
    );
    let devices: Vec<_> = journal.iter().filter(|entry| entry["event"] == "device").collect();
    let unknown: Vec<_> = devices.iter().map(|entry| entry["unknown"].as_str()).collect();
    assert_eq!(unknown, [None, Some("device"), None, Some("device")]);
}

#[test]
fn a_password_makes_a_mouse_the_owners_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("devices.json");
    let agent = Agent::judging(judge(KNOWN).trusting(&list));
    agent.use_device(STRANGE);
    agent.tell(Boundary::Locked);
    agent.tell(Boundary::Unlocked);
    agent.tell(Boundary::Unlocked);
    let (journal, ..) = agent.finish();
    let trusted: Vec<_> = journal.iter().filter(|entry| entry["event"] == "trusted").collect();
    assert_eq!(trusted.len(), 1, "{journal:?}");
    assert_eq!(trusted[0]["capture"], STRANGE);

    let agent = Agent::judging(judge(KNOWN).trusting(&list));
    let third = "evdev; mouse Third Mouse (0001:0003)";
    [STRANGE, third].into_iter().for_each(|capture| agent.use_device(capture));
    let (journal, ..) = agent.finish();
    let devices = journal.iter().filter(|entry| entry["event"] == "device");
    let unknown: Vec<_> = devices.map(|entry| entry["unknown"].as_str()).collect();
    assert_eq!(unknown, [None, None, Some("device")]);
}

#[test]
fn the_known_mouse_is_judged_again_when_it_is_back() {
    let agent = Agent::start();
    agent.use_device(STRANGE);
    agent.use_device(KNOWN);
    agent.move_at(clock::now());
    let (journal, _, locker) = agent.finish();
    assert_eq!(verdicts(&journal), 1, "{journal:?}");
    assert_eq!(locker.events(), [FakeCall::Locked]);
}

/// Twenty steps of the kernel's within the last fifth of a second.
#[cfg(target_os = "linux")]
fn stroke(mouse: &mut mousewarden_rig::desktop::kernel::InputPipe) {
    const RELATIVE: u16 = 2;
    let now = clock::now().micros();
    for i in 0..20 {
        let at = Timestamp::from_micros(now - 10_000 * (20 - i));
        mouse.say(at, &[(RELATIVE, 0, 5), (RELATIVE, 1, 1)]).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_mouse_that_was_out_of_reach_is_judged_again_and_another_one_is_not() {
    use mousewarden::platform::CaptureBackend;
    use mousewarden::platform::capture::{CaptureParams, CaptureProcess};
    use mousewarden_rig::desktop::kernel::{InputFolder, MOUSE};
    let folder = InputFolder::new().unwrap();
    let mut mouse = folder.plug("event3", MOUSE).unwrap();
    let program = env!("CARGO_BIN_EXE_mousewarden").into();
    let root = Some(folder.root().to_owned());
    let params =
        CaptureParams { backend: CaptureBackend::Evdev, root, ..CaptureParams::new(program) };
    let source = CaptureProcess::open(params).unwrap();
    let known = source.capture().get().to_string();
    let agent = Agent::watch(source, judge(&known), unbounded().0);
    stroke(&mut mouse);
    agent.wait_for("verdict", 1);

    drop(mouse);
    let mut back = folder.plug("event3", MOUSE).unwrap();
    stroke(&mut back);
    agent.wait_for("verdict", 2);

    drop(back);
    let other = [("name", "Guest's Mouse"), ("id/product", "0043"), MOUSE[2], MOUSE[4], MOUSE[5]];
    let mut guest = folder.plug("event3", &other).unwrap();
    stroke(&mut guest);
    agent.wait_for("device", 2);
    stroke(&mut guest);
    agent.commands.send(Command::Stop("enough".into())).unwrap();
    let (journal, ..) = agent.finish();
    assert_eq!(verdicts(&journal), 2, "{journal:?}");
    let device = journal.iter().rfind(|entry| entry["event"] == "device").unwrap();
    assert_eq!(device["unknown"], "device", "{device}");
}
