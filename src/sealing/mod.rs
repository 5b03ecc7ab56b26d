//! Sealed files: what is personal in the owner's folder, encrypted and authenticated with a key of
//! the owner's (XChaCha20-Poly1305). The one place that seals and opens; where keys are kept is the
//! caller's.
//!
//! ```text
//! header  magic 8, version 1, kind 1, key 16, file 16 bytes; file is random
//! chunk   length u32 with the highest bit set in the last one, nonce 24, ciphertext with its tag
//! ```
//!
//! Header, number and lastness of a chunk are authenticated with it: a file of another kind, or a chunk
//! in another's place, is refused. A recording grows chunk by chunk and is without a last one, because a
//! crash may tear its end; everything else is one chunk, the last.

mod fault;
mod format;
mod key;
mod key_id;
mod key_note;
mod key_ring;
mod kind;
mod stream;

pub use self::fault::{KeyFault, SealFault};
pub(crate) use self::format::SealHeader;
pub use self::format::{is_sealed, open, seal};
pub use self::key::Key;
pub use self::key_id::KeyId;
pub use self::key_note::KeyNote;
pub(crate) use self::key_note::{KeptKey, KeyPlace};
pub use self::key_ring::{KeySource, serve_keys};
pub(crate) use self::key_ring::{
    content, for_writing, forget_keys, key_of, open_text, opened, sealed, sha256_of_content,
};
pub use self::kind::Kind;
pub use self::stream::seal_text;
pub(crate) use self::stream::{SealedAppender, TextInput};
