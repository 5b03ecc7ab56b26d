//! The parent's end of the line to the capture process: bytes as they come until a deadline, and
//! questions in the other direction.

#[cfg(unix)]
pub(crate) use polled::PipeReader;
#[cfg(windows)]
pub(crate) use threaded::PipeReader;

use std::io;
use std::process::{Child, Command, Stdio};

use crate::error::{Failure, Result};
use crate::pipeline::Timestamp;
use crate::platform::clock;

fn broken(error: io::Error) -> Failure {
    Failure::io("the line to the capture process", error)
}

/// Microseconds until then; `None` for ever.
fn left(deadline: Option<Timestamp>) -> Option<i64> {
    deadline.map(|deadline| (deadline - clock::now()).0)
}

#[cfg(unix)]
mod polled {
    use std::os::fd::OwnedFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::io::{Errno, FdFlags, fcntl_setfd};
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::{Child, Command, Result, Stdio, Timestamp, broken, io, left};

    /// One end of a socket pair. A socket cannot be opened anew through `/proc`, as a pipe can, so
    /// that nobody else can write into it.
    #[derive(Debug)]
    pub(crate) struct PipeReader(OwnedFd);

    impl PipeReader {
        /// Starts the program with the other end as its standard input and output.
        ///
        /// # Errors
        /// When there can be no socket, or the program cannot be started.
        pub(crate) fn start(mut command: Command) -> io::Result<(Child, Self)> {
            let (ours, theirs) =
                socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)?;
            // Set afterwards and not at creation, which macOS does not offer.
            fcntl_setfd(&ours, FdFlags::CLOEXEC)?;
            fcntl_setfd(&theirs, FdFlags::CLOEXEC)?;
            // Only ours: the child may block, its hook has a thread or a queue of its own.
            fcntl_setfl(&ours, fcntl_getfl(&ours)? | OFlags::NONBLOCK)?;
            command.stdin(Stdio::from(theirs.try_clone()?)).stdout(Stdio::from(theirs));
            let child = command.spawn()?;
            // The command goes here, and with it our copies of the other end: only the child holds
            // it from now on, so that its end is noticed.
            Ok((child, Self(ours)))
        }

        /// Bytes read; 0 at the end of the stream, `None` when the deadline came first.
        ///
        /// # Errors
        /// When the line is broken.
        pub(crate) fn read(
            &mut self,
            buffer: &mut [u8],
            deadline: Option<Timestamp>,
        ) -> Result<Option<usize>> {
            loop {
                match rustix::io::read(&self.0, &mut *buffer) {
                    Ok(count) => return Ok(Some(count)),
                    // The child ended with a question unread.
                    Err(Errno::CONNRESET) => return Ok(Some(0)),
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => {
                        let left = left(deadline);
                        if left.is_some_and(|left| left <= 0) {
                            return Ok(None);
                        }
                        let left = left.map(|micros| Timespec {
                            tv_sec: micros / 1_000_000,
                            tv_nsec: (micros % 1_000_000) * 1000,
                        });
                        // Whatever woke us, the read and the clock decide what comes of it.
                        let _ = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], left.as_ref());
                    }
                    Err(error) => return Err(broken(error.into())),
                }
            }
        }

        /// Asks whether it is alive. Who is gone does not answer.
        pub(crate) fn ask(&mut self) {
            // Non-blocking: a full line is one that is read by nobody, which the heartbeat notices
            // anyway.
            let _ = rustix::io::write(&self.0, b"?");
        }
    }
}

/// Windows knows no waiting for a pipe by a deadline: a thread reads, and is waited for.
#[cfg(windows)]
mod threaded {
    use std::io::{Read, Write};
    use std::process::ChildStdin;
    use std::thread;
    use std::time::Duration;

    use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

    use super::{Child, Command, Result, Stdio, Timestamp, broken, io, left};

    /// Pieces that may wait; the capture process's own queue holds what comes beyond them.
    // The reading thread stops at a full queue, and the pipe behind it fills up in turn.
    const PIECES: usize = 64;
    /// Bytes of a piece.
    const PIECE: usize = 4096;

    type Piece = io::Result<Vec<u8>>;

    /// What the reading thread has read; the thread ends with the pipe.
    #[derive(Debug)]
    pub(crate) struct PipeReader {
        pieces: Receiver<Piece>,
        begun: Vec<u8>,
        lifeline: Option<ChildStdin>,
    }

    impl PipeReader {
        /// Starts the program with pipes as its standard input and output.
        ///
        /// # Errors
        /// When the program cannot be started, or there can be no thread.
        pub(crate) fn start(mut command: Command) -> io::Result<(Child, Self)> {
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
            let lifeline = child.stdin.take();
            Ok((child, Self { lifeline, ..Self::of(out)? }))
        }

        fn of(out: impl Read + Send + 'static) -> io::Result<Self> {
            let (sender, pieces) = bounded(PIECES);
            let reading = thread::Builder::new().name("capture-feed".to_owned());
            reading.spawn(move || read_all(out, &sender))?;
            Ok(Self { pieces, begun: Vec::new(), lifeline: None })
        }

        /// Bytes read, all that are there and fit; 0 at the end of the stream, `None` when the
        /// deadline came first.
        ///
        /// # Errors
        /// When the pipe is broken.
        pub(crate) fn read(
            &mut self,
            buffer: &mut [u8],
            deadline: Option<Timestamp>,
        ) -> Result<Option<usize>> {
            if self.begun.is_empty() {
                match self.next(deadline) {
                    Ok(piece) => self.begun = piece.map_err(broken)?,
                    Err(RecvTimeoutError::Timeout) => return Ok(None),
                    Err(RecvTimeoutError::Disconnected) => return Ok(Some(0)),
                }
            }
            // All that is there at once: one record a wake-up would cost a system call each.
            while self.begun.len() < buffer.len()
                && let Ok(piece) = self.pieces.try_recv()
            {
                self.begun.extend(piece.map_err(broken)?);
            }
            let count = buffer.len().min(self.begun.len());
            buffer[..count].copy_from_slice(&self.begun[..count]);
            self.begun.drain(..count);
            Ok(Some(count))
        }

        /// Asks whether it is alive. Who is gone does not answer.
        pub(crate) fn ask(&mut self) {
            // A write to a pipe of Windows blocks only when it is full, and one byte a question
            // does not fill it.
            let _ = self.lifeline.as_mut().map(|lifeline| lifeline.write_all(b"?"));
        }

        fn next(&self, deadline: Option<Timestamp>) -> Result<Piece, RecvTimeoutError> {
            match left(deadline) {
                None => self.pieces.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(micros) => {
                    let span = Duration::from_micros(micros.max(0).unsigned_abs());
                    self.pieces.recv_timeout(span)
                }
            }
        }
    }

    fn read_all(mut out: impl Read, pieces: &Sender<Piece>) {
        let mut buffer = [0; PIECE];
        loop {
            let piece = match out.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => Ok(buffer[..count].to_vec()),
                // A signal is no end of the pipe.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let ends = piece.is_err();
            if pieces.send(piece).is_err() || ends {
                return;
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::platform::clock;

        /// Says these pieces, one a read.
        struct Pieces(Vec<Vec<u8>>);

        impl Read for Pieces {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let Some(piece) = (!self.0.is_empty()).then(|| self.0.remove(0)) else {
                    return Ok(0);
                };
                buffer[..piece.len()].copy_from_slice(&piece);
                Ok(piece.len())
            }
        }

        #[test]
        fn what_is_there_is_read_at_once_and_cut_where_the_buffer_ends() {
            let mut feed = PipeReader::of(Pieces(vec![vec![1; 10]; 4])).unwrap();
            while feed.pieces.len() < 4 {
                thread::yield_now();
            }
            let mut buffer = [0; 32];
            let soon = Some(clock::now());
            assert_eq!(feed.read(&mut buffer, soon).unwrap(), Some(32));
            assert_eq!(feed.read(&mut buffer, soon).unwrap(), Some(8));
            assert_eq!(feed.read(&mut buffer, None).unwrap(), Some(0));
        }
    }
}
