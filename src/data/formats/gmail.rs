//! The Gmail recordings: `<user>/session_k.csv`, where each file repeats all rows of the one before
//! and appends its own behind a repeated header. Reads what each file adds, nothing twice.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dataset::{Piece, SessionPlan, User};
use super::discover::{self, Users};
use super::field::TimeUnit;
use super::layout::{Column, Decode, Fault, Layout, Row, missing, unknown};
use super::table::{Span, Table};
use crate::error::{Failure, Result};
use crate::pipeline::{Button, MouseEvent, MouseKind};

const KIND: usize = 0;
const X: usize = 1;
const Y: usize = 2;
const TIME: usize = 3;

pub(super) fn plan(inputs: &[PathBuf]) -> Result<(Layout, Vec<User>)> {
    let named = |name: &str| Column::Named(name.into());
    let layout = Layout {
        what: "a gmail recording",
        separator: None,
        quoted: false,
        columns: vec![named("Type"), named("Mouse X"), named("Mouse Y"), named("TimeStamp")],
        decode: Decode::Gmail,
    };
    let mut users = Users::default();
    let mut earlier: Vec<PathBuf> = Vec::new();
    for path in discover::files(inputs, discover::is_csv)? {
        if earlier.first().is_some_and(|first| first.parent() != path.parent()) {
            earlier.clear();
        }
        users.add(&discover::folder(&path)?, session(&path, &earlier, &layout)?, false);
        earlier.push(path);
    }
    Ok((layout, users.sorted()))
}

fn session(path: &Path, earlier: &[PathBuf], layout: &Layout) -> Result<SessionPlan> {
    let mut repeats = Repeat::default();
    // The nearest file repeats the most; the ones before it matter only if one is missing.
    for before in earlier.iter().rev() {
        let (repeat, whole) = shared(before, path)?;
        if repeat.rows > repeats.rows {
            repeats = repeat;
        }
        if whole {
            break;
        }
    }
    let span = Span { from: repeats.bytes, to: u64::MAX, line: repeats.lines + 1 };
    let piece = Piece { table: Arc::new(Table::open(path, layout)?), span };
    let repeated = repeats.rows;
    Ok(SessionPlan { id: discover::stem(path), pieces: vec![piece], genuine: Some(true), repeated })
}

/// The start of a file that another one holds already.
#[derive(Debug, Clone, Copy, Default)]
struct Repeat {
    bytes: u64,
    lines: u64,
    /// Lines that are not headers.
    rows: u64,
}

/// The leading lines that two files share, line breaks aside, and whether they are all of `before`.
fn shared(before: &Path, path: &Path) -> Result<(Repeat, bool)> {
    let (mut a, mut b) = (Lines::open(before)?, Lines::open(path)?);
    let mut repeat = Repeat::default();
    let mut header = Vec::new();
    loop {
        let (Some(old), new) = (a.next()?, b.next()?) else { return Ok((repeat, true)) };
        let Some((new, bytes)) = new else { return Ok((repeat, false)) };
        if new != old.0 {
            return Ok((repeat, false));
        }
        if repeat.lines == 0 {
            header = new.to_vec();
        }
        repeat.rows += u64::from(new != header);
        repeat.lines += 1;
        repeat.bytes += bytes;
    }
}

struct Lines<'a> {
    path: &'a Path,
    input: BufReader<File>,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| unreadable(path, e))?;
        Ok(Self { path, input: BufReader::with_capacity(64 * 1024, file), line: Vec::new() })
    }

    /// The next line without its break, and its length with it.
    fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        self.line.clear();
        let read = self.input.read_until(b'\n', &mut self.line);
        let bytes = read.map_err(|e| unreadable(self.path, e))?;
        Ok((bytes > 0).then(|| (self.line.trim_ascii_end(), bytes as u64)))
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Failure {
    Failure::io(format!("recording {}", path.display()), error)
}

pub(super) fn event(row: &Row<'_>) -> Result<MouseEvent, Fault> {
    let kind = match row.get(KIND).ok_or_else(|| missing("type"))? {
        b"movement" => MouseKind::Move,
        // Which button it was stands in no column; only a context menu tells.
        b"mousedown" => MouseKind::Press(Button::Left),
        b"mouseup" | b"singleclick" | b"doubleclick" => MouseKind::Release(Button::Left),
        b"contextmenu" => MouseKind::Release(Button::Right),
        other => return Err(unknown(other)),
    };
    row.event(kind, [TIME, X, Y], TimeUnit::Ms)
}
