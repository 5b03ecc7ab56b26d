//! The thread that acts: hands entries to the log, tells the person, locks the session. It decides nothing
//! but the next rung when one breaks, and an internal fault never makes it lock.

mod alarm;
mod teller;

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, never, select};

use crate::pipeline::{Action, Boundary, Decision, Timestamp, Verdict};
use crate::platform::capture::Unknown;
use crate::platform::supervisor::Supervisor;
use crate::platform::{Answer, Locked, Locker, Notifier, Presence, clock};

use self::alarm::{Claim, Countdown, Locks};
use self::teller::Teller;
use super::away::Away;
use super::board::Board;
use super::entry::{Entry, Stamped};
use super::log::Log;
use super::notice::{self, Seen, Told};
use super::settings::{LockParams, NotifyParams};
use super::witness::Witness;

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

/// What the responder acts with.
pub struct Hands {
    /// Tells the person.
    pub notifier: Box<dyn Notifier>,
    /// What the person answers.
    pub answers: Receiver<Answer>,
    /// Makes the locker that the parameters ask for.
    pub locker: MakeLocker,
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
    supervisor: Supervisor,
    presence: Box<dyn Presence>,
    answers: Receiver<Answer>,
    make_locker: MakeLocker,
    locker: Box<dyn Locker>,
    lock: LockParams,
    teller: Teller,
    seen: Seen,
    locks: Locks,
    countdown: Option<Countdown>,
    /// "It was me", while the password is waited for that confirms it.
    claim: Option<Claim>,
    /// Unknown devices of which the person was told.
    asked: Vec<String>,
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
        Self {
            board,
            log,
            away: Away::default(),
            supervisor: hands.supervisor,
            presence,
            answers: hands.answers,
            locker: (hands.locker)(&lock),
            make_locker: hands.locker,
            lock,
            teller: Teller::new(hands.notifier, notify),
            seen: Seen::default(),
            locks: Locks::default(),
            countdown: None,
            claim: None,
            asked: Vec::new(),
        }
    }

    /// Works until the engine is gone and everything it left is done.
    pub fn run(mut self, tasks: &Receiver<Task>) {
        let mut answers = self.answers.clone();
        loop {
            let time_out = self.countdown.as_ref().map_or_else(never, |it| it.ends.clone());
            select! {
                recv(tasks) -> task => match task {
                    Ok(task) => self.work(task),
                    Err(_) => return self.log.finish(),
                },
                recv(answers) -> answer => match answer {
                    Ok(answer) => self.answered(answer),
                    Err(_) => answers = never(),
                },
                recv(time_out) -> _ => self.lock_in_the_end("nobody answered"),
            }
        }
    }

    fn work(&mut self, task: Task) {
        match task {
            Task::Adopt(Manner { notify, lock }) => {
                self.locker = (self.make_locker)(&lock);
                self.lock = lock;
                self.teller.adopt(notify);
                self.seen = Seen::default();
            }
            Task::Entry(stamped) => {
                self.write(&stamped);
                self.react(&stamped.entry);
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
            Entry::Session { boundary: Boundary::Locked } => self.countdown = None,
            Entry::Session { boundary: Boundary::Unlocked } => self.unlocked(),
            Entry::Fault { why } => {
                self.countdown = None;
                self.tell(&notice::fault(why));
            }
            Entry::Paused { .. } => {
                self.lock_in_the_end("somebody asked for a pause");
                self.supervisor.doing("paused");
            }
            Entry::Unknown { capture, what } => self.unknown_device(capture, *what),
            Entry::Unjudged { action: Action::Lock, .. } => self.lock_by_alarm(clock::now()),
            Entry::Unjudged { action: Action::Notify, capture, what } => {
                self.tell(&notice::unknown_device(capture, *what));
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
            self.tell(&notice::unknown_device(capture, unknown));
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.seen.add(verdict);
        match verdict.judgement.action {
            Some(Action::Notify) => {
                let alarm = notice::alarm(&self.seen, self.teller.params());
                self.tell(&alarm);
            }
            Some(Action::Lock) => self.lock_by_alarm(verdict.at),
            Some(Action::Log) | None => {}
        }
        if verdict.judgement.decision == Decision::Trusted && self.countdown.take().is_some() {
            self.note(Entry::CountdownEnded { why: "the owner's hand again".into() });
            self.tell(&notice::relieved());
        }
    }

    fn lock_by_alarm(&mut self, at: Timestamp) {
        if self.countdown.is_some() {
            return;
        }
        let locks = self.locks.before(at);
        if locks >= self.lock.safe_after.get() as usize {
            self.note(Entry::SafeMode { locks });
            self.tell(&notice::safe_mode(&self.seen, locks));
            return;
        }
        self.locks.add(at);
        let seconds = self.lock.countdown_s.get();
        if seconds == 0 {
            self.lock_and_say();
            return;
        }
        self.countdown = Some(Countdown::begin(seconds));
        self.note(Entry::Countdown { seconds });
        let notice = notice::countdown(&self.seen, seconds, self.teller.params());
        self.tell(&notice);
    }

    /// Ends a countdown by what it was for; does nothing when there is none.
    fn lock_in_the_end(&mut self, why: &str) {
        if self.countdown.take().is_some() {
            self.note(Entry::CountdownEnded { why: why.into() });
            self.lock_and_say();
        }
    }

    fn lock_and_say(&mut self) {
        if self.lock() {
            self.tell(&notice::locked(&self.seen));
        }
    }

    fn answered(&mut self, answer: Answer) {
        self.note(Entry::Answered { answer });
        match answer {
            // Whoever sits there can press the button: only the password proves who it is.
            Answer::ItWasMe => {
                self.countdown = None;
                self.claim = self.lock().then(|| Claim::at(clock::now()));
            }
            Answer::LockNow => {
                self.countdown = None;
                self.lock();
            }
            // Closing a notice stops no countdown.
            Answer::Dismissed => {}
        }
    }

    fn unlocked(&mut self) {
        let claim = self.claim.take();
        if claim.is_some_and(|claim| claim.is_confirmed_by_unlock(clock::now())) {
            self.note(Entry::Confirmed);
        }
        if let Some(happened) = self.away.told() {
            self.tell(&notice::while_away(&happened));
        }
    }

    /// Whether the session was asked to lock.
    fn lock(&mut self) -> bool {
        let (by, confirmed) = match self.locker.lock() {
            Ok(Locked::Confirmed(by)) => (by, true),
            Ok(Locked::Unverified(by)) => (by, false),
            Err(failure) => {
                let why = failure.to_string();
                self.board.problem("lock", Some(why.clone()));
                self.note(Entry::LockFailed { why: why.clone() });
                self.tell(&notice::could_not_lock(&why));
                return false;
            }
        };
        self.board.problem("lock", None);
        self.note(Entry::LockAsked { by, confirmed });
        true
    }

    fn tell(&mut self, told: &Told) {
        let entry = self.teller.tell(told, clock::now());
        match &entry {
            Entry::Notified { .. } => self.board.problem("notification", None),
            Entry::NotifyFailed { why } => self.board.problem("notification", Some(why.clone())),
            _ => {}
        }
        self.note(entry);
    }

    fn note(&mut self, entry: Entry) {
        self.write(&Stamped::now(entry));
    }

    fn write(&mut self, entry: &Stamped) {
        self.presence.refresh(&self.board.glance());
        self.log.note(entry);
        for news in self.log.news() {
            self.away.note(&Stamped::now(news));
        }
        if let Some(gap) = self.away.note(entry) {
            self.note(gap);
        }
    }
}
