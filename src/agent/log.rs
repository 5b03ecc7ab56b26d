//! The typed log behind the action: entries go into a bounded queue and are handed to the event
//! sinks in a thread of their own.
//!
//! # Invariants
//! No disk, database or pipe ever keeps the caller waiting, except where a recording is played: it
//! has all the time, and loses nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded, unbounded};

use crate::error::Result;

use super::event::{Event, StampedEvent};
use super::event_sink::EventSink;
use super::intake::Pressure;
use super::shared_status::SharedStatus;

/// Entries that may wait for the event sinks; some 2 MB.
const QUEUE: usize = 4096;
/// How long an orderly end waits for them.
// The whole process has to be gone within two seconds.
const END: Duration = Duration::from_secs(1);

/// The end of the log at which entries go in.
#[derive(Debug)]
pub struct Log {
    notes: Notes,
    news: Receiver<Event>,
    ended: Receiver<()>,
}

/// A line to the log, for whoever has something to note.
#[derive(Debug, Clone)]
pub(crate) struct Notes {
    /// None once the log has ended, whoever still holds a line.
    queue: Arc<Mutex<Option<Sender<StampedEvent>>>>,
    lost: Arc<AtomicU64>,
    pressure: Pressure,
}

/// The end of the log at which they come out.
pub(crate) struct Writer {
    queue: Receiver<StampedEvent>,
    news: Sender<Event>,
    /// Closed when the writer is gone.
    _ended: Sender<()>,
    lost: Arc<AtomicU64>,
    shared_status: Arc<SharedStatus>,
    /// With what each said last about itself.
    sinks: Vec<(Box<dyn EventSink>, Option<String>)>,
}

/// A log for these event sinks; the writer wants a thread.
pub(crate) fn log(
    sinks: Vec<Box<dyn EventSink>>,
    shared_status: Arc<SharedStatus>,
    pressure: Pressure,
) -> (Log, Writer) {
    let (queue, queue_out) = bounded(QUEUE);
    // Unbounded, because it must never hold up the sinks; they find out little.
    let (news, news_out) = unbounded();
    // Nothing is ever sent: it closes with the writer, which is the message.
    let (ended, ended_out) = bounded(0);
    let lost = Arc::new(AtomicU64::new(0));
    let queue = Arc::new(Mutex::new(Some(queue)));
    let notes = Notes { queue, lost: Arc::clone(&lost), pressure };
    let log = Log { notes, news: news_out, ended: ended_out };
    let sinks = sinks.into_iter().map(|sink| (sink, None)).collect();
    (log, Writer { queue: queue_out, news, _ended: ended, lost, shared_status, sinks })
}

impl Notes {
    /// Hands an entry over.
    pub(crate) fn note(&self, event: &StampedEvent) {
        // Cloned out of the lock: a full queue would otherwise keep everybody else from it.
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else { return };
        match queue.try_send(event.clone()) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(event)) if self.pressure == Pressure::Wait => {
                let _ = queue.send(event);
            }
            Err(TrySendError::Full(_)) => {
                // Counted and told with the next entry that gets in, so that a gap does not look
                // like silence.
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
    pub fn note(&self, event: &StampedEvent) {
        self.notes.note(event);
    }

    /// A line of one's own.
    pub(crate) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// What the event sinks have found out since this was asked last.
    pub fn news(&self) -> Vec<Event> {
        self.news.try_iter().collect()
    }

    /// Waits until everything is written, but not for long.
    pub fn finish(self) {
        let Self { notes, ended, .. } = self;
        notes.close();
        let late = match notes.pressure {
            // A recording is no hurry, and a test that loses entries shows nothing.
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
    pub(crate) fn run(mut self) {
        loop {
            // The most impatient sink sets the time for all: those that have nothing to do say so.
            let waits = self.sinks.iter().filter_map(|(sink, _)| sink.waits()).min();
            let next = match waits {
                Some(span) => self.queue.recv_timeout(span),
                None => self.queue.recv().map_err(RecvTimeoutError::from),
            };
            match next {
                Ok(event) => self.note(&event),
                Err(RecvTimeoutError::Timeout) => {
                    // Sinks that wait for nothing are not asked, or their last failure would be
                    // forgotten.
                    self.each(|sink| sink.waits().map(|_| sink.again()));
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.each(|sink| sink.finish().err().map(Err));
    }

    fn note(&mut self, event: &StampedEvent) {
        // Taken out before it is written: what is lost meanwhile counts for the next time.
        let events = self.lost.swap(0, Ordering::Relaxed);
        if events > 0 {
            let gone = StampedEvent::now(Event::Unwritten { events });
            self.each(|sink| Some(sink.note(&gone)));
        }
        self.each(|sink| Some(sink.note(event)));
    }

    /// Lets each sink do something, if it has something to do; what fails is a problem until it
    /// works again.
    fn each(&mut self, mut work: impl FnMut(&mut dyn EventSink) -> Option<Result<()>>) {
        for (sink, said) in &mut self.sinks {
            let worked = work(sink.as_mut());
            // Asked after each call, because a sink finds out about itself while it works.
            for news in sink.news() {
                let _ = self.news.send(news);
            }
            let Some(worked) = worked else { continue };
            let failure = worked.err().map(|failure| failure.to_string());
            // A disk that stays full is told once, and once more when it works again.
            if *said == failure {
                continue;
            }
            match &failure {
                Some(failure) => tracing::warn!("{failure}"),
                None => tracing::info!("{}: works again", sink.name()),
            }
            self.shared_status.problem(sink.name(), failure.clone());
            *said = failure;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::shared_status::Status;
    use crate::error::{Failure, FailureKind};
    use std::sync::Mutex;

    /// Takes note once it is let.
    struct Slow {
        gate: Receiver<()>,
        seen: Arc<Mutex<Vec<StampedEvent>>>,
        broken: bool,
    }

    impl EventSink for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }

        fn note(&mut self, event: &StampedEvent) -> Result<()> {
            let _ = self.gate.recv();
            self.seen.lock().unwrap().push(event.clone());
            if self.broken { Err(Failure::new(FailureKind::Io, "it is broken")) } else { Ok(()) }
        }
    }

    fn shared_status() -> Arc<SharedStatus> {
        Arc::new(SharedStatus::new(Status::default()))
    }

    #[test]
    fn nobody_waits_for_an_event_sink_and_what_is_lost_is_counted() {
        let (open, gate) = bounded::<()>(0);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let slow = Slow { gate, seen: Arc::clone(&seen), broken: false };
        let (log, writer) = log(vec![Box::new(slow)], shared_status(), Pressure::Drop);
        // Nobody reads yet: whoever waited here would wait for ever.
        for _ in 0..QUEUE + 100 {
            log.note(&StampedEvent::now(Event::Resumed));
        }
        drop(open);
        let writing = std::thread::spawn(move || writer.run());
        log.finish();
        writing.join().unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0].event, Event::Unwritten { events: 100 });
        assert_eq!(seen.len(), QUEUE + 1);
    }

    #[test]
    fn the_end_waits_no_longer_than_a_second_for_an_event_sink_that_hangs() {
        let (open, gate) = bounded::<()>(0);
        let slow = Slow { gate, seen: Arc::default(), broken: false };
        let (log, writer) = log(vec![Box::new(slow)], shared_status(), Pressure::Drop);
        let writing = std::thread::spawn(move || writer.run());
        log.note(&StampedEvent::now(Event::Resumed));
        let before = crate::platform::clock::now();
        log.finish();
        let waited = (crate::platform::clock::now() - before).as_secs_f64();
        assert!((0.9..5.0).contains(&waited), "{waited} s");
        drop(open);
        writing.join().unwrap();
    }

    #[test]
    fn an_event_sink_that_fails_is_a_problem_and_the_others_go_on() {
        let (open, gate) = bounded::<()>(0);
        drop(open);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let broken = Slow { gate: gate.clone(), seen: Arc::default(), broken: true };
        let good = Slow { gate, seen: Arc::clone(&seen), broken: false };
        let shared_status = shared_status();
        let (log, writer) =
            log(vec![Box::new(broken), Box::new(good)], shared_status.clone(), Pressure::Drop);
        let writing = std::thread::spawn(move || writer.run());
        log.note(&StampedEvent::now(Event::Resumed));
        log.finish();
        writing.join().unwrap();
        assert_eq!(seen.lock().unwrap().len(), 1);
        assert_eq!(shared_status.read().problems, ["slow: it is broken"]);
    }
}
