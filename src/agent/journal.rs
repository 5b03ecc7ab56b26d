//! The log as a file of JSON lines for another program to collect, readable by its owner only and
//! at most twice its cap long. What a full disk refuses is kept for a while and written later.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::data::private;
use crate::error::{Failure, Result};

use super::event::StampedEvent;

/// So much is kept while the disk refuses, bytes.
// Some ten thousand entries: hours of a full disk.
const MOST_BEHIND: usize = 4 << 20;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    bytes: u64,
    cap: u64,
    /// Whole lines that are still to be written.
    behind: String,
}

impl Journal {
    /// Opens or makes a journal that is put aside once it holds `cap` bytes. A last line that a
    /// crash has torn is ended, so that the next one is whole.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, cap: u64) -> Result<Self> {
        let opened = private::append_file(path).and_then(|mut file| {
            let bytes = file.metadata()?.len();
            // The missing line break is the first thing that is written.
            let behind = if is_torn(&mut file, bytes)? { "\n".into() } else { String::new() };
            Ok((file, bytes, behind))
        });
        let (file, bytes, behind) = opened.map_err(|e| failed(path, e))?;
        Ok(Self { path: path.to_owned(), file, bytes, cap, behind })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When the disk refuses; the line is kept for later.
    pub fn write(&mut self, event: &StampedEvent) -> Result<()> {
        let line = serde_json::to_string(event).map_err(|e| failed(&self.path, e.into()))? + "\n";
        // Beyond that entries are dropped whole: what is kept is still in order.
        if self.behind.len() + line.len() <= MOST_BEHIND {
            self.behind.push_str(&line);
        }
        self.catch_up()
    }

    /// Whether lines are still to be written.
    pub(crate) const fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Writes what was kept.
    ///
    /// # Errors
    /// When the disk still refuses.
    pub(crate) fn catch_up(&mut self) -> Result<()> {
        // Before and not after, so that the file is never longer than its cap.
        if self.bytes > 0 && self.bytes + self.behind.len() as u64 > self.cap {
            self.put_aside()?;
        }
        if let Err(error) = self.file.write_all(self.behind.as_bytes()) {
            // Half a line is worse than none.
            let _ = self.file.set_len(self.bytes);
            return Err(failed(&self.path, error));
        }
        self.bytes += self.behind.len() as u64;
        self.behind.clear();
        Ok(())
    }

    fn put_aside(&mut self) -> Result<()> {
        // One older file alone: twice the cap is all that it ever takes.
        let older = self.path.with_extension("old.jsonl");
        match fs::rename(&self.path, older) {
            // Somebody removed it, or the last try could not open a new one.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            moved => moved.map_err(|e| failed(&self.path, e))?,
        }
        // Opened before anything is let go: where it fails, what is behind waits for the next try.
        let fresh = Self::open(&self.path, self.cap)?;
        let behind = std::mem::take(&mut self.behind);
        *self = Self { behind, ..fresh };
        Ok(())
    }
}

/// Whether the last line has no end.
fn is_torn(file: &mut File, bytes: u64) -> std::io::Result<bool> {
    if bytes == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn failed(path: &Path, error: std::io::Error) -> Failure {
    Failure::io(format!("journal {}", path.display()), error)
        .remedy("Free some space on that disk, or set [journal] file to a place of yours.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::event::Event;

    #[test]
    fn a_full_journal_that_was_removed_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, 300).unwrap();
        journal.write(&StampedEvent::now(Event::Resumed)).unwrap();
        fs::remove_file(&path).unwrap();
        for _ in 0..20 {
            journal.write(&StampedEvent::now(Event::Resumed)).unwrap();
        }
        assert!(!journal.is_behind() && fs::metadata(&path).unwrap().len() <= 300);
    }

    #[test]
    fn a_full_journal_is_put_aside_and_never_grows_beyond_its_cap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, 300).unwrap();
        for _ in 0..20 {
            journal.write(&StampedEvent::now(Event::Resumed)).unwrap();
        }
        let older = fs::read_to_string(folder.path().join("journal.old.jsonl")).unwrap();
        let newer = fs::read_to_string(&path).unwrap();
        assert!(older.len() <= 300 && newer.len() <= 300);
        for line in older.lines().chain(newer.lines()) {
            let stamped: StampedEvent = serde_json::from_str(line).unwrap();
            assert_eq!(stamped.event, Event::Resumed);
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

    #[test]
    fn a_torn_line_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, "{\"wall\":\"2026-").unwrap();
        let mut journal = Journal::open(&path, 1 << 20).unwrap();
        journal.write(&StampedEvent::now(Event::Resumed)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let whole = text.lines().filter_map(|line| serde_json::from_str::<StampedEvent>(line).ok());
        assert_eq!(whole.count(), 1, "{text}");
    }

    #[test]
    fn what_a_full_disk_refuses_is_written_later() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, 1 << 20).unwrap();
        journal.file = File::options().write(true).open(full).unwrap();
        let failure = journal.write(&StampedEvent::now(Event::Resumed)).unwrap_err();
        assert!(failure.to_string().contains("space"), "{failure}");
        assert!(journal.is_behind());
        journal.file = private::append_file(&path).unwrap();
        journal.write(&StampedEvent::now(Event::Confirmed)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert!(!journal.is_behind());
    }
}
