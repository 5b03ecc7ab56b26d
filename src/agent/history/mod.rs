//! The history database: one row for everything that happened, in an SQLite file that only its
//! owner can read. Old rows go by age and by number. Each row's hash covers the rows before it, and
//! the newest hash goes to the system journal, which is another user's file.
//!
//! # Invariants
//! No position is ever in it.

mod read;
mod schema;
mod trouble;

pub(crate) use read::Chain;
pub use read::History;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::data::{aside, private};
use crate::error::Result;
use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::clock;
use crate::platform::journal_chain::Heads;

use self::trouble::Trouble;
use super::away::Before;
use super::event::{Event, Head, StampedEvent};
use super::event_sink::EventSink;

/// Rows beyond this many go, the oldest first: a year of heavy use, about 400 MB.
const MOST_ROWS: i64 = 1_000_000;
/// How many rows come in before old ones are looked for again.
const PRUNE_EVERY: usize = 1000;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Entries that are kept while the file cannot be written; some 10 MB.
const MOST_PENDING: usize = 20_000;
/// How long until it is tried again.
const RETRY: Micros = Micros::from_millis(1_000);
/// The newest hash goes out this often at most.
const HEAD_EVERY: Micros = Micros::from_millis(60_000);

/// Writes the history.
#[derive(Debug)]
pub(crate) struct HistoryDatabase {
    path: PathBuf,
    keep_ms: i64,
    open: Option<Open>,
    pending: VecDeque<Row>,
    unwritten: u64,
    retry_at: Option<Timestamp>,
    trouble: Option<Trouble>,
    since_pruning: usize,
    heads: Heads,
    told_at: Option<Timestamp>,
    told: Option<Head>,
    news: Vec<Event>,
}

/// A file that can be written.
#[derive(Debug)]
struct Open {
    db: Connection,
    chain: String,
    /// The last row, as it was left; none before the first.
    head: Option<Head>,
    /// Which file it is.
    file: u64,
}

/// An entry that is to be written.
#[derive(Debug)]
struct Row {
    at_ms: i64,
    json: String,
    /// A window that led to nothing goes before anything else.
    is_dispensable: bool,
}

impl HistoryDatabase {
    /// Opens or makes a history that goes back `keep_days` days. What is there and cannot be used
    /// is put aside; where nothing can be opened now, it is tried again while it is written.
    pub(crate) fn open(path: &Path, keep_days: u32, heads: Heads) -> Self {
        let mut database = Self {
            path: path.to_owned(),
            keep_ms: i64::from(keep_days) * DAY_MS,
            open: None,
            pending: VecDeque::new(),
            unwritten: 0,
            retry_at: None,
            trouble: None,
            // Pruned with the first row: only a row knows what time it is.
            since_pruning: PRUNE_EVERY,
            heads,
            told_at: None,
            told: None,
            news: Vec::new(),
        };
        database.reopen();
        database
    }

    /// What it says of the time before this start.
    pub(crate) fn before(&self) -> Before {
        let read = |open: &Open| before(&open.db, open.head.clone());
        self.open.as_ref().and_then(|open| read(open).ok()).unwrap_or_default()
    }

    fn reopen(&mut self) {
        let Err(trouble) = self.try_open() else { return };
        if !self.set_aside(&trouble) {
            self.rest(trouble);
        } else if let Err(trouble) = self.try_open() {
            self.rest(trouble);
        }
    }

    /// Makes room for a new file, where only that helps; `false` where it does not, or cannot be.
    fn set_aside(&mut self, trouble: &Trouble) -> bool {
        let Some(word) = trouble.aside() else { return false };
        let Ok(file) = aside::put_aside(&self.path, word, &date()) else { return false };
        let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let why = trouble.words();
        tracing::warn!("history {}: put aside as {file}: {why}", self.path.display());
        self.report(Event::PutAside { file, why });
        true
    }

    fn try_open(&mut self) -> Result<(), Trouble> {
        let name = new_chain(&self.path);
        let (db, made) = schema::open_to_write(&self.path, &name)?;
        let chain = db.query_row("SELECT name FROM chain", [], |row| row.get(0))?;
        let head = head_of(&db)?;
        let file = private::identity(&self.path).map_err(|error| Trouble::of_file(&error))?;
        self.open = Some(Open { db, chain, head, file });
        self.trouble = None;
        self.retry_at = None;
        if made {
            self.report(Event::HistoryReset { why: "there was none".into() });
        }
        Ok(())
    }

    /// Tells something of its own.
    fn report(&mut self, event: Event) {
        let row = Row::of(&StampedEvent::now(event.clone()));
        self.pending.extend(row);
        self.news.push(event);
    }

    fn rest(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
        self.retry_at = Some(clock::now() + RETRY);
    }

    fn keep(&mut self, row: Row) {
        if self.pending.len() >= MOST_PENDING {
            let first = self.pending.iter().position(|row| row.is_dispensable).unwrap_or(0);
            self.pending.remove(first);
            self.unwritten += 1;
        }
        self.pending.push_back(row);
    }

    /// Writes what is kept, unless that failed a moment ago.
    fn write(&mut self) {
        if self.retry_at.is_some_and(|at| clock::now() < at) || self.pending.is_empty() {
            return;
        }
        self.look_at_file();
        if self.open.is_none() {
            self.reopen();
        }
        let Err(trouble) = self.write_all() else { return };
        if trouble.aside().is_some() {
            self.open = None;
        }
        if self.open.is_none() && self.set_aside(&trouble) {
            self.reopen();
            if let Err(trouble) = self.write_all() {
                self.rest(trouble);
            }
        } else {
            self.rest(trouble);
        }
    }

    /// A file that was removed or replaced while it was written takes no more rows.
    fn look_at_file(&mut self) {
        let now = private::identity(&self.path).ok();
        if self.open.as_ref().is_some_and(|open| Some(open.file) != now) {
            self.open = None;
            let why = "its file was removed or replaced while it was written".to_owned();
            self.report(Event::HistoryReset { why });
        }
    }

    fn write_all(&mut self) -> Result<(), Trouble> {
        if self.unwritten > 0 {
            let lost = StampedEvent::now(Event::Unwritten { events: self.unwritten });
            self.pending.extend(Row::of(&lost));
            self.unwritten = 0;
        }
        let Some(open) = &mut self.open else { return Err(self.standing()) };
        let transaction = open.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut head = head_of(&transaction)?;
        if head != open.head {
            let why = "its last rows are not those that were written".to_owned();
            let reset = Event::HistoryReset { why };
            self.pending.extend(Row::of(&StampedEvent::now(reset.clone())));
            self.news.push(reset);
            open.head.clone_from(&head);
        }
        for row in &self.pending {
            head = Some(insert(&transaction, head.as_ref(), &open.chain, row)?);
        }
        self.since_pruning += self.pending.len();
        if self.since_pruning >= PRUNE_EVERY {
            let now_ms = self.pending.back().map_or(0, |row| row.at_ms);
            prune(&transaction, now_ms - self.keep_ms)?;
            self.since_pruning = 0;
        }
        transaction.commit()?;
        open.head = head;
        self.pending.clear();
        self.trouble = None;
        self.retry_at = None;
        Ok(())
    }

    fn standing(&self) -> Trouble {
        self.trouble.clone().unwrap_or_else(|| Trouble::Disk("it is not open".into()))
    }

    fn outcome(&self) -> Result<()> {
        self.trouble.clone().map_or(Ok(()), |trouble| Err(trouble.of(&self.path)))
    }

    /// How long until the newest hash may go out; nothing where it is out.
    fn head_due(&self) -> Option<Micros> {
        let open = self.open.as_ref()?;
        if open.head == self.told {
            return None;
        }
        let at = self.told_at.map_or_else(clock::now, |at| at + HEAD_EVERY);
        Some(at - clock::now())
    }

    fn tell_head(&mut self) {
        if let Some(open) = &self.open
            && let Some(head) = &open.head
        {
            self.heads.tell(&open.chain, head.number, &head.sha256);
            self.told = Some(head.clone());
            self.told_at = Some(clock::now());
        }
    }
}

impl Row {
    /// Nothing for an entry that has no JSON form.
    fn of(stamped: &StampedEvent) -> Option<Self> {
        let at_ms = stamped.wall.parse::<jiff::Timestamp>().ok()?.as_millisecond();
        let json = serde_json::to_string(stamped).ok()?;
        let is_dispensable =
            matches!(&stamped.event, Event::Verdict(v) if v.judgement.action.is_none());
        Some(Self { at_ms, json, is_dispensable })
    }
}

impl EventSink for HistoryDatabase {
    fn name(&self) -> &'static str {
        "history"
    }

    fn note(&mut self, event: &StampedEvent) -> Result<()> {
        if let Some(row) = Row::of(event) {
            self.keep(row);
        }
        self.again()
    }

    fn waits(&self) -> Option<Duration> {
        let retry = self.retry_at.filter(|_| !self.pending.is_empty()).map(|at| at - clock::now());
        let next = [retry, self.head_due()].into_iter().flatten().min()?;
        Some(Duration::from_micros(next.0.max(1_000).unsigned_abs()))
    }

    fn again(&mut self) -> Result<()> {
        self.write();
        if self.head_due().is_some_and(|due| due.0 <= 0) {
            self.tell_head();
        }
        self.outcome()
    }

    fn finish(&mut self) -> Result<()> {
        self.retry_at = None;
        self.write();
        self.tell_head();
        self.outcome()
    }

    fn news(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.news)
    }
}

fn insert(
    transaction: &Transaction<'_>,
    before: Option<&Head>,
    chain: &str,
    row: &Row,
) -> rusqlite::Result<Head> {
    // Where everything was pruned, the hash of what went goes on.
    let (number, sha256) = match before {
        Some(head) => (head.number, head.sha256.clone()),
        None => transaction
            .query_row("SELECT pruned_id, pruned_sha256 FROM chain", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?
            .unwrap_or((0, chain.to_owned())),
    };
    let number = number + 1;
    let sha256 = chained(&sha256, number, row.at_ms, &row.json);
    let sql = "INSERT INTO event (id, at_ms, json, sha256) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = transaction.prepare_cached(sql)?;
    statement.execute(params![number, row.at_ms, row.json, sha256])?;
    Ok(Head { number, sha256 })
}

/// Removes a first part of the rows: all before the first that is young enough.
fn prune(transaction: &Transaction<'_>, before_ms: i64) -> rusqlite::Result<()> {
    let cut: i64 = transaction.query_row(
        "SELECT max(ifnull((SELECT min(id) FROM event WHERE at_ms >= ?1) - 1,
                           (SELECT max(id) FROM event)),
                    (SELECT max(id) FROM event) - ?2)",
        [before_ms, MOST_ROWS],
        |row| row.get(0),
    )?;
    transaction.execute(
        "UPDATE chain SET pruned_id = ?1, pruned_sha256 = (SELECT sha256 FROM event WHERE id = ?1)
         WHERE EXISTS (SELECT 1 FROM event WHERE id = ?1)",
        [cut],
    )?;
    transaction.execute("DELETE FROM event WHERE id <= ?1", [cut])?;
    transaction.execute_batch("PRAGMA incremental_vacuum")
}

fn head_of(db: &Connection) -> rusqlite::Result<Option<Head>> {
    let sql = "SELECT id, sha256 FROM event ORDER BY id DESC LIMIT 1";
    db.query_row(sql, [], |row: &rusqlite::Row<'_>| {
        Ok(Head { number: row.get(0)?, sha256: row.get(1)? })
    })
    .optional()
}

fn before(db: &Connection, head: Option<Head>) -> rusqlite::Result<Before> {
    let event = |sql: &str| -> rusqlite::Result<Option<StampedEvent>> {
        let json: Option<String> = db.query_row(sql, [], |row| row.get(0)).optional()?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    };
    let started = "SELECT json FROM event WHERE event = 'started' ORDER BY id DESC LIMIT 1";
    let reloaded = "SELECT json FROM event WHERE event = 'reloaded' AND
         id > (SELECT max(id) FROM event WHERE event = 'started') ORDER BY id DESC LIMIT 1";
    let adaptation = "SELECT EXISTS (SELECT 1 FROM event WHERE event IN ('adapted', 'learnt') AND
         id > (SELECT max(id) FROM event WHERE event IN ('started', 'reloaded')))";
    Ok(Before {
        head,
        started: event(started)?,
        reloaded: event(reloaded)?,
        last: event("SELECT json FROM event ORDER BY id DESC LIMIT 1")?,
        adaptation: db.query_row(adaptation, [], |row| row.get(0))?,
    })
}

/// The hash of a row that follows another.
fn chained(before: &str, number: i64, at_ms: i64, json: &str) -> String {
    let hash = Sha256::digest(format!("{before}\n{number}\n{at_ms}\n{json}"));
    hex::encode(hash)
}

/// A name that no other history has.
fn new_chain(path: &Path) -> String {
    let what = format!("{} {} {:?}", path.display(), clock::wall(), clock::now());
    let hash = Sha256::digest(format!("{what} {}", std::process::id()));
    hex::encode(&hash[..8])
}

fn date() -> String {
    clock::wall().strftime("%Y-%m-%dT%H%M%S").to_string()
}

#[cfg(test)]
mod tests;
