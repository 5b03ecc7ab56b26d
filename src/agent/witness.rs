//! Who takes note of what happens: the journal, the history, and whoever else was configured. A
//! witness that fails is reported and asked again; it stops neither the others nor the watch.

use crate::error::Result;

use super::entry::Stamped;
use super::journal::Journal;

/// Takes note of every entry.
pub trait Witness: Send {
    /// What it is called when it fails: "journal".
    fn name(&self) -> &'static str;

    /// Takes note of an entry.
    ///
    /// # Errors
    /// When it could not; the entry is lost to this witness only.
    fn note(&mut self, entry: &Stamped) -> Result<()>;
}

impl Witness for Journal {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn note(&mut self, entry: &Stamped) -> Result<()> {
        self.write(entry)
    }
}
