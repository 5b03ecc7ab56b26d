//! What lies between an alarm and a lock: the time in which its owner can still be recognised, and
//! the count of locks after which alarms only warn. Locks nothing itself.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after};

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;

/// Locks within this span of event time count towards safe mode.
const SAFE_SPAN: Micros = Micros::from_millis(600_000);

/// The seconds before a lock.
#[derive(Debug)]
pub(super) struct Countdown {
    /// Rings when they are over.
    pub ends: Receiver<Instant>,
}

impl Countdown {
    pub(super) fn begin(seconds: u32) -> Self {
        Self { ends: after(Duration::from_secs(u64::from(seconds))) }
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
    fn a_lock_counts_for_ten_minutes() {
        let mut locks = Locks::default();
        locks.add(Timestamp::from_millis(0));
        locks.add(Timestamp::from_millis(300_000));
        assert_eq!(locks.before(Timestamp::from_millis(599_999)), 2);
        assert_eq!(locks.before(Timestamp::from_millis(600_000)), 1);
    }
}
