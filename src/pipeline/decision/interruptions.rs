//! How often the watch was interrupted: devices that change, pauses, lost events. A few a day happen by
//! themselves; many within minutes are somebody's doing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::event::{Micros, Timestamp};

/// So many interruptions are no accident any more ...
const MANY: usize = 4;
/// ... within this time.
const WITHIN: Micros = Micros::from_millis(300_000);

/// The last interruptions since a proven unlock. One that follows another without a window between them is
/// the same one: a start, or a dock that is plugged in, changes many things at once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Interruptions {
    recent: VecDeque<Timestamp>,
    many: bool,
    /// Whether a window was judged since the last one.
    judged: bool,
}

impl Interruptions {
    /// Takes note of a window between two of them.
    pub(super) const fn window(&mut self) {
        self.judged = true;
    }

    /// Takes note of one.
    pub(super) fn add(&mut self, at: Timestamp) {
        if !std::mem::take(&mut self.judged) {
            return;
        }
        while self.recent.front().is_some_and(|first| at - *first > WITHIN) {
            self.recent.pop_front();
        }
        self.recent.push_back(at);
        if self.recent.len() >= MANY {
            self.many = true;
            self.recent.pop_front();
        }
    }

    /// Whether there were too many since the last proven unlock.
    pub(super) const fn are_many(&self) -> bool {
        self.many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: &[i64]) -> bool {
        let mut interruptions = Interruptions::default();
        for second in seconds {
            interruptions.window();
            interruptions.add(Timestamp::from_millis(1000 * second));
        }
        interruptions.are_many()
    }

    #[test]
    fn what_happens_at_once_is_one_interruption() {
        let mut interruptions = Interruptions::default();
        (0..20).for_each(|ms| interruptions.add(Timestamp::from_millis(ms)));
        assert!(!interruptions.are_many());
    }

    #[test]
    fn four_within_five_minutes_are_many_and_three_or_slower_ones_are_not() {
        assert!(after(&[0, 100, 200, 300]));
        assert!(!after(&[0, 1, 2]));
        assert!(!after(&[0, 200, 400, 600, 800, 1000]));
    }
}
