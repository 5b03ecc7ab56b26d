//! The shape of the history's file, by version. A file of a newer version is never touched.

use std::path::Path;

use rusqlite::Connection;

use super::failed;
use crate::data::private;
use crate::error::{Failure, Kind, Result};

/// The version that this program writes.
const VERSION: i64 = 1;
/// Times are milliseconds since 1970, UTC; scores lie in 0..1.
const CREATE: &str = "
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        event TEXT NOT NULL,
        score REAL,
        grouped REAL,
        decision TEXT,
        action TEXT,
        movement_s REAL,
        detail TEXT
    );
    CREATE INDEX entry_at ON entry (at_ms);
    PRAGMA user_version = 1;
";

/// Opens a history for writing; makes it, readable by its owner only, where there is none.
pub(super) fn open_to_write(path: &Path) -> Result<Connection> {
    private::append_file(path)
        .map_err(|e| Failure::io(format!("history {}", path.display()), e))?;
    let open = || {
        let db = Connection::open(path)?;
        // One write without a sync a row; a crash of the machine loses the last rows only.
        db.execute_batch(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;",
        )?;
        let version = version(&db)?;
        Ok((db, version))
    };
    let (db, version) = open().map_err(|e| failed(path, &e))?;
    match version {
        0 => db.execute_batch(CREATE).map_err(|e| failed(path, &e))?,
        VERSION => {}
        _ => return Err(newer(path)),
    }
    Ok(db)
}

pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Refuses what this program cannot read.
pub(super) fn check(path: &Path, db: &Connection) -> Result<()> {
    match version(db).map_err(|e| failed(path, &e))? {
        VERSION => Ok(()),
        _ => Err(newer(path)),
    }
}

fn newer(path: &Path) -> Failure {
    let what = format!("history {}: written by a newer version", path.display());
    Failure::new(Kind::Data, what).remedy("Use that version, or `mousewarden purge history`.")
}
