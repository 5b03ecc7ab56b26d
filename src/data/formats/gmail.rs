//! The Gmail recordings: `<user>/session_k.csv`, where each file repeats all rows of the one before
//! and appends its own behind a repeated header. Reads what each file adds.

use std::sync::Arc;

use super::cause;
use super::dataset::{FileRange, SessionPlan, User};
use super::discover::{self, Users};
use super::field::TimeUnit;
use super::layout::{Column, RowFault, TableLayout, TableRow, missing, unknown};
use super::lines::{self, line_end};
use super::registry::Reader;
use super::source::{Input, Source};
use super::table::{LineSpan, Table};
use crate::error::Result;
use crate::pipeline::{Button, MouseEvent, MouseKind};

pub(super) const READER: Reader =
    Reader { name: "gmail", wanted: discover::is_csv, layouts: || vec![layout()], plan };

const KIND: usize = 0;
const X: usize = 1;
const Y: usize = 2;
const TIME: usize = 3;

fn layout() -> TableLayout {
    let columns = ["Type", "Mouse X", "Mouse Y", "TimeStamp"];
    let columns = columns.into_iter().map(Column::named).collect();
    TableLayout {
        time: Some(TIME),
        unit: Some(TimeUnit::Ms),
        // Browsers send what they saw in blocks, and some blocks arrive late: time that runs
        // backwards is no clock that was set back.
        ordered: false,
        ..TableLayout::table("a gmail recording", columns, event)
    }
}

fn plan(sources: Vec<Source>, layouts: &[Arc<TableLayout>]) -> Result<Vec<User>> {
    let mut users = Users::default();
    let mut earlier: Vec<Source> = Vec::new();
    for source in sources {
        if earlier.first().is_some_and(|first| first.path.parent() != source.path.parent()) {
            earlier.clear();
        }
        let plan = session(source.clone(), &earlier, layouts)?;
        users.add(&discover::folder(&source), plan, false);
        earlier.push(source);
    }
    Ok(users.sorted())
}

fn session(
    source: Source,
    earlier: &[Source],
    layouts: &[Arc<TableLayout>],
) -> Result<SessionPlan> {
    let mut repeats = Repeat::default();
    // The nearest file repeats the most; the ones before it matter only if one is missing.
    for before in earlier.iter().rev() {
        let (repeat, whole) = shared(before, &source)?;
        if repeat.rows > repeats.rows {
            repeats = repeat;
        }
        if whole {
            break;
        }
    }
    let span = LineSpan { from: repeats.bytes, to: u64::MAX, line: repeats.lines + 1 };
    let id = discover::stem(&source);
    let table = Table::open(source, layouts)?;
    cause::check(&table)?;
    let pieces = vec![FileRange { table: Arc::new(table), span }];
    Ok(SessionPlan { id, pieces, genuine: Some(true), repeated: repeats.rows, is_file: true })
}

/// The start of a file that another one holds already.
#[derive(Debug, Clone, Copy, Default)]
struct Repeat {
    bytes: u64,
    lines: u64,
    /// LineReader that are not headers.
    rows: u64,
}

/// The leading lines that two files share, line breaks aside, and whether they are all of `before`.
fn shared(before: &Source, source: &Source) -> Result<(Repeat, bool)> {
    let mut a = LineReader::open(before)?;
    let mut b = LineReader::open(source)?;
    let mut repeat = Repeat::default();
    let mut header = Vec::new();
    loop {
        let (Some(old), new) = (a.next()?, b.next()?) else { return Ok((repeat, true)) };
        let Some((new, to)) = new else { return Ok((repeat, false)) };
        if new != old.0 {
            return Ok((repeat, false));
        }
        if repeat.lines == 0 {
            header = new.to_vec();
        }
        repeat.rows += u64::from(new != header);
        repeat.lines += 1;
        repeat.bytes = to;
    }
}

/// LineReader of a file, to compare.
struct LineReader<'a> {
    source: &'a Source,
    lines: lines::LineReader<Input>,
    line: Vec<u8>,
}

impl<'a> LineReader<'a> {
    fn open(source: &'a Source) -> Result<Self> {
        let ends = line_end(&source.head(4096)?);
        let lines = lines::LineReader::new(source.open(0)?, ends, 0, 1);
        Ok(Self { source, lines, line: Vec::new() })
    }

    /// The next line without its break, and where it ends.
    fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        let spot = self.lines.next(&mut self.line).map_err(|e| self.source.failed(e))?;
        Ok(spot.map(|spot| (self.line.trim_ascii_end(), spot.to)))
    }
}

fn event(row: &TableRow<'_>) -> Result<MouseEvent, RowFault> {
    let kind = match row.get(KIND).ok_or_else(|| missing("type"))? {
        b"movement" => MouseKind::Move,
        // Which button it was stands in no column; only a context menu tells.
        b"mousedown" => MouseKind::Press(Button::Left),
        b"mouseup" | b"singleclick" | b"doubleclick" => MouseKind::Release(Button::Left),
        b"contextmenu" => MouseKind::Release(Button::Right),
        other => return Err(unknown(other)),
    };
    row.event(kind, [TIME, X, Y])
}
