//! Follows the journal: its last lines first, then every new one, also when it has been put aside
//! and begun anew. A line that is not whole yet waits. Changes nothing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// So much of the past is shown, bytes.
const PAST: u64 = 128 << 10;

/// A place in a journal that grows.
#[derive(Debug)]
pub(super) struct Feed {
    path: PathBuf,
    at: u64,
    rest: String,
}

impl Feed {
    /// Begins with the last lines; a journal that is not there yet may come.
    pub(super) fn open(path: &Path) -> Self {
        let at = path.metadata().map_or(0, |data| data.len().saturating_sub(PAST));
        Self { path: path.to_owned(), at, rest: String::new() }
    }

    /// The entries that came since the last time.
    pub(super) fn news(&mut self) -> Vec<Value> {
        let fresh = self.fresh().unwrap_or_default();
        self.rest.push_str(&fresh);
        let Some(end) = self.rest.rfind('\n') else { return Vec::new() };
        let left = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, left);
        // The first line of the past may be half of one.
        whole.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn fresh(&mut self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        if file.metadata()?.len() < self.at {
            (self.at, self.rest) = (0, String::new());
        }
        file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        self.at += bytes.len() as u64;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn lines_come_once_and_whole_also_after_the_journal_was_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut feed = Feed::open(&path);
        assert!(feed.news().is_empty());
        let mut file = File::create(&path).unwrap();
        file.write_all(b"{\"event\":\"one\"}\n{\"event\":").unwrap();
        assert_eq!(feed.news().len(), 1);
        file.write_all(b"\"two\"}\n").unwrap();
        assert_eq!(feed.news()[0]["event"], "two");
        std::fs::write(&path, "{\"event\":\"new\"}\n").unwrap();
        assert_eq!(feed.news()[0]["event"], "new");
        assert!(feed.news().is_empty());
    }
}
