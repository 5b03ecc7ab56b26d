//! The owner's own movement in another's style: faster or slower, wider or narrower, with another
//! rhythm, bend and direction. Such impostors share with the owner everything beyond the hand
//! (texture of real movement, sampling, rounding), so that a model is forced to learn the hand.

use std::f64::consts::PI;

use crate::lab::random::Random;
use crate::pipeline::event::Micros;
use crate::pipeline::window::Sample;
use crate::pipeline::{Timestamp, Window, WindowParams};

use super::device::Device;

/// How somebody else would have made the same movements.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MovementStyle {
    /// Speed of time; 2 is twice as fast.
    tempo: f64,
    /// Size of the movements.
    size: f64,
    /// Exponent of speed: above 1 hastier in the middle, below 1 more even.
    rhythm: f64,
    /// Sideways bend as a share of the way.
    bend: f64,
    /// Rotation, radians.
    turn: f64,
    /// How much of each position is replaced by the mean of its neighbours, 0..1.
    smooth: f64,
}

impl MovementStyle {
    /// The owner's own style: only the sampling is new. Makes known to a model that being sampled
    /// anew says nothing about the person.
    pub(crate) const OWN: Self =
        Self { tempo: 1.0, size: 1.0, rhythm: 1.0, bend: 0.0, turn: 0.0, smooth: 0.0 };

    /// Somebody else's style. Never too close to the owner's: people differ in their speed or size
    /// of movement by some ten per cent at the least, or clearly in rhythm and bend.
    pub(crate) fn draw(random: &mut Random) -> Self {
        loop {
            let z: [f64; 5] = std::array::from_fn(|_| random.bounded(0.0, 1.0));
            let far: f64 = z[..4].iter().map(|z| z * z).sum();
            if far >= 1.5 {
                return Self {
                    tempo: (0.4 * z[0]).exp(),
                    size: (0.45 * z[1]).exp(),
                    rhythm: (0.25 * z[2]).exp(),
                    bend: 0.1 * z[3],
                    turn: 0.35 * z[4],
                    smooth: random.between(0.0, 0.8),
                };
            }
        }
    }

    /// The windows in this style, seen through a device and cut anew. `seed` picks the moments of
    /// sampling.
    pub(crate) fn apply(
        &self,
        windows: &[Window],
        device: &Device,
        params: WindowParams,
        seed: u64,
    ) -> Vec<Window> {
        let paths = windows.iter().map(|window| self.path(window.samples()));
        device.sample(paths, params, seed)
    }

    fn path(&self, samples: &[Sample]) -> Vec<Sample> {
        let places = self.places(samples);
        let times = self.times(samples);
        let start = samples[0].at;
        places
            .iter()
            .zip(times)
            .map(|(place, time)| Sample {
                at: start + Micros(time as i64),
                x: place[0],
                y: place[1],
            })
            .collect()
    }

    fn places(&self, samples: &[Sample]) -> Vec<[f64; 2]> {
        let last = samples.len() - 1;
        let origin = [samples[0].x, samples[0].y];
        let chord = [samples[last].x - origin[0], samples[last].y - origin[1]];
        let (sin, cos) = self.turn.sin_cos();
        (0..=last)
            .map(|i| {
                let bow = self.bend * (PI * i as f64 / last as f64).sin();
                let x = self.smoothed(samples, i, |s| s.x) - origin[0] - bow * chord[1];
                let y = self.smoothed(samples, i, |s| s.y) - origin[1] + bow * chord[0];
                [
                    origin[0] + self.size * (x * cos - y * sin),
                    origin[1] + self.size * (x * sin + y * cos),
                ]
            })
            .collect()
    }

    /// A coordinate drawn towards its neighbours'; the ends of a movement stay.
    fn smoothed(&self, samples: &[Sample], i: usize, f: fn(&Sample) -> f64) -> f64 {
        if i == 0 || i == samples.len() - 1 {
            return f(&samples[i]);
        }
        let mean = (f(&samples[i - 1]) + f(&samples[i + 1])) / 2.0;
        f(&samples[i]) * (1.0 - self.smooth) + self.smooth * mean
    }

    /// Microseconds since the start at each position.
    fn times(&self, samples: &[Sample]) -> Vec<f64> {
        let whole = (samples[samples.len() - 1].at - samples[0].at).0 as f64;
        let way: f64 = samples.windows(2).map(length).sum();
        let mean = way / whole.max(1.0);
        let spans: Vec<f64> = samples
            .windows(2)
            .map(|pair| {
                let dt = (pair[1].at - pair[0].at).0 as f64;
                let speed = (length(pair) / dt.max(1.0) / mean.max(1e-9)).clamp(0.05, 20.0);
                dt * speed.powf(1.0 - self.rhythm)
            })
            .collect();
        let scale = whole / spans.iter().sum::<f64>().max(1.0) / self.tempo;
        std::iter::once(0.0)
            .chain(spans.iter().scan(0.0, |sum, span| {
                *sum += span * scale;
                Some(*sum)
            }))
            .collect()
    }
}

fn length(pair: &[Sample]) -> f64 {
    (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y)
}

/// Where the hand was at a moment: on smooth curves through the positions (Catmull and Rom).
pub(super) fn place_at(path: &[Sample], at: Timestamp) -> [f64; 2] {
    let last = path.len() - 1;
    let next = path.partition_point(|sample| sample.at < at).clamp(1, last);
    let before = &path[next.saturating_sub(2)];
    let from = &path[next - 1];
    let to = &path[next];
    let after = &path[(next + 1).min(last)];
    let span = ((to.at - from.at).0.max(1)) as f64;
    let share = ((at - from.at).0 as f64 / span).clamp(0.0, 1.0);
    [|s: &Sample| s.x, |s: &Sample| s.y].map(|f| {
        let [m0, m1] = [[before, to], [from, after]]
            .map(|[a, b]| (f(b) - f(a)) / ((b.at - a.at).0.max(1)) as f64 * span);
        let t = share;
        let t2 = share * share;
        let t3 = share * share * share;
        f(from) * (2.0 * t3 - 3.0 * t2 + 1.0)
            + m0 * (t3 - 2.0 * t2 + t)
            + f(to) * (3.0 * t2 - 2.0 * t3)
            + m1 * (t3 - t2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::kinematics;
    use crate::lab::synthesis::SyntheticUser;
    use crate::lab::synthesis::cohort::windows_of;

    fn windows() -> (Device, Vec<Window>) {
        let device = Device::steady(125.0, [1920, 1080]);
        let windows =
            windows_of(&SyntheticUser::generate(4), &device, WindowParams::default(), 80, 0);
        (device, windows)
    }

    fn parameter(style: &MovementStyle, name: &str) -> f64 {
        let (device, windows) = windows();
        let styled = style.apply(&windows, &device, WindowParams::default(), 1);
        let index = kinematics::NAMES.iter().position(|n| *n == name).unwrap();
        kinematics::of(&styled).unwrap()[index]
    }

    #[test]
    fn the_own_style_keeps_the_kinematics() {
        let (_, windows) = windows();
        let before = kinematics::of(&windows).unwrap();
        for (i, name) in kinematics::NAMES.iter().enumerate().take(6) {
            let after = parameter(&MovementStyle::OWN, name);
            assert!((after / before[i] - 1.0).abs() < 0.15, "{name}: {} {after}", before[i]);
        }
    }

    #[test]
    fn a_faster_and_wider_style_is_faster_and_wider() {
        let (_, windows) = windows();
        let long = windows.iter().max_by_key(|window| window.steps()).unwrap();
        let span = |style: &MovementStyle| {
            let path = style.path(long.samples());
            let (first, last) = (path[0], path[path.len() - 1]);
            let chord = (last.x - first.x).hypot(last.y - first.y);
            ((last.at - first.at).0 as f64, chord)
        };
        let own = span(&MovementStyle::OWN);
        let faster = span(&MovementStyle { tempo: 2.0, rhythm: 1.3, ..MovementStyle::OWN });
        let wider = span(&MovementStyle { size: 1.5, turn: 0.3, ..MovementStyle::OWN });
        assert!((own.0 / faster.0 - 2.0).abs() < 0.01, "{own:?} {faster:?}");
        assert!((wider.1 / own.1 - 1.5).abs() < 0.01, "{own:?} {wider:?}");
    }
}
