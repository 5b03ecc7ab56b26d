//! The newest entries of the history, as they come. A history that is busy, or is begun anew, is
//! looked at again the next time.

use std::path::{Path, PathBuf};

use crate::agent::event::StampedEvent;
use crate::agent::history::History;
use crate::error::Result;

/// So many entries of the past are shown.
const PAST: i64 = 800;

/// A place in a history that grows.
#[derive(Debug)]
pub(super) struct JournalTail {
    path: PathBuf,
    /// The row that came last.
    at: Option<i64>,
}

impl JournalTail {
    /// Begins with the last entries; a history that is not there yet may come.
    pub(super) fn open(path: &Path) -> Self {
        Self { path: path.to_owned(), at: None }
    }

    /// The entries that came since the last time.
    pub(super) fn news(&mut self) -> Vec<StampedEvent> {
        self.fresh().unwrap_or_default()
    }

    fn fresh(&mut self) -> Result<Vec<StampedEvent>> {
        let history = History::open(&self.path)?;
        let last = history.last()?;
        let from = match self.at {
            Some(at) if at <= last => at,
            // Another history, which has fewer rows.
            Some(_) => 0,
            None => (last - PAST).max(0),
        };
        let rows = history.after(from)?;
        self.at = Some(last.max(rows.last().map_or(0, |(id, _)| *id)));
        Ok(rows.into_iter().map(|(_, stamped)| stamped).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::event::Event;
    use crate::agent::event_sink::EventSink;
    use crate::agent::history::HistoryDatabase;
    use crate::platform::journal_chain::Heads;

    #[test]
    fn entries_come_once_also_after_the_history_was_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let mut feed = JournalTail::open(&path);
        assert_eq!(feed.news(), []);
        let open = || HistoryDatabase::open(&path, 90, Heads::default());
        let mut database = open();
        database.note(&StampedEvent::now(Event::Resumed)).unwrap();
        assert_eq!(feed.news().len(), 2);
        assert_eq!(feed.news(), []);
        database.note(&StampedEvent::now(Event::Confirmed)).unwrap();
        assert_eq!(feed.news()[0].event, Event::Confirmed);
        drop(database);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(feed.news(), []);
        open().note(&StampedEvent::now(Event::DayKnown)).unwrap();
        assert_eq!(feed.news().last().unwrap().event, Event::DayKnown);
    }
}
