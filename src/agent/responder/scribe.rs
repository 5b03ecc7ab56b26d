//! The thread that writes down: journal, history, log and metrics. A disk or a database that hangs
//! holds up this thread alone.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::agent::board::Board;
use crate::agent::entry::Stamped;
use crate::agent::witness::Witness;

/// A line to the thread.
#[derive(Debug, Clone)]
pub(super) struct Scribe(Sender<Stamped>);

/// The end of the thread: it comes once every line to it is gone and everything is written.
#[derive(Debug)]
pub(super) struct Written(Receiver<()>);

impl Written {
    /// Waits for it, but no longer than this.
    pub(super) fn wait(&self, patience: Duration) {
        let _ = self.0.recv_timeout(patience);
    }
}

impl Scribe {
    pub(super) fn start(witnesses: Vec<Box<dyn Witness>>, board: Arc<Board>) -> (Self, Written) {
        let (entries, noted) = unbounded();
        let (done, written) = bounded::<()>(0);
        let work = move || {
            let mut witnesses = witnesses;
            noted.iter().for_each(|entry| write(&mut witnesses, &board, &entry));
            drop(done);
        };
        if let Err(error) = thread::Builder::new().name("scribe".into()).spawn(work) {
            tracing::warn!("nothing will be written down: {error}");
        }
        (Self(entries), Written(written))
    }

    /// Has an entry written; never waits.
    pub(super) fn note(&self, entry: Stamped) {
        // A thread that died has said so itself.
        let _ = self.0.send(entry);
    }
}

fn write(witnesses: &mut [Box<dyn Witness>], board: &Board, entry: &Stamped) {
    for witness in witnesses {
        let failure = witness.note(entry).err().map(|failure| failure.to_string());
        if let Some(failure) = &failure {
            tracing::warn!("{failure}");
        }
        board.problem(witness.name(), failure);
    }
}
