//! The thread that tells the person. A notification server that hangs holds up this thread alone.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::notices::NoticeLimiter;
use crate::agent::event::{Event, StampedEvent};
use crate::agent::log::Notes;
use crate::agent::notice::{NoticeKind, NoticeText};
use crate::agent::settings::NotifyParams;
use crate::agent::shared_status::SharedStatus;
use crate::pipeline::Timestamp;
use crate::platform::clock;

/// Notices that may wait; one that comes later than so many others is of no use.
const WAITING: usize = 16;
/// Microseconds of one step of a countdown.
const SECOND_US: u64 = 1_000_000;

/// What the thread is asked.
enum Job {
    /// To tell this.
    Tell(Box<NoticeText>),
    /// To take away a notice whose cause is gone.
    Withdraw,
    /// To tell by these parameters from now on.
    Adopt(NotifyParams),
}

/// What is shown now.
enum Shown {
    /// Nothing, or what stays when its cause and the agent are gone.
    Lasting,
    /// What goes with its cause, and with the agent.
    Passing,
    /// The same, with all of its seconds left at a moment.
    Counting(Box<NoticeText>, Timestamp),
}

/// A line to the thread.
#[derive(Debug)]
pub(super) struct Telling {
    jobs: Option<Sender<Job>>,
    done: Receiver<()>,
    notes: Notes,
}

impl Telling {
    pub(super) fn start(
        notices: NoticeLimiter,
        shared_status: Arc<SharedStatus>,
        notes: Notes,
    ) -> Self {
        let (jobs, asked) = bounded(WAITING);
        let (over, done) = bounded::<()>(0);
        let written = notes.clone();
        if let Err(error) = thread::Builder::new().name("telling".into()).spawn(move || {
            serve(notices, &asked, &shared_status, &written);
            drop(over);
        }) {
            tracing::warn!("nobody will be told anything: {error}");
        }
        Self { jobs: Some(jobs), done, notes }
    }

    /// Has somebody told; never waits.
    pub(super) fn tell(&self, told: NoticeText) {
        if self.send(Job::Tell(Box::new(told))).is_none() {
            let why = "the notices before it have not been shown yet".to_owned();
            self.notes.note(&StampedEvent::now(Event::NotifyFailed { why }));
        }
    }

    /// Has a notice taken away whose cause is gone; never waits.
    pub(super) fn withdraw(&self) {
        let _ = self.send(Job::Withdraw);
    }

    /// Tells by these parameters from now on.
    pub(super) fn adopt(&self, params: NotifyParams) {
        let _ = self.send(Job::Adopt(params));
    }

    fn send(&self, job: Job) -> Option<()> {
        self.jobs.as_ref()?.try_send(job).ok()
    }

    /// No more is to be told.
    pub(super) fn close(&mut self) {
        self.jobs = None;
    }

    /// Waits, after [`Self::close`], until what was to be told is told, but no longer than this;
    /// whether it is.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        self.done.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected)
    }
}

fn serve(
    mut notices: NoticeLimiter,
    asked: &Receiver<Job>,
    shared_status: &SharedStatus,
    notes: &Notes,
) {
    let mut shown = Shown::Lasting;
    while let Some(job) = next(&mut notices, asked, &shown) {
        match job {
            Job::Adopt(params) => notices.adopt(params),
            Job::Withdraw => withdraw(&mut notices, &mut shown),
            Job::Tell(told) => {
                let event = notices.tell(&told, clock::now());
                match &event {
                    Event::Notified { .. } => {
                        shared_status.problem("notification", None);
                        shown = Shown::by(told, &notices);
                    }
                    Event::NotifyFailed { why } => {
                        shared_status.problem("notification", Some(why.clone()));
                    }
                    _ => {}
                }
                notes.note(&StampedEvent::now(event));
            }
        }
    }
    withdraw(&mut notices, &mut shown);
}

/// The next job; until it comes, a countdown that is shown counts. `None` when there is none left.
fn next(notices: &mut NoticeLimiter, asked: &Receiver<Job>, shown: &Shown) -> Option<Job> {
    let Shown::Counting(told, since) = shown else { return asked.recv().ok() };
    let from = told.counts_from.unwrap_or_default();
    loop {
        let passed = (clock::now() - *since).0.max(0).unsigned_abs();
        let gone = (passed / SECOND_US) as u32 + 1;
        if gone >= from {
            return asked.recv().ok();
        }
        match asked.recv_timeout(Duration::from_micros(SECOND_US - passed % SECOND_US)) {
            Ok(job) => return Some(job),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => notices.renew(told, from - gone),
        }
    }
}

fn withdraw(notices: &mut NoticeLimiter, shown: &mut Shown) {
    if !matches!(shown, Shown::Lasting) {
        notices.withdraw();
        *shown = Shown::Lasting;
    }
}

impl Shown {
    fn by(told: Box<NoticeText>, notices: &NoticeLimiter) -> Self {
        match told.kind {
            NoticeKind::Countdown if notices.renews_quietly() => Self::Counting(told, clock::now()),
            NoticeKind::Alarm
            | NoticeKind::Countdown
            | NoticeKind::Relieved
            | NoticeKind::SafeMode
            | NoticeKind::UnknownDevice => Self::Passing,
            NoticeKind::Locked
            | NoticeKind::LockFailed
            | NoticeKind::Blind
            | NoticeKind::Fault
            | NoticeKind::WhileAway => Self::Lasting,
        }
    }
}
