//! The owner's movement since the enrolment as marks, in a file beside the model: what a copy of it
//! is known by. It is written anew at an unlock; a file that cannot be used is as good as none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::data::private;
use crate::files;
use crate::pipeline::KnownMovement;
use crate::sealing::{self, Kind};

/// No file of marks comes near this.
const MAX_BYTES: u64 = 4 << 20;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterMovement(PathBuf);

impl LaterMovement {
    /// At this place, whether it is there or not.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What is known; nothing where the file is missing or damaged.
    pub fn load(&self) -> KnownMovement {
        self.read().unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!("{}: {error}; marks are collected anew", self.0.display());
            }
            KnownMovement::default()
        })
    }

    fn read(&self) -> io::Result<KnownMovement> {
        // Asked before it is read: a file of gigabytes put in its place must not be read into
        // memory.
        if fs::metadata(&self.0)?.len() > MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let bytes = files::read(&self.0)?;
        let text = sealing::opened("the marks of later movement", Kind::Movement, bytes);
        let text = text.map_err(|failure| io::Error::other(failure.first_line()))?;
        serde_json::from_slice(&text).map_err(io::Error::from)
    }

    /// Keeps this in place of what was there.
    pub(super) fn keep(&self, movement: &KnownMovement) {
        let text = serde_json::to_vec(movement).map_err(io::Error::other);
        let bytes = text.and_then(|text| sealing::sealed(Kind::Movement, &text));
        if let Err(error) = bytes.and_then(|bytes| private::replace(&self.0, &bytes)) {
            tracing::warn!("{}: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_back_and_a_damaged_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = LaterMovement::at(&folder.path().join("movement.json"));
        assert!(file.load().is_empty());
        let text = r#"{"key":[1,2],"marks":"000000000a"}"#;
        let movement: KnownMovement = serde_json::from_str(text).unwrap();
        file.keep(&movement);
        assert_eq!(file.load(), movement);
        for damaged in [&text[..20], &text.replace("0a", "a")] {
            fs::write(&file.0, damaged).unwrap();
            assert!(file.load().is_empty());
        }
        fs::File::create(&file.0).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert!(file.load().is_empty());
    }
}
