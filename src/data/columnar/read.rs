//! From Arrow columns to sessions of events. A row that fails to be an event is counted, as the
//! readers of files do; a missing column is a fault of the stream.

use std::borrow::Cow;
use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt32Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema, TimeUnit};

use super::flat::Flat;
use crate::data::formats::bank_kind;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::event::sort_recording;
use crate::pipeline::{Boundary, MouseEvent, MouseKind, Signal, Timestamp};

/// One session that came by Arrow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnarSession {
    /// Its id.
    pub id: String,
    /// In the order of time.
    pub events: Vec<MouseEvent>,
    /// Rows that are no event, or nobody's.
    pub dropped: u64,
}

impl ColumnarSession {
    /// The session as the pipeline takes it: a start, then the events.
    pub(crate) fn signals(&self) -> impl Iterator<Item = Signal> + '_ {
        let start =
            self.events.first().map(|e| Signal::Boundary { at: e.at, kind: Boundary::Start });
        start.into_iter().chain(self.events.iter().copied().map(Signal::Mouse))
    }
}

/// Where the columns stand.
#[derive(Debug)]
pub(super) struct ColumnIndices {
    session: usize,
    order: Option<usize>,
    time: usize,
    kind: usize,
    x: usize,
    y: usize,
}

impl ColumnIndices {
    /// In the schema of `what`.
    ///
    /// # Errors
    /// When a column is missing.
    pub(super) fn of(schema: &Schema, what: &str) -> Result<Self> {
        Ok(Self {
            session: index_of(schema, what, "session_id")?,
            order: schema.index_of("row").ok(),
            time: index_of(schema, what, "timestamp")?,
            kind: index_of(schema, what, "event_type")?,
            x: index_of(schema, what, "screen_x")?,
            y: index_of(schema, what, "screen_y")?,
        })
    }

    /// Every column that is looked at.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        let Self { session, order, time, kind, x, y } = *self;
        [session, time, kind, x, y].into_iter().chain(order)
    }
}

fn index_of(schema: &Schema, what: &str, name: &str) -> Result<usize> {
    schema.index_of(name).map_err(|_| {
        let has: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        Failure::new(FailureKind::Data, format!("{what} has no column {name:?}"))
            .remedy(format!("It has: {}.", has.join(", ")))
    })
}

/// An event with the number of the row that it came in.
type Numbered = (i64, MouseEvent);

/// The sessions of one stream on the way.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    sessions: Vec<(ColumnarSession, Vec<Numbered>)>,
    by_id: HashMap<String, usize>,
}

impl Gatherer {
    pub(super) fn add(&mut self, places: &ColumnIndices, batch: &RecordBatch) -> Result<()> {
        let ColumnIndices { session, order, time, kind, x, y } = *places;
        let flat = Flat::of([
            column(batch, time),
            column(batch, kind),
            column(batch, x),
            column(batch, y),
        ])?;
        let [times, kinds, xs, ys] = &flat.columns;
        let times = micros(times)?;
        let kinds = kinds_of(kinds)?;
        let xs = numbers(xs, "screen_x")?;
        let ys = numbers(ys, "screen_y")?;
        let ids = texts(column(batch, session), "session_id")?;
        let orders = order.map(|place| whole_numbers(column(batch, place), "row")).transpose()?;
        let mut open = None;
        for (row, id) in ids.iter().enumerate() {
            let is_named = id.is_some();
            let id = id.as_deref().unwrap_or_default();
            let order = orders.as_ref().and_then(|orders| orders[row]).unwrap_or(0);
            let place = match open {
                Some((last, place)) if last == id => place,
                _ => self.place(id),
            };
            open = Some((id, place));
            let (session, events) = &mut self.sessions[place];
            for at in flat.span(row) {
                match event(times[at], kinds[at], xs[at], ys[at]).filter(|_| is_named) {
                    Some(event) => events.push((order, event)),
                    None => session.dropped += 1,
                }
            }
        }
        Ok(())
    }

    /// Where the session of an id stands.
    fn place(&mut self, id: &str) -> usize {
        if let Some(place) = self.by_id.get(id) {
            return *place;
        }
        let fresh = ColumnarSession { id: id.to_owned(), events: Vec::new(), dropped: 0 };
        self.by_id.insert(id.to_owned(), self.sessions.len());
        self.sessions.push((fresh, Vec::new()));
        self.sessions.len() - 1
    }

    pub(super) fn finished(self) -> Vec<ColumnarSession> {
        self.sessions
            .into_iter()
            .map(|(mut session, mut events)| {
                events.sort_by_key(|(order, _)| *order);
                session.events = events.into_iter().map(|(_, event)| event).collect();
                sort_recording(&mut session.events);
                session
            })
            .collect()
    }
}

fn column(batch: &RecordBatch, place: usize) -> &dyn Array {
    batch.column(place).as_ref()
}

fn event(
    micros: Option<i64>,
    kind: Option<MouseKind>,
    x: Option<f64>,
    y: Option<f64>,
) -> Option<MouseEvent> {
    let x = x.filter(|x| x.is_finite())?;
    let y = y.filter(|y| y.is_finite())?;
    Some(MouseEvent { at: Timestamp::from_micros(micros?), kind: kind?, x, y })
}

/// The bank recordings' codes, as numbers or as text.
fn kinds_of(array: &dyn Array) -> Result<Vec<Option<MouseKind>>> {
    Ok(match integers(array) {
        Some(codes) => codes
            .into_iter()
            .map(|code| {
                code.and_then(|code| {
                    let digit = u8::try_from(code).ok().filter(|code| *code < 10)?;
                    bank_kind(&[b'0' + digit])
                })
            })
            .collect(),
        None => {
            let codes = texts(array, "event_type")?.into_iter();
            codes.map(|code| bank_kind(code?.trim().as_bytes())).collect()
        }
    })
}

pub(super) fn texts<'a>(array: &'a dyn Array, name: &str) -> Result<Vec<Option<Cow<'a, str>>>> {
    Ok(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().map(lent).collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().map(lent).collect(),
        DataType::Utf8View => array.as_string_view().iter().map(lent).collect(),
        _ => whole_numbers(array, name)?
            .into_iter()
            .map(|value| value.map(|value| Cow::Owned(value.to_string())))
            .collect(),
    })
}

fn lent(value: Option<&str>) -> Option<Cow<'_, str>> {
    value.map(Cow::Borrowed)
}

pub(super) fn whole_numbers(array: &dyn Array, name: &str) -> Result<Vec<Option<i64>>> {
    integers(array).ok_or_else(|| wrong_type(array, name))
}

fn integers(array: &dyn Array) -> Option<Vec<Option<i64>>> {
    macro_rules! wide {
        ($kind:ty) => {
            Some(array.as_primitive::<$kind>().iter().map(|v| v.map(i64::from)).collect())
        };
    }
    match array.data_type() {
        DataType::Int8 => wide!(Int8Type),
        DataType::Int16 => wide!(Int16Type),
        DataType::Int32 => wide!(Int32Type),
        DataType::Int64 => wide!(Int64Type),
        DataType::UInt8 => wide!(UInt8Type),
        DataType::UInt32 => wide!(UInt32Type),
        _ => None,
    }
}

fn numbers(array: &dyn Array, name: &str) -> Result<Vec<Option<f64>>> {
    Ok(match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().iter().collect(),
        DataType::Float32 => {
            array.as_primitive::<Float32Type>().iter().map(|v| v.map(f64::from)).collect()
        }
        _ => {
            let whole = whole_numbers(array, name)?;
            whole.into_iter().map(|value| value.map(|value| value as f64)).collect()
        }
    })
}

/// Microseconds; plain integers are milliseconds.
fn micros(array: &dyn Array) -> Result<Vec<Option<i64>>> {
    Ok(match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            scaled(array.as_primitive::<TimestampSecondType>().iter().collect(), 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled(array.as_primitive::<TimestampMillisecondType>().iter().collect(), 1000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().iter().collect()
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => array
            .as_primitive::<TimestampNanosecondType>()
            .iter()
            .map(|value| value.map(|value| value.div_euclid(1000)))
            .collect(),
        _ => scaled(whole_numbers(array, "timestamp")?, 1000),
    })
}

fn scaled(values: Vec<Option<i64>>, by: i64) -> Vec<Option<i64>> {
    values.into_iter().map(|value| value.and_then(|value| value.checked_mul(by))).collect()
}

pub(super) fn wrong_type(array: &dyn Array, name: &str) -> Failure {
    let what = format!("column {name} of the Arrow stream is of type {}", array.data_type());
    let is_float = matches!(array.data_type(), DataType::Float32 | DataType::Float64);
    Failure::new(FailureKind::Data, what).remedy(if is_float {
        "A float has destroyed ids and times of this length already: read them as integers."
    } else {
        "See `mousewarden identify features --help` for the types that are read."
    })
}
