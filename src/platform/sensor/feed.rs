//! The parent's end of the sensor's pipe: bytes as they come, or nothing by a deadline. What they
//! mean is not known here.

#[cfg(unix)]
pub use polled::Feed;
#[cfg(windows)]
pub use threaded::Feed;

use std::io::{self, Read};
use std::process::ChildStdout;

use crate::error::{Failure, Result};
use crate::pipeline::Timestamp;
use crate::platform::clock;

fn broken(error: io::Error) -> Failure {
    Failure::io("the sensor's pipe", error)
}

/// Microseconds until then; `None` for ever.
fn left(deadline: Option<Timestamp>) -> Option<i64> {
    deadline.map(|deadline| (deadline - clock::now()).0)
}

#[cfg(unix)]
mod polled {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    use super::{ChildStdout, Read, Result, Timestamp, broken, io, left};

    /// The pipe itself, which never blocks.
    #[derive(Debug)]
    pub struct Feed(ChildStdout);

    impl Feed {
        /// Takes the pipe over.
        ///
        /// # Errors
        /// When it cannot be made to never block.
        pub fn new(out: ChildStdout) -> Result<Self> {
            fcntl_getfl(&out)
                .and_then(|flags| fcntl_setfl(&out, flags | OFlags::NONBLOCK))
                .map_err(|error| broken(error.into()))?;
            Ok(Self(out))
        }

        /// Bytes read; 0 at the end of the stream, `None` when the deadline came first.
        ///
        /// # Errors
        /// When the pipe is broken.
        pub fn read(
            &mut self,
            buffer: &mut [u8],
            deadline: Option<Timestamp>,
        ) -> Result<Option<usize>> {
            loop {
                match self.0.read(buffer) {
                    Ok(count) => return Ok(Some(count)),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
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
                    Err(error) => return Err(broken(error)),
                }
            }
        }
    }
}

/// Windows knows no waiting for a pipe by a deadline: a thread reads, and is waited for.
#[cfg(windows)]
mod threaded {
    use std::thread;
    use std::time::Duration;

    use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

    use super::{ChildStdout, Read, Result, Timestamp, broken, io, left};

    /// Pieces that may wait; the sensor's own queue holds what comes beyond them.
    const PIECES: usize = 64;
    /// Bytes of a piece.
    const PIECE: usize = 4096;

    type Piece = io::Result<Vec<u8>>;

    /// What the reading thread has read; the thread ends with the pipe.
    #[derive(Debug)]
    pub struct Feed {
        pieces: Receiver<Piece>,
        begun: Vec<u8>,
    }

    impl Feed {
        /// Takes the pipe over.
        ///
        /// # Errors
        /// When there can be no thread.
        pub fn new(out: ChildStdout) -> Result<Self> {
            Self::of(out)
        }

        fn of(out: impl Read + Send + 'static) -> Result<Self> {
            let (sender, pieces) = bounded(PIECES);
            let reading = thread::Builder::new().name("sensor-feed".to_owned());
            reading.spawn(move || read_all(out, &sender)).map_err(broken)?;
            Ok(Self { pieces, begun: Vec::new() })
        }

        /// Bytes read, all that are there and fit; 0 at the end of the stream, `None` when the
        /// deadline came first.
        ///
        /// # Errors
        /// When the pipe is broken.
        pub fn read(
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
            let mut feed = Feed::of(Pieces(vec![vec![1; 10]; 4])).unwrap();
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
