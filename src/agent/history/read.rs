//! Reads the history, also while an agent writes it. Changes nothing.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::{failed, schema};
use crate::error::{Failure, Kind, Result};

/// A history that is read.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    db: Connection,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What: "verdict", "lock_asked", ...
    pub event: String,
    /// Of a verdict: the window's score, 0 stranger .. 1 owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Of a verdict: the mean of the last n scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grouped: Option<f64>,
    /// Of a verdict: whose hand it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Of an alarm: what was to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Of a verdict: seconds of movement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub movement_s: Option<f64>,
    /// Whatever else the entry said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

impl History {
    /// Opens a history.
    ///
    /// # Errors
    /// [`Kind::NoInput`] when there is none, [`Kind::Data`] when it is none.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            let what = format!("history {}: there is none", path.display());
            return Err(Failure::new(Kind::NoInput, what).remedy(
                "The agent writes one while it runs, unless [retention] history_days is 0.",
            ));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let db = Connection::open_with_flags(path, flags).map_err(|e| failed(path, &e))?;
        schema::check(path, &db)?;
        Ok(Self { path: path.to_owned(), db })
    }

    /// Everything from this moment on (milliseconds since 1970), in the order of the journal.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn since(&self, at_ms: i64) -> Result<Vec<Row>> {
        self.query(at_ms).map_err(|e| failed(&self.path, &e))
    }

    fn query(&self, at_ms: i64) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.db.prepare(
            "SELECT at_ms, event, score, grouped, decision, action, movement_s, detail
             FROM entry WHERE at_ms >= ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([at_ms], |row| {
            let detail: Option<String> = row.get(7)?;
            Ok(Row {
                at_ms: row.get(0)?,
                event: row.get(1)?,
                score: row.get(2)?,
                grouped: row.get(3)?,
                decision: row.get(4)?,
                action: row.get(5)?,
                movement_s: row.get(6)?,
                detail: detail.and_then(|text| serde_json::from_str(&text).ok()),
            })
        })?;
        rows.collect()
    }
}
