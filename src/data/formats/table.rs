//! One file as rows: its separator, its header, and where its rows begin.

use std::io::Read;
use std::sync::Arc;

use csv::ByteRecord;

use super::clock;
use super::field::{self, TimeUnit};
use super::foreign;
use super::layout::{Column, Shape, TableLayout, TableRow};
use super::lines::{LINE_MAX, LineReader, line_end};
use super::rows::{Rows, split};
use super::source::Source;
use crate::error::{Failure, FailureKind, Result};

/// A header that ends later is none, bytes.
const HEAD_MAX: u64 = 512 * 1024;
/// A header that stands lower is none; what is above it are remarks of the recorder.
const REMARKS_MAX: usize = 20;
/// Rows from which an unknown unit is told.
const PROBED: usize = 500;
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Tried in this order where a layout names none.
const SEPARATORS: [u8; 5] = [b',', b';', b'\t', b'|', b' '];

/// A file whose header was read.
#[derive(Debug)]
pub(super) struct Table {
    pub source: Source,
    pub layout: Arc<TableLayout>,
    /// Where the layout's columns stand in a row.
    pub places: Vec<Option<usize>>,
    /// In what its time is counted.
    pub unit: TimeUnit,
    pub separator: u8,
    /// The first row, if it names the columns: recorders repeat it in the middle.
    pub header: Option<ByteRecord>,
    /// What ends a line.
    pub ends: u8,
    /// Where the rows begin: byte and line.
    body: (u64, u64),
}

/// A stretch of whole lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineSpan {
    /// Bytes from the start of the file.
    pub from: u64,
    /// Behind the last byte.
    pub to: u64,
    /// The number of its first line, from 1.
    pub line: u64,
}

impl LineSpan {
    pub(crate) const WHOLE: Self = Self { from: 0, to: u64::MAX, line: 1 };
}

/// Where a header stands, and what it says.
struct Header {
    separator: u8,
    places: Vec<Option<usize>>,
    header: ByteRecord,
    body: (u64, u64),
}

impl Table {
    /// Reads the beginning of a file and finds the columns of the first layout that fits.
    pub(crate) fn open(source: Source, layouts: &[Arc<TableLayout>]) -> Result<Self> {
        let mut head = source.head(HEAD_MAX)?;
        // Wide tables have more than a hundred thousand names in their first line.
        if head.len() as u64 == HEAD_MAX && !head.contains(&b'\n') && !head.contains(&b'\r') {
            head = source.head(LINE_MAX as u64)?;
        }
        if let Some(foreign) = foreign::of(&head[..head.len().min(foreign::HEAD)]) {
            let what = format!("{}: {}", source.path.display(), foreign.what);
            return Err(Failure::new(FailureKind::Data, what).remedy(foreign.remedy));
        }
        let mut missing = None;
        for layout in layouts {
            match Self::fit(&source, layout, &head) {
                Ok(mut table) => {
                    if layout.unit.is_none() {
                        table.unit = table.likely_unit()?;
                    }
                    return Ok(table);
                }
                Err(column) => {
                    missing.get_or_insert((column, layout.what));
                }
            }
        }
        let (column, what) = missing.unwrap_or_default();
        Err(not_of(source, &head, &column, what))
    }

    /// The unit that the times of the first rows make likely.
    fn likely_unit(&self) -> Result<TimeUnit> {
        let mut numbers = Vec::new();
        let mut rows = self.rows(LineSpan::WHOLE)?;
        for _ in 0..PROBED {
            let Some(found) = rows.next()? else { break };
            let Ok(record) = found else { continue };
            let row = TableRow { record, places: &self.places, unit: self.unit };
            let time = match (self.layout.time, self.layout.line_time) {
                (Some(time), _) => row.get(time),
                (None, Some(time)) => row.get(0).and_then(time),
                (None, None) => None,
            };
            let text = time.and_then(|time| std::str::from_utf8(time).ok()).unwrap_or_default();
            match text.parse::<f64>() {
                Ok(number) => numbers.push(number),
                Err(_) if field::micros(text.as_bytes(), TimeUnit::Iso8601).is_some() => {
                    return Ok(TimeUnit::Iso8601);
                }
                Err(_) => {}
            }
        }
        Ok(clock::likely_unit(&numbers))
    }

    /// The file by a layout, or the column that it lacks.
    pub(crate) fn fit(
        source: &Source,
        layout: &Arc<TableLayout>,
        head: &[u8],
    ) -> Result<Self, String> {
        let ends = line_end(head);
        let new = |separator, places, header, body| Self {
            source: source.clone(),
            layout: Arc::clone(layout),
            places,
            unit: layout.unit.unwrap_or_default(),
            separator,
            header,
            ends,
            body,
        };
        let text = head.strip_prefix(UTF8_MARK).unwrap_or(head);
        let begin = ((head.len() - text.len()) as u64, 1);
        let in_order = || (0..layout.columns.len()).map(Some).collect();
        // A file of nothing but blanks is a session in which nothing happened.
        if (head.len() as u64) < HEAD_MAX && text.trim_ascii().is_empty() {
            return Ok(new(b',', vec![None; layout.columns.len()], None, begin));
        }
        let (separator, is_quoted) = match layout.shape {
            Shape::Table { separator, quoted } => (separator, quoted),
            Shape::Lines(looks_so) if looks_so(text) => {
                return Ok(new(b'\0', vec![Some(0)], None, begin));
            }
            Shape::Json if is_json(text) => return Ok(new(b'\0', in_order(), None, begin)),
            Shape::Lines(_) | Shape::Json => return Err(String::new()),
        };
        let separators = separator.map_or(SEPARATORS.to_vec(), |one| vec![one]);
        if !layout.has_header() {
            let places = layout.columns.iter().map(|column| place(column, None).ok().flatten());
            return Ok(new(separators[0], places.collect(), None, begin));
        }
        let found = find_header(head, ends, layout, &separators, is_quoted)?;
        Ok(new(found.separator, found.places, Some(found.header), found.body))
    }

    /// The rows of a stretch.
    pub(crate) fn rows(&self, span: LineSpan) -> Result<Rows<'_>> {
        let (from, line) = self.body;
        let span = if span.from < from { LineSpan { from, line, to: span.to } } else { span };
        let input = self.source.open(span.from)?.take(span.to.saturating_sub(span.from));
        Ok(Rows::new(self, input, span))
    }

    /// Whether the file has the layout's nth column.
    pub(crate) fn has(&self, column: usize) -> bool {
        matches!(self.places.get(column), Some(Some(_)))
    }

    /// Whether a row is the header, in its place or repeated.
    pub(crate) fn is_header(&self, record: &ByteRecord) -> bool {
        let Some(header) = &self.header else { return false };
        record.len() == header.len() && header.iter().zip(record).all(|(a, b)| same(a, b))
    }
}

fn find_header(
    head: &[u8],
    ends: u8,
    layout: &TableLayout,
    separators: &[u8],
    is_quoted: bool,
) -> Result<Header, String> {
    let mut missing: Option<String> = None;
    let mut lines = LineReader::new(head, ends, 0, 1);
    let mut line = Vec::new();
    // Reading from memory cannot fail.
    for _ in 0..REMARKS_MAX {
        let Ok(Some(spot)) = lines.next(&mut line) else { break };
        let text = line.strip_prefix(UTF8_MARK).unwrap_or(&line);
        for separator in separators {
            let header = columns_of(text, *separator, is_quoted);
            match places(layout, &header) {
                Ok(places) => {
                    let body = (spot.to, spot.line + 1);
                    return Ok(Header { separator: *separator, places, header, body });
                }
                Err(name) => drop(missing.get_or_insert(name)),
            }
        }
    }
    Err(missing.unwrap_or_default())
}

/// The names in a header; numpy puts a hash before the first.
fn columns_of(text: &[u8], separator: u8, is_quoted: bool) -> ByteRecord {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"#").unwrap_or(text);
    let mut header = ByteRecord::new();
    split(text, separator, is_quoted, &mut header);
    header
}

fn places(layout: &TableLayout, header: &ByteRecord) -> Result<Vec<Option<usize>>, String> {
    match layout.finder {
        Some(finder) => finder(header),
        None => layout.columns.iter().map(|column| place(column, Some(header))).collect(),
    }
}

/// Where a column stands; its name if it is missing.
fn place(column: &Column, header: Option<&ByteRecord>) -> Result<Option<usize>, String> {
    match column {
        Column::Nth(place) => Ok(Some(*place)),
        Column::Absent => Ok(None),
        Column::Maybe(names) => Ok(names.iter().find_map(|one| position(header, one))),
        Column::Named(names) => names
            .iter()
            .find_map(|one| position(header, one))
            .map(Some)
            .ok_or_else(|| names.first().cloned().unwrap_or_default()),
    }
}

fn position(header: Option<&ByteRecord>, name: &str) -> Option<usize> {
    header?.iter().position(|field| same(field, name.as_bytes()))
}

/// Whether two names of columns are one.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    bare(a).eq_ignore_ascii_case(bare(b))
}

fn bare(text: &[u8]) -> &[u8] {
    let text: &[u8] = field::bare(text);
    field::bare(text.strip_prefix(UTF8_MARK).unwrap_or(text))
}

fn is_json(text: &[u8]) -> bool {
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (bytes.next(), bytes.next()) {
        (Some(b'{'), Some(b'"' | b'}')) => true,
        (Some(b'['), second) => matches!(second, None | Some(b'{' | b']')),
        _ => false,
    }
}

/// Whether a line is one quoted cell that has the separators inside.
fn is_quoted_whole(line: &[u8]) -> bool {
    let inner = match line.trim_ascii() {
        [b'"', inner @ .., b'"'] => inner,
        _ => return false,
    };
    !inner.contains(&b'"') && inner.iter().any(|byte| SEPARATORS[..4].contains(byte))
}

/// A file that no layout of the format fits: what to say once it is known whether another does.
#[derive(Debug)]
pub(super) struct NoLayoutFits {
    pub(super) source: Source,
    first_row: String,
}

impl NoLayoutFits {
    /// What to do, after the row that was not understood.
    pub(super) fn remedy(&self, what: &str) -> String {
        format!("Its first row is: {}. {what}", self.first_row)
    }
}

impl std::fmt::Display for NoLayoutFits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no layout fits the row {}", self.first_row)
    }
}

impl std::error::Error for NoLayoutFits {}

/// The failure of a file that no layout fits.
fn not_of(source: Source, head: &[u8], column: &str, what: &str) -> Failure {
    let text = head.strip_prefix(UTF8_MARK).unwrap_or(head).trim_ascii_start();
    let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let first_row: String = String::from_utf8_lossy(line).trim().chars().take(200).collect();
    let lacks = if column.is_empty() { String::new() } else { format!("no column {column:?}, ") };
    let said = format!("{}: {lacks}not {what}", source.path.display());
    let is_data = line.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
    let remedy = if is_quoted_whole(line) {
        "Every row stands in quotes as a whole: take those away."
    } else if is_data {
        "If it has no row of names: --no-header, and columns by number."
    } else {
        "Give another --format, or say which columns it has (--layout)."
    };
    let cause = NoLayoutFits { source, first_row };
    let remedy = cause.remedy(remedy);
    Failure::new(FailureKind::Data, said).remedy(remedy).caused_by(cause)
}
