//! The name of a key: a hash of it, by which another key in its place is noticed.

use std::fmt;

/// Bytes of a name.
pub(super) const ID_LENGTH: usize = 16;

/// The name of a key; tells nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(super) [u8; ID_LENGTH]);

impl KeyId {
    /// From its 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * ID_LENGTH || !text.is_ascii() {
            return None;
        }
        let mut id = [0; ID_LENGTH];
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(id))
    }

    /// Enough of it for a message.
    pub(crate) fn short(self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
