//! A table that is described by parameters instead of code: where its columns are, in what it
//! counts time, how it writes positions and what its event codes mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dataset::User;
use super::discover;
use super::dropped::DropReason;
use super::field::{self, TimeUnit};
use super::layout::{Column, RowFault, Shape, TableLayout, TableRow, missing, unknown};
use super::logger::USERS;
use super::passed::shown;
use super::source::Source;
use super::table::same;
use crate::data::recording::parse_kind;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{MouseEvent, MouseKind};

/// How a table is laid out. A column is named as in the header or, where the table has none, by
/// its number from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GenericParams {
    /// Between columns; one character. Empty: whichever of comma, semicolon and tab fits.
    pub separator: String,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Column of the time.
    pub time: String,
    /// In what it counts.
    pub time_unit: TimeUnit,
    /// Column of the horizontal position, pixels.
    pub x: String,
    /// Column of the vertical position, pixels.
    pub y: String,
    /// Column that holds both, such as `[1044, 731]`, `(10;20)` or `10 20`; instead of x and y.
    pub position: Option<String>,
    /// Column of the event's code; without it all rows are moves.
    pub event: Option<String>,
    /// What the codes mean: `move`, `drag`, `wheel`, `press-left`, `release-right`, ... as in our
    /// own recordings, or `ignore`. A code that stands here in no row is a fault of the file.
    pub events: BTreeMap<String, String>,
    /// Column of the user; without it `user_from` says.
    pub user: Option<String>,
    /// What names the user of a file without a user column.
    pub user_from: UserFrom,
    /// Column of the session; without it a file is one.
    pub session: Option<String>,
}

/// What names the user of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserFrom {
    /// The folder that it lies in.
    #[default]
    Folder,
    /// Its own name.
    File,
}

impl Default for GenericParams {
    fn default() -> Self {
        Self {
            separator: String::new(),
            header: true,
            time: "time".into(),
            time_unit: TimeUnit::Ms,
            x: "x".into(),
            y: "y".into(),
            position: None,
            event: None,
            events: BTreeMap::new(),
            user: None,
            user_from: UserFrom::Folder,
            session: None,
        }
    }
}

const WHAT: &str = "a table of the layout that was given";
const TIME: usize = 0;
const X: usize = 1;
const Y: usize = 2;
const EVENT: usize = 3;
const USER: usize = 4;
const SESSION: usize = 5;

/// What [`GenericParams`] say about a row, ready to use.
#[derive(Debug, Clone)]
pub(super) struct RowDecoder {
    /// Both coordinates stand in the column X.
    together: bool,
    has_event: bool,
    /// `None`: such rows are left out.
    codes: Vec<(Vec<u8>, Option<MouseKind>)>,
}

/// The users of tables that the parameters describe.
pub(super) fn plan(params: &GenericParams, sources: Vec<Source>) -> Result<Vec<User>> {
    let layouts = [Arc::new(params.layout()?)];
    let user_of = match params.user_from {
        UserFrom::Folder => discover::folder,
        UserFrom::File => discover::stem,
    };
    discover::tables(sources, &layouts, user_of)
}

/// What to know about a table that names users in a column which the parameters leave unread.
pub(super) fn unread_users(users: &[User]) -> Option<String> {
    let plans = users.iter().flat_map(|user| user.sessions.iter().chain(&user.claims));
    let tables = plans.filter_map(|plan| plan.pieces.first()).map(|piece| &piece.table);
    tables.filter(|table| table.layout.what == WHAT && !table.has(USER)).find_map(|table| {
        let header = table.header.as_ref()?;
        let name = USERS.iter().find(|name| header.iter().any(|it| same(it, name.as_bytes())))?;
        Some(format!(
            "{}: its column {name:?} is not read: all of its rows are one user's; --user-column \
             {name} tells them apart",
            shown(&table.source.path)
        ))
    })
}

impl GenericParams {
    /// From the text of a TOML file; `name` is the file's, for the error.
    ///
    /// # Errors
    /// When it is no TOML, or has a key that is not a field of this type.
    pub fn from_toml(name: &str, text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            Failure::new(FailureKind::Config, format!("{name}: {error}"))
                .remedy("The keys stand in `mousewarden preprocess --help`.")
        })
    }

    fn layout(&self) -> Result<TableLayout> {
        let separator = match self.separator.as_bytes() {
            [] => None,
            [one] => Some(*one),
            _ if self.separator == "\\t" || self.separator == "tab" => Some(b'\t'),
            _ => return Err(wrong(format!("separator = {:?}", self.separator), "one character")),
        };
        let x = self.position.as_ref().unwrap_or(&self.x);
        let y = self.position.is_none().then_some(&self.y);
        let columns = [
            self.column(Some(&self.time)),
            self.column(Some(x)),
            self.column(y),
            self.column(self.event.as_ref()),
            self.column(self.user.as_ref()),
            self.column(self.session.as_ref()),
        ];
        let columns = columns.into_iter().collect::<Result<_>>()?;
        let decoder = self.decoder()?;
        Ok(TableLayout {
            shape: Shape::Table { separator, quoted: true },
            time: Some(TIME),
            unit: Some(self.time_unit),
            keys: [self.user.as_ref().map(|_| USER), self.session.as_ref().map(|_| SESSION)],
            ..TableLayout::table(WHAT, columns, move |row| decoder.event(row))
        })
    }

    fn column(&self, name: Option<&String>) -> Result<Column> {
        let Some(name) = name else { return Ok(Column::Absent) };
        if self.header {
            return Ok(Column::named(name));
        }
        let number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        number.map(Column::Nth).ok_or_else(|| {
            wrong(format!("column {name:?}"), "a number from 1, as there is no header")
        })
    }

    fn decoder(&self) -> Result<RowDecoder> {
        Ok(RowDecoder {
            together: self.position.is_some(),
            has_event: self.event.is_some(),
            codes: self
                .events
                .iter()
                .map(|(code, meaning)| {
                    let kind = match meaning.as_str() {
                        "ignore" => None,
                        meaning => Some(parse_kind(meaning).ok_or_else(|| {
                            wrong(
                                format!("events: {code:?} = {meaning:?}"),
                                "move, drag, wheel, press-left, release-left, ... or ignore",
                            )
                        })?),
                    };
                    Ok((code.as_bytes().to_vec(), kind))
                })
                .collect::<Result<_>>()?,
        })
    }
}

fn wrong(what: String, expected: &str) -> Failure {
    Failure::new(FailureKind::Config, format!("layout: {what}"))
        .remedy(format!("Expected: {expected}."))
}

impl RowDecoder {
    pub(crate) fn event(&self, row: &TableRow<'_>) -> Result<MouseEvent, RowFault> {
        let kind = self.kind(row)?;
        // Cells that are there and empty are usual with recorders of more than the mouse.
        if is_blank(row, X) || is_blank(row, Y) {
            return Err(RowFault::drop(DropReason::NoPosition, "a row without a position"));
        }
        if !self.together {
            return row.event(kind, [TIME, X, Y]);
        }
        let at = row.time(TIME)?;
        let text = row.get(X).ok_or_else(|| missing("position"))?;
        let [x, y] =
            both(text).ok_or_else(|| RowFault::unreadable("the position is not two numbers"))?;
        Ok(MouseEvent { at, kind, x, y })
    }

    fn kind(&self, row: &TableRow<'_>) -> Result<MouseKind, RowFault> {
        if !self.has_event {
            return Ok(MouseKind::Move);
        }
        let code = row.get(EVENT).ok_or_else(|| missing("event"))?;
        if self.codes.is_empty() {
            let kind = std::str::from_utf8(code).ok().and_then(parse_kind);
            return kind.ok_or_else(|| unknown(code));
        }
        match self.codes.iter().find(|(known, _)| known == code) {
            Some((_, Some(kind))) => Ok(*kind),
            Some((_, None)) => Err(RowFault::drop(DropReason::Ignored, "an event to leave out")),
            None => Err(unknown(code)),
        }
    }
}

fn is_blank(row: &TableRow<'_>, column: usize) -> bool {
    row.get(column).is_some_and(field::is_empty)
}

/// Two numbers, whatever stands around and between them: `[1044, 731]`.
pub(super) fn both(text: &[u8]) -> Option<[f64; 2]> {
    let mut numbers = text.split(|byte| !is_of_number(byte)).filter(|part| !part.is_empty());
    let pair = [field::pixels(numbers.next()?)?, field::pixels(numbers.next()?)?];
    numbers.next().is_none().then_some(pair)
}

fn is_of_number(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e')
}
