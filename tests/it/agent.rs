//! The threads of the agent with a script as the mouse and a journal as notifier and locker: what
//! is done about verdicts and answers, and what is not done when parts fail.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::bare_agent;
use crate::wire::Wire;
use crossbeam_channel::{Receiver, Sender, unbounded};
use mousewarden::agent::Command;
use mousewarden::agent::event::StampedEvent;
use mousewarden::agent::event_sink::EventSink;
use mousewarden::agent::judge::Judge;
use mousewarden::agent::live::{self, Setup, SourceKind};
use mousewarden::agent::settings::{BoundedInt, LockParams, NotifyParams};
use mousewarden::agent::shared_status::{ModelStatus, ScorerStatus};
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::{
    Boundary, KnownMovement, MaxAction, Micros, MouseEvent, MouseKind, Score, ScoreError, Scorer,
    Signal, Steps, Timestamp, WindowParams, WindowScore,
};
use mousewarden::platform::guard::Guard;
use mousewarden::platform::{
    CaptureNews, EventSource, Locked, Locker, Next, Notice, NoticeAnswer, Notifier, StartedLocker,
};
use mousewarden_rig::fake::{FakeCall, FakeDesktop as Fake, Script};
use serde_json::Value;

/// Gives everybody the same score, or fails.
struct Constant(Option<f32>);

impl Scorer for Constant {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        let score = self.0.ok_or_else(|| ScoreError("it is broken".into()))?;
        Ok(windows.iter().map(|_| Score::new(score).into()).collect())
    }
}

/// Takes everybody for an impostor at first, and then for the owner.
struct Improving(usize);

impl Scorer for Improving {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        let first = self.0;
        self.0 += windows.len();
        Ok((first..self.0).map(|i| Score::new(if i < 3 { 0.0 } else { 1.0 }).into()).collect())
    }
}

/// A mouse that is not seen for a moment, and then never moves again.
struct Blinking(Vec<CaptureNews>);

impl EventSource for Blinking {
    fn next(&mut self, _timeout: Option<Duration>) -> Result<Next> {
        Ok(if self.0.is_empty() { Next::End } else { Next::Nothing })
    }

    fn news(&mut self) -> Option<CaptureNews> {
        self.0.pop()
    }

    fn name(&self) -> &str {
        "blinking"
    }
}

struct TestDesktop {
    folder: tempfile::TempDir,
    notifier: Fake,
    locker: Fake,
    max_action: MaxAction,
    score: Option<f32>,
    countdown_s: u32,
}

impl TestDesktop {
    fn new(max_action: MaxAction) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            notifier: Fake::default(),
            locker: Fake::default(),
            max_action,
            score: Some(0.1),
            countdown_s: 0,
        }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.jsonl")
    }

    fn judge(&self) -> Judge {
        Judge {
            scorer: Box::new(Constant(self.score)),
            windows: WindowParams::default(),
            decision: bare_agent::by_groups_of(3, self.max_action),
            half_life: Micros::from_millis(8 * 3_600_000),
            adapts: false,
            model: ModelStatus::default(),
            report: ScorerStatus::default(),
            notify: NotifyParams::default(),
            lock: LockParams {
                safe_after: BoundedInt::clamped(2),
                countdown_s: BoundedInt::clamped(self.countdown_s),
                ..LockParams::default()
            },
            kinematics: None,
            adaptation: None,
            own_movement: KnownMovement::default(),
            later_movement: None,
            devices: None,
        }
    }

    fn setup(
        &self,
        source: impl EventSource + 'static,
        ears: (Receiver<Signal>, Receiver<NoticeAnswer>),
    ) -> Setup {
        let responder_io =
            bare_agent::responder_io((&self.notifier, &self.locker), ears.1, &self.journal());
        bare_agent::setup((source, SourceKind::Recording), ears.0, self.judge(), responder_io)
    }

    /// Runs a script to its end.
    fn play(&self, windows: usize) -> Result<String> {
        let (_session, session) = unbounded();
        let (_answers, answers) = unbounded();
        let setup = self.setup(Script::new(hand(windows)), (session, answers));
        live::run(setup, live::commands())
    }
}

/// So many movements of ten steps, a second apart.
fn hand(windows: usize) -> Vec<Signal> {
    let event = |window: usize, i: usize| {
        let at = Timestamp::from_millis((window * 1000 + i * 10) as i64);
        Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: i as f64, y: i as f64 })
    };
    (0..windows).flat_map(|w| (0..11).map(move |i| event(w, i))).collect()
}

fn entries(journal: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(journal).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn events(journal: &Path) -> Vec<String> {
    entries(journal).iter().map(|entry| entry["event"].as_str().unwrap().to_owned()).collect()
}

fn count(journal: &Path, event: &str) -> usize {
    events(journal).iter().filter(|name| *name == event).count()
}

fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ready() {
        assert!(Instant::now() < deadline, "{what}: waited in vain");
        std::thread::yield_now();
    }
}

#[test]
fn an_impostor_is_told_with_what_was_seen_and_for_how_long() {
    let desktop = TestDesktop::new(MaxAction::Notify);
    desktop.play(3).unwrap();
    let FakeCall::Notified(notice) = desktop.notifier.events().remove(0) else {
        panic!("no notice")
    };
    assert!(notice.body.contains("For the last 0.3 s the mouse has"), "{notice:?}");
    assert!(notice.ask);
    assert_eq!(desktop.locker.events(), []);
    assert_eq!(
        events(&desktop.journal()),
        ["started", "verdict", "verdict", "verdict", "notified", "stopped"]
    );
}

#[test]
fn after_some_locks_alarms_only_warn() {
    let desktop = TestDesktop::new(MaxAction::Lock);
    let agent = Running::start(&desktop);
    // One alarm after the other: one that comes while a lock is on its way follows from it.
    for (windows, event, times) in
        [(0..4, "lock_asked", 1), (4..5, "lock_asked", 2), (5..6, "safe_mode", 1)]
    {
        agent.moves(windows);
        wait_until(event, || count(&desktop.journal(), event) == times);
    }
    // The end closes the last window.
    agent.finish().unwrap();
    assert_eq!(desktop.locker.events(), [FakeCall::Locked, FakeCall::Locked]);
    assert_eq!(count(&desktop.journal(), "safe_mode"), 2);
    let summaries = summaries(&desktop);
    assert_eq!(summaries[..2], ["Locked by mousewarden"; 2]);
    assert_eq!(summaries[2..], ["Is this you at the mouse?"; 2]);
}

fn summaries(desktop: &TestDesktop) -> Vec<String> {
    let told = |entry| match entry {
        FakeCall::Notified(notice) => Some(notice.summary),
        FakeCall::Locked => None,
    };
    desktop.notifier.events().into_iter().filter_map(told).collect()
}

/// A desktop on which an alarm has begun a countdown that no test lives to see the end of.
fn counting_down() -> (TestDesktop, Running) {
    let desktop = TestDesktop { countdown_s: 600, ..TestDesktop::new(MaxAction::Lock) };
    let agent = Running::start(&desktop);
    let mouse = agent.mouse.clone().unwrap();
    hand(3).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    let quiet = Signal::Boundary { at: Timestamp::from_millis(2500), kind: Boundary::Quiet };
    mouse.send(quiet).unwrap();
    wait_until("the countdown", || count(&desktop.journal(), "countdown") == 1);
    assert_eq!(desktop.locker.events(), []);
    (desktop, agent)
}

#[test]
fn a_countdown_that_nobody_answers_locks() {
    let desktop = TestDesktop { countdown_s: 1, ..TestDesktop::new(MaxAction::Lock) };
    let agent = Running::start(&desktop);
    let mouse = agent.mouse.clone().unwrap();
    hand(4).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    wait_until("the lock", || desktop.locker.events() == [FakeCall::Locked]);
    wait_until("the news", || summaries(&desktop).len() == 2);
    assert_eq!(summaries(&desktop), ["Locking in 1 s", "Locked by mousewarden"]);
    drop(mouse);
    agent.finish().unwrap();
}

#[test]
fn it_was_me_ends_a_countdown_by_asking_for_the_password() {
    let (desktop, agent) = counting_down();
    agent.answers.send(NoticeAnswer::Dismissed).unwrap();
    agent.answers.send(NoticeAnswer::ItWasMe).unwrap();
    wait_until("the lock", || desktop.locker.events() == [FakeCall::Locked]);
    agent.finish().unwrap();
    assert_eq!(desktop.locker.events(), [FakeCall::Locked], "once");
}

#[test]
fn a_countdown_is_not_escaped_by_a_pause_or_a_stop() {
    for command in [Command::Pause(None), Command::Stop("asked".into())] {
        let (desktop, agent) = counting_down();
        agent.commands.send(command).unwrap();
        wait_until("the lock", || desktop.locker.events() == [FakeCall::Locked]);
        agent.finish().unwrap();
    }
}

#[test]
fn whoever_is_recognised_during_a_countdown_is_not_locked_out() {
    let desktop = TestDesktop { countdown_s: 600, ..TestDesktop::new(MaxAction::Lock) };
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let mut setup = desktop.setup(Script::new(hand(9)), (session, answers));
    setup.judge.scorer = Box::new(Improving(0));
    live::run(setup, live::commands()).unwrap();
    assert_eq!(desktop.locker.events(), []);
    let events = events(&desktop.journal());
    let order: Vec<_> = events.iter().filter(|name| name.starts_with("countdown")).collect();
    assert_eq!(order, ["countdown", "countdown_ended"]);
    assert_eq!(summaries(&desktop).last().unwrap(), "It is you again");
}

#[test]
fn a_start_tells_nothing() {
    let desktop = TestDesktop { score: Some(0.9), ..TestDesktop::new(MaxAction::Lock) };
    desktop.play(4).unwrap();
    assert_eq!(desktop.notifier.events(), []);
}

#[test]
fn a_lock_that_fails_is_said_loudly() {
    let desktop = TestDesktop { locker: Fake::broken(), ..TestDesktop::new(MaxAction::Lock) };
    desktop.play(3).unwrap();
    let FakeCall::Notified(notice) = desktop.notifier.events().remove(0) else {
        panic!("no notice")
    };
    assert!(notice.summary.contains("Could not lock") && notice.urgent);
    assert_eq!(count(&desktop.journal(), "lock_failed"), 1);
}

/// A locker that fails so often before it locks.
struct Failing(usize);

impl Locker for Failing {
    fn lock(&mut self, _started: &dyn Fn(StartedLocker)) -> Result<Locked> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Err(Failure::new(FailureKind::Unavailable, "a menu holds the pointer"))
            }
            None => Ok(Locked::Unverified("failing".into())),
        }
    }
}

#[test]
fn a_lock_that_fails_is_tried_again_and_does_not_count_for_safe_mode() {
    let desktop = TestDesktop::new(MaxAction::Lock);
    let (mouse, signals) = unbounded();
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let mut setup = desktop.setup(Wire(signals), (session, answers));
    setup.judge.lock.safe_after = BoundedInt::clamped(1);
    setup.responder_io.locker = Box::new(|_| Box::new(Failing(2)));
    let agent = std::thread::spawn(move || live::run(setup, live::commands()));
    hand(4).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    wait_until("the lock", || count(&desktop.journal(), "lock_asked") == 1);
    assert_eq!(count(&desktop.journal(), "lock_failed"), 2);
    assert_eq!(summaries(&desktop)[0], "Could not lock the screen");
    assert_eq!(count(&desktop.journal(), "safe_mode"), 0);
    wait_until("the news", || summaries(&desktop).len() == 2);
    assert_eq!(summaries(&desktop), ["Could not lock the screen", "Locked by mousewarden"]);
    drop(mouse);
    agent.join().unwrap().unwrap();
}

/// Hangs as long as a channel is open.
struct Hanging(Receiver<()>);

impl Notifier for Hanging {
    fn notify(&mut self, _notice: &Notice) -> Result<()> {
        let _ = self.0.recv();
        Ok(())
    }
}

#[test]
fn a_notice_that_hangs_delays_neither_countdown_nor_lock_nor_end() {
    let desktop = TestDesktop { countdown_s: 1, ..TestDesktop::new(MaxAction::Lock) };
    let (mouse, signals) = unbounded();
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let (_hangs, hung) = unbounded();
    let mut setup = desktop.setup(Wire(signals), (session, answers));
    setup.responder_io.notifier = Box::new(Hanging(hung));
    let agent = std::thread::spawn(move || live::run(setup, live::commands()));
    hand(4).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    wait_until("the countdown", || count(&desktop.journal(), "countdown") == 1);
    let begun = Instant::now();
    wait_until("the lock", || desktop.locker.events() == [FakeCall::Locked]);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(mouse);
    agent.join().unwrap().unwrap();
    assert_eq!(events(&desktop.journal()).last().unwrap(), "stopped");
}

/// Says when its notice is taken away.
struct Withdrawing(Sender<()>);

impl Notifier for Withdrawing {
    fn notify(&mut self, _notice: &Notice) -> Result<()> {
        Ok(())
    }

    fn withdraw(&mut self) {
        let _ = self.0.send(());
    }
}

/// A locker that is waited for as long as a channel is open.
struct Slow(Receiver<()>);

impl Locker for Slow {
    fn lock(&mut self, _started: &dyn Fn(StartedLocker)) -> Result<Locked> {
        let _ = self.0.recv();
        Ok(Locked::Confirmed("at last".to_owned()))
    }
}

#[test]
fn a_countdown_that_a_stop_ends_leaves_no_notice_behind_while_the_locker_is_awaited() {
    let desktop = TestDesktop { countdown_s: 600, ..TestDesktop::new(MaxAction::Lock) };
    let (mouse, signals) = unbounded();
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let (gone, is_gone) = unbounded();
    let (locks, locked) = unbounded::<()>();
    let mut setup = desktop.setup(Wire(signals), (session, answers));
    setup.responder_io.notifier = Box::new(Withdrawing(gone));
    setup.responder_io.locker = Box::new(move |_| Box::new(Slow(locked.clone())));
    let agent = std::thread::spawn(move || live::run(setup, live::commands()));
    hand(4).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    wait_until("the countdown", || count(&desktop.journal(), "notified") == 1);
    let begun = Instant::now();
    drop(mouse);
    is_gone.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(locks);
    agent.join().unwrap().unwrap();
}

/// Takes note of what a guard is told.
struct FakeGuard(Sender<&'static str>);

impl Guard for FakeGuard {
    fn acts(&mut self) {
        self.0.send("acts").unwrap();
    }

    fn started(&mut self, _locker: &StartedLocker) {
        self.0.send("started").unwrap();
    }

    fn stands_down(self: Box<Self>) {
        self.0.send("stands down").unwrap();
    }
}

#[test]
fn a_guard_stands_by_in_a_countdown_and_goes_home_when_it_is_locked() {
    let desktop = TestDesktop { countdown_s: 1, ..TestDesktop::new(MaxAction::Lock) };
    let (mouse, signals) = unbounded();
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let (told, words) = unbounded();
    let mut setup = desktop.setup(Wire(signals), (session, answers));
    setup.responder_io.guard = Some(Box::new(move |_, seconds| {
        assert_eq!(seconds, 1);
        Ok(Box::new(FakeGuard(told.clone())))
    }));
    let agent = std::thread::spawn(move || live::run(setup, live::commands()));
    hand(4).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    let next = || words.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!([next(), next()], ["acts", "stands down"]);
    assert_eq!(desktop.locker.events(), [FakeCall::Locked]);
    drop(mouse);
    agent.join().unwrap().unwrap();
}

/// A mouse that breaks when nobody moves it any more.
struct Breaking(Wire);

impl EventSource for Breaking {
    fn next(&mut self, timeout: Option<Duration>) -> Result<Next> {
        match self.0.next(timeout)? {
            Next::End => Err(Failure::new(FailureKind::Unavailable, "the mouse is lost")),
            next => Ok(next),
        }
    }

    fn name(&self) -> &str {
        "breaking"
    }
}

#[test]
fn a_watch_that_breaks_in_a_countdown_locks() {
    let desktop = TestDesktop { countdown_s: 60, ..TestDesktop::new(MaxAction::Lock) };
    let (mouse, signals) = unbounded();
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let setup = desktop.setup(Breaking(Wire(signals)), (session, answers));
    let agent = std::thread::spawn(move || live::run(setup, live::commands()));
    hand(4).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    wait_until("the countdown", || count(&desktop.journal(), "countdown") == 1);
    drop(mouse);
    assert!(agent.join().unwrap().is_err());
    assert_eq!(desktop.locker.events(), [FakeCall::Locked]);
}

#[test]
fn a_notice_that_nobody_takes_never_becomes_a_lock() {
    let desktop = TestDesktop { notifier: Fake::broken(), ..TestDesktop::new(MaxAction::Notify) };
    desktop.play(3).unwrap();
    assert_eq!(desktop.locker.events(), []);
    assert_eq!(count(&desktop.journal(), "notify_failed"), 1);
}

#[test]
fn an_internal_fault_never_locks_and_ends_the_agent() {
    let desktop = TestDesktop { score: None, ..TestDesktop::new(MaxAction::Lock) };
    let failure = desktop.play(3).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Internal);
    assert_eq!(desktop.locker.events(), []);
    assert_eq!(desktop.notifier.events().len(), 1, "told once");
    assert_eq!(events(&desktop.journal()), ["started", "fault", "notified", "stopped"]);
}

struct Running {
    mouse: Option<Sender<Signal>>,
    session: Sender<Signal>,
    answers: Sender<NoticeAnswer>,
    commands: Sender<Command>,
    ended: Arc<Mutex<Option<Result<String>>>>,
}

impl Running {
    fn start(desktop: &TestDesktop) -> Self {
        let (mouse, signals) = unbounded();
        let (session, boundaries) = unbounded();
        let (answers, answered) = unbounded();
        let (commands, obeyed) = live::commands();
        let setup = desktop.setup(Wire(signals), (boundaries, answered));
        let ended = Arc::new(Mutex::new(None));
        let (result, sender) = (Arc::clone(&ended), commands.clone());
        std::thread::spawn(move || {
            let ending = live::run(setup, (sender, obeyed));
            *result.lock().unwrap() = Some(ending);
        });
        Self { mouse: Some(mouse), session, answers, commands, ended }
    }

    /// Moves in these windows of [`hand`]; each is judged when the next one begins.
    fn moves(&self, windows: std::ops::Range<usize>) {
        let mouse = self.mouse.as_ref().unwrap();
        let events = hand(windows.end).into_iter().skip(windows.start * 11);
        events.for_each(|signal| mouse.send(signal).unwrap());
    }

    fn finish(mut self) -> Result<String> {
        self.mouse = None;
        wait_until("the end", || self.ended.lock().unwrap().is_some());
        self.ended.lock().unwrap().take().unwrap()
    }
}

#[test]
fn it_was_me_locks_and_only_the_unlock_confirms() {
    let desktop = TestDesktop::new(MaxAction::Notify);
    let agent = Running::start(&desktop);
    let journal = desktop.journal();
    agent.answers.send(NoticeAnswer::ItWasMe).unwrap();
    wait_until("the lock", || desktop.locker.events() == [FakeCall::Locked]);
    assert_eq!(count(&journal, "confirmed"), 0);
    for kind in [Boundary::Locked, Boundary::Unlocked] {
        let at = Timestamp::default();
        agent.session.send(Signal::Boundary { at, kind }).unwrap();
    }
    wait_until("the confirmation", || count(&journal, "confirmed") == 1);
    // An unlock that nothing was asked before confirms nothing.
    let at = Timestamp::default();
    agent.session.send(Signal::Boundary { at, kind: Boundary::Unlocked }).unwrap();
    agent.finish().unwrap();
    assert_eq!(count(&journal, "confirmed"), 1);
}

#[test]
fn while_it_is_paused_nobody_is_judged() {
    let desktop = TestDesktop::new(MaxAction::Log);
    let agent = Running::start(&desktop);
    let journal = desktop.journal();
    agent.commands.send(Command::Pause(None)).unwrap();
    wait_until("the pause", || count(&journal, "paused") == 1);
    let mouse = agent.mouse.clone().unwrap();
    hand(3).into_iter().for_each(|signal| mouse.send(signal).unwrap());
    agent.commands.send(Command::Pause(Some(Duration::from_millis(1)))).unwrap();
    wait_until("the end of the pause", || count(&journal, "resumed") == 1);
    drop(mouse);
    agent.finish().unwrap();
    assert!(count(&journal, "verdict") <= 3);
}

#[test]
fn a_clock_that_jumps_back_loses_nothing_but_its_own_movement() {
    let desktop = TestDesktop::new(MaxAction::Log);
    let mut signals = hand(4);
    for signal in &mut signals[22..33] {
        if let Signal::Mouse(event) = signal {
            event.at = Timestamp::from_micros(event.at.micros() - 3_600_000_000);
        }
    }
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let setup = desktop.setup(Script::new(signals), (session, answers));
    live::run(setup, live::commands()).unwrap();
    assert_eq!(count(&desktop.journal(), "verdict"), 3);
}

/// Takes an entry and never comes back.
struct HangingLog;

impl EventSink for HangingLog {
    fn name(&self) -> &'static str {
        "hanging"
    }

    fn note(&mut self, _entry: &StampedEvent) -> Result<()> {
        loop {
            std::thread::park();
        }
    }
}

#[test]
fn no_disk_or_database_stands_between_an_alarm_and_its_lock() {
    let desktop = TestDesktop::new(MaxAction::Lock);
    let (_session, session) = unbounded();
    let (_answers, answers) = unbounded();
    let mut setup = desktop.setup(Script::new(hand(3)), (session, answers));
    setup.responder_io.sinks = vec![Box::new(HangingLog)];
    // Never joined: the log of a recording is waited for, and this one hangs.
    std::thread::spawn(move || live::run(setup, live::commands()));
    wait_until("the lock", || desktop.locker.events() == [FakeCall::Locked]);
    wait_until("the news", || summaries(&desktop) == ["Locked by mousewarden"]);
}

#[test]
fn what_kept_the_watch_from_watching_meets_the_owner_at_the_next_unlock_once() {
    let desktop = TestDesktop::new(MaxAction::Log);
    let agent = Running::start(&desktop);
    let journal = desktop.journal();
    let unlock = || {
        for kind in [Boundary::Locked, Boundary::Unlocked] {
            agent.session.send(Signal::Boundary { at: Timestamp::default(), kind }).unwrap();
        }
    };
    agent.commands.send(Command::Pause(None)).unwrap();
    agent.commands.send(Command::Resume).unwrap();
    wait_until("the gap", || count(&journal, "gap") == 1);
    assert_eq!(summaries(&desktop), Vec::<String>::new());
    unlock();
    wait_until("the notice", || summaries(&desktop) == ["While you were away"]);
    let FakeCall::Notified(notice) = desktop.notifier.events().remove(0) else {
        panic!("no notice")
    };
    assert!(notice.body.contains("paused ") && notice.urgent, "{notice:?}");
    unlock();
    wait_until("both unlocks", || {
        entries(&journal).iter().filter(|entry| entry["boundary"] == "unlocked").count() == 2
    });
    agent.finish().unwrap();
    assert_eq!(summaries(&desktop).len(), 1, "once");
}

#[test]
fn a_mouse_that_is_not_seen_is_told_once_in_a_while_and_becomes_a_gap() {
    let desktop = TestDesktop::new(MaxAction::Lock);
    let blind = || CaptureNews::Blind("it was stopped from outside".into());
    let news = vec![CaptureNews::Sees, blind(), CaptureNews::Sees, blind()];
    let setup = desktop.setup(Blinking(news), (unbounded().1, unbounded().1));
    live::run(setup, live::commands()).unwrap();
    let is_told = |call: &FakeCall| matches!(call, FakeCall::Notified(notice) if notice.summary == "The mouse is not seen");
    assert_eq!(desktop.notifier.events().iter().filter(|call| is_told(call)).count(), 1);
    let text = std::fs::read_to_string(desktop.journal()).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!((count("capture"), count("gap")), (4, 2), "{text}");
    assert_eq!(desktop.locker.events(), [], "a fault never locks");
}
