//! What keeps a sealed file closed, or a key away; with what to do.

use std::fmt;

use super::key_id::KeyId;
use super::kind::Kind;
use crate::error::{Failure, FailureKind};

/// What lost keys and damaged files have in common.
const ENROL: &str = "`mousewarden --enroll` makes a new model with a new key; what does not open is put aside, not deleted.";

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFault {
    /// It is nowhere that keys are kept; the place where it ought to be.
    Missing(String),
    /// Where it is kept, it cannot be had now; why, and what to do about it.
    Unavailable(String, String),
    /// What lies in its place is another one.
    Wrong,
    /// The system has no random numbers for a new one.
    Random(String),
}

/// Why a file does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealFault {
    /// Its key is not to be had.
    Key(KeyId, KeyFault),
    /// It is one of another kind.
    OtherKind(Kind, Kind),
    /// It is of a version that this build does not know.
    Version(u8),
    /// It ends too early.
    Truncated,
    /// It is not as it was sealed, or not by this key.
    Changed,
}

impl KeyFault {
    /// Whether it may be had later.
    pub(crate) const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(..))
    }

    /// The failure of whatever needed a key with this name.
    pub(crate) fn of(&self, what: &str) -> Failure {
        let kind = match self {
            Self::Missing(_) | Self::Wrong => FailureKind::Data,
            Self::Unavailable(..) | Self::Random(_) => FailureKind::Unavailable,
        };
        let remedy = match self {
            Self::Missing(_) | Self::Wrong => ENROL.to_owned(),
            Self::Unavailable(_, remedy) => remedy.clone(),
            Self::Random(_) => "Start it again later.".into(),
        };
        Failure::new(kind, format!("{what}: {self}")).remedy(remedy)
    }
}

impl SealFault {
    /// The failure of a named file.
    pub(crate) fn of(&self, name: &str) -> Failure {
        match self {
            Self::Key(id, fault) => {
                fault.of(&format!("{name}: sealed with the key {}", id.short()))
            }
            Self::Version(_) => Failure::new(FailureKind::Data, format!("{name}: {self}"))
                .remedy("Use the version of mousewarden that wrote it."),
            _ => Failure::new(FailureKind::Data, format!("{name}: {self}"))
                .remedy(format!("Put back an unchanged copy; or else {ENROL}")),
        }
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(place) => write!(f, "it is not in {place}"),
            Self::Unavailable(why, _) => f.write_str(why),
            Self::Wrong => f.write_str("another one lies in its place"),
            Self::Random(why) => write!(f, "no random numbers for a key: {why}"),
        }
    }
}

impl fmt::Display for SealFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id, fault) => write!(f, "sealed with the key {}: {fault}", id.short()),
            Self::OtherKind(found, wanted) => write!(f, "sealed as {found}, not as {wanted}"),
            Self::Version(version) => write!(f, "sealed by version {version} of the format"),
            Self::Truncated => f.write_str("sealed, and truncated since"),
            Self::Changed => f.write_str("sealed, and changed or damaged since"),
        }
    }
}
