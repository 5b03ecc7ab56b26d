//! The owner's folder: recordings, model and journal, closed to everybody else. It knows names and
//! places; what the files hold is their own modules' business.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Failure, FailureKind, Result};

use super::private;
use super::recording::{Header, RecordingReader, RecordingWriter};

/// One owner's folder.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// One recording of the owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnerRecording {
    /// The file.
    pub path: PathBuf,
    /// What it says of itself.
    pub header: Header,
}

impl Store {
    /// Opens the folder, making it (mode 0700) where it is missing.
    ///
    /// # Errors
    /// When it cannot be made or closed to others.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let store = Self { root: root.into() };
        for folder in [store.root.clone(), store.recordings()] {
            private::folder(&folder)
                .map_err(|e| Failure::io(format!("folder {}", folder.display()), e))?;
        }
        Ok(store)
    }

    /// The folder as it is, or would be: nothing is made.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the recordings lie.
    pub fn recordings(&self) -> PathBuf {
        self.root.join("recordings")
    }

    /// What the running agent sees, apart from the enrolment's recordings: it may be an impostor's
    /// hand.
    pub(crate) fn watched(&self) -> Self {
        Self { root: self.root.join("watched") }
    }

    /// The owner's model.
    pub fn model(&self) -> PathBuf {
        self.root.join("owner.onnx")
    }

    /// How the model has adapted since the enrolment.
    pub fn adaptation(&self) -> PathBuf {
        self.root.join("adaptation.json")
    }

    /// The owner's movement since the enrolment, in marks.
    pub fn later_movement(&self) -> PathBuf {
        self.root.join("movement.json")
    }

    /// The same as versions before contract 2 wrote it; nothing reads it any more.
    pub(crate) fn old_adaptation(&self) -> PathBuf {
        self.root.join("learnt.json")
    }

    /// The devices that the owner has used since the enrolment.
    pub fn devices(&self) -> PathBuf {
        self.root.join("devices.json")
    }

    /// The journal that earlier versions wrote.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.jsonl")
    }

    /// The history of decisions.
    pub fn history(&self) -> PathBuf {
        self.root.join("history.db")
    }

    /// The page that is made of the history.
    pub fn report(&self) -> PathBuf {
        self.root.join("report.html")
    }

    /// Begins a recording under a name that is not taken.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&self, header: &Header) -> Result<(PathBuf, RecordingWriter)> {
        for number in 0..1000 {
            let path = self.recordings().join(file_name(header.started_unix_s, number));
            if !path.exists() {
                let writer = RecordingWriter::create(&path, header)?;
                return Ok((path, writer));
            }
        }
        let what = format!("folder {}: no free name", self.recordings().display());
        Err(Failure::new(FailureKind::Io, what).remedy("Check the clock of this machine."))
    }

    /// The recordings in order of time.
    ///
    /// # Errors
    /// When the folder or one of the files cannot be read.
    pub(crate) fn sessions(&self) -> Result<Vec<OwnerRecording>> {
        let folder = self.recordings();
        let mut sessions = Vec::new();
        for entry in fs::read_dir(&folder)
            .map_err(Failure::at(format_args!("folder {}", folder.display())))?
        {
            let path =
                entry.map_err(Failure::at(format_args!("folder {}", folder.display())))?.path();
            // A file without a byte was begun on a full disk; it holds nothing to lose.
            let begun = fs::metadata(&path)
                .map_err(Failure::at(format_args!("folder {}", folder.display())))?
                .len()
                > 0;
            if begun && path.extension().is_some_and(|extension| extension == "csv") {
                let header = RecordingReader::open(&path)?.header().clone();
                sessions.push(OwnerRecording { path, header });
            }
        }
        sessions.sort_by(|a, b| {
            (a.header.started_unix_s, &a.path).cmp(&(b.header.started_unix_s, &b.path))
        });
        Ok(sessions)
    }
}

fn file_name(started_unix_s: i64, number: u32) -> String {
    match number {
        0 => format!("recording-{started_unix_s}.csv"),
        _ => format!("recording-{started_unix_s}-{number:03}.csv"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(started_unix_s: i64) -> Header {
        Header { capture: "test".into(), started_unix_s }
    }

    #[test]
    fn sessions_come_in_order_of_time_and_never_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("a/b")).unwrap();
        for started in [1000, 999, 1000] {
            store.record(&header(started)).unwrap();
        }
        let started: Vec<_> =
            store.sessions().unwrap().iter().map(|s| s.header.started_unix_s).collect();
        assert_eq!(started, [999, 1000, 1000]);
    }

    #[test]
    fn an_empty_store_has_no_sessions() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Store::open(folder.path()).unwrap().sessions().unwrap(), []);
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_closed_to_others_even_if_it_was_open() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("store");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let store = Store::open(&root).unwrap();
        for folder in [store.root().to_path_buf(), store.recordings()] {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
