//! One machine's history as sums. Days are those of UTC, so that the pages of two offices can be laid
//! beside each other.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::Serialize;

use crate::agent::event::StampedEvent;
use crate::cli::report::account::{Account, Activity, AlarmOutcome, TimelineMarkKind};
use crate::error::{Failure, FailureKind, Result, printable};
use crate::files;

const GZIP: [u8; 2] = [0x1F, 0x8B];
const DAY_MS: i64 = 24 * 3_600_000;

/// What a history adds up to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct MachineAccount {
    /// The file's name without its endings.
    pub name: String,
    /// Hours watched, paused, locked, and between the first and the last event.
    pub watched_h: f64,
    pub paused_h: f64,
    pub locked_h: f64,
    pub span_h: f64,
    /// Windows judged.
    pub windows: u64,
    pub alarms: u64,
    /// Alarms that a password disproved.
    pub refuted: u64,
    pub locks: u64,
    pub faults: u64,
    /// Times that the watch was kept from watching, or found another file than before.
    pub gaps: u64,
    /// Lines that are no event that this version knows.
    pub unknown_lines: u64,
    /// Alarms and those disproved by day, as days since 1970.
    #[serde(skip)]
    pub days: BTreeMap<i64, [u64; 2]>,
}

impl MachineAccount {
    /// Reads a file of lines.
    ///
    /// # Errors
    /// When it cannot be read, or none of its lines is an event.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut file = BufReader::new(files::open(path).map_err(|e| failed(path, e))?);
        let is_packed = file.fill_buf().map_err(|e| failed(path, e))?.starts_with(&GZIP);
        let reader: Box<dyn Read> =
            if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut events = Vec::new();
        let mut unknown = 0;
        for line in BufReader::new(reader).split(b'\n') {
            let line = line.map_err(|e| failed(path, e))?;
            match serde_json::from_slice::<StampedEvent>(&line) {
                Ok(event) => events.push(event),
                Err(_) if line.trim_ascii().is_empty() => {}
                Err(_) => unknown += 1,
            }
        }
        if events.is_empty() {
            let what = format!("history {}: none of its lines is an event", path.display());
            return Err(Failure::new(FailureKind::Data, what)
                .remedy("`mousewarden report --json` writes such lines."));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.split('.').next().unwrap_or_default();
        Ok(Self { unknown_lines: unknown, ..Self::of(&printable(name), &events) })
    }

    fn of(name: &str, events: &[StampedEvent]) -> Self {
        let [first, last] = [events.first(), events.last()].map(|end| end.map_or(0, at_ms));
        // Whatever ran on after the export is of the next one.
        let account = Account::of(events, i64::MAX);
        let mut days: BTreeMap<i64, [u64; 2]> = BTreeMap::new();
        for alarm in &account.alarms {
            let day = days.entry(alarm.at.div_euclid(DAY_MS)).or_default();
            day[0] += 1;
            day[1] += u64::from(alarm.outcome == AlarmOutcome::Refuted);
        }
        Self {
            name: name.to_owned(),
            watched_h: hours(account.spent(Activity::Watching)),
            paused_h: hours(account.spent(Activity::Paused)),
            locked_h: hours(account.spent(Activity::Locked)),
            span_h: hours(last - first),
            windows: account.windows as u64,
            alarms: account.alarms.len() as u64,
            refuted: account.refuted() as u64,
            locks: account.count(TimelineMarkKind::Lock) as u64,
            faults: account.count(TimelineMarkKind::Fault) as u64,
            gaps: account.count(TimelineMarkKind::Away) as u64,
            unknown_lines: 0,
            days,
        }
    }
}

fn at_ms(event: &StampedEvent) -> i64 {
    event.wall.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}

fn hours(ms: i64) -> f64 {
    ms as f64 / 3_600_000.0
}

fn failed(path: &Path, error: std::io::Error) -> Failure {
    Failure::io(format!("history {}", path.display()), error)
}
