//! Files of the owner's folder that were written in the clear, or with a key that has been replaced,
//! sealed anew.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Store, private};
use crate::error::{Failure, Result};
use crate::files;
use crate::sealing::{self, Key, KeyId, Kind, SealHeader};

/// More than a header, bytes.
const HEAD: u64 = 64;

/// The recordings of a folder.
///
/// # Errors
/// When it cannot be read; there is none where it is missing.
pub(crate) fn recordings(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths: Vec<PathBuf> = paths.collect::<io::Result<_>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "csv")).collect())
}

/// The small files of an owner's folder, each with what it is sealed as.
pub(crate) fn small_files(store: &Store) -> [(PathBuf, Kind); 3] {
    [
        (store.model(), Kind::Model),
        (store.adaptation(), Kind::Adaptation),
        (store.later_movement(), Kind::Movement),
    ]
}

/// The key that a file is sealed with; none where it is in the clear, empty or missing.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn key_of(path: &Path) -> io::Result<Option<KeyId>> {
    head(path).map(|head| key_in(&head))
}

fn key_in(head: &[u8]) -> Option<KeyId> {
    let kind = SealHeader::kind(head)?;
    SealHeader::of(head, kind).ok().map(|header| header.key)
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match files::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        file => drop(file?.take(HEAD).read_to_end(&mut head)?),
    }
    Ok(head)
}

/// Seals a file with this key, unless it is; whether something was done. When it was written is kept.
///
/// # Errors
/// When it does not open, or cannot be read or written; it is as it was then.
pub(crate) fn reseal(path: &Path, kind: Kind, key: &Key) -> Result<bool> {
    let head = head(path).map_err(Failure::at(path.display()))?;
    if head.is_empty() || key_in(&head) == Some(key.id()) {
        return Ok(false);
    }
    let name = path.display().to_string();
    let file = files::open(path).map_err(Failure::at(path.display()))?;
    let written =
        file.metadata().and_then(|data| data.modified()).map_err(Failure::at(path.display()))?;
    match kind {
        Kind::Recording => {
            let text = sealing::open_text(&name, kind, file)?;
            replace(path, written, |into| sealing::seal_text(text, into, key, kind))
                .map_err(Failure::at(path.display()))?;
        }
        _ => {
            let bytes = files::read(path).map_err(Failure::at(path.display()))?;
            let text = sealing::opened(&name, kind, bytes)?;
            let sealed = sealing::seal(key, kind, &text).map_err(|fault| fault.of(&name))?;
            private::replace(path, &sealed).map_err(Failure::at(path.display()))?;
        }
    }
    Ok(true)
}

fn replace(
    path: &Path,
    written: std::time::SystemTime,
    fill: impl FnOnce(File) -> io::Result<File>,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = tempfile::NamedTempFile::new_in(folder)?;
    let file = fill(beside.as_file().try_clone()?)?;
    // Recordings are removed so many days after they were written, not after they were sealed.
    file.set_modified(written)?;
    file.sync_all()?;
    beside.persist(path).map(drop).map_err(|error| error.error)
}
