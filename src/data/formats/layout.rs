//! How a recording is laid out: which columns it must have, and what a row of them means.

use std::fmt;
use std::sync::Arc;

use csv::ByteRecord;

use super::dropped::DropReason;
use super::field::{self, TimeUnit};
use crate::pipeline::{MouseEvent, MouseKind, Timestamp};

/// A column that a layout asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// By one of its names in the header; blanks and case don't matter.
    Named(Vec<String>),
    /// By one of its names, if there is one.
    Maybe(Vec<String>),
    /// By its place from 0, in a table without a header.
    Nth(usize),
    /// Not there.
    Absent,
}

impl Column {
    /// A column of one name.
    pub(crate) fn named(name: &str) -> Self {
        Self::Named(vec![name.into()])
    }

    /// A column of one of several names; the first that is there counts.
    pub(crate) fn one_of(names: &[&str]) -> Self {
        Self::Named(names.iter().map(|name| (*name).into()).collect())
    }

    /// A column that may be missing.
    pub(crate) fn maybe(names: &[&str]) -> Self {
        Self::Maybe(names.iter().map(|name| (*name).into()).collect())
    }

    /// Its names.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Named(names) | Self::Maybe(names) => names,
            Self::Nth(_) | Self::Absent => &[],
        }
    }
}

/// What the bytes of a recording are made of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Rows of columns.
    Table {
        /// `None`: whichever of comma, semicolon, tab, bar and blank gives the columns.
        separator: Option<u8>,
        /// Whether a field in quotes may hold the separator and line breaks.
        quoted: bool,
    },
    /// Lines of text; says whether the first bytes of a file look so.
    Lines(fn(&[u8]) -> bool),
    /// Objects in JSON.
    Json,
}

impl Shape {
    pub(crate) const fn is_json(&self) -> bool {
        matches!(self, Self::Json)
    }
}

/// Where the columns of a header stand, or which one is missing.
pub(super) type Finder = fn(&ByteRecord) -> Result<Vec<Option<usize>>, String>;

/// The time in a line of text.
pub(super) type LineTime = fn(&[u8]) -> Option<&[u8]>;

/// The event of a row.
pub(super) type EventOf = dyn Fn(&TableRow<'_>) -> Result<MouseEvent, RowFault> + Send + Sync;

/// A layout.
#[derive(Debug, Clone)]
pub(super) struct TableLayout {
    /// For errors: "a gmail recording".
    pub what: &'static str,
    pub shape: Shape,
    /// In the order in which [`TableRow::get`] counts them.
    pub columns: Vec<Column>,
    /// Finds columns whose names follow a pattern, instead of `columns`.
    pub finder: Option<Finder>,
    /// The column of the time, if each row has one time.
    pub time: Option<usize>,
    /// The time in a line of text.
    pub line_time: Option<LineTime>,
    /// In what the time is counted; `None`: what the first rows make likely.
    pub unit: Option<TimeUnit>,
    /// The columns of user and session, if rows have them.
    pub keys: [Option<usize>; 2],
    /// Whether rows without a user are nobody's, not their folder's.
    pub nobodys: bool,
    /// Whether rows stand in the order of time, but for a few.
    pub ordered: bool,
    pub decode: Decode,
}

impl TableLayout {
    /// A table in which each row is one event.
    pub(crate) fn table(
        what: &'static str,
        columns: Vec<Column>,
        event: impl Fn(&TableRow<'_>) -> Result<MouseEvent, RowFault> + Send + Sync + 'static,
    ) -> Self {
        Self {
            what,
            shape: Shape::Table { separator: None, quoted: false },
            columns,
            finder: None,
            time: None,
            line_time: None,
            unit: None,
            keys: [None, None],
            nobodys: false,
            ordered: true,
            decode: Decode::Each(Arc::new(event)),
        }
    }

    /// Rows that depend on each other, or that hold many events.
    pub(crate) fn running(
        what: &'static str,
        shape: Shape,
        columns: Vec<Column>,
        decoder: fn() -> Box<dyn Decoder>,
    ) -> Self {
        let decode = Decode::Running(decoder);
        Self { shape, decode, ..Self::table(what, columns, |_: &TableRow<'_>| Err(missing("row"))) }
    }

    /// Whether the first row names the columns.
    pub(crate) fn has_header(&self) -> bool {
        !self.columns.iter().any(|column| matches!(column, Column::Nth(_)))
    }
}

/// What a row means.
#[derive(Clone)]
pub(super) enum Decode {
    /// One event each.
    Each(Arc<EventOf>),
    /// What a decoder makes of it, a new one for every session.
    Running(fn() -> Box<dyn Decoder>),
}

impl fmt::Debug for Decode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Each(_) => "Each",
            Self::Running(_) => "Running",
        })
    }
}

impl Decode {
    /// A decoder for one session.
    pub(crate) fn begin(&self) -> Box<dyn Decoder> {
        match self {
            Self::Each(event) => Box::new(Each(Arc::clone(event))),
            Self::Running(decoder) => decoder(),
        }
    }
}

/// Makes events of the rows of one session, in their order.
pub(super) trait Decoder {
    /// Adds the events of a row.
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault>;
}

struct Each(Arc<EventOf>);

impl Decoder for Each {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        out.events.push((self.0)(row)?);
        Ok(())
    }
}

/// The events of a session in the order of its rows.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub events: Vec<MouseEvent>,
    /// Where a stretch with a clock of its own begins, such as a trial; places in `events`.
    pub parts: Vec<usize>,
    /// Places of lists that hold no position, since this was last looked at.
    pub lost: u64,
}

impl Events {
    /// What follows has a clock of its own.
    pub(crate) fn part(&mut self) {
        if self.parts.last() != Some(&self.events.len()) {
            self.parts.push(self.events.len());
        }
    }
}

/// Why a row is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowFault {
    pub reason: DropReason,
    pub wrong: String,
}

impl RowFault {
    pub(crate) fn drop(reason: DropReason, wrong: impl Into<String>) -> Self {
        Self { reason, wrong: wrong.into() }
    }

    pub(crate) fn unreadable(wrong: impl Into<String>) -> Self {
        Self::drop(DropReason::Unreadable, wrong)
    }
}

/// One row, seen through its table's columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableRow<'a> {
    pub record: &'a ByteRecord,
    pub places: &'a [Option<usize>],
    pub unit: TimeUnit,
}

impl<'a> TableRow<'a> {
    /// The nth column of the layout, without blanks and quotes.
    pub(crate) fn get(&self, column: usize) -> Option<&'a [u8]> {
        let place = (*self.places.get(column)?)?;
        self.record.get(place).map(field::bare)
    }

    /// The nth column, if something stands in it.
    pub(crate) fn filled(&self, column: usize) -> Option<&'a [u8]> {
        self.get(column).filter(|text| !field::is_empty(text))
    }

    /// An event at the time and position of these columns.
    pub(crate) fn event(
        &self,
        kind: MouseKind,
        [time, x, y]: [usize; 3],
    ) -> Result<MouseEvent, RowFault> {
        let at = self.time(time)?;
        Ok(MouseEvent { at, kind, x: self.pixels(x, "x")?, y: self.pixels(y, "y")? })
    }

    /// A column as a time.
    pub(crate) fn time(&self, column: usize) -> Result<Timestamp, RowFault> {
        let text = self.get(column).ok_or_else(|| missing("time"))?;
        time(text, self.unit)
    }

    fn pixels(&self, column: usize, name: &str) -> Result<f64, RowFault> {
        let text = self.get(column).ok_or_else(|| missing(name))?;
        pixels(text, name)
    }
}

/// A text as a time.
pub(super) fn time(text: &[u8], unit: TimeUnit) -> Result<Timestamp, RowFault> {
    let micros = field::micros(text, unit).map(Timestamp::from_micros);
    micros.ok_or_else(|| RowFault::unreadable("the time cannot be read"))
}

/// A text as a coordinate; the text itself is a position and stays out of the message.
pub(super) fn pixels(text: &[u8], name: &str) -> Result<f64, RowFault> {
    field::pixels(text).ok_or_else(|| {
        let is_number = std::str::from_utf8(field::bare(text))
            .is_ok_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
        let what = if is_number { "is too large for a position" } else { "is not a number" };
        RowFault::unreadable(format!("{name} {what}"))
    })
}

/// An event that the format doesn't know.
pub(super) fn unknown(text: &[u8]) -> RowFault {
    let text = String::from_utf8_lossy(text);
    let text: String = text.chars().take(24).collect();
    RowFault::drop(DropReason::UnknownEvent, format!("unknown event {text:?}"))
}

/// A column that the row is too short for.
pub(super) fn missing(name: &str) -> RowFault {
    RowFault::unreadable(format!("no column for the {name}"))
}
