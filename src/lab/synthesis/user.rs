//! Who a synthetic user is: movement parameters drawn from a population. The population's numbers
//! are fitted by hand to medians and spreads between people of two public sets of web work (Gmail
//! tasks and SapiMouse: median speed 560 and 880 px/s, way 360 and 740 px, 0.56 and 0.73 s a
//! movement, straightness 0.90 and 0.81; `bench enrol --describe` prints both sides).

use std::f64::consts::PI;

use crate::lab::random::Random;

/// A synthetic user's movement parameters. Times in seconds, lengths in pixels, angles in radians.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticUser {
    pub(super) seed: u64,
    /// Fitts' law: time before and per bit of difficulty.
    pub(super) fitts: [f64; 2],
    /// How much durations vary, deviation of the logarithm.
    pub(super) haste: f64,
    /// Skew of a stroke's speed.
    pub(super) sigma: f64,
    /// The share of the way that the first stroke covers, and its deviation.
    pub(super) aim: [f64; 2],
    /// Duration of a correction, its delay as a share of it (negative: overlapping).
    pub(super) correction: [f64; 2],
    /// Chance that a movement needs one more correction.
    pub(super) fussy: f64,
    /// Turn of a stroke: constant, amplitude and phase by direction, deviation.
    pub(super) bow: [f64; 4],
    /// Sideways wobble as a share of the way.
    pub(super) wobble: f64,
    /// Tremor: amplitude at full speed and frequency in Hz.
    pub(super) tremor: [f64; 2],
    /// Distance of targets: median and deviation of the logarithm.
    pub(super) reach: [f64; 2],
    /// Chance of a target straight across or straight above.
    pub(super) straight: f64,
    /// Pause between movements: median and deviation of the logarithm.
    pub(super) pause: [f64; 2],
    /// Chance that a movement follows another without a pause, and the median wait then.
    pub(super) chain: [f64; 2],
    /// Chance of a slow, aimless drift, and its speed in pixels a second.
    pub(super) drift: [f64; 2],
}

impl SyntheticUser {
    /// The person of a seed.
    pub fn generate(seed: u64) -> Self {
        let r = &mut Random::new(seed, 0x9E0);
        let pace = r.around(1.0, 0.3);
        Self {
            seed,
            fitts: [pace * r.around(0.07, 0.4), pace * r.around(0.085, 0.3)],
            haste: r.around(0.28, 0.3),
            sigma: r.around(0.42, 0.3),
            aim: [r.bounded(0.94, 0.05), r.around(0.06, 0.4)],
            correction: [pace * r.around(0.16, 0.35), r.bounded(-0.15, 0.2)],
            fussy: r.between(0.1, 0.5),
            bow: [r.normal(0.0, 0.12), r.around(0.2, 0.5), r.between(-PI, PI), r.around(0.2, 0.4)],
            wobble: r.around(0.04, 0.5),
            tremor: [r.around(0.4, 0.6), r.between(7.0, 12.0)],
            reach: [r.around(330.0, 0.4), r.bounded(1.0, 0.15)],
            straight: r.between(0.05, 0.35),
            pause: [r.around(0.8, 0.4), r.bounded(0.9, 0.15)],
            chain: [r.between(0.1, 0.6), r.around(0.06, 0.4)],
            drift: [r.between(0.0, 0.15), r.around(110.0, 0.5)],
        }
    }

    /// The seed that this person came from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }
}
