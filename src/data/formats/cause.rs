//! Why a file fails to be read, as far as its rows tell: what most people get wrong about tables.

use std::path::Path;

use csv::ByteRecord;

use super::dropped::{DropReason, Dropped};
use super::field::{self, TimeUnit};
use super::layout::{Events, RowFault, Shape, TableRow};
use super::lines::LINE_MAX;
use super::passed::shown;
use super::table::{LineSpan, Table};
use super::widths::{COMMA, Widths, filled};
use super::wrapped::wrapped;
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
    widths: Widths,
}

/// Where a row stands.
struct RowPlace<'a> {
    file: &'a Path,
    line: u64,
}

/// Refuses a file of which nothing can be read, as far as its first rows tell, before any work is
/// done on the others.
pub(super) fn check(table: &Table) -> Result<()> {
    let sample = Sample::take(table, ROWS)?;
    if let Some(cause) = sample.widths.cause(sample.rows, table.separator) {
        let file = shown(&table.source.path);
        let what = format!("{file}: its rows have more fields than its first row names");
        return Err(Failure::new(FailureKind::Data, what).remedy(cause));
    }
    if table.layout.shape.is_json() && sample.rows > 0 && sample.dropped.total() == sample.rows {
        let file = shown(&table.source.path);
        if let Some(cause) = wrapped(&table.source.head(LINE_MAX as u64)?) {
            let what = format!("{file}: its objects have no time, x and y of their own");
            return Err(Failure::new(FailureKind::Data, what).remedy(cause));
        }
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
    let lost = if rows == 1 {
        "its only row cannot be read".into()
    } else if faults >= rows {
        format!("not one of its {} can be read", super::counted(rows, "row"))
    } else {
        format!("{faults} of its {} cannot be read", super::counted(rows, "row"))
    };
    let file = shown(&table.source.path);
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
            widths: Widths::default(),
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
            let names = table.header.as_ref().filter(|_| table.layout.finder.is_none());
            sample.widths.see(record, names.map_or(usize::MAX, ByteRecord::len));
            let told = decoder.row(&row, &mut out);
            out = Events::default();
            let Err(fault) = told else { continue };
            // Recorders that are started anew write their names again.
            if table.is_header(record) {
                sample.rows -= 1;
                continue;
            }
            let faulty = fault.reason.is_fault().then(|| record.clone());
            let line = rows.line_number();
            sample.leave_out(fault, faulty, RowPlace { file: &table.source.path, line });
        }
        Ok(sample)
    }

    fn leave_out(&mut self, fault: RowFault, faulty: Option<ByteRecord>, place: RowPlace<'_>) {
        let RowFault { reason, wrong } = fault;
        self.dropped.add(reason, 1);
        if reason == DropReason::UnknownEvent && !self.codes.contains(&wrong) {
            self.codes.push(wrong.clone());
        }
        self.records.extend(faulty.filter(|_| self.records.len() < ROWS));
        let RowPlace { file, line } = place;
        self.dropped.name(reason, || super::RowLocation {
            file: file.to_owned(),
            line,
            reason,
            wrong,
        });
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
        // A format that reads lists has no column of the time.
        let found =
            found.map(|it| if it == LIST && table.layout.time.is_none() { LISTS } else { it });
        found.map(str::to_owned).or_else(|| of_time(time, table.unit)).or_else(|| {
            cells()
                .map(field::bare)
                .any(|cell| {
                    cell.iter().any(u8::is_ascii_digit)
                        && !cell
                            .iter()
                            .all(|byte| byte.is_ascii_digit() || b"+-. eE".contains(byte))
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
const LISTS: &str =
    "Its lists are not as this format writes them: bare numbers or JSON, and as many in each.";
const DAY_FIRST: &str = "Its dates begin with the day or month: write them as ISO 8601 does, \
                         2022-06-23 14:02:00.010.";

const CONTROL: &str = "Control characters stand in its cells, as of a coloured terminal: leave the \
                       bare numbers.";
const MINUS: &str = "Its minus sign is a longer dash: write it as -.";
const DIGITS: &str = "Its digits are those of another script: write them as 0 to 9.";
const INFINITE: &str = "Its numbers are infinite: leave such rows out.";
const NO_ISO: &str = "Its dates are not those of ISO 8601: write 2022-06-23 14:02:00.010.";
const THOUSANDS: &str = "Its numbers have marks between the thousands: leave the bare digits.";
const BRACKETS: &str = "Brackets stand around its numbers: leave the bare numbers, or name a column \
                        of both with --position.";
const HEX: &str = "Its numbers are hexadecimal: write them with decimal digits.";
const POWERS: &str = "Its numbers are written with powers of ten in another way than 1.5e3: write \
                      them so, or in full.";
const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

fn of_cell(cell: &[u8]) -> Option<&'static str> {
    let shape = shape(cell);
    if let Some(letters) = of_letters(cell) {
        return Some(letters);
    }
    if is_grouped(cell) {
        return Some(THOUSANDS);
    }
    if is_list(&shape) {
        return Some(LIST);
    }
    if [&b"9,9"[..], b"9,9e9", b"9,9e+9", b"9,9e-9"].iter().any(|it| shape.eq_ignore_ascii_case(it))
    {
        return Some(COMMA);
    }
    if shape.starts_with(b"9x9") || shape.eq_ignore_ascii_case(b"9x") {
        return cell.starts_with(b"0x").then_some(HEX);
    }
    let is_fortran = [&b"9d9"[..], b"9d+9", b"9.9d9", b"9.9d+9", b"9.9d-9"];
    if ["×", "^", "**", "*10"].iter().any(|mark| holds(cell, mark))
        || is_fortran.iter().any(|it| shape.eq_ignore_ascii_case(it))
    {
        return Some(POWERS);
    }
    if is_date(cell, &shape) {
        let digits = cell.iter().take_while(|byte| byte.is_ascii_digit()).count();
        return Some(if digits <= 2 && !names_month(cell) { DAY_FIRST } else { NO_ISO });
    }
    let ends = [cell.first(), cell.last()];
    ends.into_iter().flatten().any(|byte| b"[](){}<>".contains(byte)).then_some(BRACKETS)
}

/// What a cell's letters say, if a number would be there without them.
fn of_letters(cell: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(cell).ok()?;
    if text.chars().any(char::is_control) {
        return Some(CONTROL);
    }
    if text.starts_with(['\u{2212}', '\u{2013}', '\u{2010}', '\u{2011}']) {
        return Some(MINUS);
    }
    if text.chars().any(|c| c.is_numeric() && !c.is_ascii()) {
        return Some(DIGITS);
    }
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(bare.as_str(), "inf" | "infinity").then_some(INFINITE)
}

fn holds(cell: &[u8], mark: &str) -> bool {
    cell.windows(mark.len()).any(|part| part == mark.as_bytes())
}

/// Whether a cell holds three numbers or more, whatever stands between and around them.
fn is_list(shape: &[u8]) -> bool {
    let numbers =
        shape.split(|byte| b"[](){},;| \t".contains(byte)).filter(|part| part.contains(&b'9'));
    let plain = |part: &[u8]| part.iter().all(|byte| b"9.-+eE".contains(byte));
    let numbers: Vec<&[u8]> = numbers.collect();
    numbers.len() >= 3 && numbers.iter().all(|part| plain(part))
}

/// Whether all digits but the first stand in threes: 1,656,000 or 1'656'000.
fn is_grouped(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell);
    let text = text.trim_start_matches(['-', '+']);
    let whole = text.split_once('.').filter(|(whole, _)| whole.len() > 3).map_or(text, |it| it.0);
    ['.', ',', '\'', '’', ' ', '_', '\u{a0}', '\u{202f}', '\u{2009}'].iter().any(|mark| {
        let text = if *mark == '.' { text.split(',').next().unwrap_or(text) } else { whole };
        let mut groups = text.split(*mark);
        let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
        let first = groups.next().is_some_and(|it| (1..=3).contains(&it.len()) && digits(it));
        let rest: Vec<&str> = groups.collect();
        first && rest.len() >= 2 && rest.iter().all(|group| group.len() == 3 && digits(group))
    })
}

fn is_date(cell: &[u8], shape: &[u8]) -> bool {
    let has_digits = shape.iter().filter(|byte| **byte == b'9').count() >= 2;
    let year_first = cell.iter().take_while(|byte| byte.is_ascii_digit()).count() == 4;
    [&b"9/9/9"[..], b"9.9.9"].iter().any(|date| shape.starts_with(date))
        || shape.starts_with(b"9-9-9") && !year_first
        || has_digits && names_month(cell)
}

fn names_month(cell: &[u8]) -> bool {
    let lower = cell.to_ascii_lowercase();
    MONTHS.iter().any(|month| lower.windows(3).any(|part| part == *month))
}

fn of_time(time: &[u8], unit: TimeUnit) -> Option<String> {
    if field::is_empty(time) {
        return Some("Its times are empty: name the column of the time with --time.".into());
    }
    let shape = shape(time);
    let is_number = matches!(shape.as_slice(), b"9" | b"9.9");
    if is_number && unit != TimeUnit::Iso8601 && field::micros(time, unit).is_none() {
        return Some(format!(
            "Its times are too large to be {}: name a finer unit, --time-unit us or ns.",
            unit.name()
        ));
    }
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
    if filled(record) > header && table.separator == b',' {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likely_cause_is_named() {
        for (cell, cause) in [
            ("0,010", COMMA),
            ("1,656E+12", COMMA),
            ("1,656,000,000,010", THOUSANDS),
            ("1'656'000", THOUSANDS),
            ("1\u{202f}656\u{202f}000.5", THOUSANDS),
            ("1.656.000", THOUSANDS),
            ("[0, 10, 20]", LIST),
            ("c(0;10;20)", BRACKETS),
            ("0 10 20", LIST),
            ("0;10.5;20", LIST),
            ("(412", BRACKETS),
            ("0x1f", HEX),
            ("1.5D+03", POWERS),
            ("1.5×10^3", POWERS),
            ("23.06.2022 14:02:00", DAY_FIRST),
            ("06/23/2022 02:02:00 PM", DAY_FIRST),
            ("2022/06/23 14:02:00", NO_ISO),
            ("\u{1b}[31m412", CONTROL),
            ("\u{2212}412", MINUS),
            ("٤١٢", DIGITS),
            ("４１２", DIGITS),
            ("-inf", INFINITE),
            ("23 Jun 2022 14:02:00", NO_ISO),
        ] {
            let found = of_cell(cell.as_bytes());
            assert!(
                found == Some(cause) || cell.starts_with('c') && found.is_some(),
                "{cell}: {found:?}"
            );
        }
        for cell in ["12", "-1.5e3", "2022-06-23 14:02:00", "12.5", "ann", ""] {
            assert_eq!(of_cell(cell.as_bytes()), None, "{cell}");
        }
        let finer = of_time(b"1000000000000000010", TimeUnit::Ms).unwrap();
        assert!(finer.contains("--time-unit us or ns"), "{finer}");
        let nothing = of_time(b"NaN", TimeUnit::Ms).unwrap();
        assert!(nothing.contains("--time"), "{nothing}");
    }
}
