//! The history as it is read, also while an agent writes it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::trouble::Trouble;
use super::{chained, schema};
use crate::agent::event::{Head, StampedEvent};
use crate::error::{Failure, FailureKind, Result};
use crate::files;

/// A history that is read.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    db: Connection,
}

/// What the chain of hashes says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Its name, drawn when the history was begun.
    pub name: String,
    /// The last row that holds.
    pub head: Option<Head>,
    /// Rows that hold.
    pub rows: usize,
    /// Where it breaks, and how; nothing where every row holds.
    pub broken: Option<String>,
}

impl History {
    /// Opens a history.
    ///
    /// # Errors
    /// [`FailureKind::NoInput`] when there is none, [`FailureKind::Data`] when it is none.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            let what = format!("history {}: there is none", path.display());
            return Err(Failure::new(FailureKind::NoInput, what).remedy(
                "The agent writes one while it runs, unless [retention] history_days is 0.",
            ));
        }
        let open = || {
            files::regular_or_none(path).map_err(|error| Trouble::of_file(&error))?;
            let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            schema::check(&db)?;
            Ok(db)
        };
        let db = open().map_err(|trouble: Trouble| trouble.of(path))?;
        Ok(Self { path: path.to_owned(), db })
    }

    /// Everything from this moment on (milliseconds since 1970), in order. Rows that cannot be read
    /// are passed over; `Self::chain` finds them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn since(&self, at_ms: i64) -> Result<Vec<StampedEvent>> {
        let sql = "SELECT id, json FROM event WHERE at_ms >= ?1 ORDER BY id";
        let rows = self.rows(sql, at_ms)?;
        Ok(rows.into_iter().map(|(_, stamped)| stamped).collect())
    }

    /// Everything after a row, with the numbers of the rows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn after(&self, id: i64) -> Result<Vec<(i64, StampedEvent)>> {
        self.rows("SELECT id, json FROM event WHERE id > ?1 ORDER BY id", id)
    }

    /// The number of the last row; 0 without one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last(&self) -> Result<i64> {
        let last = self.db.query_row("SELECT ifnull(max(id), 0) FROM event", [], |row| row.get(0));
        last.map_err(|error| Trouble::from(error).of(&self.path))
    }

    fn rows(&self, sql: &str, from: i64) -> Result<Vec<(i64, StampedEvent)>> {
        let read = || {
            let mut statement = self.db.prepare(sql)?;
            let mut rows = statement.query([from])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                if let (Ok(id), Some(event)) = (row.get(0), event(row)) {
                    events.push((id, event));
                }
            }
            Ok(events)
        };
        read().map_err(|error: rusqlite::Error| Trouble::from(error).of(&self.path))
    }

    /// Follows the chain of hashes from its first row to its last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn chain(&self) -> Result<Chain> {
        self.follow().map_err(|error| Trouble::from(error).of(&self.path))
    }

    /// The hash of a row, if it is there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn sha256_of(&self, id: i64) -> Result<Option<String>> {
        use rusqlite::OptionalExtension;
        let sql = "SELECT sha256 FROM event WHERE id = ?1";
        let found = self.db.query_row(sql, [id], |row| row.get(0)).optional();
        found.map_err(|error| Trouble::from(error).of(&self.path))
    }

    fn follow(&self) -> rusqlite::Result<Chain> {
        let sql = "SELECT name, pruned_id, pruned_sha256 FROM chain";
        let (name, mut id, mut before): (String, i64, String) =
            self.db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut chain = Chain { name, head: None, rows: 0, broken: None };
        let mut statement =
            self.db.prepare("SELECT id, at_ms, json, sha256 FROM event ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let (Ok(at_ms), Ok(json), Ok(sha256)) =
                (row.get(1), row.get::<_, String>(2), row.get::<_, String>(3))
            else {
                chain.broken = Some(format!("row {number} cannot be read"));
                return Ok(chain);
            };
            if number != id + 1 {
                chain.broken = Some(format!("rows {} to {} are missing", id + 1, number - 1));
                return Ok(chain);
            }
            if chained(&before, number, at_ms, &json) != sha256 {
                chain.broken = Some(format!("row {number} is not as it was written"));
                return Ok(chain);
            }
            chain.rows += 1;
            chain.head = Some(Head { number, sha256: sha256.clone() });
            (id, before) = (number, sha256);
        }
        Ok(chain)
    }
}

/// The entry of a row of number and JSON; nothing where it cannot be read.
fn event(row: &rusqlite::Row<'_>) -> Option<StampedEvent> {
    serde_json::from_str(&row.get::<_, String>(1).ok()?).ok()
}
