//! What can be wrong with the history's file, told apart by what mends it.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::{Failure, FailureKind};

/// Why the history cannot be read or written now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another program writes, or has begun to.
    Held,
    /// The disk is full, or fails, or may not be written.
    Disk(String),
    /// The file belongs to somebody else, or is none.
    Refused(String),
    /// The file holds something else.
    Damaged(String),
    /// The file is of another version.
    Version(i64),
}

impl Trouble {
    /// From an error of the operating system.
    pub(super) fn of_file(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidInput => Self::Refused(error.to_string()),
            _ => Self::Disk(error.to_string()),
        }
    }

    /// Under which word a file with this trouble is put aside; none where waiting mends it.
    pub(super) const fn aside(&self) -> Option<&'static str> {
        match self {
            Self::Held | Self::Disk(_) => None,
            Self::Refused(_) => Some("unreadable"),
            Self::Damaged(_) => Some("damaged"),
            Self::Version(_) => Some("other_version"),
        }
    }

    /// What is wrong, in a few words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Held => "another program has it open for writing".into(),
            Self::Disk(why) | Self::Refused(why) | Self::Damaged(why) => why.clone(),
            Self::Version(version) => format!("it is of version {version}"),
        }
    }

    /// As a failure of the history at `path`, for the agent that writes it or for a reader.
    pub(super) fn of(self, path: &Path) -> Failure {
        let what = format!("history {}: {}", path.display(), self.words());
        match self {
            Self::Held => Failure::new(FailureKind::Busy, what).remedy(
                "Close that program (a database browser, a backup): what happens meanwhile is kept \
                 and written then.",
            ),
            Self::Disk(_) => Failure::new(FailureKind::Io, what).remedy(
                "Free some space on that disk, or make it writable: what happens meanwhile is kept \
                 and written then.",
            ),
            Self::Refused(_) => Failure::new(FailureKind::Denied, what).remedy(
                "Move it away, or make the file yours: the next `mousewarden run` puts it aside.",
            ),
            Self::Damaged(_) => Failure::new(FailureKind::Data, what).remedy(
                "The running agent puts it aside and begins a new one; `mousewarden purge history` \
                 removes it.",
            ),
            Self::Version(_) => Failure::new(FailureKind::Data, what).remedy(
                "Another version of mousewarden wrote it: use that one, or start this one, which \
                 puts it aside.",
            ),
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Held,
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::NoLargeFileSupport,
            ) => Self::Disk(why),
            _ => Self::Damaged(why),
        }
    }
}
