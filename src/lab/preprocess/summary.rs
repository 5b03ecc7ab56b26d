//! What became of one user's rows, in numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::lengths::quantile;
use super::spool::Spool;
use crate::data::formats::{DropReason, Dropped, RecordedSession, RowLocation, Warning};

/// First quartile, median and third quartile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quartiles {
    /// A quarter lies below.
    pub q1: f64,
    /// Half lies below.
    pub median: f64,
    /// Three quarters lie below.
    pub q3: f64,
}

impl Quartiles {
    /// Of values in any order; `None` of none.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at = |q| quantile(&values, q);
        Some(Self { q1: at(0.25)?, median: at(0.5)?, q3: at(0.75)? })
    }
}

/// One user's recordings and windows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserSummary {
    /// As the dataset calls them.
    pub user: String,
    /// Whether these are sessions that only claim to be this user's.
    pub claims: bool,
    /// How many sessions.
    pub sessions: usize,
    /// Rows read, headers not counted.
    pub rows: u64,
    /// Rows that are events.
    pub events: u64,
    /// Rows left out, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// The first few of them.
    pub(crate) places: Vec<RowLocation>,
    /// What cannot be true of the recordings, the first few of each kind.
    pub(crate) warnings: Vec<Warning>,
    /// Windows written.
    pub windows: usize,
    /// Windows left out for their length.
    pub filtered: usize,
    /// Steps of the windows written.
    pub(crate) steps: Option<Quartiles>,
    /// Duration of the windows written, seconds.
    pub(crate) seconds: Option<Quartiles>,
    /// Movement in the windows written, minutes.
    pub movement_min: f64,
    /// The file, below the output folder.
    pub file: PathBuf,
    #[serde(skip)]
    first: Dropped,
}

impl UserSummary {
    pub(super) fn new(user: &str, claims: bool) -> Self {
        Self {
            user: user.to_owned(),
            claims,
            sessions: 0,
            rows: 0,
            events: 0,
            dropped: BTreeMap::new(),
            places: Vec::new(),
            warnings: Vec::new(),
            windows: 0,
            filtered: 0,
            steps: None,
            seconds: None,
            movement_min: 0.0,
            file: PathBuf::new(),
            first: Dropped::default(),
        }
    }

    /// What was left out, and what to be wary of.
    pub const fn left_out(&self) -> &Dropped {
        &self.first
    }

    pub(super) fn add(&mut self, session: &RecordedSession) {
        self.sessions += 1;
        self.rows += session.rows;
        self.events += session.events.len() as u64;
        for (reason, rows) in session.dropped.by_reason() {
            *self.dropped.entry(reason).or_default() += rows;
        }
        self.first.absorb(&session.dropped);
    }

    pub(super) fn close(&mut self, spool: &Spool, kept: &[bool]) {
        let entries = spool.entries().iter().zip(kept).filter(|(_, kept)| **kept);
        let seconds: Vec<f64> = entries.map(|(entry, _)| entry.movement_us as f64 / 1e6).collect();
        let steps = spool.lengths().into_iter().zip(kept).filter(|(_, kept)| **kept);
        self.places = self.first.places().to_vec();
        self.warnings = self.first.warnings().to_vec();
        self.windows = seconds.len();
        self.filtered = kept.len() - seconds.len();
        self.movement_min = seconds.iter().fold(0.0, |sum, seconds| sum + seconds) / 60.0;
        self.steps = Quartiles::of(steps.map(|(steps, _)| steps as f64).collect());
        self.seconds = Quartiles::of(seconds);
    }
}
