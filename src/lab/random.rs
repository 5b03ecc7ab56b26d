//! The few distributions that the laboratory draws from, on a generator whose stream is the same in
//! all versions, seeded by the caller.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A seeded source of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    /// The stream of a seed; `purpose` keeps the streams of one seed apart.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Self(rng)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Uniform in `low..high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0..n`; 0 for `n` = 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.random_range(0..n) }
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal, by Box and Muller.
    pub(crate) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        mean + deviation * radius * (TAU * self.unit()).cos()
    }

    /// Normal, but never outside two and a half deviations.
    pub(crate) fn bounded(&mut self, mean: f64, deviation: f64) -> f64 {
        let value = self.normal(0.0, 1.0).clamp(-2.5, 2.5);
        mean + deviation * value
    }

    /// Log-normal with this median; `spread` is the deviation of the logarithm, bounded as above.
    pub(crate) fn around(&mut self, median: f64, spread: f64) -> f64 {
        median * self.bounded(0.0, spread).exp()
    }

    /// Puts the items in random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_stream_and_purposes_differ() {
        let draw = |seed, purpose| Random::new(seed, purpose).unit();
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn the_normal_has_its_mean_and_deviation() {
        let mut random = Random::new(1, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| random.normal(3.0, 2.0)).collect();
        let mean = draws.iter().sum::<f64>() / 2e4;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 2e4;
        assert!((mean - 3.0).abs() < 0.06 && (variance.sqrt() - 2.0).abs() < 0.05);
    }
}
