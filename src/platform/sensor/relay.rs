//! The sensor's end of the pipe where a hook must not even try to write: a bounded queue and a thread
//! that writes. An event is never waited for: what does not fit is lost, and said to be.

use std::io::{Read, Write};
use std::thread;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::record::{Record, SIZE, description};
use super::refusal::Refusal;
use crate::platform::{Capture, clock};

/// Messages that may wait: eleven seconds of a mouse with 1000 events a second.
const WAITING: usize = 11_000;

/// One or more records that belong together.
type Message = Vec<u8>;

/// Where one thread puts its events.
#[derive(Debug, Clone)]
pub struct Relay {
    queue: Sender<Message>,
    lost: bool,
}

impl Relay {
    /// Writes to the parent from now on. The process ends when it cannot be written to any more, or
    /// when `lifeline` ends: then the parent is gone, whichever way it went.
    ///
    /// # Errors
    /// When there can be no threads.
    pub fn start(
        out: impl Write + Send + 'static,
        lifeline: impl Read + Send + 'static,
    ) -> Result<Self, Refusal> {
        let (queue, messages) = bounded(WAITING);
        spawn("sensor-relay", move || write_all(out, &messages))?;
        spawn("sensor-warden", move || watch(lifeline))?;
        Ok(Self { queue, lost: false })
    }

    /// Hands the record over, and before it that others were lost, if they were.
    pub fn send(&mut self, record: Record) {
        let mut message = Vec::with_capacity(2 * SIZE);
        if self.lost {
            message.extend(Record::Overflow { at: clock::now() }.to_bytes());
        }
        message.extend(record.to_bytes());
        self.lost = matches!(self.queue.try_send(message), Err(TrySendError::Full(_)));
    }

    /// Says what captures from now on. Waits for room: it is no event, and must not be lost.
    pub fn describe(&self, capture: &Capture) {
        // Without a reader the process ends.
        let _ = self.queue.send(description(clock::now(), capture));
    }
}

/// Starts a thread that the process does not wait for.
///
/// # Errors
/// When there can be no more.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Refusal> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(drop).map_err(|_| Refusal::Hook)
}

/// Tells the parent why there is no hook, past the queue: the process is about to end.
pub fn refuse(mut out: impl Write, refusal: Refusal) {
    // Who is not there needs no reason.
    let _ = out.write_all(&Record::Refused(refusal).to_bytes()).and_then(|()| out.flush());
}

fn write_all(mut out: impl Write, messages: &Receiver<Message>) {
    for mut message in messages {
        message.extend(messages.try_iter().take(100).flatten());
        if out.write_all(&message).and_then(|()| out.flush()).is_err() {
            std::process::exit(0);
        }
    }
}

fn watch(mut lifeline: impl Read) {
    let mut byte = [0];
    while matches!(lifeline.read(&mut byte), Ok(1)) {}
    std::process::exit(0);
}
