//! Windows judged together: whole disjoint groups in order of time, each within one session.

use std::ops::Range;

use super::baseline::Baseline;
use super::results::JudgedUnit;
use crate::lab::metrics;
use crate::pipeline::{OwnerModel, Window, WindowScore, grouped};

/// Group sizes that are measured.
pub(crate) const SIZES: [usize; 5] = [1, 5, 10, 20, 30];

/// Seconds of movement that are measured together, beside them: what the literature on SapiMouse
/// judges.
pub(crate) const SECONDS: u32 = 15;

/// Whoever gives a group one score.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GroupScorer<'a> {
    /// The model by these window scores, one a window.
    Model(Option<&'a OwnerModel>, &'a [WindowScore]),
    /// A baseline.
    Baseline(&'a Baseline),
}

/// The groups of one stretch of a session: index ranges.
pub(crate) fn ranges(unit: JudgedUnit, windows: &[Window]) -> Vec<Range<usize>> {
    match unit {
        JudgedUnit::Windows(n) => whole_groups(windows, n.max(1)),
        JudgedUnit::Session => whole_groups(windows, windows.len().max(1)),
        JudgedUnit::Seconds(seconds) => {
            let moved: Vec<f64> = windows.iter().map(|w| w.movement().as_secs_f64()).collect();
            filled(&moved, f64::from(seconds))
        }
    }
}

fn whole_groups(windows: &[Window], size: usize) -> Vec<Range<usize>> {
    (0..windows.len() / size).map(|at| at * size..(at + 1) * size).collect()
}

/// Ranges in a row whose sums reach this; what is left over is in none.
fn filled(sizes: &[f64], enough: f64) -> Vec<Range<usize>> {
    let mut begin = 0;
    let mut sum = 0.0;
    let mut found = Vec::new();
    for (at, size) in sizes.iter().enumerate() {
        sum += size;
        if sum >= enough {
            found.push(begin..at + 1);
            (begin, sum) = (at + 1, 0.0);
        }
    }
    found
}

/// One score a group.
pub(crate) fn scores(unit: JudgedUnit, windows: &[Window], judge: GroupScorer<'_>) -> Vec<f32> {
    ranges(unit, windows)
        .into_iter()
        .map(|range| match judge {
            GroupScorer::Model(owner_model, seen) => {
                grouped(owner_model, seen[range].iter()).unwrap_or(0.0)
            }
            GroupScorer::Baseline(baseline) => baseline.score(&windows[range]),
        })
        .collect()
}

/// What groups take: seconds of movement and on the clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Durations {
    movement: Vec<f64>,
    wall: Vec<f64>,
}

impl Durations {
    /// Adds the groups of a stretch.
    pub(crate) fn add(&mut self, unit: JudgedUnit, windows: &[Window]) {
        for range in ranges(unit, windows) {
            let group = &windows[range];
            let first = &group[0];
            let last = &group[group.len() - 1];
            self.movement.push(group.iter().map(|w| w.movement().as_secs_f64()).sum());
            self.wall.push((last.closed_at() - first.started_at()).as_secs_f64());
        }
    }

    /// Adds those of another.
    pub(crate) fn absorb(&mut self, other: &Self) {
        self.movement.extend(&other.movement);
        self.wall.extend(&other.wall);
    }

    /// Medians of movement and clock.
    pub(crate) fn medians(&self) -> [f64; 2] {
        [&self.movement, &self.wall]
            .map(|seconds| metrics::quantile(&mut seconds.clone(), 0.5).unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::window::cut_recording;
    use crate::pipeline::{MouseEvent, MouseKind, Signal, Timestamp, WindowParams};

    /// Windows of 0.2 s, one a second.
    fn windows(count: i64) -> Vec<Window> {
        let event = |n: i64| {
            let at = Timestamp::from_millis(n / 11 * 1000 + n % 11 * 20);
            Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: n as f64, y: 0.0 })
        };
        cut_recording(WindowParams::default(), (0..11 * count).map(event)).0
    }

    #[test]
    fn groups_share_no_window_and_a_rest_is_left_out() {
        let windows = windows(13);
        assert_eq!(ranges(JudgedUnit::Windows(5), &windows), [0..5, 5..10]);
        assert!(ranges(JudgedUnit::Windows(5), &windows[..4]).is_empty());
        assert_eq!(
            ranges(JudgedUnit::Session, &windows),
            std::iter::once(0..13).collect::<Vec<_>>()
        );
        assert!(ranges(JudgedUnit::Session, &[]).is_empty());
        // Each moves for 0.2 s.
        assert_eq!(ranges(JudgedUnit::Seconds(1), &windows), [0..5, 5..10]);
        assert_eq!(filled(&[3.0, 1.0, 0.5, 4.0, 2.0], 2.0), [0..1, 1..4, 4..5]);
    }
}
