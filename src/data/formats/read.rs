//! One session on its way from rows to events: decoded, looked at as a whole, cut where its clock
//! was set back, put in order.

use std::path::PathBuf;

use super::cause;
use super::clock;
use super::dataset::{FileRange, SessionPlan, parts};
use super::dropped::{DropReason, Dropped, RowLocation, Warning};
use super::field::TimeUnit;
use super::layout::{Decoder, Events, RowFault, TableRow};
use super::shortened::{self, Suspect};
use super::space;
use super::table::Table;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::MouseEvent;
use crate::pipeline::event::{Micros, sort_recording};

/// What a part with a clock of its own is away from the part before it.
const BETWEEN_PARTS: Micros = Micros(1_000_000);
/// Fewer rows of a session say nothing about its file.
const ROWS_MIN: u64 = 20;

/// A session that is being read.
pub(super) struct Reading {
    strict: bool,
    decoder: Option<Box<dyn Decoder>>,
    out: Events,
    /// The line of each event.
    lines: Vec<u64>,
    /// Times that may have lost digits, and their lines.
    suspects: Vec<(Suspect, u64)>,
    rows: u64,
    dropped: Dropped,
}

/// A session as it was read.
pub(super) struct ReadSession {
    pub events: Vec<MouseEvent>,
    pub cuts: Vec<usize>,
    pub rows: u64,
    pub backwards: u64,
    pub dropped: Dropped,
}

impl Reading {
    pub(crate) fn new(strict: bool, repeated: u64) -> Self {
        let mut dropped = Dropped::default();
        dropped.add(DropReason::Repeated, repeated);
        Self {
            strict,
            decoder: None,
            out: Events::default(),
            lines: Vec::new(),
            suspects: Vec::new(),
            rows: repeated,
            dropped,
        }
    }

    /// Reads the rows of a stretch.
    pub(crate) fn piece(&mut self, piece: &FileRange) -> Result<()> {
        let table = &*piece.table;
        let mut decoder = self.decoder.take().unwrap_or_else(|| table.layout.decode.begin());
        let mut rows = table.rows(piece.span)?;
        while let Some(found) = rows.next()? {
            let mut suspect = None;
            let fault = match found {
                Ok(record) => {
                    let row = TableRow { record, places: &table.places, unit: table.unit };
                    let time = table.layout.time.and_then(|time| row.get(time)).unwrap_or_default();
                    suspect = Suspect::of(time, table.unit, self.out.events.len());
                    match decoder.row(&row, &mut self.out) {
                        Err(_) if table.is_header(record) => continue,
                        told => told.err(),
                    }
                }
                Err(wrong) => Some(RowFault::unreadable(wrong)),
            };
            let line = rows.line_number();
            self.dropped.add(DropReason::NoPosition, std::mem::take(&mut self.out.lost));
            self.rows += 1;
            self.lines.resize(self.out.events.len(), line);
            self.suspects.extend(suspect.map(|suspect| (suspect, line)));
            if let Some(fault) = fault {
                self.leave_out(fault, table, line)?;
            }
        }
        self.decoder = Some(decoder);
        Ok(())
    }

    fn leave_out(&mut self, fault: RowFault, table: &Table, line: u64) -> Result<()> {
        let RowFault { reason, wrong } = fault;
        let file = &table.source.path;
        if self.strict && reason.is_fault() {
            return Err(Failure::new(
                FailureKind::Data,
                format!("{}:{line}: {wrong}", file.display()),
            )
            .remedy("Mend the row, or read without --strict."));
        }
        self.dropped.add(reason, 1);
        self.dropped.name(reason, || RowLocation { file: file.clone(), line, reason, wrong });
        Ok(())
    }

    /// Looks at all of it and puts it in order.
    pub(crate) fn finish(mut self, plan: &SessionPlan) -> Result<ReadSession> {
        let Some(table) = plan.pieces.first().map(|piece| &piece.table) else {
            return Ok(self.told(Vec::new(), 0));
        };
        let file = &table.source.path;
        let ordered = table.layout.ordered;
        if let Some((lost, line)) = shortened::first(&self.suspects, &self.out.events, ordered) {
            let place = format!("{}:{line}", file.display());
            return Err(damaged(format!("{place}: the time is {}: {}", lost.text, shortened::WHY)));
        }
        self.look_at_losses(plan, table)?;
        for (about, wrong) in clock::look_as_written(&self.out.events) {
            let line = self.lines.first().copied().unwrap_or(1);
            self.dropped.warn(Warning { file: file.clone(), line, wrong, about });
        }
        let mut cuts = std::mem::take(&mut self.out.parts);
        let mut backwards = 0;
        cuts.retain(|cut| (1..self.out.events.len()).contains(cut));
        let starts = cuts.clone();
        let mut begin = 0;
        for part in parts(&self.out.events, &starts) {
            backwards += part.windows(2).filter(|pair| pair[1].at < pair[0].at).count() as u64;
            let back = if ordered { clock::set_back(part) } else { Vec::new() };
            cuts.extend(back.iter().map(|at| at + begin));
            for at in back {
                let line = self.lines.get(begin + at).copied().unwrap_or(0);
                let by = (part[at - 1].at - part[at].at).as_secs_f64();
                let wrong =
                    format!("the clock was set back by {by:.3} s; the session is cut there");
                self.dropped.warn(Warning { file: file.clone(), line, wrong, about: "set back" });
            }
            begin += part.len();
        }
        cuts.sort_unstable();
        self.put_in_order(&cuts);
        self.look_at_clock(file.clone(), &cuts, table.unit);
        Ok(self.told(cuts, backwards))
    }

    fn told(self, cuts: Vec<usize>, backwards: u64) -> ReadSession {
        let rows = self.rows;
        let dropped = self.dropped;
        ReadSession { events: self.out.events, cuts, rows, backwards, dropped }
    }

    /// A file of which most is lost is none; of a session in a larger file it is said.
    fn look_at_losses(&mut self, plan: &SessionPlan, table: &Table) -> Result<()> {
        let faults = self.dropped.faults();
        let rows = self.rows - plan.repeated;
        if faults * 2 <= rows {
            return Ok(());
        }
        if plan.is_file {
            return Err(cause::mostly_lost(table, &self.dropped, rows));
        }
        if rows >= ROWS_MIN {
            let place = self.dropped.places().iter().find(|place| place.reason.is_fault());
            let line = place.map_or(1, |place| place.line);
            let wrong = format!("session {}: {faults} of its {rows} rows are left out", plan.id);
            let file = table.source.path.clone();
            self.dropped.warn(Warning { file, line, wrong, about: "losses" });
        }
        Ok(())
    }

    fn put_in_order(&mut self, cuts: &[usize]) {
        let mut latest = None;
        let ends = cuts.iter().copied().chain([self.out.events.len()]);
        let mut begin = 0;
        for end in ends {
            let part = &mut self.out.events[begin..end];
            sort_recording(part);
            let first = part.first().map(|event| event.at);
            if let Some((first, latest)) = first.zip(latest).filter(|(first, last)| first < last) {
                let by = Micros((latest - first).0.saturating_add(BETWEEN_PARTS.0));
                part.iter_mut().for_each(|event| event.at = event.at + by);
            }
            latest = part.last().map(|event| event.at).or(latest);
            begin = end;
        }
    }

    fn look_at_clock(&mut self, file: PathBuf, cuts: &[usize], unit: TimeUnit) {
        let line = self.lines.first().copied().unwrap_or(1);
        let time = clock::look(parts(&self.out.events, cuts), unit);
        for (about, wrong) in time.into_iter().chain(space::look(&self.out.events)) {
            self.dropped.warn(Warning { file: file.clone(), line, wrong, about });
        }
    }
}

/// The failure of a file that has lost digits.
pub(super) fn damaged(what: String) -> Failure {
    Failure::new(FailureKind::Data, what).remedy("Use the original file; what was rounded is lost.")
}
