//! The thread that locks: it waits for lockers in everybody's place.

use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::MakeLocker;
use crate::agent::settings::LockParams;
use crate::error::Result;
use crate::platform::{Locked, StartedLocker};

/// What the thread is asked.
enum Job {
    /// To lock.
    Lock,
    /// To lock by these parameters from now on.
    Adopt(LockParams),
}

/// What the thread tells.
#[derive(Debug)]
pub(super) enum Word {
    /// A locker runs, and how it fares is awaited.
    Started(StartedLocker),
    /// How a lock came out.
    Outcome(Result<Locked>),
    /// Why what is configured to lock cannot, if so.
    Fault(Option<String>),
}

/// A line to the thread, which ends with it.
#[derive(Debug)]
pub(super) struct LockThread {
    jobs: Sender<Job>,
    words: Receiver<Word>,
}

impl LockThread {
    pub(super) fn start(make: MakeLocker, params: LockParams) -> Self {
        let (jobs, asked) = bounded(8);
        let (told, words) = bounded(8);
        // Without a thread every lock fails, which is told then.
        drop(
            thread::Builder::new()
                .name("lock".into())
                .spawn(move || serve(&make, &params, &asked, &told)),
        );
        Self { jobs, words }
    }

    /// Asks for a lock; its outcome comes by [`Self::words`]. `false` when nobody can do it.
    pub(super) fn lock(&self) -> bool {
        self.jobs.try_send(Job::Lock).is_ok()
    }

    /// Locks by these parameters from now on.
    pub(super) fn adopt(&self, params: LockParams) {
        // When it is full, somebody reloads faster than any locker ends.
        drop(self.jobs.try_send(Job::Adopt(params)));
    }

    /// What the thread tells.
    pub(super) const fn words(&self) -> &Receiver<Word> {
        &self.words
    }
}

fn serve(make: &MakeLocker, params: &LockParams, asked: &Receiver<Job>, told: &Sender<Word>) {
    let mut locker = make(params);
    // Nobody may be listening any more: then there is nothing left to ask either.
    let _ = told.send(Word::Fault(locker.fault()));
    for job in asked {
        let word = match job {
            Job::Lock => Word::Outcome(locker.lock(&|it| drop(told.send(Word::Started(it))))),
            Job::Adopt(params) => {
                locker = make(&params);
                Word::Fault(locker.fault())
            }
        };
        let _ = told.send(word);
    }
}
