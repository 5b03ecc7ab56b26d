//! What lies between an alarm and a lock, and between a lock and its end: the time in which its
//! owner can still be recognised, the count of locks after which alarms only warn, and the time in
//! which a password confirms that it was the owner.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after};

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::StartedLocker;

/// Locks within this span of event time count towards safe mode.
const SAFE_SPAN: Micros = Micros::from_millis(600_000);

/// So often a lock that failed is tried again after a second, and so often after ten.
const EAGER: u32 = 30;

/// Whoever says "It was me" gives the password at once. Later it may be the owner who unlocks what
/// an impostor had locked by that button.
const CONFIRMED_WITHIN: Micros = Micros::from_millis(60_000);

/// Somebody's word that it was them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim(Timestamp);

impl Claim {
    /// Made at this moment.
    pub(super) const fn at(moment: Timestamp) -> Self {
        Self(moment)
    }

    /// Whether an unlock at this moment shows that it is true.
    pub(super) fn is_confirmed_by_unlock(self, at: Timestamp) -> bool {
        at - self.0 <= CONFIRMED_WITHIN
    }
}

/// The seconds before a lock.
#[derive(Debug)]
pub(super) struct Countdown {
    /// When the alarm was, in the time of the events.
    pub at: Timestamp,
    /// Rings when they are over.
    pub ends: Receiver<Instant>,
}

impl Countdown {
    pub(super) fn begin(at: Timestamp, seconds: u32) -> Self {
        Self { at, ends: after(Duration::from_secs(u64::from(seconds))) }
    }
}

/// A lock that is being tried, or that failed and is tried again.
#[derive(Debug)]
pub(super) struct Locking {
    /// When the alarm was that it follows; without one nothing is tried twice.
    pub alarm: Option<Timestamp>,
    /// Whether the person is told when it is done.
    pub is_told: bool,
    /// How often it has failed.
    pub failures: u32,
    /// Rings when it is tried again; `None` while it is being tried.
    pub again: Option<Receiver<Instant>>,
    /// The locker whose outcome is awaited.
    pub started: Option<StartedLocker>,
}

impl Locking {
    /// Because of an alarm at this moment.
    pub(super) const fn by_alarm(at: Timestamp) -> Self {
        Self { alarm: Some(at), is_told: true, failures: 0, again: None, started: None }
    }

    /// Because somebody wants it; the alarm that it follows, if there was one.
    pub(super) const fn as_asked(alarm: Option<Timestamp>) -> Self {
        Self { alarm, is_told: false, failures: 0, again: None, started: None }
    }

    /// This one in place of another, which goes on to be due.
    pub(super) fn after(self, before: Option<Self>) -> Self {
        let Some(before) = before else { return self };
        Self { alarm: self.alarm.or(before.alarm), failures: before.failures, ..self }
    }

    /// How long until it is tried again: soon, because an impostor may hold a menu open, and less
    /// often where nothing helps.
    pub(super) const fn pause(&self) -> Duration {
        if self.failures == 1 {
            return Duration::from_millis(300);
        }
        match self.failures / EAGER {
            0 => Duration::from_secs(1),
            1 => Duration::from_secs(10),
            _ => Duration::from_secs(60),
        }
    }
}

/// The locks by alarm of the last ten minutes.
#[derive(Debug, Default)]
pub(super) struct Locks(VecDeque<Timestamp>);

impl Locks {
    /// How many there were before this moment.
    pub(super) fn before(&mut self, at: Timestamp) -> usize {
        self.0.retain(|lock| at - *lock < SAFE_SPAN);
        self.0.len()
    }

    pub(super) fn add(&mut self, at: Timestamp) {
        self.0.push_back(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlock_confirms_for_a_minute_and_then_it_may_be_of_another() {
        let claim = Claim::at(Timestamp::from_millis(5_000));
        assert!(claim.is_confirmed_by_unlock(Timestamp::from_millis(65_000)));
        assert!(!claim.is_confirmed_by_unlock(Timestamp::from_millis(65_001)));
    }

    #[test]
    fn a_lock_counts_for_ten_minutes() {
        let mut locks = Locks::default();
        locks.add(Timestamp::from_millis(0));
        locks.add(Timestamp::from_millis(300_000));
        assert_eq!(locks.before(Timestamp::from_millis(599_999)), 2);
        assert_eq!(locks.before(Timestamp::from_millis(600_000)), 1);
    }

    #[test]
    fn a_button_does_not_make_a_failed_lock_less_due() {
        let at = Timestamp::from_millis(5_000);
        let failed = Locking { failures: 2, ..Locking::by_alarm(at) };
        let asked = Locking::as_asked(None).after(Some(failed));
        assert_eq!((asked.alarm, asked.failures), (Some(at), 2));
    }
}
