//! How a table is laid out: which columns it must have, and what a row of them means.

use csv::ByteRecord;

use super::dropped::Reason;
use super::field::{self, TimeUnit, Wrong};
use crate::pipeline::{MouseEvent, MouseKind, Timestamp};

/// A column that a layout asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// By its name in the header; blanks and case don't matter.
    Named(String),
    /// By its name, if there is one.
    Maybe(String),
    /// By its place from 0, in a table without a header.
    Nth(usize),
    /// Not there.
    Absent,
}

/// The columns in the order in which [`Row::get`] counts them.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// For errors: "a gmail recording".
    pub what: &'static str,
    /// `None`: whichever of comma, semicolon and tab gives the columns.
    pub separator: Option<u8>,
    /// Whether a field in quotes may hold the separator.
    pub quoted: bool,
    pub columns: Vec<Column>,
    pub decode: Decode,
}

impl Layout {
    /// Whether the first row names the columns.
    pub fn has_header(&self) -> bool {
        !self.columns.iter().any(|column| matches!(column, Column::Nth(_)))
    }
}

/// What a row means.
#[derive(Debug, Clone)]
pub(super) enum Decode {
    Gmail,
    ButtonState(super::button_state::Flavour),
    Bank,
    Generic(Box<super::generic::Decoder>),
}

impl Decode {
    /// The event of a row.
    pub fn event(&self, row: &Row<'_>) -> Result<MouseEvent, Fault> {
        match self {
            Self::Gmail => super::gmail::event(row),
            Self::ButtonState(flavour) => super::button_state::event(row, *flavour),
            Self::Bank => super::bank::event(row),
            Self::Generic(decoder) => decoder.event(row),
        }
    }
}

/// Why a row is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is left out and counted.
    Drop(Reason, String),
    /// The whole file cannot be trusted.
    Damaged(String),
}

impl Fault {
    pub fn drop(reason: Reason, wrong: impl Into<String>) -> Self {
        Self::Drop(reason, wrong.into())
    }
}

/// One row, seen through its table's columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub record: &'a ByteRecord,
    pub places: &'a [Option<usize>],
}

impl<'a> Row<'a> {
    /// The nth column of the layout, without blanks and quotes.
    pub fn get(&self, column: usize) -> Option<&'a [u8]> {
        let place = (*self.places.get(column)?)?;
        self.record.get(place).map(field::bare)
    }

    /// An event at the time and position of these columns.
    pub fn event(
        &self,
        kind: MouseKind,
        [time, x, y]: [usize; 3],
        unit: TimeUnit,
    ) -> Result<MouseEvent, Fault> {
        let at = self.time(time, unit)?;
        Ok(MouseEvent { at, kind, x: self.pixels(x, "x")?, y: self.pixels(y, "y")? })
    }

    /// A column as a time.
    pub fn time(&self, column: usize, unit: TimeUnit) -> Result<Timestamp, Fault> {
        let text = self.get(column).ok_or_else(|| missing("time"))?;
        field::micros(text, unit).map(Timestamp::from_micros).map_err(|wrong| match wrong {
            Wrong::NotANumber => Fault::drop(Reason::Unreadable, "the time cannot be read"),
            Wrong::Shortened => Fault::Damaged(shortened("the time", text)),
        })
    }

    fn pixels(&self, column: usize, name: &str) -> Result<f64, Fault> {
        let text = self.get(column).ok_or_else(|| missing(name))?;
        // The text itself is a position and stays out of the message.
        field::pixels(text)
            .map_err(|_| Fault::drop(Reason::Unreadable, format!("{name} is not a number")))
    }
}

/// An event that the format doesn't know.
pub(super) fn unknown(text: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(text);
    let text: String = text.chars().take(24).collect();
    Fault::drop(Reason::UnknownEvent, format!("unknown event {text:?}"))
}

/// A column that the row is too short for.
pub(super) fn missing(name: &str) -> Fault {
    Fault::drop(Reason::Unreadable, format!("no column for the {name}"))
}

/// What is said of a number that a spreadsheet shortened.
pub(super) fn shortened(what: &str, text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    format!("{what} is {text}: this file was saved by a spreadsheet, which shortened the number")
}
