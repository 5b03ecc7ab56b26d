//! The journal: one JSON line for everything that happened, readable by its owner only. It never
//! grows beyond twice its cap, and a disk that refuses a line stops nothing but that line.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::data::private;
use crate::error::{Failure, Result};

use super::entry::Stamped;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    bytes: u64,
    cap: u64,
}

impl Journal {
    /// Opens or makes a journal that is put aside once it holds `cap` bytes.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, cap: u64) -> Result<Self> {
        let opened = private::append_file(path).and_then(|file| {
            let bytes = file.metadata()?.len();
            Ok((file, bytes))
        });
        let (file, bytes) = opened.map_err(|e| failed(path, e))?;
        Ok(Self { path: path.to_owned(), file, bytes, cap })
    }

    /// Adds a line, in one write.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, entry: &Stamped) -> Result<()> {
        let line = serde_json::to_string(entry).map_err(|e| failed(&self.path, e.into()))? + "\n";
        if self.bytes > 0 && self.bytes + line.len() as u64 > self.cap {
            self.put_aside()?;
        }
        self.file.write_all(line.as_bytes()).map_err(|e| failed(&self.path, e))?;
        self.bytes += line.len() as u64;
        Ok(())
    }

    fn put_aside(&mut self) -> Result<()> {
        let older = self.path.with_extension("old.jsonl");
        fs::rename(&self.path, older).map_err(|e| failed(&self.path, e))?;
        *self = Self::open(&self.path, self.cap)?;
        Ok(())
    }
}

fn failed(path: &Path, error: std::io::Error) -> Failure {
    Failure::io(format!("journal {}", path.display()), error)
        .remedy("Free some space on that disk.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::entry::Entry;

    #[test]
    fn a_full_journal_is_put_aside_and_never_grows_beyond_its_cap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, 300).unwrap();
        for _ in 0..20 {
            journal.write(&Stamped::now(Entry::Resumed)).unwrap();
        }
        let older = fs::read_to_string(folder.path().join("journal.old.jsonl")).unwrap();
        let newer = fs::read_to_string(&path).unwrap();
        assert!(older.len() <= 300 && newer.len() <= 300);
        for line in older.lines().chain(newer.lines()) {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["event"], "resumed");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn others_cannot_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        Journal::open(&path, 300).unwrap();
        assert!(!private::is_open_to_others(&path).unwrap());
    }
}
