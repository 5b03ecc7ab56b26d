//! The history of decisions: one row for everything that happened, in an SQLite file that only its
//! owner can read. Old rows go by age and by number; no position is ever in it.

mod read;
mod schema;

pub use read::{History, Row};

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::error::{Failure, Kind, Result};

use super::entry::{Entry, Stamped};
use super::witness::Witness;

/// Rows beyond this many go, the oldest first: a year of heavy use, about 100 MB.
const MOST_ROWS: i64 = 1_000_000;
/// How many rows come in before old ones are looked for again.
const PRUNE_EVERY: u32 = 1000;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Writes the history.
#[derive(Debug)]
pub struct Chronicle {
    path: PathBuf,
    db: Connection,
    keep_ms: i64,
    since_pruning: u32,
}

impl Chronicle {
    /// Opens or makes a history that goes back `keep_days` days.
    ///
    /// # Errors
    /// When the file cannot be opened, is no history, or is of a newer version.
    pub fn open(path: &Path, keep_days: u32) -> Result<Self> {
        let db = schema::open_to_write(path)?;
        let keep_ms = i64::from(keep_days) * DAY_MS;
        // Pruned with the first row: only a row knows what time it is.
        Ok(Self { path: path.to_owned(), db, keep_ms, since_pruning: PRUNE_EVERY })
    }

    fn insert(&self, stamped: &Stamped, at_ms: i64) -> rusqlite::Result<()> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO entry (at_ms, event, score, grouped, decision, action, movement_s, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let event = stamped.entry.name();
        match &stamped.entry {
            Entry::Verdict(verdict) => {
                let judgement = &verdict.judgement;
                let word = |value: String| value.to_lowercase();
                statement.execute(params![
                    at_ms,
                    event,
                    verdict.score.get(),
                    judgement.grouped,
                    word(format!("{:?}", judgement.decision)),
                    judgement.action.map(|action| word(format!("{action:?}"))),
                    verdict.window.movement().as_secs_f64(),
                    verdict.why.and_then(|why| serde_json::to_string(&why).ok()),
                ])
            }
            other => {
                let none = None::<f64>;
                statement.execute(params![
                    at_ms,
                    event,
                    none,
                    none,
                    none,
                    none,
                    none,
                    detail(other)
                ])
            }
        }
        .map(drop)
    }

    fn prune(&self, now_ms: i64) -> rusqlite::Result<()> {
        self.db.execute("DELETE FROM entry WHERE at_ms < ?1", [now_ms - self.keep_ms])?;
        let oldest = "DELETE FROM entry WHERE id <= (SELECT max(id) FROM entry) - ?1";
        self.db.execute(oldest, [MOST_ROWS])?;
        self.db.execute_batch("PRAGMA incremental_vacuum")
    }
}

impl Witness for Chronicle {
    fn name(&self) -> &'static str {
        "history"
    }

    fn note(&mut self, entry: &Stamped) -> Result<()> {
        let Ok(at) = entry.wall.parse::<jiff::Timestamp>() else { return Ok(()) };
        let at_ms = at.as_millisecond();
        self.since_pruning += 1;
        let pruned = match self.since_pruning >= PRUNE_EVERY {
            true => self.prune(at_ms),
            false => Ok(()),
        };
        self.since_pruning %= PRUNE_EVERY;
        pruned.and_then(|()| self.insert(entry, at_ms)).map_err(|e| failed(&self.path, &e))
    }
}

/// What the entry says besides its name, as JSON; `None` when that is nothing.
fn detail(entry: &Entry) -> Option<String> {
    let mut value = serde_json::to_value(entry).ok()?;
    let fields = value.as_object_mut()?;
    fields.remove("event");
    (!fields.is_empty()).then(|| value.to_string())
}

/// A failure of the database in our words.
fn failed(path: &Path, error: &rusqlite::Error) -> Failure {
    use rusqlite::ErrorCode;
    let what = format!("history {}: {error}", path.display());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            Failure::new(Kind::Data, what)
                .remedy("`mousewarden purge history` removes it; a new one is begun.")
        }
        _ => Failure::new(Kind::Io, what).remedy("Free some space on that disk."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::private;
    use crate::pipeline::Timestamp;

    fn stamped(at: &str, entry: Entry) -> Stamped {
        Stamped { wall: at.into(), mono_us: Timestamp::default(), entry }
    }

    fn paused(seconds: u64) -> Entry {
        Entry::Paused { seconds: Some(seconds) }
    }

    #[test]
    fn what_is_noted_is_read_again_in_order_and_by_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let mut chronicle = Chronicle::open(&path, 90).unwrap();
        chronicle.note(&stamped("2026-03-01T10:00:00Z", paused(60))).unwrap();
        chronicle.note(&stamped("2026-03-01T10:01:00Z", Entry::Resumed)).unwrap();
        let rows = History::open(&path).unwrap().since(0).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].event.as_str(), rows[1].event.as_str()), ("paused", "resumed"));
        assert_eq!(rows[0].detail.as_ref().unwrap()["seconds"], 60);
        assert_eq!(History::open(&path).unwrap().since(rows[1].at_ms).unwrap(), rows[1..]);
        assert!(!private::is_open_to_others(&path).unwrap());
    }

    #[test]
    fn what_is_older_than_it_may_be_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let mut chronicle = Chronicle::open(&path, 2).unwrap();
        chronicle.note(&stamped("2026-03-01T10:00:00Z", Entry::Resumed)).unwrap();
        drop(chronicle);
        let mut chronicle = Chronicle::open(&path, 2).unwrap();
        chronicle.note(&stamped("2026-03-04T10:00:00Z", paused(1))).unwrap();
        let rows = History::open(&path).unwrap().since(0).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].event, "paused");
    }

    #[test]
    fn another_file_is_refused_and_a_newer_history_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        std::fs::write(&path, "this is not a database, not even a small one").unwrap();
        let failure = Chronicle::open(&path, 2).unwrap_err();
        assert!(failure.to_string().contains("purge history"), "{failure}");
        std::fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
        let failure = Chronicle::open(&path, 2).unwrap_err();
        assert!(failure.to_string().contains("newer"), "{failure}");
    }

    #[test]
    fn without_a_history_the_reader_says_what_makes_one() {
        let failure = History::open(Path::new("/nonexistent/history.db")).unwrap_err();
        assert_eq!(failure.kind(), Kind::NoInput);
        assert!(failure.to_string().contains("history_days"), "{failure}");
    }
}
