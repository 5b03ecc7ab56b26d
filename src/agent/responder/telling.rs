//! The thread that tells the person. A notification server that hangs holds up this thread alone.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::notices::NoticeLimiter;
use crate::agent::event::{Event, StampedEvent};
use crate::agent::log::Notes;
use crate::agent::notice::NoticeText;
use crate::agent::settings::NotifyParams;
use crate::agent::shared_status::SharedStatus;
use crate::platform::clock;

/// Notices that may wait; one that comes later than so many others is of no use.
const WAITING: usize = 16;

/// What the thread is asked.
enum Job {
    /// To tell this.
    Tell(Box<NoticeText>),
    /// To tell by these parameters from now on.
    Adopt(NotifyParams),
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
        let work = move || {
            serve(notices, &asked, &shared_status, &written);
            drop(over);
        };
        if let Err(error) = thread::Builder::new().name("telling".into()).spawn(work) {
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
        use crossbeam_channel::RecvTimeoutError::Disconnected;
        self.done.recv_timeout(patience) == Err(Disconnected)
    }
}

fn serve(
    mut notices: NoticeLimiter,
    asked: &Receiver<Job>,
    shared_status: &SharedStatus,
    notes: &Notes,
) {
    for job in asked {
        match job {
            Job::Adopt(params) => notices.adopt(params),
            Job::Tell(told) => {
                let event = notices.tell(&told, clock::now());
                match &event {
                    Event::Notified { .. } => shared_status.problem("notification", None),
                    Event::NotifyFailed { why } => {
                        shared_status.problem("notification", Some(why.clone()));
                    }
                    _ => {}
                }
                notes.note(&StampedEvent::now(event));
            }
        }
    }
}
