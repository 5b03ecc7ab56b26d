//! What a way of seeing the mouse has to do, and the threads that it may start.

use std::convert::Infallible;
use std::thread;

use super::pipe_writer::PipeWriter;
use super::refusal::Refusal;

/// A way of seeing the mouse, ready to begin.
pub(super) trait Hook {
    /// Describes itself, says that it is ready, and hands over what the mouse does, until it can
    /// see nothing any more. Blocks for as long.
    fn listen(self: Box<Self>, writer: PipeWriter) -> Result<Infallible, Refusal>;
}

/// Starts a thread that the process does not wait for.
pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Refusal> {
    let started = thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024).spawn(work);
    started.map(drop).map_err(|_| Refusal::Hook)
}
