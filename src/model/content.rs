//! Every kind of model as a file for its owner alone. It appears whole: it is written beside its
//! place, flushed and renamed.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use super::fault::ModelFault;
use crate::error::{Failure, Result};
use crate::files;
use crate::sealing::{self, Kind};

/// No model comes near this; what is larger is something else.
const MAX_BYTES: u64 = 256 << 20;

/// One kind of model.
pub(super) trait Content: Sized {
    /// What a message calls one that has no name.
    const CALLED: &'static str;
    /// What to do where there is none.
    const MAKE: &'static str;

    /// Reads and checks the bytes of a file.
    fn parse(bytes: &[u8]) -> Result<Self, ModelFault>;

    /// Checks it and gives the bytes of a file; the same model always gives the same bytes.
    fn encode(&self) -> Result<Vec<u8>, ModelFault>;
}

/// Reads and checks a file.
///
/// # Errors
/// When there is no such file, or it is not of this kind; says which.
pub(super) fn read<T: Content>(path: &Path) -> Result<T> {
    named(path, &bytes_of::<T>(path)?)
}

/// From the content of a named file.
///
/// # Errors
/// When it is not of this kind.
pub(super) fn named<T: Content>(path: &Path, bytes: &[u8]) -> Result<T> {
    T::parse(bytes).map_err(|fault| fault.of(&name_of(path)))
}

/// Reads and checks the content of a file.
///
/// # Errors
/// When it is not of this kind.
pub(super) fn from_bytes<T: Content>(bytes: &[u8]) -> Result<T> {
    T::parse(bytes).map_err(|fault| fault.of(T::CALLED))
}

/// The content of a file.
///
/// # Errors
/// When the model is not valid.
pub(super) fn to_bytes<T: Content>(model: &T) -> Result<Vec<u8>> {
    model.encode().map_err(|fault| fault.of(T::CALLED))
}

/// Writes a file atomically, readable by its owner only.
///
/// # Errors
/// When the model is not valid, or the disk refuses.
pub(super) fn write<T: Content>(model: &T, path: &Path) -> Result<()> {
    let bytes = to_bytes(model)?;
    persist(path, &bytes).map_err(|error| Failure::io(format!("writing {}", name_of(path)), error))
}

/// The same, sealed where this process has a key: for the owner's folder.
///
/// # Errors
/// As [`write()`]; when the key is not to be had.
pub(super) fn write_sealed<T: Content>(model: &T, path: &Path) -> Result<()> {
    let bytes = to_bytes(model)?;
    let written = sealing::sealed(Kind::Model, &bytes).and_then(|bytes| persist(path, &bytes));
    written.map_err(|error| Failure::io(format!("writing {}", name_of(path)), error))
}

/// Bytes of a model file, opened where it is sealed.
///
/// # Errors
/// When it is missing, no file, far too large, or does not open.
pub(super) fn bytes_of<T: Content>(path: &Path) -> Result<Vec<u8>> {
    let name = name_of(path);
    let open = |error| Failure::io(&name, error).remedy(T::MAKE);
    let file = files::open(path).map_err(|error| match error.kind() {
        // Each remedy of its own: a folder where a file ought to be was mistyped, a missing file
        // was never made.
        std::io::ErrorKind::InvalidInput => ModelFault::NotAFile.of(&name),
        _ => open(error),
    })?;
    let metadata = file.metadata().map_err(|error| Failure::io(&name, error))?;
    if metadata.len() > MAX_BYTES {
        return Err(ModelFault::TooLarge(metadata.len()).of(&name));
    }
    // The file may grow meanwhile; the limit below holds all the same.
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| Failure::io(&name, error))?;
    sealing::opened(&name, Kind::Model, bytes)
}

fn persist(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Beside its place, because a rename does not cross file systems; hidden, so that nobody takes
    // half of it for a model.
    let mut file = tempfile::Builder::new().prefix(".model-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    // Before the rename: a crash between the two would leave an empty file under the right name.
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself lives in the folder; where folders cannot be opened it needs no flush.
    File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
}

fn name_of(path: &Path) -> String {
    format!("model {}", path.display())
}
