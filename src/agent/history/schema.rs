//! The shape of the history's file. A file of another version is left as it is.

use std::path::Path;

use rusqlite::Connection;

use super::trouble::Trouble;

/// The version that this program writes.
const VERSION: i64 = 2;
/// A row is an entry as JSON. `at_ms` are milliseconds since 1970; `sha256` is taken over the hash of
/// the row before (of the first row: the chain's name), `id`, `at_ms` and `json`, each on a line.
/// What was pruned is known by the hash of its last row.
const CREATE: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        json TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        event TEXT GENERATED ALWAYS AS (json_extract(json, '$.event')) VIRTUAL
    );
    CREATE INDEX event_at ON event (at_ms);
    CREATE TABLE chain (name TEXT NOT NULL, pruned_id INTEGER NOT NULL, pruned_sha256 TEXT NOT NULL);
    PRAGMA user_version = 2;
    COMMIT;
";

/// A writer waits so long for another program, milliseconds; what it could not write is kept.
const PATIENCE_MS: u64 = 50;

/// A history that can be written, and whether it was made just now.
pub(super) fn open_to_write(path: &Path, name: &str) -> Result<(Connection, bool), Trouble> {
    crate::data::private::append_file(path).map_err(|error| Trouble::of_file(&error))?;
    let db = Connection::open(path)?;
    db.busy_timeout(std::time::Duration::from_millis(PATIENCE_MS))?;
    // Before anything is written into it: a file of another version stays as it was.
    let made = match version(&db)? {
        0 => true,
        VERSION => false,
        other => return Err(Trouble::Version(other)),
    };
    // One write without a sync a row; a crash of the machine loses the last rows only.
    db.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;",
    )?;
    if made {
        db.execute_batch(CREATE)?;
        db.execute("INSERT INTO chain VALUES (?1, 0, ?1)", [name])?;
    } else {
        sound(&db)?;
    }
    Ok((db, made))
}

/// Whether every page of the file can be read and fits the others.
fn sound(db: &Connection) -> Result<(), Trouble> {
    let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Trouble::Damaged(found)) }
}

pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Refuses what this program cannot read.
pub(super) fn check(db: &Connection) -> Result<(), Trouble> {
    match version(db)? {
        VERSION => Ok(()),
        other => Err(Trouble::Version(other)),
    }
}
