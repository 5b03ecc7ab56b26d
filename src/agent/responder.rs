//! The thread that acts: writes the journal, tells the person, locks the session. It decides nothing
//! but the next rung when one breaks, and an internal fault never makes it lock.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::{Receiver, never, select};

use crate::pipeline::event::Micros;
use crate::pipeline::{Action, Boundary, Timestamp, Verdict};
use crate::platform::{Answer, Locked, Locker, Notice, Notifier};

use super::board::Board;
use super::entry::{Entry, Stamped};
use super::journal::Journal;
use super::notice::{self, Seen};
use super::settings::{LockParams, NotifyParams};

/// Locks within this span of event time count towards safe mode.
const SAFE_SPAN: Micros = Micros::from_millis(600_000);

/// What the responder is given to do.
#[derive(Debug)]
pub enum Task {
    /// Write it down, and do what it asks for.
    Entry(Stamped),
    /// New parameters are in force.
    Adopt {
        /// What the person is told.
        notify: NotifyParams,
        /// How the session is locked.
        lock: LockParams,
    },
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
    /// Takes note of everything.
    pub journal: Journal,
}

/// The acting thread's state.
pub struct Responder {
    hands: Hands,
    board: Arc<Board>,
    notify: NotifyParams,
    lock: LockParams,
    locker: Box<dyn Locker>,
    seen: Seen,
    locks: VecDeque<Timestamp>,
    awaits_unlock: bool,
}

impl Responder {
    /// A responder that has done nothing yet.
    pub fn new(hands: Hands, board: Arc<Board>, notify: NotifyParams, lock: LockParams) -> Self {
        let (seen, locks) = (Seen::default(), VecDeque::new());
        let locker = (hands.locker)(&lock);
        Self { hands, board, notify, lock, locker, seen, locks, awaits_unlock: false }
    }

    /// Works until the engine is gone and everything it left is done.
    pub fn run(mut self, tasks: &Receiver<Task>) {
        let mut answers = self.hands.answers.clone();
        loop {
            select! {
                recv(tasks) -> task => match task {
                    Ok(task) => self.work(task),
                    Err(_) => return,
                },
                recv(answers) -> answer => match answer {
                    Ok(answer) => self.answered(answer),
                    Err(_) => answers = never(),
                },
            }
        }
    }

    fn work(&mut self, task: Task) {
        match task {
            Task::Adopt { notify, lock } => {
                self.locker = (self.hands.locker)(&lock);
                (self.notify, self.lock) = (notify, lock);
                self.seen = Seen::default();
            }
            Task::Entry(stamped) => {
                self.write(&stamped);
                self.react(&stamped.entry);
            }
        }
    }

    fn react(&mut self, entry: &Entry) {
        match entry {
            Entry::Verdict(verdict) => self.verdict(verdict),
            Entry::Session { boundary: Boundary::Unlocked } => self.unlocked(),
            Entry::Fault { why } => self.tell(&notice::fault(why)),
            _ => {}
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.seen.add(verdict);
        match verdict.judgement.action {
            Some(Action::Notify) => self.tell(&notice::alarm(&self.seen, &self.notify)),
            Some(Action::Lock) => self.lock_by_alarm(verdict.at),
            Some(Action::Log) | None => {}
        }
    }

    fn lock_by_alarm(&mut self, at: Timestamp) {
        self.locks.retain(|lock| at - *lock < SAFE_SPAN);
        if self.locks.len() >= self.lock.safe_after.get() as usize {
            let locks = self.locks.len();
            self.note(Entry::SafeMode { locks });
            self.tell(&notice::safe_mode(&self.seen, locks));
            return;
        }
        self.locks.push_back(at);
        self.lock();
    }

    fn answered(&mut self, answer: Answer) {
        let word = match answer {
            Answer::ItWasMe => "it_was_me",
            Answer::LockNow => "lock_now",
            Answer::Dismissed => "dismissed",
        };
        self.note(Entry::Answered { answer: word });
        match answer {
            // Whoever sits there can press the button: only the password proves who it is.
            Answer::ItWasMe => self.awaits_unlock = self.lock(),
            Answer::LockNow => drop(self.lock()),
            Answer::Dismissed => {}
        }
    }

    fn unlocked(&mut self) {
        if std::mem::take(&mut self.awaits_unlock) {
            self.note(Entry::Confirmed);
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

    fn tell(&mut self, notice: &Notice) {
        match self.hands.notifier.notify(notice) {
            Ok(()) => {
                self.board.problem("notification", None);
                self.note(Entry::Notified { body: notice.body.clone() });
            }
            Err(failure) => {
                let why = failure.to_string();
                tracing::warn!("{}: {why}", notice.summary);
                self.board.problem("notification", Some(why.clone()));
                self.note(Entry::NotifyFailed { why });
            }
        }
    }

    fn note(&mut self, entry: Entry) {
        self.write(&Stamped::now(entry));
    }

    fn write(&mut self, entry: &Stamped) {
        match self.hands.journal.write(entry) {
            Ok(()) => self.board.problem("journal", None),
            Err(failure) => {
                tracing::warn!("{failure}");
                self.board.problem("journal", Some(failure.to_string()));
            }
        }
    }
}
