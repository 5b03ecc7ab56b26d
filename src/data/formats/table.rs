//! One file as a table of rows: its separator, its header, and where each row stands. Knows neither
//! users nor events.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::layout::{Column, Layout};
use crate::error::{Failure, Kind, Result};

/// A header longer than this is none, bytes.
const HEADER_MAX: u64 = 64 * 1024;
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A file whose header was read.
#[derive(Debug)]
pub(super) struct Table {
    pub path: PathBuf,
    /// Where the layout's columns stand in a row.
    pub places: Vec<Option<usize>>,
    separator: u8,
    quoted: bool,
    /// The first row, if it names the columns: recorders repeat it in the middle.
    header: Option<ByteRecord>,
}

/// A stretch of whole lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Bytes from the start of the file.
    pub from: u64,
    /// Behind the last byte.
    pub to: u64,
    /// The number of its first line, from 1.
    pub line: u64,
}

impl Span {
    pub const WHOLE: Self = Self { from: 0, to: u64::MAX, line: 1 };
}

impl Table {
    /// Reads the header of a file and finds the layout's columns in it.
    pub fn open(path: &Path, layout: &Layout) -> Result<Self> {
        let line = first_line(path)?;
        let line = line.strip_prefix(UTF8_MARK).unwrap_or(&line);
        if line.starts_with(b"\xFF\xFE") || line.starts_with(b"\xFE\xFF") {
            let what = format!("{}: text in UTF-16", path.display());
            return Err(Failure::new(Kind::Data, what).remedy("Save it as UTF-8."));
        }
        let new = |separator, places, header| Self {
            path: path.to_owned(),
            places,
            separator,
            quoted: layout.quoted,
            header,
        };
        let separators = layout.separator.map_or(vec![b',', b';', b'\t'], |one| vec![one]);
        if !layout.has_header() {
            let places = layout.columns.iter().map(|column| place(column, None).ok().flatten());
            return Ok(new(separators[0], places.collect(), None));
        }
        let mut missing = String::new();
        for separator in separators {
            let header = split(line, separator);
            match layout.columns.iter().map(|column| place(column, Some(&header))).collect() {
                Ok(places) => return Ok(new(separator, places, Some(header))),
                Err(name) if missing.is_empty() => missing = name,
                Err(_) => {}
            }
        }
        // A file without a single byte is a session in which nothing happened.
        if line.is_empty() {
            return Ok(new(b',', vec![None; layout.columns.len()], None));
        }
        let header = String::from_utf8_lossy(line).trim().chars().take(200).collect::<String>();
        let what = format!("{}: no column {missing:?}, not {}", path.display(), layout.what);
        let remedy = format!("Its first row is: {header}. Give another --format, or leave it out.");
        Err(Failure::new(Kind::Data, what).remedy(remedy))
    }

    /// The rows of a stretch.
    pub fn rows(&self, span: Span) -> Result<Rows<'_>> {
        let failed = |e| Failure::io(format!("recording {}", self.path.display()), e);
        let mut file = File::open(&self.path).map_err(failed)?;
        file.seek(SeekFrom::Start(span.from)).map_err(failed)?;
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .quoting(self.quoted)
            .buffer_capacity(64 * 1024)
            .from_reader(file.take(span.to - span.from));
        Ok(Rows { table: self, reader, span, record: ByteRecord::new() })
    }

    /// Whether a row is the header, in its place or repeated.
    pub fn is_header(&self, record: &ByteRecord) -> bool {
        let Some(header) = &self.header else { return false };
        record.len() == header.len() && header.iter().zip(record).all(|(a, b)| same(a, b))
    }
}

/// The rows of a stretch of a file.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    table: &'a Table,
    reader: csv::Reader<Take<File>>,
    span: Span,
    record: ByteRecord,
}

impl Rows<'_> {
    /// The next row; `None` at the end.
    pub fn next(&mut self) -> Result<Option<&ByteRecord>> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => Ok(Some(&self.record)),
            Ok(false) => Ok(None),
            Err(error) => {
                let what = format!("recording {}", self.table.path.display());
                Err(Failure::io(what, std::io::Error::other(error)))
            }
        }
    }

    /// The line of the row last read, from 1.
    pub fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line) + self.span.line - 1
    }

    /// Where the row last read begins, bytes from the start of the file.
    pub fn begin(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte) + self.span.from
    }

    /// Where the row last read ends.
    pub fn end(&self) -> u64 {
        self.reader.position().byte() + self.span.from
    }
}

fn first_line(path: &Path) -> Result<Vec<u8>> {
    let failed = |e| Failure::io(format!("recording {}", path.display()), e);
    let file = File::open(path).map_err(failed)?;
    let mut line = Vec::new();
    BufReader::new(file).take(HEADER_MAX).read_until(b'\n', &mut line).map_err(failed)?;
    Ok(line)
}

fn split(line: &[u8], separator: u8) -> ByteRecord {
    let mut record = ByteRecord::new();
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(line);
    // A line in memory cannot fail to be read.
    let _ = reader.read_byte_record(&mut record);
    record
}

/// Where a column stands; its name if it is missing.
fn place(column: &Column, header: Option<&ByteRecord>) -> Result<Option<usize>, String> {
    let find = |name: &str| header?.iter().position(|field| same(field, name.as_bytes()));
    match column {
        Column::Nth(place) => Ok(Some(*place)),
        Column::Absent => Ok(None),
        Column::Maybe(name) => Ok(find(name)),
        Column::Named(name) => find(name).map(Some).ok_or_else(|| name.clone()),
    }
}

fn same(a: &[u8], b: &[u8]) -> bool {
    let bare = |text| {
        let text: &[u8] = super::field::bare(text);
        super::field::bare(text.strip_prefix(UTF8_MARK).unwrap_or(text)).to_ascii_lowercase()
    };
    bare(a) == bare(b)
}
