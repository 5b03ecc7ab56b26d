//! The thread that acts: locks the session, tells the person, has everything written down. It decides
//! nothing but the next rung when one breaks.
//!
//! # Invariants
//! It waits for nobody: lockers, notices and disks each have a thread of their own, and the action of
//! a verdict is asked for before anybody is told of it. An internal fault never makes it lock.

mod alarm;
mod locking;
mod rungs;
mod teller;
mod telling;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, after, never, select};

use crate::error::Result;
use crate::pipeline::{Action, Boundary, Decision, Verdict};
use crate::platform::capture::Unknown;
use crate::platform::guard::Guard;
use crate::platform::supervisor::Supervisor;
use crate::platform::{Answer, Locker, Notifier, Presence, clock};

use self::alarm::{Claim, Countdown, Locking, Locks};
use self::locking::LockThread;
use self::teller::Teller;
use self::telling::Telling;
use super::away::Away;
use super::board::Board;
use super::entry::{Entry, Stamped};
use super::log::Log;
use super::notice::{self, Seen, Told};
use super::settings::{LockParams, NotifyParams};
use super::witness::Witness;

/// An end that is in nobody's way: who asks for one by a signal has it within two seconds.
const BRIEFLY: Duration = Duration::from_millis(500);
/// How long an end waits for a lock that is on its way; its guard locks when that is not enough.
const LOCK_END: Duration = Duration::from_secs(10);
/// How long an end waits for notices, and for the disk.
const END: Duration = Duration::from_secs(3);

/// What the responder is given to do.
#[derive(Debug)]
pub enum Task {
    /// Write it down, and do what it asks for.
    Entry(Stamped),
    /// The engine is alive; so is this thread when it gets here.
    Pulse,
    /// New parameters are in force.
    Adopt(Manner),
}

/// Makes a locker; asked again when the configuration changes.
pub type MakeLocker = Box<dyn Fn(&LockParams) -> Box<dyn Locker> + Send>;

/// Has a guard stand by for so many seconds; asked with every countdown.
pub type PostGuard = Box<dyn Fn(&LockParams, u32) -> Result<Box<dyn Guard>> + Send>;

/// What the responder acts with.
pub struct Hands {
    /// Tells the person.
    pub notifier: Box<dyn Notifier>,
    /// What the person answers.
    pub answers: Receiver<Answer>,
    /// Makes the locker that the parameters ask for.
    pub locker: MakeLocker,
    /// Who locks when this process is killed before it has; nobody without.
    pub guard: Option<PostGuard>,
    /// Who takes note of everything.
    pub witnesses: Vec<Box<dyn Witness>>,
    /// The file for Prometheus, if one is wanted.
    pub metrics: Option<PathBuf>,
    /// Who started this process, and wants to know how it goes.
    pub supervisor: Supervisor,
}

/// By what the responder acts.
#[derive(Debug, Clone)]
pub struct Manner {
    /// What the person is told.
    pub notify: NotifyParams,
    /// How the session is locked.
    pub lock: LockParams,
}

/// The acting thread's state.
pub struct Responder {
    board: Arc<Board>,
    log: Log,
    away: Away,
    telling: Telling,
    supervisor: Supervisor,
    presence: Box<dyn Presence>,
    answers: Receiver<Answer>,
    lock_thread: LockThread,
    post_guard: Option<PostGuard>,
    guard: Option<Box<dyn Guard>>,
    notify: NotifyParams,
    lock: LockParams,
    seen: Seen,
    locks: Locks,
    countdown: Option<Countdown>,
    locking: Option<Locking>,
    /// "It was me", while the password is waited for that confirms it.
    claim: Option<Claim>,
    /// Unknown devices of which the person was told.
    asked: Vec<String>,
    /// The last entry, which is written when what comes before it is done.
    stopped: Option<Stamped>,
}

impl Responder {
    /// A responder that has done nothing yet.
    pub fn new(
        hands: Hands,
        log: Log,
        board: Arc<Board>,
        manner: Manner,
        presence: Box<dyn Presence>,
    ) -> Self {
        let Manner { notify, lock } = manner;
        let teller = Teller::new(hands.notifier, notify.clone());
        Self {
            telling: Telling::start(teller, Arc::clone(&board), log.notes()),
            board,
            log,
            away: Away::default(),
            supervisor: hands.supervisor,
            presence,
            answers: hands.answers,
            lock_thread: LockThread::start(hands.locker, lock.clone()),
            post_guard: hands.guard,
            guard: None,
            notify,
            lock,
            seen: Seen::default(),
            locks: Locks::default(),
            countdown: None,
            locking: None,
            claim: None,
            asked: Vec::new(),
            stopped: None,
        }
    }

    /// Works until the engine is gone and everything it left is done.
    pub fn run(mut self, tasks: &Receiver<Task>) {
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
            Task::Adopt(Manner { notify, lock }) => {
                self.lock_thread.adopt(lock.clone());
                self.lock = lock;
                self.telling.adopt(notify.clone());
                self.notify = notify;
                self.seen = Seen::default();
            }
            Task::Entry(stamped) => {
                let entry = stamped.entry.clone();
                if let Entry::Stopped { .. } = entry {
                    self.stopped = Some(stamped);
                } else {
                    self.write(stamped);
                }
                self.react(&entry);
            }
            Task::Pulse => self.supervisor.alive(),
        }
    }

    fn react(&mut self, entry: &Entry) {
        match entry {
            Entry::Started { source, .. } => {
                self.supervisor.ready();
                self.supervisor.doing(&format!("watching {source}"));
            }
            Entry::Verdict(verdict) => self.verdict(verdict),
            Entry::Session { boundary: Boundary::Locked } => drop(self.call_off()),
            Entry::Session { boundary: Boundary::Unlocked } => self.unlocked(),
            Entry::Fault { why } => {
                self.call_off();
                self.tell(notice::fault(why));
            }
            Entry::Paused { .. } => {
                self.lock_in_the_end("somebody asked for a pause");
                self.supervisor.doing("paused");
            }
            Entry::Unknown { capture, what } => self.unknown_device(capture, *what),
            Entry::Unjudged { action: Action::Lock, .. } => self.lock_by_alarm(clock::now()),
            Entry::Unjudged { action: Action::Notify, capture, what } => {
                self.tell(notice::unknown_device(capture, *what));
            }
            Entry::Resumed => self.supervisor.doing("watching again"),
            Entry::Stopped { .. } => {
                self.lock_in_the_end("somebody asked for the end");
                self.supervisor.stopping();
            }
            _ => {}
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
            Some(Action::Notify) => self.tell(notice::alarm(&self.seen, &self.notify)),
            Some(Action::Lock) => self.lock_by_alarm(verdict.at),
            Some(Action::Log) | None => {}
        }
        if verdict.judgement.decision == Decision::Trusted && self.call_off() {
            self.note(Entry::CountdownEnded { why: "the owner's hand again".into() });
            self.tell(notice::relieved());
        }
    }

    fn answered(&mut self, answer: Answer) {
        match answer {
            // Whoever sits there can press the button: only the password proves who it is.
            Answer::ItWasMe => {
                self.claim = Some(Claim::at(clock::now()));
                self.lock_as_asked();
            }
            Answer::LockNow => self.lock_as_asked(),
            // Closing a notice stops no countdown.
            Answer::Dismissed => {}
        }
        self.note(Entry::Answered { answer });
    }

    fn unlocked(&mut self) {
        let claim = self.claim.take();
        if claim.is_some_and(|claim| claim.is_confirmed_by_unlock(clock::now())) {
            self.note(Entry::Confirmed);
        }
        if let Some(happened) = self.away.told() {
            self.tell(notice::while_away(&happened));
        }
    }

    fn tell(&self, told: Told) {
        self.telling.tell(told);
    }

    fn note(&mut self, entry: Entry) {
        self.write(Stamped::now(entry));
    }

    fn write(&mut self, entry: Stamped) {
        self.log.note(&entry);
        self.presence.refresh(&self.board.glance());
        for news in self.log.news() {
            self.away.note(&Stamped::now(news));
        }
        if let Some(gap) = self.away.note(&entry) {
            self.note(gap);
        }
    }

    /// Does what is left, within bounds. A guard that was not sent home by then locks.
    fn finish(mut self) {
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
        self.stopped.take().into_iter().for_each(|entry| self.write(entry));
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
