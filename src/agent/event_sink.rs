//! Who takes note of what happens: the history, the system's log, and whoever else was configured.
//! An event sink that fails is reported and asked again, while the others and the watch go on.

use std::time::Duration;

use crate::error::Result;

use super::event::{Event, StampedEvent};
use super::journal::Journal;

/// Takes note of every entry, in a thread that nothing waits for.
pub trait EventSink: Send {
    /// What it is called when it fails: "history".
    fn name(&self) -> &'static str;

    /// Takes note of an entry.
    ///
    /// # Errors
    /// When it could not, or still cannot write what it keeps for later.
    fn note(&mut self, event: &StampedEvent) -> Result<()>;

    /// After how long [`Self::again`] is wanted though nothing happens.
    fn waits(&self) -> Option<Duration> {
        None
    }

    /// Does what is left to do.
    ///
    /// # Errors
    /// As [`Self::note`].
    fn again(&mut self) -> Result<()> {
        Ok(())
    }

    /// Does what is left to do, for the last time.
    ///
    /// # Errors
    /// As [`Self::note`].
    fn finish(&mut self) -> Result<()> {
        self.again()
    }

    /// What it has found out itself since this was asked last, and has written down already.
    fn news(&mut self) -> Vec<Event> {
        Vec::new()
    }
}

impl EventSink for Journal {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn note(&mut self, event: &StampedEvent) -> Result<()> {
        self.write(event)
    }

    fn waits(&self) -> Option<Duration> {
        // A disk that is full is rarely empty within the second, and a second is soon enough for a
        // collector.
        self.is_behind().then_some(Duration::from_secs(1))
    }

    fn again(&mut self) -> Result<()> {
        self.catch_up()
    }
}
