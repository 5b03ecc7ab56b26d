//! One file, row by row, as its mapping says. Damage done by a spreadsheet is an error; a bad row
//! is counted and named. Rows keep the file's order.

use std::fs::File;
use std::path::Path;

use csv::StringRecord;

use crate::error::{Failure, Kind, Result};
use crate::pipeline::MouseEvent;

use super::dropped::{BadRow, Dropped, Reason};
use super::mapping::{Code, Mapping};

/// What one row says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) event: MouseEvent,
    pub(super) user: String,
    pub(super) session: String,
}

/// Reads a whole file.
pub(super) fn read(
    path: &Path,
    mapping: &Mapping,
    dropped: &mut Dropped,
    mut take: impl FnMut(Row),
) -> Result<()> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| Failure::io(format!("recording {name}"), e))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(mapping.separator as u8)
        .flexible(true)
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(file);
    let mut record = StringRecord::new();
    let mut columns: Option<Columns> = None;
    let mut header = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                if error.is_io_error() {
                    return Err(Failure::new(Kind::Io, format!("recording {name}: {error}")));
                }
                let wrong = "not text in UTF-8".into();
                dropped.name(Reason::Unreadable, BadRow { file: name.clone(), line, wrong });
                continue;
            }
        }
        let Some(columns) = &columns else {
            columns = Some(Columns::find(&record, mapping, &name)?);
            header.clone_from(&record);
            continue;
        };
        if record == header {
            dropped.count(Reason::RepeatedHeader, 1);
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        match columns.row(&record, mapping) {
            Ok(row) => take(row),
            Err(Refused::Left(reason)) => dropped.count(reason, 1),
            Err(Refused::Bad(reason, wrong)) => {
                dropped.name(reason, BadRow { file: name.clone(), line, wrong });
            }
            Err(Refused::Rounded(text)) => return Err(rounded(&name, line, &text)),
        }
    }
    if columns.is_none() {
        return Err(Failure::new(Kind::Data, format!("recording {name}: empty, no header"))
            .remedy("Fetch the file again, or delete it."));
    }
    Ok(())
}

enum Refused {
    /// Left out as the format demands.
    Left(Reason),
    /// Not to be read; says why.
    Bad(Reason, String),
    /// A number that a spreadsheet has rounded.
    Rounded(String),
}

fn rounded(name: &str, line: u64, text: &str) -> Failure {
    let what = format!("{name}:{line}: {text} is a number rounded by a spreadsheet program");
    Failure::new(Kind::Data, what).remedy(
        "Its digits are lost: fetch the original file again, and do not save it from a spreadsheet.",
    )
}

/// Where the mapping's columns stand in a file.
struct Columns {
    time: usize,
    position: Position,
    event: Vec<usize>,
    user: Option<usize>,
    session: Option<usize>,
}

enum Position {
    Two(usize, usize),
    Pair(usize),
}

impl Columns {
    fn find(header: &StringRecord, mapping: &Mapping, name: &str) -> Result<Self> {
        let find = |wanted: &str| {
            let mut names = header.iter().map(|n| n.trim_start_matches('\u{feff}'));
            names.position(|n| n == wanted).ok_or_else(|| {
                let found = header.iter().collect::<Vec<_>>().join(", ");
                Failure::new(
                    Kind::Data,
                    format!("recording {name}: no column {wanted:?}; its columns are: {found}"),
                )
                .remedy("Check that this is the right format for it.")
            })
        };
        let maybe = |wanted: &Option<String>| wanted.as_deref().map(find).transpose();
        let position = match (maybe(&mapping.x)?, maybe(&mapping.y)?, maybe(&mapping.position)?) {
            (Some(x), Some(y), _) => Position::Two(x, y),
            (_, _, Some(pair)) => Position::Pair(pair),
            _ => {
                let what = format!("recording {name}: the mapping names no position");
                return Err(Failure::new(Kind::Config, what));
            }
        };
        Ok(Self {
            time: find(&mapping.time)?,
            position,
            event: mapping.event.iter().map(|column| find(column)).collect::<Result<_>>()?,
            user: maybe(&mapping.user)?,
            session: maybe(&mapping.session)?,
        })
    }

    fn row(&self, record: &StringRecord, mapping: &Mapping) -> Result<Row, Refused> {
        let cell = |i: usize| {
            let missing = || Refused::Bad(Reason::Unreadable, format!("no column {}", i + 1));
            record.get(i).ok_or_else(missing)
        };
        let exact = |i: usize| {
            let text = cell(i)?;
            if looks_rounded(text) { Err(Refused::Rounded(text.into())) } else { Ok(text) }
        };
        let id = |i: Option<usize>| i.map_or(Ok(""), exact).map(str::to_owned);
        let (user, session) = (id(self.user)?, id(self.session)?);
        let time = exact(self.time)?;
        let kind = match self.code(record, mapping)? {
            Code::NoPosition => return Err(Refused::Left(Reason::NoPosition)),
            Code::Echo => return Err(Refused::Left(Reason::Echo)),
            code => code.kind().ok_or(Refused::Left(Reason::Echo))?,
        };
        let bad = |what: &str, text: &str| {
            Refused::Bad(Reason::Unreadable, format!("not a {what}: {text:?}"))
        };
        let at = mapping.time_unit.parse(time).ok_or_else(|| bad("time", time))?;
        let (x, y) = match self.position {
            Position::Two(x, y) => (cell(x)?, cell(y)?),
            Position::Pair(pair) => pair_of(cell(pair)?)
                .ok_or_else(|| bad("position", record.get(pair).unwrap_or_default()))?,
        };
        let (x, y) = (
            coordinate(x).ok_or_else(|| bad("position", x))?,
            coordinate(y).ok_or_else(|| bad("position", y))?,
        );
        if mapping.outside.map(f64::from).is_some_and(|outside| x == outside || y == outside) {
            return Err(Refused::Left(Reason::Outside));
        }
        Ok(Row { event: MouseEvent { at, kind, x, y }, user, session })
    }

    fn code(&self, record: &StringRecord, mapping: &Mapping) -> Result<Code, Refused> {
        if self.event.is_empty() {
            return Ok(Code::Move);
        }
        let parts: Vec<&str> = self.event.iter().filter_map(|i| record.get(*i)).collect();
        let code = parts.join("/");
        let unknown = || Refused::Bad(Reason::UnknownCode, format!("event code {code:?}"));
        mapping.codes.get(&code).copied().ok_or_else(unknown)
    }
}

/// Finite pixels.
fn coordinate(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite() && value.abs() < 1e7)
}

/// The two numbers of "[1044, 731]" or "(1044 731)".
fn pair_of(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_matches(|c: char| "[]()\"' ".contains(c));
    let (x, y) = inner.split_once([',', ';', ' '])?;
    Some((x.trim(), y.trim()))
}

/// `-2.4162E+18`: what a spreadsheet leaves of a long number.
fn looks_rounded(text: &str) -> bool {
    text.contains(['E', 'e']) && text.contains('+') && text.parse::<f64>().is_ok()
}
