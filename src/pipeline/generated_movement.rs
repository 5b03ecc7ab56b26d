//! Movement that a program makes. A hand's strokes differ: now it is fast early and now late, now in
//! one burst and now in several, now straight and now around. Generators draw every stroke by one
//! rule, and what they make is more even than most hands', however good each stroke looks. So the
//! last windows are judged by how much they differ among each other. A hand that repeats one task is
//! as even: this is evidence beside the model's, and an alarm only together with it.
//!
//! Only shares of a window's own time and way are looked at, the same at every resolution. Which, and
//! the limit, were chosen with the people of eight public sets and looked at on a ninth, see
//! `onnx/EXPERIMENTS.md`; `mousewarden-rig bench evenness` measures it on anybody.

use std::collections::VecDeque;

use super::window::{Sample, Window};

/// A window with fewer steps has no course of speed to tell of.
const FEWEST_STEPS: usize = 8;
/// Below this only hands have been seen that did one and the same task over and over, see
/// `onnx/EXPERIMENTS.md`.
const LIMIT: f64 = -2.50;
/// Numbers of a course.
const NUMBERS: usize = 4;
/// Below this no deviation says more.
const LEAST: f64 = 1e-3;
/// How a movement begins is what it has done after this share of its time.
const BEGINNING: f64 = 0.25;

/// The course of one window: when it is fastest, as a share of its time; the logarithm of its highest
/// speed as a multiple of its mean; which share of its way it has made after a quarter of its time;
/// and how far it leaves the straight line to its end, to which side, as a share of its way.
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
    let [mut passed, mut begun] = [0.0; 2];
    let [mut highest, mut fastest] = [0.0; 2];
    for [length, micros] in &steps {
        if length / micros > highest {
            [highest, fastest] = [length / micros, (passed + 0.5 * micros) / time];
        }
        // Of the step in which the beginning ends, the part before that.
        begun += length * ((BEGINNING * time - passed) / micros).clamp(0.0, 1.0);
        passed += micros;
    }
    let course = [fastest, (highest * time / way).ln(), begun / way, farthest(samples) / way];
    course.iter().all(|number| number.is_finite()).then_some(course)
}

/// The largest distance from the line between both ends, in pixels, with its side as the sign.
fn farthest(samples: &[Sample]) -> f64 {
    let first = samples[0];
    let last = samples[samples.len() - 1];
    let [x, y] = [last.x - first.x, last.y - first.y];
    let length = x.hypot(y).max(1e-9);
    let apart = samples.iter().map(|at| ((at.y - first.y) * x - (at.x - first.x) * y) / length);
    apart.fold(0.0, |farthest, apart| if apart.abs() > farthest.abs() { apart } else { farthest })
}

/// The state machine that looks for it.
#[derive(Debug, Clone, Default)]
pub struct GeneratedMovement {
    recent: VecDeque<Course>,
}

impl GeneratedMovement {
    /// Windows that are looked at together.
    pub const WINDOWS: usize = 20;

    /// Takes the next window; whether the last ones are more even than most hands'.
    pub fn observe(&mut self, window: &Window) -> bool {
        let Some(course) = course(window.samples()) else { return false };
        if self.recent.len() == Self::WINDOWS {
            self.recent.pop_front();
        }
        self.recent.push_back(course);
        self.deviations().is_some_and(|deviations| deviations < LIMIT)
    }

    /// The mean logarithm of the deviations among the last windows; none before there are enough.
    pub fn deviations(&self) -> Option<f64> {
        let deviations = (0..NUMBERS).map(|number| (self.deviation(number) + LEAST).ln());
        (self.recent.len() == Self::WINDOWS).then(|| deviations.sum::<f64>() / NUMBERS as f64)
    }

    fn deviation(&self, number: usize) -> f64 {
        let count = self.recent.len() as f64;
        let mean = self.recent.iter().map(|course| course[number]).sum::<f64>() / count;
        let squares = self.recent.iter().map(|course| (course[number] - mean).powi(2));
        (squares.sum::<f64>() / count).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::cut_recording;
    use crate::{MouseEvent, MouseKind, Signal, Timestamp, WindowParams};

    /// Strokes of 30 samples whose speed rises and falls, and which bend: each as far in its own way as
    /// `differ` says, from 0 to 1.
    fn strokes(count: usize, differ: f64) -> Vec<Window> {
        let mut signals = Vec::new();
        for stroke in 0..count {
            let own = [37, 17, 71].map(|factor| (stroke * factor % 101) as f64 / 101.0);
            let share = 0.4 + differ * (own[0] - 0.4);
            let width = 0.2 + differ * (0.4 * own[1] - 0.15);
            let bow = differ * 300.0 * (own[2] - 0.5);
            let mut x = 0.0;
            for sample in 0..30_usize {
                let done = sample as f64 / 29.0;
                let apart = (done - share) / width;
                x += 1.0 + (30.0 * (-apart * apart).exp() + (sample * stroke % 3) as f64).round();
                let y = (bow * (std::f64::consts::PI * done).sin()).round();
                let at = Timestamp::from_millis((stroke * 2_000 + sample * 8) as i64);
                signals.push(Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x, y }));
            }
        }
        cut_recording(WindowParams::default(), signals).0
    }

    fn noticed(generated: &mut GeneratedMovement, windows: &[Window]) -> Vec<usize> {
        let noticed = |(at, window)| generated.observe(window).then_some(at);
        windows.iter().enumerate().filter_map(noticed).collect()
    }

    #[test]
    fn strokes_by_one_rule_are_noticed_as_soon_as_there_are_enough() {
        let even = strokes(GeneratedMovement::WINDOWS + 5, 0.0);
        assert_eq!(even.len(), GeneratedMovement::WINDOWS + 5);
        let mut generated = GeneratedMovement::default();
        assert_eq!(noticed(&mut generated, &even), [19, 20, 21, 22, 23, 24]);
        generated = GeneratedMovement::default();
        assert!(noticed(&mut generated, &even[..GeneratedMovement::WINDOWS - 1]).is_empty());
    }

    #[test]
    fn strokes_of_many_kinds_are_a_hands() {
        let mut generated = GeneratedMovement::default();
        assert!(noticed(&mut generated, &strokes(100, 1.0)).is_empty());
        assert!(generated.deviations().is_some_and(|deviations| deviations > LIMIT + 0.3));
    }

    #[test]
    fn a_window_without_way_or_steps_says_nothing() {
        let at = |n: i64| Sample { at: Timestamp::from_millis(8 * n), x: 1.0, y: 1.0 };
        let still: Vec<Sample> = (0..20).map(at).collect();
        assert_eq!(course(&still), None);
        assert_eq!(course(&still[..5]), None);
    }
}
