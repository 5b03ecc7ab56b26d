//! The capture process's end of the pipe where a write could block the hook: a bounded queue and a
//! thread that writes.
//!
//! # Invariants
//! An event is never waited for: what does not fit is lost, and said to be.

use std::io::{IsTerminal, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::description::Pointer;
use super::record::{Record, SIZE, description};
use super::refusal::Refusal;
use crate::error::{Failure, FailureKind};
use crate::platform::{Capture, clock};

/// Messages that may wait: eleven seconds of a mouse with 1000 events a second.
const WAITING: usize = 11_000;

/// One or more records that belong together.
type Message = Vec<u8>;

/// Where one thread puts its events.
#[derive(Debug, Clone)]
pub(crate) struct QueuedPipeWriter {
    queue: Sender<Message>,
    lost: bool,
}

impl QueuedPipeWriter {
    /// Writes to the parent from now on. The process ends when it cannot be written to any more, or
    /// when `lifeline` ends: then the parent is gone, whichever way it went.
    ///
    /// # Errors
    /// When there can be no threads.
    pub(crate) fn start(
        out: impl Write + Send + 'static,
        lifeline: impl Read + Send + 'static,
    ) -> Result<Self, Refusal> {
        // Bounded: the hook must lose events rather than memory.
        let (queue, messages) = bounded(WAITING);
        spawn("capture-writer", move || write_all(out, &messages))?;
        let answers = queue.clone();
        spawn("capture-warden", move || watch(lifeline, &answers))?;
        Ok(Self { queue, lost: false })
    }

    /// Hands the record over, and before it that others were lost, if they were.
    pub(crate) fn send(&mut self, record: Record) {
        let mut message = Vec::with_capacity(2 * SIZE);
        if self.lost {
            message.extend(Record::Overflow { at: clock::now() }.to_bytes());
        }
        message.extend(record.to_bytes());
        // Nothing is retried: the next event tells what was lost.
        self.lost = matches!(self.queue.try_send(message), Err(TrySendError::Full(_)));
    }

    /// Says what captures from now on. Waits for room: it is no event, and must not be lost.
    pub(crate) fn describe(&self, capture: &Capture) {
        // Without a reader the process ends.
        let _ = self.queue.send(description(clock::now(), capture));
    }
}

/// What the parent has been told of what captures: by the hook, which never waits, and by who
/// watches the displays.
pub struct ToldCapture {
    writer: QueuedPipeWriter,
    capture: Mutex<Capture>,
}

impl ToldCapture {
    /// Tells this first.
    pub fn begin(writer: QueuedPipeWriter, capture: Capture) -> Self {
        writer.describe(&capture);
        Self { writer, capture: Mutex::new(capture) }
    }

    /// Says when the displays have changed. Waits for room.
    pub fn displays(&self, now: Capture) {
        let mut told = self.capture.lock().unwrap_or_else(PoisonError::into_inner);
        // The displays are looked at by another thread than the one that knows the pointer.
        let now = Capture { pointer: told.pointer.clone(), ..now };
        if now != *told {
            self.writer.describe(&now);
            *told = now;
        }
    }

    /// Says what moves the pointer from here on; `false` where that would have to wait.
    pub fn pointer(&self, pointer: Option<Pointer>) -> bool {
        // From the hook, which must not wait for the thread that looks at the displays.
        let Ok(mut told) = self.capture.try_lock() else { return false };
        let now = Capture { pointer, ..told.clone() };
        let records = description(clock::now(), &now);
        let is_told = self.writer.queue.try_send(records).is_ok();
        // Told only once it is queued, so that what was not told is tried again with the next
        // event.
        if is_told {
            *told = now;
        }
        is_told
    }
}

/// Fails where standard output is a terminal: a person has called what mousewarden calls by itself.
///
/// # Errors
/// [`FailureKind::Unavailable`].
pub(crate) fn must_be_piped() -> crate::error::Result<()> {
    if std::io::stdout().is_terminal() {
        // Records on a terminal look like a broken program.
        let what = "the capture process speaks to mousewarden only, not to a terminal";
        return Err(Failure::new(FailureKind::Unavailable, what).remedy("Run `mousewarden run`."));
    }
    Ok(())
}

/// Starts a thread that the process does not wait for.
///
/// # Errors
/// When there can be no more.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Refusal> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(drop).map_err(|_| Refusal::Hook)
}

/// Tells the parent why there is no hook, past the queue: the process is about to end.
pub(crate) fn refuse(mut out: impl Write, refusal: Refusal) {
    // Who is not there needs no reason.
    let _ = out.write_all(&Record::Refused(refusal).to_bytes()).and_then(|()| out.flush());
}

fn write_all(mut out: impl Write, messages: &Receiver<Message>) {
    for mut message in messages {
        // Up to a hundred at once: a thread that was held up catches up with few writes.
        message.extend(messages.try_iter().take(100).flatten());
        if out.write_all(&message).and_then(|()| out.flush()).is_err() {
            // Nobody reads any more: there is nobody to tell it to either.
            std::process::exit(0);
        }
    }
}

/// Answers each question; ends the process when the parent is gone.
fn watch(mut lifeline: impl Read, answers: &Sender<Message>) {
    let mut byte = [0];
    while matches!(lifeline.read(&mut byte), Ok(1)) {
        // When there is no room, what waits is answer enough.
        let _ = answers.try_send(Record::Alive { at: clock::now() }.to_bytes().to_vec());
    }
    // Exit and not return: the hook's thread runs on for ever otherwise, seeing a mouse for nobody.
    std::process::exit(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Timestamp;

    /// A parent that reads when it is allowed to, and writes down what it read.
    struct Parent {
        allowed: Receiver<()>,
        read: Sender<Vec<u8>>,
    }

    impl Write for Parent {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // Once nobody holds it back any more, it reads on.
            let _ = self.allowed.recv();
            let _ = self.read.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn moved(number: usize) -> Record {
        Record::Move { at: Timestamp::from_micros(number as i64), x: 0.0, y: 0.0 }
    }

    #[test]
    fn a_parent_that_does_not_read_holds_nobody_up_and_hears_that_something_was_lost() {
        let (allow, allowed) = bounded(0);
        let (read, said) = crossbeam_channel::unbounded();
        let (lifeline, held) = std::io::pipe().unwrap();
        // The end of the lifeline would end this process.
        std::mem::forget(held);
        let mut writer = QueuedPipeWriter::start(Parent { allowed, read }, lifeline).unwrap();
        let mut sent = 0;
        while !writer.lost {
            writer.send(moved(sent));
            sent += 1;
        }
        assert!(sent > WAITING);
        drop(allow);
        let mut heard = Vec::new();
        while heard.len() < (sent - 1) * SIZE {
            heard.extend(said.recv().unwrap());
        }
        writer.send(moved(sent));
        let last = said.recv().unwrap();
        let (first, second) = last.split_at(SIZE);
        let record = |bytes: &[u8]| bytes.first_chunk().and_then(Record::from_bytes);
        assert!(matches!(record(first), Some(Record::Overflow { .. })));
        assert_eq!(record(second), Some(moved(sent)));
        assert_eq!(heard.len(), (sent - 1) * SIZE, "all but the one that was lost");
    }

    #[test]
    fn a_question_is_answered() {
        let (allow, allowed) = bounded::<()>(0);
        let (read, said) = crossbeam_channel::unbounded();
        let (lifeline, mut held) = std::io::pipe().unwrap();
        let _writer = QueuedPipeWriter::start(Parent { allowed, read }, lifeline).unwrap();
        drop(allow);
        held.write_all(b"?").unwrap();
        let answer = said.recv().unwrap();
        let record = answer.first_chunk().and_then(Record::from_bytes);
        assert!(matches!(record, Some(Record::Alive { .. })), "{record:?}");
        // The end of the lifeline would end this process.
        std::mem::forget(held);
    }
}
