//! A person at work: targets one after another, strokes towards them, corrections, pauses, all seen
//! through a device. An endless iterator of events, the same for the same seeds.

use std::collections::VecDeque;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::lab::random::Random;
use crate::pipeline::{MouseEvent, MouseKind, Timestamp};

use super::device::{Device, DeviceClock};
use super::stroke::Stroke;
use super::user::SyntheticUser;

/// How long the pauses between movements are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pauses {
    /// As the person makes them, but never longer than a minute.
    Natural,
    /// None longer than this many seconds; for demonstrations and training.
    AtMost(f64),
}

impl SyntheticUser {
    /// This person's movement through a device, beginning at `start`; `session` picks one of their
    /// many days. Times of the iterator never run backwards, positions lie on the screen.
    pub fn moves(
        &self,
        device: &Device,
        session: u64,
        start: Timestamp,
        pauses: Pauses,
    ) -> Movement {
        let mut random = Random::new(self.seed, session.wrapping_add(1) << 8);
        let [w, h] = device.screen();
        let at = [random.between(0.2, 0.8) * w, random.between(0.2, 0.8) * h];
        Movement {
            user: self.clone(),
            device: device.clone(),
            pauses,
            clock: device.clock(),
            random,
            now_us: start.micros(),
            hand: at,
            shown: device.round(at),
            ready: VecDeque::new(),
        }
    }
}

/// An endless stream of movement.
#[derive(Debug, Clone)]
pub struct Movement {
    user: SyntheticUser,
    device: Device,
    pauses: Pauses,
    clock: DeviceClock,
    random: Random,
    now_us: i64,
    hand: [f64; 2],
    shown: [f64; 2],
    ready: VecDeque<MouseEvent>,
}

impl Iterator for Movement {
    type Item = MouseEvent;

    fn next(&mut self) -> Option<MouseEvent> {
        // A movement below one pixel shows nothing; another follows.
        while self.ready.is_empty() {
            self.movement();
            self.wait();
        }
        self.ready.pop_front()
    }
}

impl Movement {
    /// Plans one movement and lets the device see it.
    fn movement(&mut self) {
        let target = self.target();
        let drifting = self.random.chance(self.user.drift[0]);
        let strokes = if drifting { self.drift() } else { self.reach(target) };
        let end = strokes.iter().map(Stroke::end).fold(0.0, f64::max);
        self.show(&strokes, end);
        self.hand = position(self.hand, &strokes, end + 60.0);
        self.hand = self.device.round(self.hand);
    }

    fn wait(&mut self) {
        let [chance, short] = self.user.chain;
        let seconds = if self.random.chance(chance) {
            self.random.around(short, 0.5)
        } else {
            self.random.around(self.user.pause[0], self.user.pause[1])
        };
        let most = match self.pauses {
            Pauses::Natural => 60.0,
            Pauses::AtMost(seconds) => seconds,
        };
        self.now_us += (seconds.clamp(0.0, most) * 1e6) as i64;
    }

    /// Where to go next: near things more often than far ones, never off the screen.
    fn target(&mut self) -> [f64; 2] {
        let [w, h] = self.device.screen();
        let distance = self.random.around(self.user.reach[0], self.user.reach[1]);
        let mut angle = self.random.between(-PI, PI);
        if self.random.chance(self.user.straight) {
            angle = (angle / FRAC_PI_2).round() * FRAC_PI_2 + self.random.normal(0.0, 0.05);
        }
        // The screen is wider than high, and so is the work on it.
        let by = [distance * angle.cos(), 0.75 * distance * angle.sin()];
        let size = [w, h];
        [0, 1].map(|i| {
            let to = self.hand[i] + by[i];
            // A way that would leave the screen turns round.
            let to = if (0.0..size[i]).contains(&to) { to } else { self.hand[i] - by[i] };
            to.clamp(4.0, size[i] - 5.0)
        })
    }

    /// Strokes to a target: a first that falls short or goes past, then corrections.
    fn reach(&mut self, target: [f64; 2]) -> Vec<Stroke> {
        let by = [target[0] - self.hand[0], target[1] - self.hand[1]];
        let distance = by[0].hypot(by[1]);
        let width = self.random.around(30.0, 0.6);
        let bits = (distance / width + 1.0).log2();
        let pace = self.random.around(1.0, self.user.haste);
        let duration = pace * (self.user.fitts[0] + self.user.fitts[1] * bits);
        let aim = self.random.bounded(self.user.aim[0], self.user.aim[1]);
        let off = self.random.normal(0.0, 0.05) * distance;
        let side = perpendicular(by);
        let first = [by[0] * aim + side[0] * off, by[1] * aim + side[1] * off];
        let mut strokes = vec![self.stroke(0.0, duration, first)];
        self.wobble(&mut strokes, duration, distance, side);
        self.correct(&mut strokes, [by[0] - first[0], by[1] - first[1]], duration, pace);
        strokes
    }

    fn correct(&mut self, strokes: &mut Vec<Stroke>, left: [f64; 2], from: f64, pace: f64) {
        let mut left = left;
        let mut from = from;
        while left[0].hypot(left[1]) > 2.0 && strokes.len() < 9 {
            let duration = pace * self.random.around(self.user.correction[0], 0.3);
            let start = (from + self.user.correction[1] * duration).max(0.0);
            let share = self.random.bounded(0.95, 0.1);
            let by = [left[0] * share, left[1] * share];
            strokes.push(self.stroke(start, duration, by));
            left = [left[0] - by[0], left[1] - by[1]];
            from = start + duration;
            if !self.random.chance(self.user.fussy) {
                return;
            }
        }
    }

    /// A little sideways there and back on the way.
    fn wobble(&mut self, strokes: &mut Vec<Stroke>, duration: f64, way: f64, side: [f64; 2]) {
        let size = self.random.normal(0.0, self.user.wobble) * way;
        let half = duration * self.random.between(0.35, 0.6);
        let start = self.random.between(0.05, 0.3) * duration;
        let by = [side[0] * size, side[1] * size];
        strokes.push(self.stroke(start, half, by));
        strokes.push(self.stroke(start + half * 0.7, half, [-by[0], -by[1]]));
    }

    /// Slow and aimless, as when reading.
    fn drift(&mut self) -> Vec<Stroke> {
        let count = 1 + self.random.below(4);
        let mut start = 0.0;
        let mut strokes = Vec::with_capacity(count);
        for _ in 0..count {
            let duration = self.random.around(0.5, 0.4);
            let distance = self.random.around(self.user.drift[1], 0.5) * duration;
            let angle = self.random.between(-PI, PI);
            strokes.push(self.stroke(
                start,
                duration,
                [distance * angle.cos(), distance * angle.sin()],
            ));
            start += duration * 0.8;
        }
        strokes
    }

    fn stroke(&mut self, start: f64, duration: f64, by: [f64; 2]) -> Stroke {
        let [constant, amplitude, phase, deviation] = self.user.bow;
        let heading = by[1].atan2(by[0]);
        let bow = constant + amplitude * (heading + phase).cos();
        let turn = (bow + self.random.bounded(0.0, deviation)).clamp(-2.0, 2.0);
        let sigma = self.random.around(self.user.sigma, 0.15).clamp(0.08, 1.0);
        Stroke::new(start, duration.clamp(0.04, 4.0), by, turn, sigma)
    }

    /// What the device reports of it, until it ends.
    fn show(&mut self, strokes: &[Stroke], end: f64) {
        let start_us = self.now_us;
        let phase = self.random.between(0.0, TAU);
        let [size, hz] = self.user.tremor;
        let mut before = self.hand;
        loop {
            let dt = self.clock.tick(&self.device, &mut self.random);
            self.now_us += dt;
            let t = (self.now_us - start_us) as f64 / 1e6;
            let place = position(self.hand, strokes, t);
            let speed = (place[0] - before[0]).hypot(place[1] - before[1]) / dt as f64 * 1e6;
            before = place;
            let shake = size * (speed / 600.0).min(1.0);
            let angle = TAU * hz * t + phase;
            self.report([place[0] + shake * angle.sin(), place[1] + shake * (1.3 * angle).cos()]);
            if t > end {
                return;
            }
        }
    }

    fn report(&mut self, place: [f64; 2]) {
        let [x, y] = self.device.round(place);
        if [x, y] == self.shown {
            return;
        }
        self.shown = [x, y];
        let at = Timestamp::from_micros(self.now_us);
        self.ready.push_back(MouseEvent { at, kind: MouseKind::Move, x, y });
    }
}

fn position(from: [f64; 2], strokes: &[Stroke], t: f64) -> [f64; 2] {
    strokes.iter().fold(from, |sum, stroke| {
        let by = stroke.at(t);
        [sum[0] + by[0], sum[1] + by[1]]
    })
}

/// The unit vector across a direction; none for no direction.
fn perpendicular(by: [f64; 2]) -> [f64; 2] {
    let length = by[0].hypot(by[1]).max(1e-9);
    [-by[1] / length, by[0] / length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::window::{WindowParams, cut_recording};
    use crate::pipeline::{Signal, Window};

    fn device() -> Device {
        Device::steady(125.0, [1920, 1080])
    }

    fn events(user: u64, session: u64, count: usize) -> Vec<MouseEvent> {
        let start = Timestamp::default();
        let moves = SyntheticUser::generate(user).moves(&device(), session, start, Pauses::Natural);
        moves.take(count).collect()
    }

    fn windows(user: u64, count: usize) -> Vec<Window> {
        let signals = events(user, 0, count).into_iter().map(Signal::Mouse);
        cut_recording(WindowParams::default(), signals).0
    }

    #[test]
    fn the_same_seeds_give_the_same_movement_and_others_do_not() {
        assert_eq!(events(3, 1, 500), events(3, 1, 500));
        assert_ne!(events(3, 1, 500), events(3, 2, 500));
        assert_ne!(events(3, 1, 500), events(4, 1, 500));
    }

    #[test]
    fn events_run_forwards_on_whole_pixels_of_the_screen() {
        for user in 0..20 {
            let events = events(user, 0, 2000);
            assert!(events.windows(2).all(|pair| pair[0].at < pair[1].at));
            for event in &events {
                assert!((0.0..1920.0).contains(&event.x) && (0.0..1080.0).contains(&event.y));
                assert_eq!((event.x.fract(), event.y.fract()), (0.0, 0.0));
            }
        }
    }

    #[test]
    fn shortened_pauses_still_separate_windows() {
        let moves = SyntheticUser::generate(1).moves(
            &device(),
            0,
            Timestamp::default(),
            Pauses::AtMost(0.4),
        );
        let events: Vec<_> = moves.take(3000).collect();
        let longest = events.windows(2).map(|p| (p[1].at - p[0].at).0).max().unwrap();
        assert!((250_000..3_000_000).contains(&longest), "{longest}");
    }

    #[test]
    fn an_owners_device_is_found_again_in_the_movement_it_made() {
        let estimated = Device::from_windows(&windows(5, 20_000)).unwrap();
        let moves =
            SyntheticUser::generate(6).moves(&estimated, 0, Timestamp::default(), Pauses::Natural);
        let mut dts: Vec<i64> = moves
            .take(4000)
            .collect::<Vec<_>>()
            .windows(2)
            .map(|pair| (pair[1].at - pair[0].at).0)
            .collect();
        dts.sort_unstable();
        assert!((7_500..8_500).contains(&dts[dts.len() / 2]), "{}", dts[dts.len() / 2]);
    }

    #[test]
    fn no_movement_has_no_device() {
        assert_eq!(Device::from_windows(&[]), None);
    }
}
