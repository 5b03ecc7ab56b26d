//! Windows judged together: whole groups in order of time, never across two sessions, never sharing
//! a window. Knows what a group takes, not what it means.

use super::baseline::Baseline;
use super::results::Unit;
use crate::lab::metrics;
use crate::pipeline::{Impression, Likeness, Window, grouped};

/// Group sizes that are measured.
pub const SIZES: [usize; 5] = [1, 5, 10, 20, 30];

/// Whoever gives a group one score.
#[derive(Debug, Clone, Copy)]
pub enum Judge<'a> {
    /// The model by these impressions, one a window.
    Model(Option<&'a Likeness>, &'a [Impression]),
    /// A baseline.
    Baseline(&'a Baseline),
}

/// The groups of one stretch of a session: index ranges.
pub fn ranges(unit: Unit, windows: usize) -> Vec<std::ops::Range<usize>> {
    let size = match unit {
        Unit::Windows(n) => n.max(1),
        Unit::Session => windows.max(1),
    };
    (0..windows / size).map(|at| at * size..(at + 1) * size).collect()
}

/// One score a group.
pub fn scores(unit: Unit, windows: &[Window], judge: Judge<'_>) -> Vec<f32> {
    let score = |range: std::ops::Range<usize>| match judge {
        Judge::Model(likeness, seen) => grouped(likeness, seen[range].iter()).unwrap_or(0.0),
        Judge::Baseline(baseline) => baseline.score(&windows[range]),
    };
    ranges(unit, windows.len()).into_iter().map(score).collect()
}

/// What groups take: seconds of movement and on the clock.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    movement: Vec<f64>,
    wall: Vec<f64>,
}

impl Durations {
    /// Adds the groups of a stretch.
    pub fn add(&mut self, unit: Unit, windows: &[Window]) {
        for range in ranges(unit, windows.len()) {
            let group = &windows[range];
            let (first, last) = (&group[0], &group[group.len() - 1]);
            self.movement.push(group.iter().map(|w| w.movement().as_secs_f64()).sum());
            self.wall.push((last.closed_at() - first.started_at()).as_secs_f64());
        }
    }

    /// Adds those of another.
    pub fn absorb(&mut self, other: &Self) {
        self.movement.extend(&other.movement);
        self.wall.extend(&other.wall);
    }

    /// Medians of movement and clock.
    pub fn medians(&self) -> [f64; 2] {
        [&self.movement, &self.wall]
            .map(|seconds| metrics::quantile(&mut seconds.clone(), 0.5).unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_share_no_window_and_a_rest_is_left_out() {
        assert_eq!(ranges(Unit::Windows(5), 13), [0..5, 5..10]);
        assert!(ranges(Unit::Windows(5), 4).is_empty());
        assert_eq!(ranges(Unit::Session, 13), std::iter::once(0..13).collect::<Vec<_>>());
        assert!(ranges(Unit::Session, 0).is_empty());
    }
}
