//! The state of the agent as a text file for Prometheus' node exporter ("textfile collector"),
//! replaced as a whole.
//!
//! # Invariants
//! The file holds no position.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Failure, Result};
use crate::pipeline::event::Micros;
use crate::pipeline::{Decision, Timestamp};

use super::event::{Event, StampedEvent};
use super::event_sink::EventSink;
use super::shared_status::{SharedStatus, Status, WatchState};

/// The file is written this often at most, unless something of weight happens.
// As often as Prometheus' own example asks for it.
const EVERY: Micros = Micros::from_millis(15_000);

/// Counts, and writes the file.
#[derive(Debug)]
pub(crate) struct Metrics {
    path: PathBuf,
    shared_status: Arc<SharedStatus>,
    written: Option<Timestamp>,
    counts: Counts,
    up: bool,
}

/// What happened since the start.
#[derive(Debug, Default)]
struct Counts {
    windows: u64,
    alarms: u64,
    locks: u64,
    lock_failures: u64,
    confirmed: u64,
}

impl Metrics {
    /// Writes to `path`, with what the shared status says.
    pub(crate) fn new(path: PathBuf, shared_status: Arc<SharedStatus>) -> Self {
        Self { path, shared_status, written: None, counts: Counts::default(), up: true }
    }
}

impl EventSink for Metrics {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn note(&mut self, event: &StampedEvent) -> Result<()> {
        self.counts.count(&event.event);
        self.up = !matches!(event.event, Event::Stopped { .. });
        // Alarms and everything but verdicts are written at once: they are what is alerted on.
        let light = matches!(&event.event, Event::Verdict(v) if v.judgement.action.is_none());
        let fresh = self.written.is_some_and(|written| event.mono_us - written < EVERY);
        if light && fresh {
            return Ok(());
        }
        self.written = Some(event.mono_us);
        let text = render(&self.shared_status.read(), &self.counts, self.up);
        replace(&self.path, &text).map_err(|e| {
            Failure::io(format!("metrics file {}", self.path.display()), e)
                .remedy("Check [metrics] file: its folder must be there and yours to write.")
        })
    }
}

impl Counts {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Verdict(verdict) => {
                self.windows += 1;
                self.alarms += u64::from(verdict.judgement.action.is_some());
            }
            Event::LockAsked { .. } => self.locks += 1,
            Event::LockFailed { .. } => self.lock_failures += 1,
            Event::Confirmed => self.confirmed += 1,
            _ => {}
        }
    }
}

/// In Prometheus' text format, version 0.0.4.
fn render(status: &Status, counts: &Counts, up: bool) -> String {
    let mut text = String::new();
    let mut row = |kind: &str, name: &str, help: &str, value: f64| {
        let name = format!("mousewarden_{name}");
        // Writing into a String cannot fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    };
    row("gauge", "up", "Whether the agent runs.", f64::from(u8::from(up)));
    let watching = up && status.state == WatchState::Watching;
    row("gauge", "watching", "Whether it watches.", f64::from(u8::from(watching)));
    row("gauge", "decision", "0 trusted, 1 suspicious, 2 intruder.", decision(status.decision));
    if let Some(grouped) = status.grouped {
        row("gauge", "grouped_score", "Mean of the last scores, 0..1.", f64::from(grouped));
    }
    row("gauge", "threshold", "Means below it are an impostor's.", f64::from(status.threshold));
    let problems = status.problems.len() as f64;
    row("gauge", "problems", "Things that do not work as they should.", problems);
    row("counter", "windows_total", "Windows judged.", counts.windows as f64);
    row("counter", "alarms_total", "Alarms.", counts.alarms as f64);
    row("counter", "locks_total", "Locks asked for.", counts.locks as f64);
    let failures = counts.lock_failures as f64;
    row("counter", "lock_failures_total", "Locks that failed.", failures);
    let confirmed = counts.confirmed as f64;
    row("counter", "false_alarms_total", "Alarms that a password disproved.", confirmed);
    row("counter", "overflows_total", "Times events were lost.", status.overflows as f64);
    text
}

const fn decision(decision: Decision) -> f64 {
    match decision {
        Decision::Trusted => 0.0,
        Decision::Suspicious => 1.0,
        Decision::Intruder => 2.0,
    }
}

/// The collector, which is another user, must never see half a file.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // In the same folder, because a rename does not cross file systems.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    crate::data::private::open_to_readers(file.as_file())?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_format_of_the_collector_and_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mousewarden.prom");
        let shared_status =
            Arc::new(SharedStatus::new(Status { threshold: 0.5, ..Status::default() }));
        let mut metrics = Metrics::new(path.clone(), shared_status);
        let why = "asked".into();
        for event in [Event::Confirmed, Event::Stopped { why }] {
            metrics.note(&StampedEvent::now(event)).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\nmousewarden_up 0\n"), "{text}");
        assert!(text.contains("\nmousewarden_threshold 0.5\n"), "{text}");
        assert!(text.contains("\nmousewarden_false_alarms_total 1\n"), "{text}");
        for lines in text.lines().collect::<Vec<_>>().chunks(3) {
            assert!(lines[0].starts_with("# HELP") && lines[1].starts_with("# TYPE"), "{lines:?}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }
}
