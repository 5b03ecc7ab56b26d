//! The typed log behind the action: entries go into a bounded queue and are handed to the witnesses
//! in a thread of their own.
//!
//! # Invariants
//! No disk, database or pipe ever keeps the caller waiting, except where a recording is played: it
//! has all the time, and loses nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded, unbounded};

use crate::error::Result;

use super::board::Board;
use super::entry::{Entry, Stamped};
use super::intake::Pressure;
use super::witness::Witness;

/// Entries that may wait for the witnesses; some 2 MB.
const QUEUE: usize = 4096;
/// How long an orderly end waits for them.
const END: Duration = Duration::from_secs(1);

/// The end of the log at which entries go in.
#[derive(Debug)]
pub struct Log {
    notes: Notes,
    news: Receiver<Entry>,
    ended: Receiver<()>,
}

/// A line to the log, for whoever has something to note.
#[derive(Debug, Clone)]
pub struct Notes {
    /// None once the log has ended, whoever still holds a line.
    queue: Arc<Mutex<Option<Sender<Stamped>>>>,
    lost: Arc<AtomicU64>,
    pressure: Pressure,
}

/// The end of the log at which they come out.
pub struct Writer {
    queue: Receiver<Stamped>,
    news: Sender<Entry>,
    /// Closed when the writer is gone.
    _ended: Sender<()>,
    lost: Arc<AtomicU64>,
    board: Arc<Board>,
    /// With what each said last about itself.
    witnesses: Vec<(Box<dyn Witness>, Option<String>)>,
}

/// A log for these witnesses; the writer wants a thread.
pub fn log(
    witnesses: Vec<Box<dyn Witness>>,
    board: Arc<Board>,
    pressure: Pressure,
) -> (Log, Writer) {
    let (queue, queue_out) = bounded(QUEUE);
    let (news, news_out) = unbounded();
    let (ended, ended_out) = bounded(0);
    let lost = Arc::new(AtomicU64::new(0));
    let queue = Arc::new(Mutex::new(Some(queue)));
    let notes = Notes { queue, lost: Arc::clone(&lost), pressure };
    let log = Log { notes, news: news_out, ended: ended_out };
    let witnesses = witnesses.into_iter().map(|witness| (witness, None)).collect();
    (log, Writer { queue: queue_out, news, _ended: ended, lost, board, witnesses })
}

impl Notes {
    /// Hands an entry over.
    pub fn note(&self, entry: &Stamped) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else { return };
        match queue.try_send(entry.clone()) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(entry)) if self.pressure == Pressure::Wait => {
                let _ = queue.send(entry);
            }
            Err(TrySendError::Full(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn close(&self) {
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Log {
    /// Hands an entry over.
    pub fn note(&self, entry: &Stamped) {
        self.notes.note(entry);
    }

    /// A line of one's own.
    pub fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// What the witnesses have found out since this was asked last.
    pub fn news(&self) -> Vec<Entry> {
        self.news.try_iter().collect()
    }

    /// Waits until everything is written, but not for long.
    pub fn finish(self) {
        let Self { notes, ended, .. } = self;
        notes.close();
        let late = match notes.pressure {
            Pressure::Wait => false,
            Pressure::Drop => ended.recv_timeout(END) == Err(RecvTimeoutError::Timeout),
        };
        if late {
            tracing::warn!("the last entries of the log may be missing: its disk was too slow");
        } else {
            let _ = ended.recv();
        }
    }
}

impl Writer {
    /// Writes until the other end is gone and nothing is left.
    pub fn run(mut self) {
        loop {
            let waits = self.witnesses.iter().filter_map(|(witness, _)| witness.waits()).min();
            let next = match waits {
                Some(span) => self.queue.recv_timeout(span),
                None => self.queue.recv().map_err(RecvTimeoutError::from),
            };
            match next {
                Ok(entry) => self.note(&entry),
                Err(RecvTimeoutError::Timeout) => {
                    self.each(|witness| witness.waits().map(|_| witness.again()));
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.each(|witness| witness.finish().err().map(Err));
    }

    fn note(&mut self, entry: &Stamped) {
        let entries = self.lost.swap(0, Ordering::Relaxed);
        if entries > 0 {
            let gone = Stamped::now(Entry::Unwritten { entries });
            self.each(|witness| Some(witness.note(&gone)));
        }
        self.each(|witness| Some(witness.note(entry)));
    }

    /// Lets each witness do something, if it has something to do; what fails is a problem until it
    /// works again.
    fn each(&mut self, mut work: impl FnMut(&mut dyn Witness) -> Option<Result<()>>) {
        for (witness, said) in &mut self.witnesses {
            let worked = work(witness.as_mut());
            for news in witness.news() {
                let _ = self.news.send(news);
            }
            let Some(worked) = worked else { continue };
            let failure = worked.err().map(|failure| failure.to_string());
            if *said == failure {
                continue;
            }
            match &failure {
                Some(failure) => tracing::warn!("{failure}"),
                None => tracing::info!("{}: works again", witness.name()),
            }
            self.board.problem(witness.name(), failure.clone());
            *said = failure;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::board::Status;
    use crate::error::{Failure, Kind};
    use std::sync::Mutex;

    /// Takes note once it is let.
    struct Slow {
        gate: Receiver<()>,
        seen: Arc<Mutex<Vec<Stamped>>>,
        broken: bool,
    }

    impl Witness for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }

        fn note(&mut self, entry: &Stamped) -> Result<()> {
            let _ = self.gate.recv();
            self.seen.lock().unwrap().push(entry.clone());
            if self.broken { Err(Failure::new(Kind::Io, "it is broken")) } else { Ok(()) }
        }
    }

    fn board() -> Arc<Board> {
        Arc::new(Board::new(Status::default()))
    }

    #[test]
    fn nobody_waits_for_a_witness_and_what_is_lost_is_counted() {
        let (open, gate) = bounded::<()>(0);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let slow = Slow { gate, seen: Arc::clone(&seen), broken: false };
        let (log, writer) = log(vec![Box::new(slow)], board(), Pressure::Drop);
        // Nobody reads yet: whoever waited here would wait for ever.
        for _ in 0..QUEUE + 100 {
            log.note(&Stamped::now(Entry::Resumed));
        }
        drop(open);
        let writing = std::thread::spawn(move || writer.run());
        log.finish();
        writing.join().unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0].entry, Entry::Unwritten { entries: 100 });
        assert_eq!(seen.len(), QUEUE + 1);
    }

    #[test]
    fn the_end_waits_no_longer_than_a_second_for_a_witness_that_hangs() {
        let (open, gate) = bounded::<()>(0);
        let slow = Slow { gate, seen: Arc::default(), broken: false };
        let (log, writer) = log(vec![Box::new(slow)], board(), Pressure::Drop);
        let writing = std::thread::spawn(move || writer.run());
        log.note(&Stamped::now(Entry::Resumed));
        let before = crate::platform::clock::now();
        log.finish();
        let waited = (crate::platform::clock::now() - before).as_secs_f64();
        assert!((0.9..5.0).contains(&waited), "{waited} s");
        drop(open);
        writing.join().unwrap();
    }

    #[test]
    fn a_witness_that_fails_is_a_problem_and_the_others_go_on() {
        let (open, gate) = bounded::<()>(0);
        drop(open);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let broken = Slow { gate: gate.clone(), seen: Arc::default(), broken: true };
        let good = Slow { gate, seen: Arc::clone(&seen), broken: false };
        let board = board();
        let (log, writer) =
            log(vec![Box::new(broken), Box::new(good)], board.clone(), Pressure::Drop);
        let writing = std::thread::spawn(move || writer.run());
        log.note(&Stamped::now(Entry::Resumed));
        log.finish();
        writing.join().unwrap();
        assert_eq!(seen.lock().unwrap().len(), 1);
        assert_eq!(board.read().problems, ["slow: it is broken"]);
    }
}
