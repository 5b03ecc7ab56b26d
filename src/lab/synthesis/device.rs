//! The mouse, the transport and the screen between a hand and its events: when positions are
//! sampled and how they are rounded. It can be estimated from an owner's own movement, so that
//! others may be given the same device.

use crate::lab::random::Random;
use crate::pipeline::event::Micros;
use crate::pipeline::window::Sample;
use crate::pipeline::{Boundary, MouseEvent, MouseKind, Segmenter, Signal, Window, WindowParams};

use super::style_transfer::place_at;

/// Windows that estimate a device well enough; more are not looked at.
const ENOUGH_INTERVALS: usize = 20_000;
/// A block of consecutive intervals is replayed together, so that their order survives (a 60 Hz
/// page alternates between 16 and 17 ms).
const LONGEST_BLOCK: usize = 24;

/// When positions are sampled, how they are rounded, and how large the screen is.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Consecutive sampling intervals, microseconds; never empty.
    intervals: Vec<u32>,
    /// Positions are multiples of this, pixels.
    grid: f64,
    /// Width and height, pixels.
    screen: [f64; 2],
}

impl Device {
    /// A mouse that is sampled at a steady rate (Hz, 1..=8000) with 5 % jitter, whole pixels.
    pub fn steady(rate_hz: f64, screen: [u32; 2]) -> Self {
        let period = 1e6 / rate_hz.clamp(1.0, 8000.0);
        let mut random = Random::new(0, 0xDE71CE);
        let mut draw = || random.bounded(period, period * 0.05).round().max(1.0) as u32;
        let intervals = (0..512).map(|_| draw()).collect();
        Self { intervals, grid: 1.0, screen: screen.map(f64::from) }
    }

    /// The device behind these windows: the intervals of movement so fast that no sample can have
    /// gone unseen for want of a new pixel, the grid of the positions, and the screen that they
    /// cover. `None` when there is no movement.
    pub fn from_windows(windows: &[Window]) -> Option<Self> {
        let limit = fast(windows)?;
        let mut intervals = Vec::new();
        for window in windows {
            for pair in window.samples().windows(2) {
                let (dt, px) = step(pair);
                if dt > 0 && px / f64::from(dt) >= limit && intervals.len() < ENOUGH_INTERVALS {
                    intervals.push(dt);
                }
            }
        }
        if intervals.is_empty() {
            return None;
        }
        Some(Self { intervals, grid: grid(windows), screen: screen(windows) })
    }

    /// Width and height of the screen, pixels.
    pub const fn screen(&self) -> [f64; 2] {
        self.screen
    }

    /// The usual time between two samples, milliseconds.
    pub(crate) fn median_interval_ms(&self) -> f64 {
        let mut intervals = self.intervals.clone();
        intervals.sort_unstable();
        f64::from(intervals[intervals.len() / 2]) / 1e3
    }

    /// Paths of a hand as this device would have reported them, cut anew: smooth curves through
    /// the positions, sampled and rounded. `seed` picks the moments of sampling.
    pub(super) fn sample(
        &self,
        paths: impl Iterator<Item = Vec<Sample>>,
        params: WindowParams,
        seed: u64,
    ) -> Vec<Window> {
        let mut random = Random::new(seed, 0xCA7);
        let mut clock = self.clock();
        let mut segmenter = Segmenter::new(params);
        let mut cut = Vec::new();
        for path in paths.filter(|path| path.len() > 1) {
            let mut at = path[0].at;
            let end = path[path.len() - 1].at;
            while at <= end {
                let [x, y] = self.snap(place_at(&path, at));
                let event = MouseEvent { at, kind: MouseKind::Move, x, y };
                cut.extend(segmenter.push(Signal::Mouse(event)));
                at = at + Micros(clock.tick(self, &mut random));
            }
            cut.extend(segmenter.push(Signal::Boundary { at, kind: Boundary::Start }));
        }
        cut
    }

    fn snap(&self, position: [f64; 2]) -> [f64; 2] {
        position.map(|p| (p / self.grid).round() * self.grid)
    }

    /// Where a position is reported.
    pub(super) fn round(&self, position: [f64; 2]) -> [f64; 2] {
        let [x, y] = self.snap(position);
        [x.clamp(0.0, self.screen[0] - 1.0), y.clamp(0.0, self.screen[1] - 1.0)]
    }

    /// A clock that ticks like this device.
    pub(super) fn clock(&self) -> DeviceClock {
        DeviceClock { next: 0, left: 0 }
    }
}

/// Where a stream stands in its device's intervals.
#[derive(Debug, Clone)]
pub(super) struct DeviceClock {
    next: usize,
    left: usize,
}

impl DeviceClock {
    /// Microseconds to the next sample.
    pub(super) fn tick(&mut self, device: &Device, random: &mut Random) -> i64 {
        if self.left == 0 {
            self.next = random.below(device.intervals.len());
            self.left = 1 + random.below(LONGEST_BLOCK);
        }
        let interval = device.intervals[self.next % device.intervals.len()];
        self.next += 1;
        self.left -= 1;
        i64::from(interval)
    }
}

/// Interval in microseconds and distance in pixels.
fn step(pair: &[crate::pipeline::window::Sample]) -> (u32, f64) {
    let from = &pair[0];
    let to = &pair[1];
    let dt = u32::try_from((to.at - from.at).0).unwrap_or(0);
    (dt, (to.x - from.x).abs().max((to.y - from.y).abs()))
}

/// The speed (pixels a microsecond) above which samples are surely seen: the fastest third.
fn fast(windows: &[Window]) -> Option<f64> {
    let pairs = windows.iter().flat_map(|window| window.samples().windows(2));
    let mut speeds: Vec<f64> = pairs
        .map(step)
        .filter(|(dt, px)| *dt > 0 && *px >= 3.0)
        .map(|(dt, px)| px / f64::from(dt))
        .collect();
    speeds.sort_by(f64::total_cmp);
    speeds.get(speeds.len() * 2 / 3).copied().or(Some(0.0)).filter(|_| !windows.is_empty())
}

fn grid(windows: &[Window]) -> f64 {
    let samples: Vec<&Sample> = windows.iter().flat_map(Window::samples).take(5000).collect();
    [1.0, 0.5, 0.25]
        .into_iter()
        .find(|grid| {
            let on = samples.iter().filter(|s| is_on(*grid, s.x) && is_on(*grid, s.y)).count();
            // A few samples lie between: a program may have put the pointer there.
            on * 100 >= samples.len() * 99
        })
        .unwrap_or(0.01)
}

fn is_on(grid: f64, place: f64) -> bool {
    (place / grid - (place / grid).round()).abs() < 1e-6
}

fn screen(windows: &[Window]) -> [f64; 2] {
    let samples = windows.iter().flat_map(Window::samples);
    let far = samples.fold([0.0f64; 2], |far, s| [far[0].max(s.x), far[1].max(s.y)]);
    [far[0].max(800.0) + 1.0, far[1].max(500.0) + 1.0]
}
