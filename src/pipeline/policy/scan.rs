//! The sequential rule for models that judge by traits: the last windows are held against the owner
//! for every length of time that a stranger may have been there, and the worst of them counts. A
//! generalised likelihood ratio over a limited stretch (Lai 1998, IEEE Trans. Inf. Theory 44): a
//! blatant stranger is noticed after a few windows, a subtle one after many, and neither waits for a
//! group to fill. Knows no time and does nothing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::cusum::judge;
use super::{Decision, Opinion};
use crate::pipeline::likeness::{Likeness, Mean, Ratio, log_odds};
use crate::pipeline::score::Impression;

/// How many of the last windows are held against the owner together.
pub const LENGTHS: [usize; 14] = [1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 40, 60];
/// The longest of them.
const LONGEST: usize = LENGTHS[LENGTHS.len() - 1];

/// Whose traits are expected, and how much evidence is too much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanParams {
    /// The owner among people.
    pub likeness: Box<Likeness>,
    /// Evidence against the owner beyond this is a stranger's, in nats.
    pub limit: f32,
}

impl ScanParams {
    /// Says which value cannot work, if any.
    ///
    /// # Errors
    /// When the limit is not above 0, or the likeness cannot work.
    pub fn validate(&self) -> Result<(), String> {
        if !(self.limit.is_finite() && self.limit > 0.0) {
            return Err(format!("limit = {} must be above 0", self.limit));
        }
        self.likeness.validate()
    }
}

/// Sums over the last windows, to be asked for the mean of any number of them.
#[derive(Debug, Clone)]
pub struct Recent {
    /// How each of [`LENGTHS`] becomes evidence.
    ratios: Vec<(usize, Ratio)>,
    /// Sums of the traits, and behind them of the log-odds, from the first window ever to each of the
    /// last, the one before them first.
    sums: VecDeque<Vec<f64>>,
}

impl Recent {
    /// Before the first window.
    pub fn new(likeness: &Likeness) -> Self {
        Self {
            ratios: LENGTHS.iter().map(|n| (*n, likeness.ratio(*n))).collect(),
            sums: VecDeque::from([vec![0.0; likeness.centre.len() + 1]]),
        }
    }

    /// Holds the windows against this likeness from now on.
    fn adopt(&mut self, likeness: &Likeness) {
        self.ratios = LENGTHS.iter().map(|n| (*n, likeness.ratio(*n))).collect();
    }

    /// Forgets all windows.
    pub fn clear(&mut self) {
        self.sums.truncate(1);
        self.sums[0].fill(0.0);
    }

    /// How many windows it holds; as many as the longest stretch at most.
    pub fn windows(&self) -> usize {
        self.sums.len() - 1
    }

    /// Takes what the model made of the next window.
    pub fn push(&mut self, impression: &Impression) {
        let odds = log_odds(impression.score);
        self.add(impression.traits.iter().copied().chain([odds]));
    }

    fn add(&mut self, row: impl Iterator<Item = f32>) {
        if self.sums.len() > LONGEST {
            self.sums.pop_front();
        }
        let Some(last) = self.sums.back() else { return };
        let next = last.iter().zip(row).map(|(sum, x)| sum + f64::from(x)).collect();
        self.sums.push_back(next);
    }

    /// The most that any of the last stretches says against the owner, in nats, and its length in
    /// windows; nothing before the first window.
    pub fn against(&self) -> Option<(f64, usize)> {
        let held = self.windows();
        let lengths = self.ratios.iter().take_while(|(n, _)| *n <= held);
        let evidence = lengths.map(|(n, ratio)| (-ratio.of(&self.mean(*n)), *n));
        evidence.max_by(|one, other| one.0.total_cmp(&other.0))
    }

    fn mean(&self, n: usize) -> Mean {
        let [from, to] = [self.windows() - n, self.windows()].map(|at| &self.sums[at]);
        let mut traits: Vec<f64> =
            to.iter().zip(from).map(|(to, from)| (to - from) / n as f64).collect();
        let log_odds = traits.pop().unwrap_or(0.0);
        Mean { traits, log_odds }
    }
}

/// The rule at work.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    params: ScanParams,
    recent: Recent,
}

impl Scan {
    pub(super) fn new(params: ScanParams) -> Self {
        Self { recent: Recent::new(&params.likeness), params }
    }

    pub(super) fn windows(&self) -> usize {
        self.recent.windows()
    }

    /// Judges by these from now on, the windows that it holds included.
    pub(super) fn adopt(&mut self, params: ScanParams) {
        self.recent.adopt(&params.likeness);
        self.params = params;
    }

    pub(super) fn forget(&mut self) {
        self.recent.clear();
    }

    pub(super) fn update(&mut self, impression: &Impression, standing: Decision) -> Opinion {
        self.recent.push(impression);
        let (evidence, windows) = self.recent.against().unwrap_or((0.0, 0));
        let share = (evidence as f32 / self.params.limit).clamp(0.0, 1.0);
        Opinion { grouped: Some(1.0 - share), windows, decision: judge(share, standing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::likeness::TraitSpread;
    use crate::pipeline::score::Score;

    fn window(traits: &[f32]) -> Impression {
        Impression { score: Score::new(0.5), traits: traits.to_vec() }
    }

    fn likeness() -> Likeness {
        let spread =
            TraitSpread { between: vec![1.0; 3], shift: vec![0.05; 3], within: vec![4.0; 3] };
        Likeness::of(&spread, &[100.0, 0.0, -100.0], 100, 3.0)
    }

    /// Every window alike, so that only the length decides.
    fn windows_until(against: [f32; 3], limit: f32) -> Option<usize> {
        let mut scan = Scan::new(ScanParams { likeness: Box::new(likeness()), limit });
        let mut standing = Decision::Trusted;
        (1..=200).find(|_| {
            standing = scan.update(&window(&against), standing).decision;
            standing == Decision::Intruder
        })
    }

    #[test]
    fn the_further_a_stranger_the_sooner_and_the_owner_never() {
        let far = windows_until([-3.0, 0.0, 3.0], 3.0).unwrap();
        let near = windows_until([-0.3, 0.0, 0.3], 3.0).unwrap();
        assert!(far < near && far <= 3, "{far} {near}");
        assert_eq!(windows_until([1.0, 0.0, -1.0], 3.0), None);
    }

    #[test]
    fn the_longest_stretch_is_all_that_is_kept() {
        let mut recent = Recent::new(&likeness());
        (0..500).for_each(|n| recent.push(&window(&[if n < 400 { 50.0 } else { 1.0 }; 3])));
        assert_eq!(recent.windows(), LONGEST);
        let mean = recent.mean(LONGEST);
        assert!((mean.traits[0] - 1.0).abs() < 1e-9, "{mean:?}");
        recent.clear();
        assert_eq!(recent.against(), None);
    }

    #[test]
    fn the_owner_who_returns_is_trusted_again() {
        let mut scan = Scan::new(ScanParams { likeness: Box::new(likeness()), limit: 3.0 });
        let mut standing = Decision::Trusted;
        let mut feed = |traits: [f32; 3], times: usize| {
            for _ in 0..times {
                standing = scan.update(&window(&traits), standing).decision;
            }
            standing
        };
        assert_eq!(feed([-1.0, 0.0, 1.0], 60), Decision::Intruder);
        assert_eq!(feed([1.0, 0.0, -1.0], LONGEST), Decision::Trusted);
    }
}
