//! The first pass over a table that holds many sessions: which stretches of it belong to whom.
//! Reads ids only; an id that a spreadsheet destroyed ends the pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dataset::{FileRange, SessionPlan};
use super::discover::{self, Users};
use super::layout::{Shape, TableRow};
use super::number::{Decimal, is_shortened_id};
use super::read::damaged;
use super::shortened::WHY;
use super::source::Source;
use super::table::{LineSpan, Table};
use super::{cause, names};
use crate::error::Result;
use crate::pipeline::Timestamp;

/// Whose sessions without a user are: nobody's that is known.
const UNLABELLED: &str = "unlabelled";
/// A float holds this many digits of a number and no more.
const FLOAT_DIGITS: usize = 15;
/// Of a session without a single time.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// User and session as the file writes them; `None`: the row doesn't say.
type Key = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Where one session of a table lies.
#[derive(Debug)]
struct Found {
    key: Key,
    spans: Vec<LineSpan>,
    /// The earliest time of its rows.
    begins: Timestamp,
}

/// Adds the users of a table. Without a user column the whole file is one user's; in rows where
/// that column is empty, sessions are claims of nobody known. Without a session column a file is
/// one session of each of its users.
pub(super) fn add(users: &mut Users, table: Table, user_of: fn(&Source) -> String) -> Result<()> {
    cause::check(&table)?;
    let table = Arc::new(table);
    let [user_column, _] = table.layout.keys;
    let found = sessions(&table)?;
    // Of objects nobody knows beforehand which keys they have.
    let is_object = matches!(table.layout.shape, Shape::Json);
    let has_users = user_column.is_some_and(|column| table.has(column))
        && (!is_object
            || found.iter().any(|found| found.key.0.as_ref().is_some_and(|user| !user.is_empty())));
    let whole = (!has_users && !table.layout.nobodys).then(|| user_of(&table.source));
    let is_file = found.len() == 1;
    let numbers = [numeric(&found, |key| &key.0), numeric(&found, |key| &key.1)];
    for Found { key: (user, session), spans, .. } in found {
        let session = session.filter(|session| !session.is_empty());
        let id = session.map_or_else(|| discover::stem(&table.source), |id| text(&id, numbers[1]));
        let user = user.filter(|user| !user.is_empty()).map(|id| text(&id, numbers[0]));
        let user = user.or_else(|| whole.clone());
        let pieces = spans.into_iter().map(|span| FileRange { table: Arc::clone(&table), span });
        let genuine = user.is_some().then_some(true);
        let plan = SessionPlan { id, pieces: pieces.collect(), genuine, repeated: 0, is_file };
        users.add(user.as_deref().unwrap_or(UNLABELLED), plan, genuine.is_none());
    }
    Ok(())
}

/// Whether all ids of a table are numbers: only then `2e3` is 2000, and not a name of letters.
fn numeric(found: &[Found], of: fn(&Key) -> &Option<Vec<u8>>) -> bool {
    let mut ids = found.iter().filter_map(|found| of(&found.key).as_deref());
    ids.all(|id| id.is_empty() || Decimal::parse(id).is_some())
}

/// An id as text, a number with an exponent spelt out.
fn text(id: &[u8], is_number: bool) -> String {
    let spelt = if is_number { Decimal::parse(id).and_then(|id| id.spelt_out()) } else { None };
    spelt.unwrap_or_else(|| names::name(id))
}

/// The stretches of each session. Ids are random: the rows alone tell which session came first.
fn sessions(table: &Table) -> Result<Vec<Found>> {
    let mut rows = table.rows(LineSpan::WHOLE)?;
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    let mut found: Vec<Found> = Vec::new();
    let mut open = None;
    let mut leading = None;
    let [user_column, session_column] = table.layout.keys;
    while let Some(record) = rows.next()? {
        let Ok(record) = record else {
            // Nobody knows whose it is: it is counted with the row before it, or else behind it.
            match open.and_then(|place: usize| found.get_mut(place)?.spans.last_mut()) {
                Some(last) => last.to = rows.span().to,
                None => drop(leading.get_or_insert(rows.span())),
            }
            continue;
        };
        let row = TableRow { record, places: &table.places, unit: table.unit };
        let time = table.layout.time.map(|column| row.time(column));
        if !matches!(time, Some(Ok(_))) && table.is_header(record) {
            continue;
        }
        let column = |key: Option<usize>| row.get(key?);
        let user = column(user_column);
        let session = column(session_column);
        let is_same = |place: &usize| {
            let key = found.get(*place).map(|found| &found.key);
            key.is_some_and(|key| is_key(&key.0, user) && is_key(&key.1, session))
        };
        let place = match open.filter(is_same) {
            Some(place) => place,
            None => {
                let key = (user.map(names::key), session.map(names::key));
                check_ids(table, rows.line_number(), &key)?;
                *places.entry(key).or_insert_with_key(|key| {
                    found.push(Found { key: key.clone(), spans: Vec::new(), begins: NEVER });
                    found.len() - 1
                })
            }
        };
        let span = LineSpan { to: rows.span().to, ..leading.take().unwrap_or_else(|| rows.span()) };
        if let Some(session) = found.get_mut(place) {
            session.begins = session.begins.min(time.and_then(Result::ok).unwrap_or(NEVER));
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

/// Whether a field is an id that was seen before.
fn is_key(key: &Option<Vec<u8>>, field: Option<&[u8]>) -> bool {
    match (key, field) {
        (Some(key), Some(field)) => {
            key == field || field.len() > key.len() && *key == names::key(field)
        }
        (key, field) => key.is_none() && field.is_none(),
    }
}

fn check_ids(table: &Table, line: u64, (user, session): &Key) -> Result<()> {
    for (what, id) in [("the user", user), ("the session", session)] {
        if let Some(id) = id.as_deref().filter(|id| is_shortened_id(id)) {
            let place = format!("{}:{line}", table.source.path.display());
            return Err(damaged(format!("{place}: {what} is {}: {WHY}", names::name(id))));
        }
    }
    Ok(())
}

/// Some spreadsheets write all digits of an id, but zeros behind the fifteenth. One id may end so
/// by chance, all of several don't.
fn check_rounding(table: &Table, found: &[Found]) -> Result<()> {
    let users: std::collections::BTreeSet<&[u8]> =
        found.iter().filter_map(|session| session.key.0.as_deref()).collect();
    if users.len() < 2
        || !users.iter().all(|id| {
            let digits = id.strip_prefix(b"-").unwrap_or(id);
            digits.len() > FLOAT_DIGITS + 2
                && digits.iter().all(u8::is_ascii_digit)
                && digits[FLOAT_DIGITS..].iter().all(|digit| *digit == b'0')
        })
    {
        return Ok(());
    }
    let what = "every user ends in zeros: this file was saved by a spreadsheet, which rounded ids";
    Err(damaged(format!("{}: {what}", table.source.path.display())))
}
