//! A key, overwritten in memory when it goes.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::fault::KeyFault;
use super::key_id::{ID_LENGTH, KeyId};
use hex::FromHex;

/// A key, overwritten in memory when it goes.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<[u8; Key::LENGTH]>,
    id: KeyId,
}

impl Key {
    /// Its bytes.
    pub const LENGTH: usize = 32;

    /// A new one, from the system's random numbers.
    ///
    /// # Errors
    /// When the system has none.
    pub fn random() -> Result<Self, KeyFault> {
        let mut bytes = Zeroizing::new([0; Self::LENGTH]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|e| KeyFault::Random(e.to_string()))?;
        Ok(Self::of(bytes))
    }

    /// The key with this name from what was kept of it.
    ///
    /// # Errors
    /// [`KeyFault::Wrong`] when it is another one, or none.
    pub fn kept(id: KeyId, bytes: &[u8]) -> Result<Self, KeyFault> {
        let mut own = Zeroizing::new([0; Self::LENGTH]);
        if bytes.len() != Self::LENGTH {
            return Err(KeyFault::Wrong);
        }
        own.copy_from_slice(bytes);
        let key = Self::of(own);
        if key.id == id { Ok(key) } else { Err(KeyFault::Wrong) }
    }

    /// The key with this name from its hexadecimal digits, as they lie in a file or in a key store.
    ///
    /// # Errors
    /// As [`Self::kept`].
    pub fn from_digits(id: KeyId, digits: &str) -> Result<Self, KeyFault> {
        let secret: [u8; Self::LENGTH] =
            FromHex::from_hex(digits.trim()).map_err(|_| KeyFault::Wrong)?;
        Self::kept(id, Zeroizing::new(secret).as_slice())
    }

    fn of(bytes: Zeroizing<[u8; Key::LENGTH]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"mousewarden key ");
        hash.update(bytes.as_slice());
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(&hash.finalize()[..ID_LENGTH]);
        Self { bytes, id: KeyId(id) }
    }

    /// Its name.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The secret itself: for the cipher, and for whoever keeps it.
    pub fn secret(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// Its hexadecimal digits, overwritten in memory when they go.
    pub fn digits(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.secret()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_name_and_says_nothing_of_itself() {
        let key = Key::random().unwrap();
        let id = KeyId::parse(&key.id().to_string()).unwrap();
        assert_eq!(Key::kept(id, key.secret()).unwrap().id(), key.id());
        let other = Key::random().unwrap();
        assert!(matches!(Key::kept(id, other.secret()), Err(KeyFault::Wrong)));
        assert!(matches!(Key::kept(id, &key.secret()[1..]), Err(KeyFault::Wrong)));
        let said = format!("{key:?}");
        let digits = key.digits();
        assert_eq!(Key::from_digits(id, &format!("{}\n", *digits)).unwrap().id(), key.id());
        assert!(matches!(Key::from_digits(id, &digits[1..]), Err(KeyFault::Wrong)));
        assert!(
            !said.contains(digits.as_str()) && !said.contains(&format!("{:?}", key.secret())),
            "{said}"
        );
        for bad in ["", "00", &"g".repeat(32), &"ä".repeat(16)] {
            assert!(KeyId::parse(bad).is_none(), "{bad}");
        }
    }
}
