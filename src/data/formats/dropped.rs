//! What a reader left out, by reason, where the first of it stood, and what to be wary of.
//!
//! # Invariants
//! A place is a file and a line, never a position of the pointer.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::passed::shown;

/// Places kept for each reason; the counts are complete.
const PLACES: usize = 5;

/// Why a row is not an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// A column is missing or holds no number.
    Unreadable,
    /// An event of a name or code that the format doesn't know.
    UnknownEvent,
    /// The pointer was outside what was recorded.
    Outside,
    /// The row's x and y are not a position.
    NoPosition,
    /// The row repeats one of an earlier session file.
    Repeated,
    /// The options say to leave such events out.
    Ignored,
}

impl DropReason {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 6] = [
        Self::Unreadable,
        Self::UnknownEvent,
        Self::Outside,
        Self::NoPosition,
        Self::Repeated,
        Self::Ignored,
    ];

    /// As a person says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownEvent => "unknown event",
            Self::Outside => "outside",
            Self::NoPosition => "no position",
            Self::Repeated => "repeated",
            Self::Ignored => "ignored",
        }
    }

    /// Whether it is a fault of the file; the other reasons are ways of its recorder.
    pub(crate) const fn is_fault(self) -> bool {
        matches!(self, Self::Unreadable | Self::UnknownEvent)
    }
}

/// Where a row was left out, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowLocation {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// The kind of fault.
    pub reason: DropReason,
    /// What is wrong.
    pub wrong: String,
}

impl fmt::Display for RowLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", shown(&self.file), self.line, self.wrong)
    }
}

/// Something about a recording that cannot be true, though its rows can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub wrong: String,
    /// What it is about, in a word; the first few of each are kept.
    #[serde(skip)]
    pub(super) about: &'static str,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", shown(&self.file), self.line, self.wrong)
    }
}

/// Rows left out, counted by reason, the first few of each named, and what to be wary of in the
/// rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dropped {
    counts: [u64; DropReason::ALL.len()],
    places: Vec<RowLocation>,
    warnings: Vec<Warning>,
    unnamed_warnings: u64,
}

impl Dropped {
    /// How many rows for this reason.
    pub fn count(&self, reason: DropReason) -> u64 {
        self.counts.get(reason as usize).copied().unwrap_or_default()
    }

    /// How many rows in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The reasons that occurred, with their counts.
    pub fn by_reason(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL
            .into_iter()
            .map(|reason| (reason, self.count(reason)))
            .filter(|(_, n)| *n > 0)
    }

    /// The first few of each reason.
    pub fn places(&self) -> &[RowLocation] {
        &self.places
    }

    /// What cannot be true of the recordings, the first few of each kind.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How many warnings there were beyond those.
    pub(crate) const fn unnamed_warnings(&self) -> u64 {
        self.unnamed_warnings
    }

    /// How many rows are faults of their files.
    pub fn faults(&self) -> u64 {
        self.by_reason().filter(|(reason, _)| reason.is_fault()).map(|(_, rows)| rows).sum()
    }

    /// Adds what another session left out.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine += theirs;
        }
        for place in &other.places {
            self.name(place.reason, || place.clone());
        }
        self.unnamed_warnings += other.unnamed_warnings;
        other.warnings.iter().for_each(|warning| self.warn(warning.clone()));
    }

    /// Keeps a warning while there are few of its kind.
    pub(super) fn warn(&mut self, warning: Warning) {
        if self.warnings.iter().filter(|kept| kept.about == warning.about).count() < PLACES {
            self.warnings.push(warning);
        } else {
            self.unnamed_warnings += 1;
        }
    }

    pub(super) fn add(&mut self, reason: DropReason, rows: u64) {
        if let Some(count) = self.counts.get_mut(reason as usize) {
            *count += rows;
        }
    }

    /// Keeps a place while there are few of its reason; it is only made if it is kept.
    pub(super) fn name(&mut self, reason: DropReason, place: impl FnOnce() -> RowLocation) {
        if self.places.iter().filter(|kept| kept.reason == reason).count() < PLACES {
            self.places.push(place());
        }
    }
}
