//! Rows that became no event, counted by reason; those that cannot be read are named with file and
//! line. Nothing disappears uncounted.

use std::collections::BTreeMap;
use std::fmt;

/// Why a row became no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The header again, in the middle of a file.
    RepeatedHeader,
    /// Already in the user's previous file, which this one repeats.
    RepeatedFile,
    /// The position is the format's sign for "outside".
    Outside,
    /// The format says that such rows carry no position (a wheel that writes something else there).
    NoPosition,
    /// An echo of another row (a click written once more behind its press and release).
    Echo,
    /// An event code that the format doesn't list.
    UnknownCode,
    /// A column is missing or holds no number.
    Unreadable,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RepeatedHeader => "repeated header",
            Self::RepeatedFile => "already in the previous file",
            Self::Outside => "outside the screen",
            Self::NoPosition => "without a position",
            Self::Echo => "echo of another row",
            Self::UnknownCode => "unknown event code",
            Self::Unreadable => "unreadable",
        })
    }
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The file.
    pub file: String,
    /// Its line, counting from 1.
    pub line: u64,
    /// What is wrong.
    pub wrong: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.wrong)
    }
}

/// What was left out of a reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dropped {
    counts: BTreeMap<Reason, u64>,
    named: Vec<BadRow>,
}

impl Dropped {
    /// So many bad rows are named; the rest are only counted.
    const NAMED: usize = 20;

    pub(super) fn count(&mut self, reason: Reason, rows: u64) {
        if rows > 0 {
            *self.counts.entry(reason).or_default() += rows;
        }
    }

    pub(super) fn name(&mut self, reason: Reason, row: BadRow) {
        self.count(reason, 1);
        if self.named.len() < Self::NAMED {
            self.named.push(row);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (reason, rows) in other.counts {
            self.count(reason, rows);
        }
        let room = Self::NAMED.saturating_sub(self.named.len());
        self.named.extend(other.named.into_iter().take(room));
    }

    /// How many rows were left out for this reason.
    pub fn of(&self, reason: Reason) -> u64 {
        self.counts.get(&reason).copied().unwrap_or(0)
    }

    /// Every reason that occurred, with its count.
    pub fn counts(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        self.counts.iter().map(|(reason, rows)| (*reason, *rows))
    }

    /// The first bad rows (unreadable, or with an unknown code), by name.
    pub fn named(&self) -> &[BadRow] {
        &self.named
    }
}
