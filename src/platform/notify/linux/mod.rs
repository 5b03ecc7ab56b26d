//! Desktop notifications: one notice that is replaced rather than stacked, with buttons where the
//! server offers them. An answer is passed on as it is.
//!
//! # Invariants
//! No call waits longer than its deadline, whatever the server does.

mod worker;

use std::sync::Arc;

use crossbeam_channel::Sender;

use self::worker::{NoticeSlot, NotificationWorker};
use crate::error::{Failure, FailureKind, Result};
use crate::platform::linux::bus::DEADLINE;
use crate::platform::{Notice, NoticeAnswer, Notifier};

/// How many threads may hang in a server before no further notice is tried.
const MOST_HUNG: usize = 2;

/// Tells the person through the notification server of the session that the environment names.
#[derive(Debug)]
pub struct DesktopNotifier {
    answers: Sender<NoticeAnswer>,
    worker: Option<NotificationWorker>,
    /// Survives the worker, so that the next one replaces what an abandoned one showed.
    place: Option<NoticeSlot>,
    /// Each worker's thread holds another reference as long as it lives.
    living: Arc<()>,
}

impl DesktopNotifier {
    /// Talks to nobody yet: the bus and a server are looked for with the first notice, and again
    /// after a failure. Answers go into `answers`; when that is full they are lost, so it should
    /// hold a few.
    pub fn new(answers: Sender<NoticeAnswer>) -> Self {
        Self { answers, worker: None, place: None, living: Arc::default() }
    }

    fn worker(&mut self) -> Result<NotificationWorker> {
        if let Some(worker) = self.worker.take() {
            return Ok(worker);
        }
        if Arc::strong_count(&self.living) > MOST_HUNG {
            return Err(unanswered());
        }
        NotificationWorker::start(self.answers.clone(), Arc::clone(&self.living))
    }
}

impl Notifier for DesktopNotifier {
    fn notify(&mut self, notice: &Notice) -> Result<()> {
        let worker = self.worker()?;
        // A call in the notification library has no end of its own: whoever does not answer in
        // time is left behind, with its thread.
        let outcome = worker.show(notice, self.place.clone(), DEADLINE).ok_or_else(unanswered)?;
        self.worker = Some(worker);
        self.place = Some(outcome?);
        Ok(())
    }

    fn withdraw(&mut self) {
        // Without a worker nothing is shown that this process could take away.
        self.worker = self.worker.take().filter(|worker| worker.withdraw(DEADLINE));
        self.place = None;
    }

    fn renews_quietly(&self) -> bool {
        true
    }
}

fn unanswered() -> Failure {
    let what = "the notification was not shown: its server does not answer";
    Failure::new(FailureKind::Unavailable, what)
        .remedy("Restart the notification server of your desktop.")
}
