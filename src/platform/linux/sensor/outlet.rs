//! The sensor's end of the pipe to its parent. An event is never waited for: what does not fit is
//! lost, and said to be. Nothing here knows where events come from.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::record::{Record, SIZE, description};
use crate::error::{Failure, Kind, Result};
use crate::platform::{Capture, clock};

/// Room of the pipe in bytes: at 1000 events a second it takes eleven seconds to fill.
pub const PIPE_BYTES: usize = 256 * 1024;

/// The writing end, shared by the threads of the sensor.
#[derive(Debug)]
pub struct Pipe(OwnedFd);

impl Pipe {
    /// Takes a pipe over; it never blocks from here on.
    ///
    /// # Errors
    /// When it is a terminal, or no pipe at all.
    pub fn new(out: OwnedFd) -> Result<Arc<Self>> {
        let unfit = |error: Errno| Failure::io("standard output of the sensor", error.into());
        if rustix::termios::isatty(&out) {
            let what = "the sensor speaks to mousewarden only, not to a terminal";
            return Err(Failure::new(Kind::Unavailable, what).remedy("Run `mousewarden run`."));
        }
        let flags = fcntl_getfl(&out).map_err(unfit)?;
        fcntl_setfl(&out, flags | OFlags::NONBLOCK).map_err(unfit)?;
        // A smaller pipe does too.
        let _ = rustix::pipe::fcntl_setpipe_size(&out, PIPE_BYTES);
        Ok(Arc::new(Self(out)))
    }

    /// Whether the parent will read it. Never waits; ends the process when the parent is gone.
    pub fn write(&self, bytes: &[u8]) -> bool {
        loop {
            match rustix::io::write(self.0.as_fd(), bytes) {
                Ok(_) => return true,
                Err(Errno::INTR) => {}
                Err(Errno::PIPE) => std::process::exit(0),
                Err(_) => return false,
            }
        }
    }

    /// Says what captures from now on. Waits for room: it is no event, and must not be lost.
    pub fn describe(&self, capture: &Capture) {
        let text = description(clock::now(), capture);
        while !self.write(&text) {
            // Whatever woke us, the next write decides.
            let _ = poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None);
        }
    }
}

/// Where one thread puts its events.
#[derive(Debug)]
pub struct Outlet {
    pipe: Arc<Pipe>,
    lost: bool,
}

impl Outlet {
    /// Into this pipe.
    pub const fn new(pipe: Arc<Pipe>) -> Self {
        Self { pipe, lost: false }
    }

    /// The pipe itself, for what is no event.
    pub const fn pipe(&self) -> &Arc<Pipe> {
        &self.pipe
    }

    /// Hands the record to the pipe, and before it that others were lost, if they were.
    pub fn send(&mut self, record: Record) {
        if !self.lost {
            self.lost = !self.pipe.write(&record.to_bytes());
            return;
        }
        let mut both = [0; 2 * SIZE];
        both[..SIZE].copy_from_slice(&Record::Overflow { at: clock::now() }.to_bytes());
        both[SIZE..].copy_from_slice(&record.to_bytes());
        self.lost = !self.pipe.write(&both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Timestamp;

    #[test]
    fn a_full_pipe_never_blocks_and_says_that_something_was_lost() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let mut outlet = Outlet::new(Pipe::new(writer).unwrap());
        let at = Timestamp::from_micros(1);
        while !outlet.lost {
            outlet.send(Record::Move { at, x: 1.0, y: 1.0 });
        }
        let mut buffer = vec![0; 2 * PIPE_BYTES];
        let full = rustix::io::read(&reader, &mut buffer).unwrap();
        assert_eq!(full % SIZE, 0);
        outlet.send(Record::Move { at, x: 2.0, y: 2.0 });
        let read = rustix::io::read(&reader, &mut buffer).unwrap();
        assert_eq!(read, 2 * SIZE);
        let first = buffer.first_chunk::<SIZE>().and_then(Record::from_bytes);
        assert!(matches!(first, Some(Record::Overflow { .. })));
    }
}
