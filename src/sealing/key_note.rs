//! Which keys an owner has and where each is kept: what `key.json` in the data folder says.

use serde::{Deserialize, Serialize};

use super::key_id::KeyId;

/// Where a key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyPlace {
    /// The desktop's key store.
    KeyStore,
    /// A file.
    File,
}

/// A key that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptKey {
    pub(crate) key: String,
    pub(crate) place: KeyPlace,
}

impl KeptKey {
    pub(crate) fn id(&self) -> Option<KeyId> {
        KeyId::parse(&self.key)
    }
}

/// The key in force and those that it replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyNote {
    pub(crate) now: KeptKey,
    /// Keys that were replaced, until no file needs them any more.
    #[serde(default)]
    pub(crate) former: Vec<KeptKey>,
}

impl KeyNote {
    /// From its JSON.
    ///
    /// # Errors
    /// When it is not as this version writes it.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }
}
