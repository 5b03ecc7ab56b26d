//! The bytes of a recording, wherever they lie: a file, or what was unpacked of a compressed one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Failure, Result};
use crate::files;

/// A recording that was found. It is read more than once.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// As it is called in messages and for its user and session; an archive is a folder in it.
    pub path: PathBuf,
    /// Whose it is where its archive has no folder for them: called like the archive, or like the
    /// folder that the archive lies in.
    pub owner: Option<String>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    File,
    /// A stretch of the nameless file into which everything is unpacked.
    Unpacked {
        pool: Arc<Mutex<File>>,
        from: u64,
        to: u64,
    },
}

impl Source {
    /// A file.
    pub(crate) fn file(path: PathBuf) -> Self {
        Self { path, owner: None, place: Place::File }
    }

    /// What was unpacked into a stretch of a pool.
    pub(crate) fn unpacked(path: PathBuf, pool: &Arc<Mutex<File>>, [from, to]: [u64; 2]) -> Self {
        Self { path, owner: None, place: Place::Unpacked { pool: Arc::clone(pool), from, to } }
    }

    /// Its bytes behind the first so many.
    pub(crate) fn open(&self, skip: u64) -> Result<Input> {
        match &self.place {
            Place::File => {
                let mut file = files::open(&self.path).map_err(|e| self.failed(e))?;
                file.seek(SeekFrom::Start(skip)).map_err(|e| self.failed(e))?;
                Ok(Input::File(file))
            }
            Place::Unpacked { pool, from, to } => Ok(Input::Unpacked {
                pool: Arc::clone(pool),
                at: from.saturating_add(skip),
                to: *to,
            }),
        }
    }

    /// Its first bytes.
    pub(crate) fn head(&self, bytes: u64) -> Result<Vec<u8>> {
        let mut head = Vec::new();
        self.open(0)?.take(bytes).read_to_end(&mut head).map_err(|e| self.failed(e))?;
        Ok(head)
    }

    /// The failure of reading it.
    pub(crate) fn failed(&self, error: io::Error) -> Failure {
        failed(&self.path, error)
    }
}

/// The failure of reading a file.
pub(super) fn failed(path: &Path, error: io::Error) -> Failure {
    Failure::io(format!("recording {}", path.display()), error)
}

/// An open recording.
#[derive(Debug)]
pub(super) enum Input {
    File(File),
    Unpacked { pool: Arc<Mutex<File>>, at: u64, to: u64 },
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Unpacked { pool, at, to } => {
                let most = usize::try_from(to.saturating_sub(*at)).unwrap_or(usize::MAX);
                let most = most.min(into.len());
                // Nothing is left half-done by whoever panicked: each reader seeks for itself.
                let mut file = pool.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(*at))?;
                let read = file.read(&mut into[..most])?;
                *at += read as u64;
                Ok(read)
            }
        }
    }
}
