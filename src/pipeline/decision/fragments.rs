//! Movement in pieces too short for a window. Everybody makes some; somebody who makes these alone
//! works around the watch.

use serde::{Deserialize, Serialize};

/// A window makes up for so many pieces.
const A_WINDOW: u32 = 8;
/// So many are a suspicion, twice as many a notice, three times as many a lock. In 310 hours of five
/// sets of recordings the first was passed once, and the second once (`onnx/EXPERIMENTS.md`).
const MANY: u32 = 50;
/// More are not counted.
const MOST: u32 = 4 * MANY;

/// What of the movement since the last proven unlock came to no window: a bucket that each piece
/// fills, and that each window empties a little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Fragments(u32);

impl Fragments {
    /// Takes note of a piece.
    pub(super) fn add(&mut self) {
        self.0 = (self.0 + 1).min(MOST);
    }

    /// Takes note of a window.
    pub(super) const fn window(&mut self) {
        self.0 = self.0.saturating_sub(A_WINDOW);
    }

    /// Whether they are enough for a suspicion.
    pub(super) const fn are_many(self) -> bool {
        self.0 >= MANY
    }

    /// Whether they are enough for a notice.
    pub(super) const fn are_an_alarm(self) -> bool {
        self.0 >= 2 * MANY
    }

    /// Whether they are enough for a lock.
    pub(super) const fn are_a_lock(self) -> bool {
        self.0 >= 3 * MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pieces: u32, every: u32) -> Fragments {
        let mut fragments = Fragments::default();
        for piece in 1..=pieces {
            fragments.add();
            if piece % every == 0 {
                fragments.window();
            }
        }
        fragments
    }

    #[test]
    fn nothing_but_pieces_is_an_alarm_and_a_window_for_every_eight_is_none() {
        assert!(!after(49, u32::MAX).are_many() && after(50, u32::MAX).are_many());
        assert!(!after(99, u32::MAX).are_an_alarm() && after(100, u32::MAX).are_an_alarm());
        assert!(!after(149, u32::MAX).are_a_lock() && after(10_000, u32::MAX).are_a_lock());
        assert!(!after(10_000, 8).are_many());
        assert!(after(10_000, 9).are_a_lock(), "fewer windows than that do not make up for it");
    }

    #[test]
    fn ordinary_work_soon_makes_up_for_them() {
        let mut fragments = after(10_000, u32::MAX);
        (0..19).for_each(|_| fragments.window());
        assert!(!fragments.are_many());
    }
}
