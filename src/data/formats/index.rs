//! The first pass over a table that holds many sessions: which stretches of it belong to whom.
//! Reads ids only; an id that a spreadsheet destroyed ends the pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dataset::{Piece, SessionPlan, User, damaged};
use super::discover::{self, Users};
use super::field::{TimeUnit, is_shortened};
use super::layout::{Layout, Row, shortened};
use super::table::{Span, Table};
use crate::error::Result;
use crate::pipeline::Timestamp;

/// Whose sessions without a user are: nobody's that is known.
const UNLABELLED: &str = "unlabelled";
/// A float holds this many digits of a number and no more.
const FLOAT_DIGITS: usize = 15;
/// Of a session without a single time.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// The columns of the layout that say whose a row is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub user: Option<usize>,
    pub session: Option<usize>,
    /// Column and unit of the time.
    pub time: (usize, TimeUnit),
}

/// User and session as the file writes them; `None`: the row doesn't say.
type Key = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Where one session of a table lies.
#[derive(Debug)]
struct Found {
    key: Key,
    spans: Vec<Span>,
    /// The earliest time of its rows.
    begins: Timestamp,
}

/// The users of some tables. Without a user column, or in rows where it is empty, sessions are
/// claims of nobody known; without a session column a file is one session of each of its users.
pub(super) fn plan(paths: &[PathBuf], layout: &Layout, keys: Keys) -> Result<Vec<User>> {
    let mut users = Users::default();
    for path in paths {
        let table = Arc::new(Table::open(path, layout)?);
        let whole = whole_file_user(path, keys)?;
        for Found { key: (user, session), spans, .. } in sessions(&table, keys)? {
            let id = session.map_or_else(|| discover::stem(path), text);
            let user = user.filter(|user| !user.is_empty()).map(text).or_else(|| whole.clone());
            let pieces = spans.into_iter().map(|span| Piece { table: Arc::clone(&table), span });
            let genuine = user.is_some().then_some(true);
            let plan = SessionPlan { id, pieces: pieces.collect(), genuine, repeated: 0 };
            users.add(user.as_deref().unwrap_or(UNLABELLED), plan, genuine.is_none());
        }
    }
    Ok(users.sorted())
}

/// A table with sessions but no notion of users lies in its user's folder.
fn whole_file_user(path: &Path, keys: Keys) -> Result<Option<String>> {
    if keys.user.is_some() { Ok(None) } else { discover::folder(path).map(Some) }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The stretches of each session. Ids are random: the rows alone tell which session came first.
fn sessions(table: &Table, keys: Keys) -> Result<Vec<Found>> {
    let mut rows = table.rows(Span::WHOLE)?;
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    let mut found: Vec<Found> = Vec::new();
    let mut open = None;
    while let Some(record) = rows.next()? {
        let row = Row { record, places: &table.places };
        let time = row.time(keys.time.0, keys.time.1);
        if time.is_err() && table.is_header(record) {
            continue;
        }
        let column = |key: Option<usize>| row.get(key?);
        let (user, session) = (column(keys.user), column(keys.session));
        let is_same = |place: &usize| {
            let key = found.get(*place).map(|found| &found.key);
            key.is_some_and(|key| key.0.as_deref() == user && key.1.as_deref() == session)
        };
        let place = match open.filter(is_same) {
            Some(place) => place,
            None => {
                let key = (user.map(<[u8]>::to_vec), session.map(<[u8]>::to_vec));
                check_ids(table, rows.line(), &key)?;
                *places.entry(key).or_insert_with_key(|key| {
                    found.push(Found { key: key.clone(), spans: Vec::new(), begins: NEVER });
                    found.len() - 1
                })
            }
        };
        let span = Span { from: rows.begin(), to: rows.end(), line: rows.line() };
        if let Some(session) = found.get_mut(place) {
            session.begins = session.begins.min(time.unwrap_or(NEVER));
            match session.spans.last_mut().filter(|_| open == Some(place)) {
                Some(last) => last.to = span.to,
                None => session.spans.push(span),
            }
        }
        open = Some(place);
    }
    check_rounding(table, &found)?;
    found.sort_by_key(|session| session.begins);
    Ok(found)
}

fn check_ids(table: &Table, line: u64, (user, session): &Key) -> Result<()> {
    for (what, id) in [("the user", user), ("the session", session)] {
        if let Some(id) = id.as_deref().filter(|id| is_shortened(id)) {
            let what = shortened(what, id);
            return Err(damaged(format!("{}:{line}: {what}", table.path.display())));
        }
    }
    Ok(())
}

/// Some spreadsheets write all digits of an id, but zeros behind the fifteenth. One id may end so
/// by chance, all of several don't.
fn check_rounding(table: &Table, found: &[Found]) -> Result<()> {
    let users: std::collections::BTreeSet<&[u8]> =
        found.iter().filter_map(|session| session.key.0.as_deref()).collect();
    let is_rounded = |id: &&[u8]| {
        let digits = id.strip_prefix(b"-").unwrap_or(id);
        digits.len() > FLOAT_DIGITS + 2
            && digits.iter().all(u8::is_ascii_digit)
            && digits[FLOAT_DIGITS..].iter().all(|digit| *digit == b'0')
    };
    if users.len() < 2 || !users.iter().all(is_rounded) {
        return Ok(());
    }
    let what = "every user ends in zeros: this file was saved by a spreadsheet, which rounded ids";
    Err(damaged(format!("{}: {what}", table.path.display())))
}
