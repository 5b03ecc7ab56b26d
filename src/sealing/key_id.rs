//! The name of a key: a hash of it, by which another key in its place is noticed.

use std::fmt;

use hex::FromHex;

/// Bytes of a name.
pub(super) const ID_LENGTH: usize = 16;

/// The name of a key; tells nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(super) [u8; ID_LENGTH]);

impl KeyId {
    /// From its 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        FromHex::from_hex(text).ok().map(Self)
    }

    /// Enough of it for a message.
    pub(crate) fn short(self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
