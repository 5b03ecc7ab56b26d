//! Why a file fails to be read, as far as its rows tell: what most people get wrong about tables.

use csv::ByteRecord;

use super::dropped::{DropReason, Dropped};
use super::field::{self, TimeUnit};
use super::layout::{Events, Shape, TableRow};
use super::table::{LineSpan, Table};
use crate::error::{Failure, FailureKind, Result, printable};

/// Rows that are looked at.
const ROWS: usize = 200;
/// Codes of events that are named.
const CODES: usize = 5;

/// Rows that could not be read, and whether all could not.
struct Sample {
    records: Vec<ByteRecord>,
    codes: Vec<String>,
    dropped: Dropped,
    rows: u64,
    /// Rows that are at least twice as long as the header.
    wide: u64,
}

/// Refuses a file of which nothing can be read, as far as its first rows tell, before any work is
/// done on the others.
pub(super) fn check(table: &Table) -> Result<()> {
    let sample = Sample::take(table, ROWS)?;
    if sample.wide * 2 > sample.rows {
        let what = format!(
            "{}: its rows have more fields than its first row",
            table.source.path.display()
        );
        return Err(Failure::new(FailureKind::Data, what).remedy(COMMA));
    }
    if sample.rows == 0 || sample.dropped.faults() < sample.rows {
        return Ok(());
    }
    // The recorder may have begun with something else.
    let whole = Sample::take(table, usize::MAX)?;
    if whole.dropped.faults() * 2 <= whole.rows {
        return Ok(());
    }
    Err(mostly_lost(table, &whole.dropped, whole.rows))
}

/// The failure of a file of which most rows are lost.
pub(super) fn mostly_lost(table: &Table, dropped: &Dropped, rows: u64) -> Failure {
    let reasons = dropped.by_reason().filter(|(reason, _)| *reason != DropReason::Repeated);
    let reasons: Vec<String> =
        reasons.map(|(why, rows)| format!("{rows} {}", why.name())).collect();
    let faults = dropped.faults();
    let lost = if faults >= rows {
        format!("not one of its {} can be read", super::counted(rows, "row"))
    } else {
        format!("{faults} of its {} cannot be read", super::counted(rows, "row"))
    };
    let file = table.source.path.display();
    let place = dropped.places().iter().find(|place| place.reason.is_fault());
    let first = place.map_or_else(String::new, |p| format!("; line {}: {}", p.line, p.wrong));
    let what = format!("{file}: {lost} ({}){first}", reasons.join(", "));
    let cause = Sample::take(table, ROWS).ok().and_then(|sample| sample.cause(table));
    let usual = "Look at that line: is it the right --format? If the file is broken, move it away.";
    Failure::new(FailureKind::Data, what).remedy(cause.unwrap_or_else(|| usual.into()))
}

impl Sample {
    fn take(table: &Table, most: usize) -> Result<Self> {
        let mut sample = Self {
            records: Vec::new(),
            codes: Vec::new(),
            dropped: Dropped::default(),
            rows: 0,
            wide: 0,
        };
        let mut decoder = table.layout.decode.begin();
        let mut out = Events::default();
        let mut rows = table.rows(LineSpan::WHOLE)?;
        while (sample.rows as usize) < most {
            let Some(found) = rows.next()? else { break };
            sample.rows += 1;
            let Ok(record) = found else {
                sample.dropped.add(DropReason::Unreadable, 1);
                continue;
            };
            let row = TableRow { record, places: &table.places, unit: table.unit };
            let header = table.header.as_ref().map_or(usize::MAX, ByteRecord::len);
            sample.wide += u64::from(header > 1 && record.len() / 2 >= header);
            let told = decoder.row(&row, &mut out);
            out = Events::default();
            let Err(fault) = told else { continue };
            if table.is_header(record) {
                sample.rows -= 1;
                continue;
            }
            sample.dropped.add(fault.reason, 1);
            if fault.reason == DropReason::UnknownEvent && !sample.codes.contains(&fault.wrong) {
                sample.codes.push(fault.wrong.clone());
            }
            if fault.reason.is_fault() && sample.records.len() < ROWS {
                sample.records.push(record.clone());
            }
            let file = table.source.path.clone();
            let line = rows.line_number();
            let reason = fault.reason;
            let wrong = fault.wrong;
            sample.dropped.name(reason, || super::RowLocation { file, line, reason, wrong });
        }
        Ok(sample)
    }

    /// What is likely wrong, and what to do about it.
    fn cause(&self, table: &Table) -> Option<String> {
        let record = self.records.first()?;
        if self.dropped.count(DropReason::UnknownEvent) > self.dropped.count(DropReason::Unreadable)
        {
            return Some(self.unknown_codes());
        }
        let is_table = matches!(table.layout.shape, Shape::Table { .. });
        let cause = if is_table { separator(table, record) } else { None };
        if cause.is_some() {
            return cause;
        }
        let cells = || table.places.iter().flatten().filter_map(|place| record.get(*place));
        let time = table.layout.time.and_then(|time| *table.places.get(time)?);
        let time = time.and_then(|place| record.get(place)).map(field::bare).unwrap_or_default();
        let found = cells().map(field::bare).find_map(of_cell);
        found.map(str::to_owned).or_else(|| of_time(time, table.unit)).or_else(|| {
            cells()
                .any(|cell| {
                    cell.iter().any(u8::is_ascii_alphabetic) && cell.iter().any(u8::is_ascii_digit)
                })
                .then(|| WORDS.to_owned())
        })
    }

    fn unknown_codes(&self) -> String {
        let codes: Vec<&str> = self.codes.iter().take(CODES).map(String::as_str).collect();
        let codes = codes.join(", ").replace("unknown event ", "");
        format!("Its events are called {codes}: say what they mean, with --code NAME=EVENT.")
    }
}

const WORDS: &str = "Words or units stand around its numbers; leave the bare numbers.";
const LIST: &str = "Its cells hold lists, a whole trial in a row: --format psychopy, jspsych or \
                    mousetrap reads such tables; else write a row for each position.";
const COMMA: &str = "Its numbers have a decimal comma: write them with a point.";
const DAY_FIRST: &str = "Its dates begin with the day or month: write them as ISO 8601 does, \
                         2022-06-23 14:02:00.010.";

fn of_cell(cell: &[u8]) -> Option<&'static str> {
    let is_list = matches!(cell.first(), Some(b'[' | b'(' | b'{'))
        && cell.iter().filter(|byte| matches!(byte, b',' | b' ')).count() > 1;
    if is_list {
        return Some(LIST);
    }
    if shape(cell) == b"9,9" {
        return Some(COMMA);
    }
    let shape = shape(cell);
    let is_date = [&b"9/9/9"[..], b"9.9.9", b"9-9-9"].iter().any(|date| shape.starts_with(date));
    let digits = cell.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (is_date && digits <= 2).then_some(DAY_FIRST)
}

fn of_time(time: &[u8], unit: TimeUnit) -> Option<String> {
    let shape = shape(time);
    let is_number = matches!(shape.as_slice(), b"9" | b"9.9");
    if unit == TimeUnit::Iso8601 && is_number {
        return Some("Its times are numbers, not dates: --time-unit s, ms, us or ns.".into());
    }
    if unit != TimeUnit::Iso8601 && shape.starts_with(b"9-9-9") {
        return Some("Its times are dates: --time-unit iso8601.".into());
    }
    let is_clock = shape.starts_with(b"9:9");
    is_clock.then(|| "Its times lack the day: write 2022-06-23 14:02:00.010, or seconds.".into())
}

/// A text with every run of digits as one 9, without a sign.
fn shape(text: &[u8]) -> Vec<u8> {
    let mut shape: Vec<u8> = Vec::new();
    for byte in text.strip_prefix(b"-").unwrap_or(text) {
        let byte = if byte.is_ascii_digit() { b'9' } else { *byte };
        if byte != b'9' || shape.last() != Some(&b'9') {
            shape.push(byte);
        }
    }
    shape
}

/// Whether the rows are separated by something else than the header, or than was said.
fn separator(table: &Table, record: &ByteRecord) -> Option<String> {
    let needed = table.places.iter().flatten().max()? + 1;
    let header = table.header.as_ref().map_or(needed, ByteRecord::len);
    if record.len() > header && table.separator == b',' {
        return Some(format!("{COMMA} Its rows have more fields than the first."));
    }
    if record.len() >= needed {
        return None;
    }
    let whole = record.iter().collect::<Vec<_>>().join(&table.separator);
    let fits = |other: &&(u8, &str)| {
        let fields = whole.split(|byte| *byte == other.0).filter(|field| !field.is_empty());
        other.0 != table.separator && fields.count() >= needed
    };
    let names = [
        (b';', "a semicolon"),
        (b'\t', "a tab"),
        (b',', "a comma"),
        (b'|', "a bar"),
        (b' ', "blanks"),
    ];
    let (byte, name) = names.iter().find(fits)?;
    let option = match byte {
        b'\t' => "tab".to_owned(),
        byte => format!("'{}'", printable(&char::from(*byte).to_string())),
    };
    Some(format!("Its columns are separated by {name}: --separator {option}."))
}
