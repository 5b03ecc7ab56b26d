//! The capture process's end of the line to its parent.
//!
//! # Invariants
//! An event is never waited for: what does not fit is lost, and said to be.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::record::{Record, SIZE, description};
use crate::error::{Failure, FailureKind, Result};
use crate::platform::{Capture, clock};

/// Bytes that may wait: at 1000 events a second they take eleven seconds to gather. A socket itself
/// holds only some hundred records.
pub(crate) const WAITING_BYTES: usize = 256 * 1024;

/// The line, shared by the threads of the process.
#[derive(Debug)]
pub struct Line {
    out: OwnedFd,
    /// What did not fit into the socket yet.
    waiting: Mutex<Vec<u8>>,
    /// Wakes whoever sends what waits.
    begun: OwnedFd,
}

impl Line {
    /// Takes a socket over, or a pipe; it never blocks from here on.
    ///
    /// # Errors
    /// When it is a terminal, or neither of them.
    pub fn new(out: OwnedFd) -> Result<Arc<Self>> {
        let unfit =
            |error: Errno| Failure::io("standard output of the capture process", error.into());
        if rustix::termios::isatty(&out) {
            let what = "the capture process speaks to mousewarden only, not to a terminal";
            return Err(
                Failure::new(FailureKind::Unavailable, what).remedy("Run `mousewarden run`.")
            );
        }
        let flags = fcntl_getfl(&out).map_err(unfit)?;
        fcntl_setfl(&out, flags | OFlags::NONBLOCK).map_err(unfit)?;
        let begun = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(unfit)?;
        Ok(Arc::new(Self { out, waiting: Mutex::new(Vec::new()), begun }))
    }

    /// Whether the parent will read it. Never waits; ends the process when the parent is gone.
    pub fn write(&self, bytes: &[u8]) -> bool {
        let mut waiting = self.lock();
        if waiting.is_empty() {
            let sent = self.send(bytes);
            if sent < bytes.len() {
                waiting.extend_from_slice(&bytes[sent..]);
                let _ = rustix::io::write(&self.begun, &1_u64.to_ne_bytes());
            }
            return true;
        }
        if waiting.len() + bytes.len() > WAITING_BYTES {
            return false;
        }
        waiting.extend_from_slice(bytes);
        true
    }

    /// Says what captures from now on. Waits for room: it is no event, and must not be lost.
    pub fn describe(&self, capture: &Capture) {
        let text = description(clock::now(), capture);
        while !self.write(&text) {
            // Whatever woke us, the next write decides.
            let _ = poll(&mut [PollFd::new(&self.out, PollFlags::OUT)], None);
            self.send_waiting();
        }
    }

    /// Answers what the parent asks, sends what waits, and ends the process when the parent is
    /// gone, which closes the other end of `lifeline`.
    pub(crate) fn attend(&self, lifeline: &OwnedFd) {
        loop {
            let out = if self.lock().is_empty() { PollFlags::empty() } else { PollFlags::OUT };
            let mut polled = [
                PollFd::new(lifeline, PollFlags::IN),
                PollFd::new(&self.begun, PollFlags::IN),
                PollFd::new(&self.out, out),
            ];
            match poll(&mut polled, None) {
                Err(Errno::INTR) => continue,
                Err(_) => std::process::exit(0),
                Ok(_) => {}
            }
            let [asked, begun, room] = polled.map(|fd| fd.revents());
            if !begun.is_empty() {
                let _ = rustix::io::read(&self.begun, &mut [0; 8]);
            }
            if room.contains(PollFlags::OUT) {
                self.send_waiting();
            }
            if !asked.is_empty() {
                self.answer(lifeline);
            }
        }
    }

    fn answer(&self, lifeline: &OwnedFd) {
        match rustix::io::read(lifeline, &mut [0; 64]) {
            // When there is no room, what waits is answer enough.
            Ok(1..) => drop(self.write(&Record::Alive { at: clock::now() }.to_bytes())),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(_) | Err(_) => std::process::exit(0),
        }
    }

    fn send_waiting(&self) {
        let mut waiting = self.lock();
        let sent = self.send(&waiting);
        waiting.drain(..sent);
    }

    /// How many of the bytes went.
    fn send(&self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while sent < bytes.len() {
            match rustix::io::write(self.out.as_fd(), &bytes[sent..]) {
                Ok(count) => sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => std::process::exit(0),
                Err(_) => break,
            }
        }
        sent
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one thread puts its events.
#[derive(Debug)]
pub(crate) struct PipeWriter {
    line: Arc<Line>,
    lost: bool,
}

impl PipeWriter {
    /// Into this line.
    pub(crate) const fn new(line: Arc<Line>) -> Self {
        Self { line, lost: false }
    }

    /// The line itself, for what is no event.
    pub(crate) const fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Hands the record over, and before it that others were lost, if they were.
    pub(crate) fn send(&mut self, record: Record) {
        if !self.lost {
            self.lost = !self.line.write(&record.to_bytes());
            return;
        }
        let mut both = [0; 2 * SIZE];
        both[..SIZE].copy_from_slice(&Record::Overflow { at: clock::now() }.to_bytes());
        both[SIZE..].copy_from_slice(&record.to_bytes());
        self.lost = !self.line.write(&both);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;
    use crate::pipeline::Timestamp;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap()
    }

    fn read(from: &OwnedFd, records: usize) -> Vec<Record> {
        let mut bytes = Vec::new();
        while bytes.len() < records * SIZE {
            let mut buffer = [0; 4096];
            let count = rustix::io::read(from, &mut buffer).unwrap();
            bytes.extend_from_slice(&buffer[..count]);
        }
        bytes.chunks(SIZE).map(|one| Record::from_bytes(one.try_into().unwrap()).unwrap()).collect()
    }

    fn moved(number: usize) -> Record {
        Record::Move { at: Timestamp::from_micros(1), x: number as f32, y: 0.0 }
    }

    #[test]
    fn a_parent_that_does_not_read_holds_nobody_up_and_hears_that_something_was_lost() {
        let (parent, ours) = pair();
        let lifeline = ours.try_clone().unwrap();
        let mut writer = PipeWriter::new(Line::new(ours).unwrap());
        let mut sent = 0;
        while !writer.lost {
            writer.send(moved(sent));
            sent += 1;
        }
        assert!(sent * SIZE > WAITING_BYTES);
        // The end of the lifeline would end this process.
        std::mem::forget(parent.try_clone().unwrap());
        let line = Arc::clone(writer.line());
        thread::spawn(move || line.attend(&lifeline));
        let heard = read(&parent, sent - 1);
        assert!(heard.iter().enumerate().all(|(number, record)| *record == moved(number)));
        writer.send(moved(sent));
        let [first, second] = read(&parent, 2)[..] else { panic!("two records") };
        assert!(matches!(first, Record::Overflow { .. }), "{first:?}");
        assert_eq!(second, moved(sent));
    }

    #[test]
    fn a_question_is_answered() {
        let (parent, ours) = pair();
        let lifeline = ours.try_clone().unwrap();
        std::mem::forget(parent.try_clone().unwrap());
        let line = Line::new(ours).unwrap();
        thread::spawn(move || line.attend(&lifeline));
        rustix::io::write(&parent, b"?").unwrap();
        assert!(matches!(read(&parent, 1)[..], [Record::Alive { .. }]));
    }
}
