//! What of a movement can be told in plain words: how fast, how far, how straight, how long, how
//! steadily. It says of an alarm in what the hand was unlike the owner's.
//!
//! # Invariants
//! Nothing is decided by it, and no position can be told back from it.

use serde::{Deserialize, Serialize};

use super::window::Window;

/// Numbers of a [`Kinematics`].
pub(crate) const ASPECTS: usize = 5;
/// Windows of one stretch of work are alike: more of them than this say no more about another day.
// The mean of a stretch is off by what parts days, however many windows it has.
const SAY_NO_MORE: f64 = 40.0;
/// A difference is worth a word from so many standard deviations on.
// Two deviations are passed by chance by one of twenty means: rare enough not to be noise.
const TELLING: f32 = 2.0;
/// Below this share of the mean speed a hand hesitates.
const SLOW: f64 = 0.25;

/// In what two hands may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Pixels of way a second.
    Speed,
    /// Pixels from the first place to the last.
    Reach,
    /// Those as a share of the way, per cent.
    Straightness,
    /// Seconds without a pause.
    Duration,
    /// Share of the time in which it hardly moves, per cent.
    Hesitation,
}

impl Aspect {
    const ALL: [Self; ASPECTS] =
        [Self::Speed, Self::Reach, Self::Straightness, Self::Duration, Self::Hesitation];

    /// What is compared: a logarithm where only ratios mean something.
    const fn is_logarithmic(self) -> bool {
        matches!(self, Self::Speed | Self::Reach | Self::Duration)
    }
}

/// How one window moves, each number on the scale on which it is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kinematics([f32; ASPECTS]);

impl From<&Window> for Kinematics {
    fn from(window: &Window) -> Self {
        let samples = window.samples();
        let steps: Vec<(f64, f64)> = samples
            .windows(2)
            .map(|pair| {
                let way = (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y);
                (way, (pair[1].at - pair[0].at).as_secs_f64())
            })
            .collect();
        // At least one pixel and one millisecond: a logarithm of 0 would spread through every mean.
        let way = steps.iter().map(|(way, _)| way).sum::<f64>().max(1.0);
        let seconds = steps.iter().map(|(_, seconds)| seconds).sum::<f64>().max(1e-3);
        let chord = match (samples.first(), samples.last()) {
            (Some(first), Some(last)) => (last.x - first.x).hypot(last.y - first.y),
            _ => 0.0,
        };
        let slow = steps.iter().filter(|(step, took)| step * seconds < SLOW * way * took);
        let hesitation = slow.map(|(_, took)| took).sum::<f64>() / seconds;
        let numbers = [
            (way / seconds).ln(),
            chord.max(1.0).ln(),
            100.0 * chord / way,
            seconds.ln(),
            100.0 * hesitation,
        ];
        Self(numbers.map(|number| number as f32))
    }
}

/// How an owner's windows move: mean and standard deviation of each aspect.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KinematicProfile {
    /// Means, in the order of speed (ln px/s), reach (ln px), straightness (%), duration (ln s) and
    /// hesitation (%).
    pub mean: [f32; ASPECTS],
    /// Standard deviations of single windows.
    pub deviation: [f32; ASPECTS],
}

impl KinematicProfile {
    /// Of these windows; none of fewer than two.
    pub fn of<'a>(windows: impl IntoIterator<Item = &'a Window>) -> Option<Self> {
        let movements: Vec<Kinematics> = windows.into_iter().map(Kinematics::from).collect();
        let count = movements.len() as f32;
        let mean = mean(movements.iter())?;
        let deviation = std::array::from_fn(|at| {
            let squares = movements.iter().map(|movement| (movement.0[at] - mean[at]).powi(2));
            // Never 0, because it divides: windows may be all alike in one aspect.
            (squares.sum::<f32>() / (count - 1.0)).sqrt().max(1e-3)
        });
        (movements.len() > 1).then_some(Self { mean, deviation })
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// When a number is not finite, or a deviation not above 0.
    pub fn validate(&self) -> Result<(), String> {
        let above = self.deviation.iter().all(|d| d.is_finite() && *d > 0.0);
        if above && self.mean.iter().all(|m| m.is_finite()) {
            Ok(())
        } else {
            Err("its kinematics are no numbers, or without a deviation".into())
        }
    }

    /// In what these windows are most unlike the owner's, the most telling first.
    pub fn differences<'a>(
        &self,
        group: impl ExactSizeIterator<Item = &'a Kinematics>,
    ) -> [Option<Difference>; 2] {
        let windows = group.len() as f64;
        // Windows of a group share their day: their mean is less sure than their number says.
        let unsure = (1.0 / windows.max(1.0) + 1.0 / SAY_NO_MORE).sqrt() as f32;
        let Some(seen) = mean(group) else { return [None; 2] };
        let mut found: Vec<Difference> = Aspect::ALL
            .iter()
            .enumerate()
            .map(|(at, aspect)| {
                // Back from logarithms, because people read pixels a second.
                let plain = |x: f32| if aspect.is_logarithmic() { x.exp() } else { x };
                Difference {
                    aspect: *aspect,
                    seen: plain(seen[at]),
                    usual: plain(self.mean[at]),
                    deviations: (seen[at] - self.mean[at]) / (self.deviation[at] * unsure),
                }
            })
            .filter(|difference| difference.deviations.abs() >= TELLING)
            .collect();
        found.sort_by(|a, b| b.deviations.abs().total_cmp(&a.deviations.abs()));
        [found.first().copied(), found.get(1).copied()]
    }
}

fn mean<'a>(movements: impl ExactSizeIterator<Item = &'a Kinematics>) -> Option<[f32; ASPECTS]> {
    let count = movements.len() as f32;
    let mut sum = [0.0; ASPECTS];
    for movement in movements {
        sum.iter_mut().zip(movement.0).for_each(|(sum, x)| *sum += x);
    }
    (count > 0.0).then(|| sum.map(|sum| sum / count))
}

/// One thing in which windows are unlike the owner's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Which.
    pub aspect: Aspect,
    /// What the windows show; a geometric mean of speed, reach and duration.
    pub seen: f32,
    /// What the owner's show.
    pub usual: f32,
    /// How far that is in standard deviations of a group of the owner's.
    pub deviations: f32,
}

impl Difference {
    /// How it moves, compared with its owner: "faster", "less straight".
    pub const fn word(&self) -> &'static str {
        match (self.aspect, self.deviations > 0.0) {
            (Aspect::Speed, true) => "faster",
            (Aspect::Speed, false) => "slower",
            (Aspect::Reach, true) => "farther",
            (Aspect::Reach, false) => "less far",
            (Aspect::Straightness, true) => "straighter",
            (Aspect::Straightness, false) => "less straight",
            (Aspect::Duration, true) => "in longer stretches",
            (Aspect::Duration, false) => "in shorter stretches",
            (Aspect::Hesitation, true) => "more hesitantly",
            (Aspect::Hesitation, false) => "more steadily",
        }
    }
}

impl std::fmt::Display for Difference {
    /// "faster (1400 px/s, you 640)"
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { aspect, seen, usual, .. } = self;
        let (digits, unit) = match aspect {
            Aspect::Speed => (0, " px/s"),
            Aspect::Reach => (0, " px"),
            Aspect::Straightness | Aspect::Hesitation => (0, " %"),
            Aspect::Duration => (1, " s"),
        };
        write!(f, "{} ({seen:.digits$}{unit}, you {usual:.digits$})", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::cut_recording;
    use crate::{MouseEvent, MouseKind, Signal, Timestamp, WindowParams};

    /// Movements to the right of 20 steps, so many milliseconds and pixels a step.
    fn windows(count: i64, ms: i64, px: f64) -> Vec<Window> {
        let event = |n: i64, step: i64| {
            let at = Timestamp::from_millis(n * 3000 + step * ms);
            // Steps differ a little, and so do windows.
            let x = px * (step as f64 + 0.1 * (n % 3) as f64 * (step % 2) as f64);
            Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x, y: (n % 5) as f64 })
        };
        let signals = (0..count).flat_map(|n| (0..=20).map(move |step| event(n, step)));
        cut_recording(WindowParams::default(), signals).0
    }

    fn movements(windows: &[Window]) -> Vec<Kinematics> {
        windows.iter().map(Kinematics::from).collect()
    }

    #[test]
    fn a_window_is_described_by_what_it_does() {
        let Kinematics(numbers) = Kinematics::from(&windows(1, 10, 5.0)[0]);
        let [speed, reach, straight, duration, hesitation] = numbers;
        assert!((speed.exp() - 500.0).abs() < 1.0 && (reach.exp() - 100.0).abs() < 0.1);
        assert!((straight - 100.0).abs() < 0.1 && (duration.exp() - 0.2).abs() < 1e-3);
        assert_eq!(hesitation, 0.0);
    }

    #[test]
    fn the_differences_name_what_is_unlike_and_nothing_else() {
        let own = windows(60, 10, 5.0);
        let kinematics = KinematicProfile::of(&own).unwrap();
        assert_eq!(kinematics.validate(), Ok(()));
        assert_eq!(kinematics.differences(movements(&own[..30]).iter()), [None; 2]);
        let [first, second] = kinematics.differences(movements(&windows(30, 10, 10.0)).iter());
        let aspects = [first.unwrap().aspect, second.unwrap().aspect];
        assert!(aspects.contains(&Aspect::Speed) && aspects.contains(&Aspect::Reach));
        let [slow, _] = kinematics.differences(movements(&windows(30, 40, 5.0)).iter());
        assert!(slow.unwrap().aspect == Aspect::Duration || slow.unwrap().aspect == Aspect::Speed);
    }

    #[test]
    fn a_difference_reads_as_a_sentence_goes_on() {
        let faster =
            Difference { aspect: Aspect::Speed, seen: 1400.4, usual: 640.0, deviations: 4.0 };
        assert_eq!(faster.to_string(), "faster (1400 px/s, you 640)");
        let shorter =
            Difference { aspect: Aspect::Duration, seen: 0.42, usual: 0.9, deviations: -3.0 };
        assert_eq!(shorter.to_string(), "in shorter stretches (0.4 s, you 0.9)");
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        let kinematics = KinematicProfile { mean: [0.0; ASPECTS], deviation: [1.0; ASPECTS] };
        assert_eq!(kinematics.differences([].iter()), [None; 2]);
        assert!(KinematicProfile::of(&windows(1, 10, 5.0)).is_none());
        assert!(KinematicProfile { deviation: [0.0; ASPECTS], ..kinematics }.validate().is_err());
    }
}
