//! What can be wrong with a model file, each told apart, each with its remedy.

use super::bundle::CONTRACT;
use crate::error::{Failure, FailureKind};

/// Why a file is not a model that this build can honour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ModelFault {
    /// It is a folder, a device, ...
    #[error("is not a file")]
    NotAFile,
    /// Nothing is in it.
    #[error("is empty")]
    Empty,
    /// It is larger than any model of this program.
    #[error("has {0} bytes, more than any model of this program")]
    TooLarge(u64),
    /// The end is missing.
    #[error("is truncated after {0} bytes")]
    Truncated(usize),
    /// It is something else.
    #[error("is not an ONNX file ({0})")]
    NotOnnx(String),
    /// It is ONNX, but was not written for this program.
    #[error("is an ONNX file by {0}, not a model of mousewarden: it has no mousewarden.contract")]
    Foreign(String),
    /// It follows another version of the contract.
    #[error("follows contract {found}, this build reads contract {CONTRACT}")]
    Contract {
        /// The file's version.
        found: u64,
    },
    /// A metadata entry is missing.
    #[error("lacks the metadata entry {0}")]
    Missing(&'static str),
    /// A metadata entry cannot be read.
    #[error("has a metadata entry {key} that cannot be read: {reason}")]
    Unreadable {
        /// Its key.
        key: &'static str,
        /// What the reader said.
        reason: String,
    },
    /// The computation is another one.
    #[error("has another graph than its architecture: {0}")]
    Graph(String),
    /// It is no model that tells people apart.
    #[error("is no model of `mousewarden identify`: {0}")]
    Identifier(String),
    /// It is not as it was written.
    #[error("is not as it was written: its content has another SHA-256 than it says")]
    Changed,
    /// A number is out of bounds.
    #[error("cannot be used: {0}")]
    Value(String),
}

impl ModelFault {
    /// The fault as a failure of the file called `name`.
    pub(crate) fn of(self, name: &str) -> Failure {
        let remedy = self.remedy();
        // The cause is kept for whoever matches on it; the text is for people.
        Failure::new(FailureKind::Data, format!("{name} {self}")).remedy(remedy).caused_by(self)
    }

    fn remedy(&self) -> &'static str {
        match self {
            Self::NotAFile | Self::Empty | Self::TooLarge(_) | Self::NotOnnx(_) => {
                "Give the path of a model that `mousewarden --enroll` or `mousewarden train` wrote."
            }
            Self::Foreign(_) | Self::Graph(_) => {
                "Other networks cannot be used; train one with `mousewarden train`."
            }
            Self::Identifier(_) => {
                "Give the path of a model that `mousewarden identify train` wrote."
            }
            Self::Contract { found } if *found > u64::from(CONTRACT) => {
                "Update mousewarden, or train the model again with this version: `mousewarden train`."
            }
            Self::Contract { .. } => {
                "It is of an older mousewarden. Your own: `mousewarden --enroll` makes a new one, and \
                 your recordings are still there. Any other: `mousewarden train` or `mousewarden \
                 identify train`."
            }
            Self::Truncated(_)
            | Self::Missing(_)
            | Self::Unreadable { .. }
            | Self::Changed
            | Self::Value(_) => {
                "Restore the file from a copy, or train it again: `mousewarden train`."
            }
        }
    }
}
