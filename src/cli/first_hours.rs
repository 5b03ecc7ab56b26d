//! The first hours after an enrolment: alarms are written down, and told only when they are over.
//! The file that says so lies beside the model, and goes when the hours are over.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};
use jiff::{Timestamp, ToSpan};

use crate::agent::Command;
use crate::data::{Store, private};
use crate::error::{Failure, Result};
use crate::files;
use crate::platform::{Notice, clock, desktop};

/// The file's name in the data folder.
const NAME: &str = "quiet-until";
/// Whatever the file says, it is quiet no longer than this, hours.
const MOST_HOURS: i64 = 168;
/// How often the clock on the wall is looked at: it may be set, and machines sleep.
const LOOK: Duration = Duration::from_secs(30);

/// Hours in which alarms are written down only.
#[derive(Debug, Clone)]
pub(super) struct QuietPeriod {
    path: PathBuf,
    until: Timestamp,
}

impl QuietPeriod {
    /// Where it is kept.
    pub(super) fn path(store: &Store) -> PathBuf {
        store.root().join(NAME)
    }

    /// Begins now, for so many hours; does nothing for none.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn begin(store: &Store, hours: u32) -> Result<()> {
        let path = Self::path(store);
        let until = clock::wall() + i64::from(hours).hours();
        if hours == 0 {
            return Ok(());
        }
        let written = private::replace(&path, format!("{until}\n").as_bytes());
        written.map_err(|e| Failure::io(format!("file {}", path.display()), e))
    }

    /// The one that the last enrolment began; none where there is none or it cannot be read.
    pub(super) fn read(store: &Store) -> Option<Self> {
        let path = Self::path(store);
        let until: Timestamp = files::read_to_string(&path).ok()?.trim().parse().ok()?;
        Some(Self { path, until: until.min(clock::wall() + MOST_HOURS.hours()) })
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    /// Its end as people read it, local time.
    pub(super) fn until(&self) -> String {
        clock::local(&self.until.to_string())
    }

    /// Waits for its end on a thread of its own, then has the agent tell alarms, and says so.
    pub(super) fn end_in_time(self, commands: Sender<Command>, say: fn()) {
        if let Err(error) = thread::Builder::new().name("quiet".into()).spawn(move || {
            while !self.is_over(clock::wall()) {
                thread::sleep(LOOK);
            }
            // A file that stays would be ended once more by the next start.
            let _ = fs::remove_file(&self.path);
            if !matches!(commands.try_send(Command::Reload), Err(TrySendError::Disconnected(_))) {
                say();
            }
        }) {
            tracing::warn!("alarms stay untold until the agent starts again: {error}");
        }
    }
}

/// Says that alarms are told from now on.
pub(super) fn tell_of_the_end() {
    tell(
        "From now on you are told",
        "The first hours are over: a notice comes when the mouse does not move your way.",
    );
}

/// One notice from outside the running agent; nobody who cannot be told is waited for.
pub(super) fn tell(summary: &str, body: &str) {
    let (answer, _answers) = bounded(1);
    let notice = Notice { summary: summary.into(), body: body.into(), ask: false, urgent: false };
    if let Err(failure) = desktop::notifier(answer).notify(&notice) {
        tracing::debug!("{failure}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_begin_and_end_and_rubbish_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(QuietPeriod::read(&store).is_none());
        QuietPeriod::begin(&store, 0).unwrap();
        assert!(QuietPeriod::read(&store).is_none(), "no hours are none");
        QuietPeriod::begin(&store, 8).unwrap();
        let quiet = QuietPeriod::read(&store).unwrap();
        let now = clock::wall();
        assert!(!quiet.is_over(now) && quiet.is_over(now + 9.hours()));
        fs::write(store.root().join(NAME), "9999-01-01T00:00:00Z").unwrap();
        let endless = QuietPeriod::read(&store).unwrap();
        assert!(endless.is_over(now + (MOST_HOURS + 1).hours()), "nobody is quiet for ever");
        fs::write(store.root().join(NAME), "for ever").unwrap();
        assert!(QuietPeriod::read(&store).is_none());
    }

    #[test]
    fn an_end_has_the_agent_read_its_configuration_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        fs::write(store.root().join(NAME), "2026-01-01T00:00:00Z").unwrap();
        let (commands, heard) = bounded(1);
        QuietPeriod::read(&store).unwrap().end_in_time(commands, || {});
        let asked = heard.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(matches!(asked, Command::Reload));
        assert!(QuietPeriod::read(&store).is_none());
    }
}
