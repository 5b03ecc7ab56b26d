//! Generators of movement as tools use them, between the targets of the owner's movements, as fast,
//! and looked at when the owner's mouse reported: straight lines, Bezier curves, WindMouse, minimum
//! jerk with submovements, and strokes of sigma-lognormal speed, plain and with drift.

use std::fmt;

use mousewarden::pipeline::window::Sample;
use mousewarden::pipeline::{Micros, Timestamp, Window};

use super::owner::Path;
use super::species::Draw;

/// Between one report of WindMouse, which has a clock of its own, and the next.
const TICK_MS: f64 = 8.0;

/// One generator.
#[derive(Debug, Clone, Copy)]
pub(super) enum Generator {
    /// Constant speed.
    Line,
    /// A cubic curve, eased in and out.
    Bezier,
    /// Gravity and wind, after BenLand100.
    WindMouse,
    /// A first movement that falls short, and one or two corrections, each of minimum jerk (Flash &
    /// Hogan 1985).
    MinimumJerk,
    /// Overlapping strokes of log-normal speed (Plamondon), bent, with tremor.
    SigmaLognormal,
    /// The same with noise that grows with speed, slow drift across the path, and a tremor of 10 Hz.
    SigmaDrift,
}

impl Generator {
    pub(super) const ALL: [Self; 6] = [
        Self::Line,
        Self::Bezier,
        Self::WindMouse,
        Self::MinimumJerk,
        Self::SigmaLognormal,
        Self::SigmaDrift,
    ];

    /// One movement for each of the pattern's.
    pub(super) fn all(self, pattern: &[Window], draw: &mut Draw) -> Vec<Path> {
        pattern.iter().map(|window| self.one(window.samples(), draw)).collect()
    }

    fn one(self, like: &[Sample], draw: &mut Draw) -> Path {
        let (from, to) = (like[0], like[like.len() - 1]);
        let by = [to.x - from.x, to.y - from.y];
        let seconds = (to.at - from.at).as_secs_f64().max(0.1);
        let mut places = match self {
            Self::Line => timed(like, |s| [by[0] * s, by[1] * s]),
            Self::Bezier => bezier(by, like, draw),
            Self::WindMouse => wind_mouse(by, draw),
            Self::MinimumJerk => sum(&submovements(by, seconds, draw), like, minimum_jerk),
            Self::SigmaLognormal | Self::SigmaDrift => {
                sum(&submovements(by, seconds, draw), like, lognormal)
            }
        };
        match self {
            Self::SigmaLognormal => {
                for place in &mut places {
                    place[0] += draw.normal(0.4);
                    place[1] += draw.normal(0.4);
                }
            }
            Self::SigmaDrift => drift(&mut places, like, draw),
            _ => {}
        }
        let sample = |(number, [x, y]): (usize, &[f64; 2])| Sample {
            at: self.reported(like, number),
            x: (from.x + x).round(),
            y: (from.y + y).round(),
        };
        let mut path: Path = places.iter().enumerate().map(sample).collect();
        // A mouse that rests reports nothing.
        path.dedup_by(|next, before| (next.x, next.y) == (before.x, before.y));
        path
    }
}

impl Generator {
    /// When its place of this number is reported.
    fn reported(self, like: &[Sample], number: usize) -> Timestamp {
        match self {
            Self::WindMouse => like[0].at + Micros((number as f64 * TICK_MS * 1e3) as i64),
            _ => like[number].at,
        }
    }
}

impl fmt::Display for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "straight lines",
            Self::Bezier => "Bezier curves",
            Self::WindMouse => "WindMouse",
            Self::MinimumJerk => "minimum jerk with submovements",
            Self::SigmaLognormal => "sigma-lognormal strokes",
            Self::SigmaDrift => "sigma-lognormal strokes with drift and tremor",
        })
    }
}

/// The places when the owner's mouse reported, by the share of the time that is gone.
fn timed(like: &[Sample], place: impl Fn(f64) -> [f64; 2]) -> Vec<[f64; 2]> {
    let (first, last) = (like[0].at, like[like.len() - 1].at);
    let whole = (last - first).0.max(1) as f64;
    like.iter().map(|sample| place((sample.at - first).0 as f64 / whole)).collect()
}

/// Drift across the path, noise that grows with speed, and a tremor.
fn drift(places: &mut [[f64; 2]], like: &[Sample], draw: &mut Draw) {
    let [mut wander, mut before] = [[0.0; 2], places[0]];
    let phase = draw.between(0.0, std::f64::consts::TAU);
    for (place, sample) in places.iter_mut().zip(like) {
        let fast = (place[0] - before[0]).hypot(place[1] - before[1]);
        before = *place;
        let seconds = (sample.at - like[0].at).as_secs_f64();
        let tremor = 0.3 * (20.0 * std::f64::consts::PI * seconds + phase).sin();
        for axis in 0..2 {
            wander[axis] = 0.95 * wander[axis] + draw.normal(0.4);
            place[axis] += wander[axis] + draw.normal(0.04 * fast) + tremor;
        }
    }
}

fn bezier(by: [f64; 2], like: &[Sample], draw: &mut Draw) -> Vec<[f64; 2]> {
    let mut control = |share: f64| {
        let side = draw.normal(0.12);
        [share * by[0] - side * by[1], share * by[1] + side * by[0]]
    };
    let (one, two) = (control(0.33), control(0.66));
    timed(like, |s| {
        let s = s * s * (3.0 - 2.0 * s);
        let rest = 1.0 - s;
        std::array::from_fn(|axis| {
            3.0 * rest * rest * s * one[axis]
                + 3.0 * rest * s * s * two[axis]
                + s * s * s * by[axis]
        })
    })
}

fn wind_mouse(by: [f64; 2], draw: &mut Draw) -> Vec<[f64; 2]> {
    let (gravity, wind_size, mut most) = (9.0, 3.0_f64, 15.0_f64);
    let [mut place, mut speed, mut wind] = [[0.0_f64; 2]; 3];
    let mut places = vec![place];
    while places.len() < 2_000 {
        let left = [by[0] - place[0], by[1] - place[1]];
        let distance = left[0].hypot(left[1]);
        if distance < 1.0 {
            break;
        }
        let blows = wind_size.min(distance);
        for axis in 0..2 {
            if distance >= 12.0 {
                wind[axis] =
                    wind[axis] / 3.0_f64.sqrt() + draw.between(-1.0, 1.0) * blows / 5.0_f64.sqrt();
            } else {
                wind[axis] /= 3.0_f64.sqrt();
            }
            speed[axis] += wind[axis] + gravity * left[axis] / distance;
        }
        if distance < 12.0 {
            most = if most < 3.0 { draw.between(3.0, 6.0) } else { most / 5.0_f64.sqrt() };
        }
        let fast = speed[0].hypot(speed[1]);
        if fast > most {
            let kept = draw.between(0.5, 1.0) * most / fast;
            speed = speed.map(|part| part * kept);
        }
        place = [place[0] + speed[0], place[1] + speed[1]];
        places.push(place);
    }
    places
}

/// One submovement: when it begins, how long it takes (shares of the whole), where it leads, and
/// how much it is bent.
struct Submovement {
    begins: f64,
    takes: f64,
    by: [f64; 2],
    bend: f64,
}

fn submovements(by: [f64; 2], seconds: f64, draw: &mut Draw) -> Vec<Submovement> {
    let aim = draw.between(0.8, 1.02);
    let side = draw.normal(0.03);
    let first = [aim * by[0] - side * by[1], aim * by[1] + side * by[0]];
    let rest = [by[0] - first[0], by[1] - first[1]];
    let count = if seconds > 0.5 { 2 } else { 1 };
    let mut parts =
        vec![Submovement { begins: 0.0, takes: 0.65, by: first, bend: draw.normal(0.05) }];
    for number in 0..count {
        let share = 1.0 / f64::from(count);
        parts.push(Submovement {
            begins: 0.5 + 0.2 * f64::from(number),
            takes: 0.28,
            by: rest.map(|part| part * share),
            bend: draw.normal(0.05),
        });
    }
    parts
}

fn sum(parts: &[Submovement], like: &[Sample], done: fn(f64) -> f64) -> Vec<[f64; 2]> {
    timed(like, |s| {
        parts.iter().fold([0.0; 2], |[x, y], part| {
            let done = done(((s - part.begins) / part.takes).clamp(0.0, 1.0));
            let bow = part.bend * (std::f64::consts::PI * done).sin();
            [x + part.by[0] * done - bow * part.by[1], y + part.by[1] * done + bow * part.by[0]]
        })
    })
}

fn minimum_jerk(s: f64) -> f64 {
    s * s * s * (10.0 - 15.0 * s + 6.0 * s * s)
}

/// The share of a log-normal stroke that is done, by a logistic in place of the normal distribution.
fn lognormal(s: f64) -> f64 {
    let at = |s: f64| 1.0 / (1.0 + (-1.702 * (s.max(1e-6) / 0.4).ln() / 0.32).exp());
    at(s) / at(1.0)
}
