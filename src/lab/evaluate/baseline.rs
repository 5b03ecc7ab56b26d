//! Scores by other things than the hand: what a model must beat before anybody believes it. Each
//! learns from the owner's training windows alone and judges a group as a whole.

use crate::lab::random::Random;
use crate::pipeline::{Steps, Window};

/// Cells of the screen, 160 pixels wide: 20 columns and 14 rows, clamped.
const CELL: [f64; 3] = [160.0, 20.0, 14.0];
/// Residues of a coordinate that tell how a screen is scaled, and one more for fractions.
const RESIDUES: usize = 11;

/// What a baseline knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum BaselineKind {
    /// The time steps.
    Time,
    /// Where on the screen.
    Position,
    /// How often the pointer is sampled.
    Rate,
    /// How positions are rounded.
    Grid,
    /// Nothing.
    Coin,
}

impl BaselineKind {
    /// All of them, in the order of the tables.
    pub(crate) const ALL: [Self; 5] =
        [Self::Time, Self::Position, Self::Rate, Self::Grid, Self::Coin];

    /// As results call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Position => "position",
            Self::Rate => "rate",
            Self::Grid => "grid",
            Self::Coin => "coin",
        }
    }

    /// What it knows, in a few words.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Time => "time steps only, a histogram of 18 bins",
            Self::Position => "place and size of the screen only",
            Self::Rate => "median time step only",
            Self::Grid => "rounding of positions only",
            Self::Coin => "chance",
        }
    }
}

/// A baseline that has seen an owner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Baseline {
    /// Shares of an owner's bins.
    Histogram(BaselineKind, Vec<f64>),
    /// An owner's median time step, milliseconds.
    Rate(f64),
    /// A seed.
    Coin(u64),
}

impl Baseline {
    /// Learns the owner's windows.
    pub(crate) fn fit<'a>(
        kind: BaselineKind,
        windows: impl Iterator<Item = &'a Window> + Clone,
        seed: u64,
    ) -> Self {
        match kind {
            BaselineKind::Coin => Self::Coin(seed),
            BaselineKind::Rate => Self::Rate(median_dt(windows)),
            BaselineKind::Time | BaselineKind::Position | BaselineKind::Grid => {
                Self::Histogram(kind, shares(kind, windows))
            }
        }
    }

    /// How much a group looks like the owner's, 0..=1. Histograms are compared by the divergence of
    /// Kullback and Leibler from the owner's.
    pub(crate) fn score(&self, group: &[Window]) -> f32 {
        match self {
            Self::Coin(seed) => coin(*seed, group),
            Self::Rate(own) => (-(median_dt(group.iter()) / own).ln().abs()).exp() as f32,
            Self::Histogram(kind, own) => {
                let found = shares(*kind, group.iter());
                let divergence: f64 = found.iter().zip(own).map(|(p, q)| p * (p / q).ln()).sum();
                (-divergence).exp() as f32
            }
        }
    }
}

/// Shares of each bin, half a count added to each.
fn shares<'a>(kind: BaselineKind, windows: impl Iterator<Item = &'a Window>) -> Vec<f64> {
    let mut counts = match kind {
        BaselineKind::Time => vec![0.5; TIME_BINS],
        BaselineKind::Position => vec![0.5; (CELL[1] * CELL[2]) as usize],
        _ => vec![0.5; 2 * RESIDUES],
    };
    for window in windows {
        match kind {
            BaselineKind::Time => {
                Steps::from(window).rows().iter().for_each(|row| counts[time_bin(row[2])] += 1.0);
            }
            BaselineKind::Position => {
                window.samples().iter().for_each(|s| counts[cell(s.x, s.y)] += 1.0)
            }
            _ => window.samples().iter().for_each(|s| {
                counts[residue(s.x)] += 1.0;
                counts[RESIDUES + residue(s.y)] += 1.0;
            }),
        }
    }
    let total: f64 = counts.iter().sum();
    counts.iter().map(|count| count / total).collect()
}

const TIME_BINS: usize = 18;

/// Bins that grow with the step: 1 ms wide below 8 ms, then by four tenths each.
fn time_bin(dt_ms: f32) -> usize {
    let bin = if dt_ms < 8.0 { dt_ms } else { 8.0 + (dt_ms / 8.0).ln() / 1.4f32.ln() };
    (bin.max(0.0) as usize).min(TIME_BINS - 1)
}

fn cell(x: f64, y: f64) -> usize {
    (cell_index(y, CELL[2]) * CELL[1] + cell_index(x, CELL[1])) as usize
}

fn cell_index(place: f64, count: f64) -> f64 {
    (place / CELL[0]).floor().clamp(0.0, count - 1.0)
}

/// The last decimal digit of a whole position; one bin for fractions.
fn residue(place: f64) -> usize {
    if place.fract().abs() > 1e-6 {
        return RESIDUES - 1;
    }
    (place.rem_euclid(10.0) as usize).min(RESIDUES - 2)
}

fn median_dt<'a>(windows: impl Iterator<Item = &'a Window>) -> f64 {
    let mut all: Vec<f32> = windows
        .flat_map(|window| -> Vec<f32> {
            Steps::from(window).rows().iter().map(|row| row[2]).collect()
        })
        .collect();
    let middle = all.len() / 2;
    if all.is_empty() {
        return 1.0;
    }
    f64::from(*all.select_nth_unstable_by(middle, f32::total_cmp).1).max(1e-3)
}

/// Fixed by the seed and the group's first moment.
fn coin(seed: u64, group: &[Window]) -> f32 {
    let moment = group.first().map_or(0, |window| window.started_at().micros()) as u64;
    Random::new(seed ^ moment, 0xC014).unit() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::metrics::auc;
    use crate::lab::synthesis::cohort::windows_of;
    use crate::lab::synthesis::{Device, SyntheticUser};
    use crate::pipeline::WindowParams;

    fn windows(person: u64, rate: f64) -> Vec<Window> {
        let device = Device::steady(rate, [1920, 1080]);
        windows_of(&SyntheticUser::generate(person), &device, WindowParams::default(), 80, 0)
    }

    fn separates(kind: BaselineKind, rates: [f64; 2]) -> f64 {
        let own = windows(1, rates[0]);
        let other = windows(2, rates[1]);
        let baseline = Baseline::fit(kind, own[..40].iter(), 1);
        let scores = |windows: &[Window]| -> Vec<f32> {
            windows.chunks_exact(5).map(|group| baseline.score(group)).collect()
        };
        auc(&scores(&own[40..]), &scores(&other)).unwrap()
    }

    #[test]
    fn another_device_is_told_by_time_alone_and_the_coin_tells_nothing() {
        assert!(separates(BaselineKind::Time, [125.0, 60.0]) > 0.99);
        assert!(separates(BaselineKind::Rate, [125.0, 60.0]) > 0.99);
        assert!((0.2..0.8).contains(&separates(BaselineKind::Coin, [125.0, 60.0])));
    }

    #[test]
    fn rounding_is_told_by_the_last_digit() {
        assert_eq!((residue(1337.0), residue(-1.0), residue(3.25)), (7, 9, 10));
        assert_eq!((cell(0.0, 0.0), cell(-50.0, 1e6), cell(161.0, 161.0)), (0, 260, 21));
    }

    #[test]
    fn scores_are_shares() {
        let own = windows(1, 125.0);
        for kind in BaselineKind::ALL {
            let baseline = Baseline::fit(kind, own.iter(), 1);
            assert!(own.chunks(7).all(|group| (0.0..=1.0).contains(&baseline.score(group))));
        }
    }
}
