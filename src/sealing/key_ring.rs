//! The keys of this process: asked of their source when a sealed file is met, and remembered.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use super::fault::{KeyFault, SealFault};
use super::format::{SealHeader, is_sealed, open, seal};
use super::key::Key;
use super::key_id::KeyId;
use super::kind::Kind;
use super::stream::TextInput;
use crate::error::{Failure, Result};
use crate::files;

/// Where keys are kept.
pub trait KeySource: Send + Sync {
    /// The key that files are sealed with now; none where they stay in the clear.
    fn current(&self) -> Option<KeyId>;

    /// A key by its name; has a deadline.
    ///
    /// # Errors
    /// Why it is not to be had.
    fn find(&self, id: KeyId) -> Result<Key, KeyFault>;
}

static SOURCE: OnceLock<Box<dyn KeySource>> = OnceLock::new();
static KNOWN: OnceLock<Mutex<HashMap<KeyId, Key>>> = OnceLock::new();

/// Names the source of this process's keys, once. Without one nothing is sealed, and nothing sealed
/// opens.
pub fn serve_keys(source: Box<dyn KeySource>) {
    let _ = SOURCE.set(source);
}

fn known() -> MutexGuard<'static, HashMap<KeyId, Key>> {
    KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// The key with this name.
///
/// # Errors
/// Why it is not to be had.
pub(crate) fn key_of(id: KeyId) -> Result<Key, KeyFault> {
    if let Some(key) = known().get(&id) {
        return Ok(key.clone());
    }
    let source = SOURCE.get().ok_or_else(|| KeyFault::Missing("this process".into()))?;
    let key = source.find(id)?;
    // No refusal is remembered here: a locked store may be open a moment later.
    known().insert(id, key.clone());
    Ok(key)
}

/// Lets go of every key: they are asked for again.
pub(crate) fn forget_keys() {
    known().clear();
}

/// The key that files are sealed with now; none where they stay in the clear.
///
/// # Errors
/// When there is one that is not to be had.
pub(crate) fn for_writing() -> io::Result<Option<Key>> {
    let current = SOURCE.get().and_then(|source| source.current());
    let key = current.map(|id| key_of(id).map_err(|fault| SealFault::Key(id, fault)));
    key.transpose().map_err(|fault| io::Error::other(fault.to_string()))
}

/// What a file of the owner's folder is to hold: sealed, where there is a key.
///
/// # Errors
/// When the key is not to be had.
pub(crate) fn sealed(kind: Kind, text: &[u8]) -> io::Result<Vec<u8>> {
    match for_writing()? {
        None => Ok(text.to_vec()),
        Some(key) => seal(&key, kind, text).map_err(|fault| io::Error::other(fault.to_string())),
    }
}

/// The content of a named file, opened where it is sealed.
///
/// # Errors
/// When it does not open.
pub(crate) fn opened(name: &str, kind: Kind, bytes: Vec<u8>) -> Result<Vec<u8>> {
    if !is_sealed(&bytes) {
        return Ok(bytes);
    }
    let text = SealHeader::of(&bytes, kind).and_then(|header| {
        let key = key_of(header.key).map_err(|fault| SealFault::Key(header.key, fault))?;
        open(&key, kind, &bytes)
    });
    text.map_err(|fault| fault.of(name))
}

/// The text of a named file, opened where it is sealed.
///
/// # Errors
/// When it cannot be read or does not open.
pub(crate) fn open_text(name: &str, kind: Kind, file: File) -> Result<TextInput> {
    TextInput::of(file, kind, key_of)
        .map_err(|error| Failure::io(name, error))?
        .map_err(|fault| fault.of(name))
}

/// The whole content of a file, opened where it is sealed, whatever it is sealed as.
///
/// # Errors
/// When it cannot be read or does not open.
pub(crate) fn content(path: &Path) -> Result<Vec<u8>> {
    let name = path.display().to_string();
    let bytes = files::read(path).map_err(|error| Failure::io(&name, error))?;
    match SealHeader::kind(&bytes) {
        None => Ok(bytes),
        Some(Kind::Recording) => {
            let file = files::open(path).map_err(|error| Failure::io(&name, error))?;
            let mut text = Vec::new();
            let mut input = open_text(&name, Kind::Recording, file)?;
            input.read_to_end(&mut text).map_err(|error| Failure::io(&name, error))?;
            Ok(text)
        }
        Some(kind) => opened(&name, kind, bytes),
    }
}

/// The SHA-256 of a file's content, hexadecimal; of what it holds where it is sealed, so that
/// sealing is no change.
///
/// # Errors
/// As [`content`].
pub(crate) fn sha256_of_content(path: &Path) -> Result<String> {
    Ok(hex::encode(Sha256::digest(content(path)?)))
}
