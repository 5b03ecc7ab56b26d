//! The desktop's key store: small secrets by name, for as long as their owner is logged in.
//!
//! # Invariants
//! Nothing here asks the person for anything, and no call waits longer than its deadline.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{find, keep, remove};

/// Why the key store is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "no store is known there"))]
pub(crate) enum StoreFault {
    /// There is none here.
    None(String),
    /// It is locked.
    Locked,
    /// It does not answer, or not as it should.
    Failed(String),
}

impl std::fmt::Display for StoreFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None(why) => write!(f, "there is no key store here: {why}"),
            Self::Locked => f.write_str("the key store is locked"),
            Self::Failed(why) => write!(f, "the key store does not answer: {why}"),
        }
    }
}

impl StoreFault {
    /// What makes it of use.
    pub(crate) const fn remedy(&self) -> &'static str {
        match self {
            Self::None(_) => "Start the key store that you had (GNOME Keyring, KWallet, KeePassXC)",
            Self::Locked => "Unlock it, as by logging in with your password",
            Self::Failed(_) => "Log out and in again",
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::StoreFault;

    fn none<T>() -> Result<T, StoreFault> {
        Err(StoreFault::None("this build knows none of this system".into()))
    }

    /// Nothing is found.
    pub(crate) fn find(_id: &str) -> Result<Option<String>, StoreFault> {
        none()
    }

    /// Nothing is kept.
    pub(crate) fn keep(_id: &str, _secret: &str) -> Result<(), StoreFault> {
        none()
    }

    /// Nothing is removed.
    pub(crate) fn remove(_id: &str) -> Result<(), StoreFault> {
        none()
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{find, keep, remove};
