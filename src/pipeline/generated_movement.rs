//! Movement that a program makes. A hand makes no two strokes alike: now its speed peaks early and
//! now late, now in one burst and now in several. Generators draw every stroke by one rule, and what
//! they make is more even than any hand's, however good each stroke looks. So the last windows are
//! judged by how much they differ among each other.
//!
//! Only the course of the speed is looked at, as shares of a window's own time and way, which no
//! resolution changes. The limit is of the people of the backbone (SapiMouse, Gmail, DFL), with a
//! margin; `mousewarden-rig bench evenness` measures it on anybody.

use std::collections::VecDeque;

use super::window::{Sample, Window};

/// Windows that are looked at together.
const RECENT: usize = 30;
/// A window with fewer steps has no course of speed to tell of.
const FEWEST_STEPS: usize = 10;
/// The evenness below which no hand has been seen, see `onnx/EXPERIMENTS.md`.
const LIMIT: f64 = -2.57;
/// Numbers of a course.
const NUMBERS: usize = 4;
/// Below this no deviation says more.
const LEAST: f64 = 1e-3;

/// The course of one window's speed: when it is fastest, where on average its way is made and how
/// far around that, each as a share of its time, and the logarithm of its highest speed as a multiple
/// of its mean.
type Course = [f64; NUMBERS];

/// A step's length in pixels and its time, at least a millisecond, in microseconds.
fn steps(samples: &[Sample]) -> Vec<[f64; 2]> {
    let pairs = samples.windows(2);
    pairs
        .map(|pair| {
            let length = (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y);
            [length, (pair[1].at - pair[0].at).0.max(1_000) as f64]
        })
        .collect()
}

/// None of a window that is too short.
fn course(samples: &[Sample]) -> Option<Course> {
    let steps = steps(samples);
    if steps.len() < FEWEST_STEPS {
        return None;
    }
    let [way, time] = steps.iter().fold([0.0; 2], |sum, step| [sum[0] + step[0], sum[1] + step[1]]);
    let speeds: Vec<f64> = steps.iter().map(|[length, micros]| length / micros).collect();
    let mean_speed = speeds.iter().sum::<f64>() / speeds.len() as f64;
    let (mut passed, mut first, mut second) = (0.0, 0.0, 0.0);
    let (mut peak, mut highest_near, mut highest) = (0.0, -1.0, 0.0_f64);
    for (at, [length, micros]) in steps.iter().enumerate() {
        let middle = (passed + 0.5 * micros) / time;
        passed += micros;
        first += length * middle;
        second += length * middle * middle;
        highest = highest.max(speeds[at]);
        let near = speeds[at.saturating_sub(1)..speeds.len().min(at + 2)].iter().sum::<f64>();
        if near > highest_near {
            (peak, highest_near) = (middle, near);
        }
    }
    let centre = first / way;
    let spread = (second / way - centre * centre).max(0.0).sqrt();
    let course = [peak, centre, spread, (highest / mean_speed).ln()];
    course.iter().all(|number| number.is_finite()).then_some(course)
}

/// The state machine that looks for it.
#[derive(Debug, Clone, Default)]
pub struct GeneratedMovement {
    recent: VecDeque<Course>,
}

impl GeneratedMovement {
    /// Takes the next window; returns how many of the last ones were looked at, if no hand moves as
    /// evenly.
    pub fn observe(&mut self, window: &Window) -> Option<usize> {
        let course = course(window.samples())?;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(course);
        (self.evenness()? < LIMIT).then_some(RECENT)
    }

    /// The mean logarithm of the deviations among the last windows; none before there are enough.
    pub fn evenness(&self) -> Option<f64> {
        let deviations = (0..NUMBERS).map(|number| (self.deviation(number) + LEAST).ln());
        (self.recent.len() == RECENT).then(|| deviations.sum::<f64>() / NUMBERS as f64)
    }

    fn deviation(&self, number: usize) -> f64 {
        let count = self.recent.len() as f64;
        let mean = self.recent.iter().map(|course| course[number]).sum::<f64>() / count;
        let squares = self.recent.iter().map(|course| (course[number] - mean).powi(2));
        (squares.sum::<f64>() / count).sqrt()
    }

    /// Takes note of a proven unlock: what moves now is looked at anew.
    pub fn unlocked(&mut self) {
        self.recent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::cut_recording;
    use crate::{MouseEvent, MouseKind, Signal, Timestamp, WindowParams};

    /// Strokes of 30 samples whose speed rises and falls; `uneven` strokes do so at their own moment.
    fn strokes(count: usize, uneven: bool) -> Vec<Window> {
        let mut signals = Vec::new();
        for stroke in 0..count {
            let share = if uneven { (stroke * 37 % count) as f64 / count as f64 } else { 0.4 };
            let width = if uneven { 0.05 + 0.4 * (stroke * 17 % 7) as f64 / 7.0 } else { 0.2 };
            let mut x = 0.0;
            for sample in 0..30_usize {
                let apart = (sample as f64 / 29.0 - share) / width;
                x += 1.0 + (30.0 * (-apart * apart).exp() + (sample * stroke % 3) as f64).round();
                let at = Timestamp::from_millis((stroke * 2_000 + sample * 8) as i64);
                signals.push(Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x, y: 5.0 }));
            }
        }
        cut_recording(WindowParams::default(), signals).0
    }

    fn noticed(generated: &mut GeneratedMovement, windows: &[Window]) -> Vec<usize> {
        let noticed = |(at, window)| generated.observe(window).map(|_| at);
        windows.iter().enumerate().filter_map(noticed).collect()
    }

    #[test]
    fn strokes_by_one_rule_are_noticed_as_soon_as_there_are_enough() {
        let even = strokes(RECENT + 5, false);
        assert_eq!(even.len(), RECENT + 5);
        let mut generated = GeneratedMovement::default();
        assert_eq!(noticed(&mut generated, &even), [29, 30, 31, 32, 33, 34]);
        generated.unlocked();
        assert_eq!(noticed(&mut generated, &even[..RECENT - 1]), []);
    }

    #[test]
    fn strokes_of_many_kinds_are_a_hands() {
        let mut generated = GeneratedMovement::default();
        assert_eq!(noticed(&mut generated, &strokes(100, true)), []);
        assert!(generated.evenness().is_some_and(|evenness| evenness > LIMIT + 0.3));
    }

    #[test]
    fn a_window_without_way_or_steps_says_nothing() {
        let at = |n: i64| Sample { at: Timestamp::from_millis(8 * n), x: 1.0, y: 1.0 };
        let still: Vec<Sample> = (0..20).map(at).collect();
        assert_eq!(course(&still), None);
        assert_eq!(course(&still[..5]), None);
    }
}
