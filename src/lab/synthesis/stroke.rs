//! One stroke of a hand: an arc travelled with log-normal speed, after Plamondon's sigma-lognormal
//! model (1995; O'Reilly & Plamondon 2009). Pure geometry.

/// How many deviations of the logarithm on either side count as the stroke's duration; 99 % of the
/// distance lies within.
const REACH: f64 = 2.6;

/// An arc from one direction to another, travelled with log-normal speed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    /// Origin of the logarithmic time, seconds.
    origin: f64,
    mu: f64,
    sigma: f64,
    length: f64,
    /// Direction at the start and how much it turns, radians.
    heading: f64,
    turn: f64,
    end: f64,
}

impl Stroke {
    /// A stroke that starts at `start`, takes `duration` (seconds), ends displaced by `by` (pixels)
    /// and turns by `turn` radians on its way. `sigma` in about 0.1..1: the larger, the earlier the
    /// peak of speed.
    pub(super) fn new(start: f64, duration: f64, by: [f64; 2], turn: f64, sigma: f64) -> Self {
        let chord = by[0].hypot(by[1]);
        let half = turn / 2.0;
        let length = if half.abs() < 1e-6 { chord } else { chord * half / half.sin() };
        let median = duration / (2.0 * (REACH * sigma).sinh());
        Self {
            origin: start - median * (-REACH * sigma).exp(),
            mu: median.ln(),
            sigma,
            length,
            heading: by[1].atan2(by[0]) - half,
            turn,
            end: start + duration,
        }
    }

    /// When all but half a per cent is done, seconds.
    pub(super) const fn end(&self) -> f64 {
        self.end
    }

    /// How far it has carried the hand at time `t`, pixels.
    pub(super) fn at(&self, t: f64) -> [f64; 2] {
        let since = t - self.origin;
        if since <= 0.0 {
            return [0.0, 0.0];
        }
        let done = normal_cdf((since.ln() - self.mu) / self.sigma);
        let angle = self.heading + self.turn * done;
        if self.turn.abs() < 1e-6 {
            return [self.length * done * angle.cos(), self.length * done * angle.sin()];
        }
        let radius = self.length / self.turn;
        [radius * (angle.sin() - self.heading.sin()), radius * (self.heading.cos() - angle.cos())]
    }
}

/// The normal distribution function, by Abramowitz & Stegun 26.2.17 (error below 7.5e-8).
fn normal_cdf(z: f64) -> f64 {
    const B: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    let tail = (-z * z / 2.0).exp() / (std::f64::consts::TAU).sqrt() * series;
    if z >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_arrives_where_it_was_sent() {
        for turn in [0.0, 0.4, -0.9] {
            let stroke = Stroke::new(2.0, 0.5, [300.0, -120.0], turn, 0.3);
            let [x, y] = stroke.at(10.0);
            assert!((x - 300.0).abs() < 0.01 && (y + 120.0).abs() < 0.01, "{turn}: {x} {y}");
            assert!(stroke.at(2.0)[0].hypot(stroke.at(2.0)[1]) < 5.0);
            assert_eq!(stroke.at(1.0), [0.0, 0.0]);
        }
    }

    #[test]
    fn speed_peaks_before_the_middle() {
        let stroke = Stroke::new(0.0, 1.0, [100.0, 0.0], 0.0, 0.4);
        assert!(stroke.at(0.5)[0] > 60.0);
    }

    #[test]
    fn the_distribution_function_is_right() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.96, 0.024_997_9)] {
            assert!((normal_cdf(z) - p).abs() < 1e-6);
        }
    }
}
