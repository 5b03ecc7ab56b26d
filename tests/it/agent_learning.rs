//! A password, after "It was me" or without it: the agent learns from what moves then, keeps it in
//! a file, judges by it after a restart, and says so.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::bare_agent;
use crate::wire::Wire;
use crossbeam_channel::{Sender, unbounded};
use mousewarden::agent::judge::Judge;
use mousewarden::agent::live::{self, SourceKind};
use mousewarden::agent::model_versions::ModelVersions;
use mousewarden::agent::settings::{LockParams, NotifyParams};
use mousewarden::agent::shared_status::{ModelStatus, ScorerStatus};
use mousewarden::error::Result;
use mousewarden::pipeline::{
    BlockModel, Boundary, DecisionParams, EmbeddingCovariance, KnownMovement, MaxAction, Micros,
    MouseEvent, MouseKind, OwnerModel, Score, ScoreError, Scorer, Signal, Steps, Timestamp,
    WindowParams, WindowScore,
};
use mousewarden::platform::NoticeAnswer;
use mousewarden_rig::fake::{FakeCall, FakeDesktop as Fake};
use serde_json::Value;

/// Everybody's embedding lies where the window's first step says: 10 px are 1.
struct ByStep;

impl Scorer for ByStep {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        let look = |steps: &Steps| {
            WindowScore::of_movement(Score::new(0.5), vec![steps.rows()[0][0] / 10.0; 8])
        };
        Ok(windows.iter().map(look).collect())
    }
}

struct Owner {
    folder: tempfile::TempDir,
}

impl Owner {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("owner.onnx"), "stands for the model").unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Enrolled at 0 among people who differ by 1 in each of eight dimensions.
    fn judge(&self) -> Judge {
        let covariance = EmbeddingCovariance {
            between_user: vec![1.0; 8],
            between_session: vec![0.2; 8],
            within_session: vec![1.0; 8],
        };
        let owner_model =
            OwnerModel { days: 0.5, ..OwnerModel::of(&covariance, &[0.0; 8], 400, 10.0) };
        let model = BlockModel::Embedding(Box::new(owner_model));
        let decision = bare_agent::by_groups_of(3, MaxAction::Notify);
        let judge = Judge {
            scorer: Box::new(ByStep),
            windows: WindowParams::default(),
            decision: DecisionParams { model, ..decision },
            half_life: Micros::from_millis(8 * 3_600_000),
            adapts: false,
            model: ModelStatus { path: self.path("owner.onnx"), ..ModelStatus::default() },
            report: ScorerStatus::default(),
            notify: NotifyParams::default(),
            lock: LockParams::default(),
            kinematics: None,
            adaptation: None,
            own_movement: KnownMovement::default(),
            later_movement: None,
            devices: None,
        };
        judge.learning(&self.path("adaptation.json")).unwrap()
    }

    fn adaptation(&self) -> Option<ModelVersions> {
        self.judge().adaptation
    }
}

struct Session {
    mouse: Sender<Signal>,
    session: Sender<Signal>,
    answers: Sender<NoticeAnswer>,
    locker: Fake,
    journal: PathBuf,
    agent: std::thread::JoinHandle<Result<String>>,
}

impl Session {
    fn begin(owner: &Owner) -> Self {
        let (mouse, wire) = unbounded();
        let (session, sessions) = unbounded();
        let (answers, answered) = unbounded();
        let (notifier, locker) = (Fake::default(), Fake::default());
        let journal = owner.path("journal.jsonl");
        let responder_io = bare_agent::responder_io((&notifier, &locker), answered, &journal);
        let source = (Wire(wire), SourceKind::Recording);
        let setup = bare_agent::setup(source, sessions, owner.judge(), responder_io);
        let agent = std::thread::spawn(move || live::run(setup, live::commands()));
        Self { mouse, session, answers, locker, journal, agent }
    }

    /// So many movements with steps of so many pixels, from this second on; too few steps to tell a
    /// program by.
    fn moves(&self, from: i64, windows: i64, px: f64) {
        for n in from..from + windows {
            for step in 0..8 {
                let at = Timestamp::from_millis(n * 1000 + step * 10);
                let x = px * step as f64;
                let event = MouseEvent { at, kind: MouseKind::Move, x, y: 0.0 };
                self.mouse.send(Signal::Mouse(event)).unwrap();
            }
        }
        let at = Timestamp::from_millis((from + windows) * 1000 - 500);
        self.mouse.send(Signal::Boundary { at, kind: Boundary::Quiet }).unwrap();
    }

    fn wait_for(&self, event: &str) -> Value {
        self.wait_until(event, |_| true)
    }

    /// The last event of this name that is as it is to be.
    fn wait_until(&self, event: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let mut all = entries(&self.journal).into_iter();
            if let Some(entry) = all.rfind(|entry| entry["event"] == event && is_it(entry)) {
                return entry;
            }
            assert!(Instant::now() < deadline, "no such {event} in the journal");
            std::thread::yield_now();
        }
    }

    /// The owner presses the button, and gives the password.
    fn it_was_me(&self) {
        self.answers.send(NoticeAnswer::ItWasMe).unwrap();
        self.wait_for("lock_asked");
        assert_eq!(self.locker.events().last(), Some(&FakeCall::Locked));
        self.unlock();
        self.wait_for("confirmed");
    }

    fn unlock(&self) {
        for kind in [Boundary::Locked, Boundary::Unlocked] {
            self.session.send(Signal::Boundary { at: Timestamp::default(), kind }).unwrap();
        }
    }

    fn end(self) {
        let Self { mouse, agent, session: _session, answers: _answers, .. } = self;
        drop(mouse);
        agent.join().unwrap().unwrap();
    }
}

fn entries(journal: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(journal).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn what_moves_after_a_confirmed_false_alarm_is_learnt_and_kept() {
    let owner = Owner::new();
    let session = Session::begin(&owner);
    session.moves(0, 5, 15.0);
    session.wait_for("notified");
    session.it_was_me();
    // After the lock and its grace time; some may be over before the confirmation has got through.
    session.moves(100, 400, 3.0);
    session.wait_until("adapted", |adaptation| {
        adaptation["drift"].as_f64().is_some_and(|far| far > 0.0)
    });
    session.end();
    let versions = owner.adaptation().unwrap().versions().to_vec();
    let mean = &versions.last().unwrap().adapted.owner.mean;
    assert!((0.02..0.3).contains(&mean[0]), "{versions:?}");
    // The next start judges by it.
    let next = owner.judge().detector();
    assert_eq!(&next.decider().params().owner().unwrap().mean, mean);
}

#[test]
fn without_the_password_nothing_is_learnt() {
    let owner = Owner::new();
    let session = Session::begin(&owner);
    session.moves(0, 5, 15.0);
    session.wait_for("notified");
    session.moves(100, 70, 3.0);
    session.end();
    assert_eq!(
        entries(&owner.path("journal.jsonl")).iter().filter(|e| e["event"] == "adapted").count(),
        0
    );
    assert!(owner.adaptation().unwrap().now().is_none());
}

#[test]
fn every_stretch_of_work_after_an_unlock_teaches() {
    let owner = Owner::new();
    let session = Session::begin(&owner);
    session.unlock();
    session.wait_until("session", |entry| entry["boundary"] == "unlocked");
    session.moves(100, 310, 2.0);
    session.wait_until("adapted", |adaptation| adaptation["version"] == 1);
    session.moves(500, 310, 2.0);
    session.wait_until("adapted", |adaptation| adaptation["version"] == 2);
    session.end();
    let sittings = owner.adaptation().unwrap().now().unwrap().adapted.sittings;
    assert_eq!(sittings, 2);
}
