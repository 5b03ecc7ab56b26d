//! The thread that acts: locks the session, tells the person, has everything written down, and
//! chooses the next way to lock when one breaks.
//!
//! # Invariants
//! It waits for nobody: lockers, notices and disks each have a thread of their own, and the action
//! of a verdict is asked for before anybody is told of it. An internal fault never makes it lock.

mod alarm;
mod locking;
mod notices;
mod rungs;
mod telling;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, after, never, select};

use crate::error::Result;
use crate::pipeline::event::Micros;
use crate::pipeline::{Action, Boundary, Decision, Timestamp, Verdict};
use crate::platform::capture::description::Unknown;
use crate::platform::guard::Guard;
use crate::platform::supervisor::Supervisor;
use crate::platform::{Locker, NoticeAnswer, Notifier, StatusDisplay, clock};

use self::alarm::{Claim, Countdown, Locking, Locks};
use self::locking::LockThread;
use self::notices::NoticeLimiter;
use self::telling::Telling;
use super::away::Away;
use super::event::{CaptureState, Event, StampedEvent};
use super::event_sink::EventSink;
use super::log::Log;
use super::notice::{self, JudgedMovement, NoticeText};
use super::settings::{LockParams, NotifyParams};
use super::shared_status::SharedStatus;

/// An end that is in nobody's way: who asks for one by a signal has it within two seconds.
const BRIEFLY: Duration = Duration::from_millis(500);
/// How long an end waits for a lock that is on its way; its guard locks when that is not enough.
const LOCK_END: Duration = Duration::from_secs(10);
/// How long an end waits for notices, and for the disk.
const END: Duration = Duration::from_secs(3);

/// Between two notices that the mouse is not seen.
const BLIND_EVERY: Micros = Micros::from_millis(60_000);

/// What the responder is given to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Write it down, and do what it asks for.
    Entry(StampedEvent),
    /// The engine is alive; so is this thread when it gets here.
    Pulse,
    /// New parameters are in force.
    Adopt(ResponderParams),
}

/// Makes a locker; asked again when the configuration changes.
pub(crate) type MakeLocker = Box<dyn Fn(&LockParams) -> Box<dyn Locker> + Send>;

/// Has a guard stand by for so many seconds; asked with every countdown.
pub(crate) type PostGuard = Box<dyn Fn(&LockParams, u32) -> Result<Box<dyn Guard>> + Send>;

/// What the responder acts with.
pub struct ResponderIo {
    /// Tells the person.
    pub notifier: Box<dyn Notifier>,
    /// What the person answers.
    pub answers: Receiver<NoticeAnswer>,
    /// Makes the locker that the parameters ask for.
    pub locker: MakeLocker,
    /// Who locks when this process is killed before it has; nobody without.
    pub guard: Option<PostGuard>,
    /// Who takes note of everything.
    pub sinks: Vec<Box<dyn EventSink>>,
    /// The file for Prometheus, if one is wanted.
    pub metrics: Option<PathBuf>,
    /// Who started this process, and wants to know how it goes.
    pub supervisor: Supervisor,
}

/// By what the responder acts.
#[derive(Debug, Clone)]
pub(crate) struct ResponderParams {
    /// What the person is told.
    pub notify: NotifyParams,
    /// How the session is locked.
    pub lock: LockParams,
}

/// The acting thread's state.
pub(crate) struct Responder {
    shared_status: Arc<SharedStatus>,
    log: Log,
    away: Away,
    telling: Telling,
    supervisor: Supervisor,
    status_display: Box<dyn StatusDisplay>,
    answers: Receiver<NoticeAnswer>,
    lock_thread: LockThread,
    post_guard: Option<PostGuard>,
    guard: Option<Box<dyn Guard>>,
    notify: NotifyParams,
    lock: LockParams,
    seen: JudgedMovement,
    locks: Locks,
    countdown: Option<Countdown>,
    locking: Option<Locking>,
    /// "It was me", while the password is waited for that confirms it.
    claim: Option<Claim>,
    /// Whether a notice asks who is at the mouse.
    is_doubted: bool,
    /// Unknown devices of which the person was told.
    asked: Vec<String>,
    /// When the person was last told that the mouse is not seen.
    blind_told: Option<Timestamp>,
    /// The last entry, which is written when what comes before it is done.
    stopped: Option<StampedEvent>,
}

impl Responder {
    /// A responder that has done nothing yet.
    pub(crate) fn new(
        responder_io: ResponderIo,
        log: Log,
        shared_status: Arc<SharedStatus>,
        params: ResponderParams,
        status_display: Box<dyn StatusDisplay>,
    ) -> Self {
        let ResponderParams { notify, lock } = params;
        let notices = NoticeLimiter::new(responder_io.notifier, notify.clone());
        Self {
            telling: Telling::start(notices, Arc::clone(&shared_status), log.notes()),
            shared_status,
            log,
            away: Away::default(),
            supervisor: responder_io.supervisor,
            status_display,
            answers: responder_io.answers,
            lock_thread: LockThread::start(responder_io.locker, lock.clone()),
            post_guard: responder_io.guard,
            guard: None,
            notify,
            lock,
            seen: JudgedMovement::default(),
            locks: Locks::default(),
            countdown: None,
            locking: None,
            claim: None,
            is_doubted: false,
            asked: Vec::new(),
            blind_told: None,
            stopped: None,
        }
    }

    /// Works until the engine is gone and everything it left is done.
    pub(crate) fn run(mut self, tasks: &Receiver<Task>) {
        let mut answers = self.answers.clone();
        let mut words = self.lock_thread.words().clone();
        loop {
            let time_out = self.countdown.as_ref().map_or_else(never, |it| it.ends.clone());
            let again = self.locking.as_ref().and_then(|it| it.again.clone()).unwrap_or_else(never);
            select! {
                recv(tasks) -> task => match task {
                    Ok(task) => self.work(task),
                    Err(_) => return self.finish(),
                },
                recv(answers) -> answer => match answer {
                    Ok(answer) => self.answered(answer),
                    Err(_) => answers = never(),
                },
                recv(words) -> word => match word {
                    Ok(word) => self.heard(word),
                    Err(_) => {
                        words = never();
                        self.lock_thread_died();
                    }
                },
                recv(time_out) -> _ => self.lock_in_the_end("nobody answered"),
                recv(again) -> _ => self.try_to_lock(),
            }
        }
    }

    fn work(&mut self, task: Task) {
        match task {
            Task::Adopt(ResponderParams { notify, lock }) => {
                self.lock_thread.adopt(lock.clone());
                self.lock = lock;
                self.telling.adopt(notify.clone());
                self.notify = notify;
                self.seen = JudgedMovement::default();
            }
            Task::Entry(stamped) => {
                let event = stamped.event.clone();
                if let Event::Stopped { .. } = event {
                    self.stopped = Some(stamped);
                } else {
                    self.write(stamped);
                }
                self.react(&event);
            }
            Task::Pulse => self.supervisor.alive(),
        }
    }

    fn react(&mut self, event: &Event) {
        match event {
            Event::Started { source, .. } => {
                self.supervisor.ready();
                self.supervisor.doing(&format!("watching {source}"));
            }
            Event::Verdict(verdict) => self.verdict(verdict),
            Event::Session { boundary: Boundary::Locked } => drop(self.call_off()),
            Event::Session { boundary: Boundary::Unlocked } => self.unlocked(),
            // The alarm was before it: what ends the watch is no way out of a countdown.
            Event::Fault { why } => {
                self.lock_in_the_end("the watch ended by a fault");
                self.tell(notice::fault(why));
            }
            Event::Capture(CaptureState::Blind { why }) => self.blind(why),
            Event::Paused { .. } => {
                self.lock_in_the_end("somebody asked for a pause");
                self.supervisor.doing("paused");
            }
            Event::Unknown { capture, what } => self.unknown_device(capture, *what),
            Event::Unjudged { action: Action::Lock, .. }
            | Event::Fragments { action: Action::Lock } => self.lock_by_alarm(clock::now()),
            Event::Fragments { action: Action::Notify } => self.tell(notice::fragments()),
            Event::Unjudged { action: Action::Notify, capture, what } => {
                self.tell(notice::unknown_device(capture, *what));
            }
            Event::Resumed => self.supervisor.doing("watching again"),
            Event::Stopped { .. } => {
                self.lock_in_the_end("somebody asked for the end");
                self.supervisor.stopping();
            }
            _ => {}
        }
    }

    /// Tells that nobody is watched, unless that would take the place of what matters more. Who ends
    /// the capture process time and again is told of once in a while, and of all of it at the unlock.
    fn blind(&mut self, why: &str) {
        let now = clock::now();
        let just_told = self.blind_told.is_some_and(|at| now - at < BLIND_EVERY);
        if self.countdown.is_none() && self.locking.is_none() && !just_told {
            self.blind_told = Some(now);
            self.tell(notice::blind(why));
        }
    }

    /// Tells of each device once, however often it is plugged in again.
    fn unknown_device(&mut self, capture: &str, unknown: Unknown) {
        if !self.asked.iter().any(|known| known == capture) {
            self.asked.push(capture.into());
            self.tell(notice::unknown_device(capture, unknown));
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.seen.add(verdict);
        match verdict.judgement.action {
            Some(Action::Notify) => {
                self.is_doubted = true;
                self.tell(notice::alarm(&self.seen, &self.notify));
            }
            Some(Action::Lock) => self.lock_by_alarm(verdict.at),
            Some(Action::Log) | None => {}
        }
        if verdict.judgement.decision == Decision::Trusted {
            if self.call_off() {
                self.note(Event::CountdownEnded { why: "the owner's hand again".into() });
                self.tell(notice::relieved());
            } else if std::mem::take(&mut self.is_doubted) {
                self.telling.withdraw();
            }
        }
    }

    fn answered(&mut self, answer: NoticeAnswer) {
        match answer {
            // Whoever sits there can press the button: only the password proves who it is.
            NoticeAnswer::ItWasMe => {
                self.claim = Some(Claim::at(clock::now()));
                self.lock_as_asked();
            }
            NoticeAnswer::LockNow => self.lock_as_asked(),
            // Closing a notice stops no countdown.
            NoticeAnswer::Dismissed => {}
        }
        self.note(Event::Answered { answer });
    }

    fn unlocked(&mut self) {
        let claim = self.claim.take();
        if claim.is_some_and(|claim| claim.is_confirmed_by_unlock(clock::now())) {
            self.note(Event::Confirmed);
        }
        // Whoever unlocks has answered it.
        self.is_doubted = false;
        self.telling.withdraw();
        if let Some(happened) = self.away.told() {
            self.tell(notice::while_away(&happened));
        }
    }

    fn tell(&self, told: NoticeText) {
        self.telling.tell(told);
    }

    fn note(&mut self, event: Event) {
        self.write(StampedEvent::now(event));
    }

    fn write(&mut self, event: StampedEvent) {
        self.log.note(&event);
        self.status_display.refresh(&self.shared_status.summary());
        for news in self.log.news() {
            self.away.note(&StampedEvent::now(news));
        }
        if let Some(gap) = self.away.note(&event) {
            self.note(gap);
        }
    }

    /// Does what is left, within bounds. A guard that was not sent home by then locks.
    fn finish(mut self) {
        // A notice that outlived this process would stand there for good.
        self.telling.withdraw();
        let is_done = self.settle(BRIEFLY);
        if !is_done {
            // Whoever ends this process by force finds it written.
            self.write_end();
            self.settle(LOCK_END);
        }
        self.telling.close();
        self.telling.wait(BRIEFLY);
        self.write_end();
        self.telling.wait(END);
        self.log.finish();
    }

    fn write_end(&mut self) {
        self.stopped.take().into_iter().for_each(|event| self.write(event));
    }

    /// Waits for a lock that is being tried, but no longer than this; whether none is any more.
    fn settle(&mut self, patience: Duration) -> bool {
        let over = after(patience);
        let words = self.lock_thread.words().clone();
        while self.locking.as_ref().is_some_and(|locking| locking.again.is_none()) {
            select! {
                recv(words) -> word => match word {
                    Ok(word) => self.heard(word),
                    Err(_) => return false,
                },
                recv(over) -> _ => return false,
            }
        }
        true
    }
}
