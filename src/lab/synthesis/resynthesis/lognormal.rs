//! Sigma-lognormal resynthesis: movement as a sum of strokes, each with a lognormal speed and a
//! direction that turns along it (Plamondon 1995; O'Reilly and Plamondon 2009). A stroke's
//! parameters are found by the moments of its speed and then varied; the rest, which strokes leave
//! unexplained, stays as it was, and so do the times.

use std::f64::consts::{PI, TAU};
use std::ops::Range;

use super::Exact;
use crate::lab::random::Random;

/// A speed below this share of the lower of the peaks beside it parts two strokes.
const VALLEY: f64 = 0.6;
/// Strokes with fewer steps than this stay as they are.
const FEWEST_STEPS: usize = 4;
/// Skewness of a stroke's speed, at the least and the most.
const SKEWNESS: [f64; 2] = [0.1, 2.0];

/// One stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stroke {
    /// Pixels.
    way: f64,
    /// The moment from which the lognormal counts, milliseconds.
    origin: f64,
    /// Mean of the logarithm of the time since then.
    mu: f64,
    /// Its deviation.
    sigma: f64,
    /// Direction at the start, radians.
    from: f64,
    /// Change of direction until the end, radians.
    turn: f64,
}

/// `spread` is the deviation of each parameter's logarithm, and of angles in radians.
pub(super) fn vary(rows: &[[f32; 3]], spread: f64, random: &mut Random) -> Vec<Exact> {
    let mut exact: Vec<Exact> = rows.iter().map(|row| row.map(f64::from)).collect();
    let times = times(rows);
    for range in strokes(rows) {
        let times = &times[range.start..=range.end];
        let Some(stroke) = Stroke::of(&rows[range.clone()], times) else { continue };
        let varied = stroke.vary(spread, random);
        for (step, times) in exact[range].iter_mut().zip(times.windows(2)) {
            let was = stroke.step(times);
            let is = varied.step(times);
            step[0] += is[0] - was[0];
            step[1] += is[1] - was[1];
        }
    }
    exact
}

/// The moment of each position, milliseconds.
fn times(rows: &[[f32; 3]]) -> Vec<f64> {
    let mut at = 0.0;
    let moments = rows.iter().map(|row| {
        at += f64::from(row[2]);
        at
    });
    std::iter::once(0.0).chain(moments).collect()
}

/// Steps from one valley of the smoothed speed to the next.
fn strokes(rows: &[[f32; 3]]) -> Vec<Range<usize>> {
    let speed: Vec<f64> =
        rows.iter().map(|r| f64::from(r[0].hypot(r[1]) / r[2].max(1.0))).collect();
    let smooth: Vec<f64> = (0..speed.len())
        .map(|i| {
            let next = speed[(i + 1).min(speed.len() - 1)];
            0.25 * speed[i.saturating_sub(1)] + 0.5 * speed[i] + 0.25 * next
        })
        .collect();
    let mut begin = 0;
    let mut peak = 0.0f64;
    let mut valley = (0, f64::INFINITY);
    let mut found = Vec::new();
    for (i, speed) in smooth.iter().enumerate() {
        if valley.1 < VALLEY * peak.min(*speed) {
            found.push(begin..valley.0);
            (begin, peak, valley) = (valley.0, *speed, (i, *speed));
        }
        if *speed > peak {
            (peak, valley) = (*speed, (i, *speed));
        } else if *speed < valley.1 {
            valley = (i, *speed);
        }
    }
    found.push(begin..rows.len());
    found
}

impl Stroke {
    /// By the first three moments of the time at which the way is made: their skewness fixes sigma,
    /// their deviation the scale, their mean the origin. None where that says nothing.
    fn of(rows: &[[f32; 3]], times: &[f64]) -> Option<Self> {
        if rows.len() < FEWEST_STEPS {
            return None;
        }
        let ways = rows.iter().map(|row| f64::from(row[0].hypot(row[1])));
        let made: Vec<(f64, f64)> =
            ways.zip(times.windows(2)).map(|(way, t)| (way, f64::midpoint(t[0], t[1]))).collect();
        let way: f64 = made.iter().map(|(way, _)| way).sum();
        let mean = weighted(&made, |t| t) / way;
        let deviation = (weighted(&made, |t| (t - mean).powi(2)) / way).sqrt();
        if way <= 0.0 || deviation <= 0.0 {
            return None;
        }
        let skewness = weighted(&made, |t| ((t - mean) / deviation).powi(3)) / way;
        let sigma = sigma_of(skewness.clamp(SKEWNESS[0], SKEWNESS[1]));
        let grown = (sigma * sigma).exp();
        let scale = deviation / (grown - 1.0).sqrt();
        let (from, turn) = bend(rows);
        Some(Self {
            way,
            origin: mean - scale,
            mu: scale.ln() - sigma * sigma / 2.0,
            sigma,
            from,
            turn,
        })
    }

    fn vary(&self, spread: f64, random: &mut Random) -> Self {
        let [way, sigma, time] = [0; 3].map(|_| random.bounded(0.0, spread).exp());
        let way = self.way * way;
        let sigma = self.sigma * sigma;
        let time = time.ln();
        Self {
            way,
            sigma,
            mu: self.mu + time * self.sigma,
            from: self.from + random.bounded(0.0, spread),
            turn: self.turn + random.bounded(0.0, spread),
            ..*self
        }
    }

    /// Displacement between two moments, pixels.
    fn step(&self, times: &[f64]) -> [f64; 2] {
        let [before, after] = [self.done(times[0]), self.done(times[1])];
        let angle = self.from + self.turn * f64::midpoint(before, after);
        let way = self.way * (after - before);
        [way * angle.cos(), way * angle.sin()]
    }

    /// Share of the way that is made until a moment.
    fn done(&self, at: f64) -> f64 {
        let since = at - self.origin;
        if since <= 0.0 { 0.0 } else { normal_cdf((since.ln() - self.mu) / self.sigma) }
    }
}

/// Direction at the start and its change until the end, radians, from the directions of the first
/// and of the last third, which stand for the middles of their shares of the way.
fn bend(rows: &[[f32; 3]]) -> (f64, f64) {
    let third = rows.len().div_ceil(3);
    let ends = [sum(&rows[..third]), sum(&rows[rows.len() - third..])];
    let halves = ends.map(|[x, y]| x.hypot(y) / way(rows) / 2.0);
    let [first, last] = ends.map(|[x, y]| y.atan2(x));
    let slope = ((last - first + PI).rem_euclid(TAU) - PI) / (1.0 - halves[0] - halves[1]).max(0.3);
    (first - halves[0] * slope, slope)
}

/// The sum of a function of the times, each with the way made then.
fn weighted(made: &[(f64, f64)], f: impl Fn(f64) -> f64) -> f64 {
    made.iter().map(|(way, time)| way * f(*time)).sum()
}

fn way(rows: &[[f32; 3]]) -> f64 {
    rows.iter().map(|r| f64::from(r[0].hypot(r[1]))).sum::<f64>()
}

fn sum(rows: &[[f32; 3]]) -> [f64; 2] {
    rows.iter().fold([0.0, 0.0], |[x, y], r| [x + f64::from(r[0]), y + f64::from(r[1])])
}

/// The sigma whose lognormal has this skewness, `(e + 2) sqrt(e - 1)` with `e = exp(sigma^2)`.
fn sigma_of(skewness: f64) -> f64 {
    let mut low = 1e-3f64;
    let mut high = 1.0f64;
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        let grown = (middle * middle).exp();
        let reached = (grown + 2.0) * (grown - 1.0).sqrt() < skewness;
        (low, high) = if reached { (middle, high) } else { (low, middle) };
    }
    low
}

/// The normal distribution by Page's tanh (1977), within 3e-4: far below a pixel of any stroke.
fn normal_cdf(z: f64) -> f64 {
    let bent = (2.0 / PI).sqrt() * (z + 0.044_715 * z.powi(3));
    0.5 * (1.0 + bent.tanh())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two strokes, the second at a right angle.
    fn two_strokes() -> Vec<[f32; 3]> {
        let bell = |i: i32| 20.0 * (-((i - 10) as f32 / 4.0).powi(2)).exp() + 0.3;
        let first = (0..20).map(|i| [bell(i), 0.0, 8.0]);
        first.chain((0..20).map(|i| [0.0, bell(i), 8.0])).collect()
    }

    #[test]
    fn a_valley_parts_two_strokes() {
        let found = strokes(&two_strokes());
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((18..=22).contains(&found[0].end), "{found:?}");
        assert_eq!(strokes(&[[3.0, 0.0, 8.0]; 9]).len(), 1);
    }

    #[test]
    fn a_stroke_of_the_model_is_found_again() {
        let made = Stroke { way: 300.0, origin: -50.0, mu: 5.2, sigma: 0.25, from: 0.4, turn: 0.3 };
        let rows: Vec<[f32; 3]> = (0..60)
            .map(|i| {
                let at = 8.0 * f64::from(i);
                let [dx, dy] = made.step(&[at, at + 8.0]);
                [dx as f32, dy as f32, 8.0]
            })
            .collect();
        let found = Stroke::of(&rows, &times(&rows)).unwrap();
        assert!((found.way / made.way - 1.0).abs() < 0.02, "{found:?}");
        assert!((found.sigma / made.sigma - 1.0).abs() < 0.15, "{found:?}");
        let peak = |s: &Stroke| s.origin + s.mu.exp();
        assert!((peak(&found) - peak(&made)).abs() < 4.0, "{found:?}");
        assert!((found.from - made.from).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn nothing_varied_is_the_movement_itself() {
        let rows = two_strokes();
        for (exact, row) in vary(&rows, 0.0, &mut Random::new(1, 1)).iter().zip(&rows) {
            assert!((0..3).all(|i| (exact[i] - f64::from(row[i])).abs() < 1e-9));
        }
    }
}
