//! The bytes of a sealed file: its header and its chunks.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::fault::{KeyFault, SealFault};
use super::key::Key;
use super::key_id::{ID_LENGTH, KeyId};
use super::kind::Kind;

/// No text and no model begins so.
const MAGIC: &[u8; 8] = b"\x89mwseal\n";
/// Version of the format that is written and read.
const VERSION: u8 = 1;
const FILE_LENGTH: usize = 16;
/// Bytes of a header.
pub(super) const HEADER: usize = MAGIC.len() + 2 + ID_LENGTH + FILE_LENGTH;
const NONCE: usize = 24;
const TAG: usize = 16;
/// Bytes of a chunk before its ciphertext.
pub(super) const CHUNK_HEAD: usize = 4 + NONCE;
/// Marks the last chunk in its length.
const LAST: u32 = 1 << 31;

/// What is written before the chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealHeader {
    pub(super) bytes: [u8; HEADER],
    /// The key that it was sealed with.
    pub key: KeyId,
}

/// Whether these bytes begin a sealed file.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

impl SealHeader {
    /// The header at the beginning of these bytes.
    ///
    /// # Errors
    /// When it ends too early, is of another version, or of another kind than `wanted`.
    pub fn of(bytes: &[u8], wanted: Kind) -> Result<Self, SealFault> {
        let mut header = [0; HEADER];
        header.copy_from_slice(bytes.get(..HEADER).ok_or(SealFault::Truncated)?);
        let version = header[MAGIC.len()];
        if version != VERSION {
            return Err(SealFault::Version(version));
        }
        let number = header[MAGIC.len() + 1];
        let kind = Kind::ALL.into_iter().find(|kind| kind.number() == number);
        match kind {
            Some(kind) if kind == wanted => {}
            Some(kind) => return Err(SealFault::OtherKind(kind, wanted)),
            None => return Err(SealFault::Changed),
        }
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(&header[MAGIC.len() + 2..][..ID_LENGTH]);
        Ok(Self { bytes: header, key: KeyId(id) })
    }

    /// The kind that a header names, whichever it is.
    pub(crate) fn kind(bytes: &[u8]) -> Option<Kind> {
        let number = bytes.get(MAGIC.len() + 1)?;
        Kind::ALL.into_iter().find(|kind| is_sealed(bytes) && kind.number() == *number)
    }

    /// A new header.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new(key: &Key, kind: Kind) -> Result<Self, KeyFault> {
        let mut header = [0; HEADER];
        let (magic, rest) = header.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        rest[0] = VERSION;
        rest[1] = kind.number();
        rest[2..][..ID_LENGTH].copy_from_slice(&key.id().0);
        random(&mut rest[2 + ID_LENGTH..])?;
        Ok(Self { bytes: header, key: key.id() })
    }

    fn authenticated(&self, number: u64, last: bool) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        bytes.extend(number.to_le_bytes());
        bytes.push(u8::from(last));
        bytes
    }

    /// A chunk with its length and nonce.
    ///
    /// # Errors
    /// When the system has no random numbers, or the text is longer than a chunk may be.
    pub(super) fn chunk(
        &self,
        key: &Key,
        number: u64,
        last: bool,
        text: &[u8],
    ) -> Result<Vec<u8>, KeyFault> {
        // Random, because a chunk that a full disk refused is sealed again with more text: a counter would
        // then repeat a nonce. 24 bytes leave no chance of a collision.
        let mut nonce = [0; NONCE];
        random(&mut nonce)?;
        let aad = self.authenticated(number, last);
        let sealed = cipher(key)
            .and_then(|cipher| {
                cipher.encrypt(&XNonce::from(nonce), Payload { msg: text, aad: &aad }).ok()
            })
            .ok_or_else(|| KeyFault::Random("the cipher refused".into()))?;
        let length = u32::try_from(sealed.len()).ok().filter(|length| length & LAST == 0);
        let length = length.ok_or_else(|| KeyFault::Random("too long for a chunk".into()))?;
        let mut bytes = Vec::with_capacity(CHUNK_HEAD + sealed.len());
        bytes.extend((length | if last { LAST } else { 0 }).to_le_bytes());
        bytes.extend(nonce);
        bytes.extend(sealed);
        Ok(bytes)
    }

    /// The text of a chunk.
    ///
    /// # Errors
    /// [`SealFault::Changed`] when it is not as it was sealed by this key.
    pub(super) fn text(
        &self,
        key: &Key,
        number: u64,
        head: &ChunkHead,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealFault> {
        let aad = self.authenticated(number, head.last);
        cipher(key)
            .and_then(|cipher| {
                cipher.decrypt(&XNonce::from(head.nonce), Payload { msg: sealed, aad: &aad }).ok()
            })
            .ok_or(SealFault::Changed)
    }
}

/// What stands before the ciphertext of a chunk.
pub(super) struct ChunkHead {
    /// Bytes of the ciphertext with its tag.
    pub length: usize,
    pub last: bool,
    nonce: [u8; NONCE],
}

impl ChunkHead {
    /// Reads it; none where the bytes are too few, or too few for a tag are announced.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length);
        let nonce = *rest.first_chunk::<NONCE>()?;
        let last = length & LAST != 0;
        let length = usize::try_from(length & !LAST).ok()?;
        (length >= TAG).then_some(Self { length, last, nonce })
    }
}

/// A whole file of one chunk.
///
/// # Errors
/// When the system has no random numbers.
pub fn seal(key: &Key, kind: Kind, text: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let header = SealHeader::new(key, kind)?;
    let mut bytes = header.bytes.to_vec();
    bytes.extend(header.chunk(key, 0, true, text)?);
    Ok(bytes)
}

/// The text of a whole file.
///
/// # Errors
/// When it is of another kind or version, truncated, changed, or sealed by another key.
pub fn open(key: &Key, kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, SealFault> {
    let header = SealHeader::of(bytes, kind)?;
    // Exactly one chunk, to the last byte.
    let chunk = &bytes[HEADER..];
    let head = ChunkHead::of(chunk).ok_or(SealFault::Truncated)?;
    let sealed = &chunk[CHUNK_HEAD..];
    match sealed.len().cmp(&head.length) {
        std::cmp::Ordering::Less => Err(SealFault::Truncated),
        std::cmp::Ordering::Greater => Err(SealFault::Changed),
        std::cmp::Ordering::Equal if !head.last => Err(SealFault::Changed),
        std::cmp::Ordering::Equal => header.text(key, 0, &head, sealed),
    }
}

fn cipher(key: &Key) -> Option<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key.secret()).ok()
}

fn random(bytes: &mut [u8]) -> Result<(), KeyFault> {
    getrandom::fill(bytes).map_err(|error| KeyFault::Random(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_comes_back_and_never_looks_the_same_twice() {
        let key = Key::random().unwrap();
        for text in [&b""[..], b"x", &[7; 100_000]] {
            let sealed = seal(&key, Kind::Model, text).unwrap();
            assert!(is_sealed(&sealed) && !is_sealed(text));
            assert_eq!(open(&key, Kind::Model, &sealed).unwrap(), text);
            assert_ne!(sealed, seal(&key, Kind::Model, text).unwrap());
            assert_eq!(SealHeader::kind(&sealed), Some(Kind::Model));
        }
    }

    #[test]
    fn every_byte_counts_and_so_does_every_end() {
        let key = Key::random().unwrap();
        let sealed = seal(&key, Kind::Adaptation, b"how it has adapted").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            // A changed beginning is no sealed file any more: whoever reads it finds rubbish.
            assert!(
                open(&key, Kind::Adaptation, &changed).is_err() || at < MAGIC.len(),
                "byte {at}"
            );
            assert!(open(&key, Kind::Adaptation, &sealed[..at]).is_err(), "{at} bytes");
        }
        let longer = [sealed.as_slice(), b"x"].concat();
        assert_eq!(open(&key, Kind::Adaptation, &longer), Err(SealFault::Changed));
    }

    #[test]
    fn no_file_stands_for_one_of_another_kind_and_no_key_for_another() {
        let key = Key::random().unwrap();
        let other = Key::random().unwrap();
        for kind in Kind::ALL {
            let sealed = seal(&key, kind, b"text").unwrap();
            for wanted in Kind::ALL {
                let mut renamed = sealed.clone();
                renamed[MAGIC.len() + 1] = wanted.number();
                let opened = open(&key, wanted, &sealed).is_ok();
                let passed = open(&key, wanted, &renamed).is_ok();
                assert_eq!((opened, passed), (kind == wanted, kind == wanted));
            }
            assert_eq!(open(&other, kind, &sealed), Err(SealFault::Changed));
        }
    }

    #[test]
    fn every_fault_says_what_to_do() {
        let id = Key::random().unwrap().id();
        let unavailable = KeyFault::Unavailable("it is locked".into(), "Unlock it.".into());
        for fault in [
            SealFault::Key(id, KeyFault::Missing("the key store".into())),
            SealFault::Key(id, KeyFault::Wrong),
            SealFault::Key(id, unavailable),
            SealFault::OtherKind(Kind::Model, Kind::Recording),
            SealFault::Version(9),
            SealFault::Truncated,
            SealFault::Changed,
        ] {
            let said = fault.of("model /x.onnx").to_string();
            let (what, remedy) = said.split_once('\n').unwrap();
            assert!(what.starts_with("model /x.onnx: ") && !remedy.trim().is_empty(), "{said}");
        }
    }
}
