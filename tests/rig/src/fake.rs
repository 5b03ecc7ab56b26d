//! Stand-ins for the operating system: a script as the mouse, a journal as notifier and locker.
//! What they are told they repeat, without a display, a bus or a clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::Signal;
use mousewarden::platform::{EventSource, Locked, Locker, Next, Notice, Notifier, StartedLocker};

/// A mouse that does what a script says, without waiting, and then ends.
#[derive(Debug, Clone, Default)]
pub struct Script {
    signals: VecDeque<Signal>,
}

impl Script {
    /// These signals, in this order.
    pub fn new(signals: impl IntoIterator<Item = Signal>) -> Self {
        Self { signals: signals.into_iter().collect() }
    }
}

impl EventSource for Script {
    fn next(&mut self, _timeout: Option<Duration>) -> Result<Next> {
        Ok(self.signals.pop_front().map_or(Next::End, Next::Signal))
    }

    fn name(&self) -> &str {
        "script"
    }
}

/// What a [`FakeDesktop`] was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FakeCall {
    /// To show this.
    Notified(Notice),
    /// To lock.
    Locked,
}

/// A notifier and locker that only writes down; clones share what is written.
#[derive(Debug, Clone, Default)]
pub struct FakeDesktop {
    events: Arc<Mutex<Vec<FakeCall>>>,
    broken: bool,
}

impl FakeDesktop {
    /// One that writes down and then fails, like a desktop that answers nothing.
    pub fn broken() -> Self {
        Self { broken: true, ..Self::default() }
    }

    /// What it was asked so far.
    pub fn events(&self) -> Vec<FakeCall> {
        self.lock_entries().clone()
    }

    fn write(&self, event: FakeCall) -> Result<()> {
        self.lock_entries().push(event);
        if self.broken {
            return Err(Failure::new(FailureKind::Unavailable, "nothing here can do that"));
        }
        Ok(())
    }

    fn lock_entries(&self) -> MutexGuard<'_, Vec<FakeCall>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notifier for FakeDesktop {
    fn notify(&mut self, notice: &Notice) -> Result<()> {
        self.write(FakeCall::Notified(notice.clone()))
    }
}

impl Locker for FakeDesktop {
    fn lock(&mut self, _started: &dyn Fn(StartedLocker)) -> Result<Locked> {
        self.write(FakeCall::Locked).map(|()| Locked::Confirmed("journal".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mousewarden::pipeline::{Boundary, Timestamp};

    #[test]
    fn a_script_repeats_itself_and_ends() {
        let signal = Signal::Boundary { at: Timestamp::default(), kind: Boundary::Start };
        let mut script = Script::new([signal]);
        assert_eq!(script.next(None).unwrap(), Next::Signal(signal));
        assert_eq!(script.next(None).unwrap(), Next::End);
    }

    #[test]
    fn clones_of_a_journal_share_it_and_a_broken_one_fails() {
        let journal = FakeDesktop::default();
        assert!(journal.clone().lock(&|_| {}).is_ok());
        assert_eq!(journal.events(), [FakeCall::Locked]);
        assert!(FakeDesktop::broken().lock(&|_| {}).is_err());
    }
}
