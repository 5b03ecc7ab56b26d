//! Keeps what the engine saw, in its order and unfiltered, so that a replay gives the same verdicts
//! bit for bit. Whole movements reach the disk as soon as they end.

use std::path::{Path, PathBuf};

use crate::data::{Header, RecordingWriter, Store};
use crate::error::Result;
use crate::pipeline::Signal;
use crate::platform::clock;

/// A recording that grows.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    writer: RecordingWriter,
}

impl Recorder {
    /// Keeps signals in a recording that was opened for it.
    pub const fn new(path: PathBuf, writer: RecordingWriter) -> Self {
        Self { path, writer }
    }

    /// Begins a recording in a store, of what `capture` names.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(store: &Store, capture: &str) -> Result<Self> {
        let started_unix_s = clock::wall().as_second();
        let (path, writer) = store.record(&Header { capture: capture.into(), started_unix_s })?;
        Ok(Self::new(path, writer))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a signal; a boundary, and with it the end of every movement, goes to the disk at once.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn push(&mut self, signal: &Signal) -> Result<()> {
        self.writer.push(signal)?;
        match signal {
            // A movement that has ended is what a replay needs whole; a lone event may wait for the
            // next flush.
            Signal::Boundary { .. } => self.writer.flush(),
            Signal::Mouse(_) => Ok(()),
        }
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&mut self) -> Result<()> {
        self.writer.flush()
    }
}
