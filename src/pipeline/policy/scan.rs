//! The sequential rule for models that judge by traits: the last windows are held against the owner
//! for every length of time that a stranger may have been there, and the worst of them counts. A
//! generalised likelihood ratio over a limited stretch (Lai 1998, IEEE Trans. Inf. Theory 44): a
//! blatant stranger is noticed after a few windows, a subtle one after many, and neither waits for a
//! group to fill. Knows no time and does nothing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::cusum::judge;
use super::{Decision, Opinion};
use crate::pipeline::likeness::Likeness;

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

/// Sums of the traits of the last windows, to be asked for the mean of any number of them.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Sums from the first window ever to each of the last, the one before them first.
    sums: VecDeque<Vec<f64>>,
}

impl Recent {
    /// Before the first window.
    pub fn new(traits: usize) -> Self {
        Self { sums: VecDeque::from([vec![0.0; traits]]) }
    }

    /// How many windows it holds; as many as the longest stretch at most.
    pub fn windows(&self) -> usize {
        self.sums.len() - 1
    }

    /// Takes the traits of the next window.
    pub fn push(&mut self, traits: &[f32]) {
        if self.sums.len() > LONGEST {
            self.sums.pop_front();
        }
        let Some(last) = self.sums.back() else { return };
        let next = last.iter().zip(traits).map(|(sum, x)| sum + f64::from(*x)).collect();
        self.sums.push_back(next);
    }

    /// The most that any of the last stretches says against the owner, in nats, and its length in
    /// windows; nothing before the first window.
    pub fn against(&self, likeness: &Likeness) -> Option<(f64, usize)> {
        let held = self.windows();
        let lengths = LENGTHS.iter().copied().take_while(|n| *n <= held);
        let evidence = lengths.map(|n| (-likeness.log_ratio(&self.mean(n), n), n));
        evidence.max_by(|one, other| one.0.total_cmp(&other.0))
    }

    fn mean(&self, n: usize) -> Vec<f64> {
        let [from, to] = [self.windows() - n, self.windows()].map(|at| &self.sums[at]);
        to.iter().zip(from).map(|(to, from)| (to - from) / n as f64).collect()
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
        let recent = Recent::new(params.likeness.centre.len());
        Self { params, recent }
    }

    pub(super) fn windows(&self) -> usize {
        self.recent.windows()
    }

    pub(super) fn forget(&mut self) {
        self.recent = Recent::new(self.params.likeness.centre.len());
    }

    pub(super) fn update(&mut self, traits: &[f32], standing: Decision) -> Opinion {
        self.recent.push(traits);
        let against = self.recent.against(&self.params.likeness);
        let (evidence, windows) = against.unwrap_or((0.0, 0));
        let share = (evidence as f32 / self.params.limit).clamp(0.0, 1.0);
        Opinion { grouped: Some(1.0 - share), windows, decision: judge(share, standing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::likeness::TraitSpread;

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
            standing = scan.update(&against, standing).decision;
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
        let mut recent = Recent::new(1);
        (0..500).for_each(|n| recent.push(&[if n < 400 { 50.0 } else { 1.0 }]));
        assert_eq!(recent.windows(), LONGEST);
        let mean = recent.mean(LONGEST);
        assert!((mean[0] - 1.0).abs() < 1e-9, "{mean:?}");
    }

    #[test]
    fn the_owner_who_returns_is_trusted_again() {
        let mut scan = Scan::new(ScanParams { likeness: Box::new(likeness()), limit: 3.0 });
        let mut standing = Decision::Trusted;
        let mut feed = |traits: [f32; 3], times: usize| {
            for _ in 0..times {
                standing = scan.update(&traits, standing).decision;
            }
            standing
        };
        assert_eq!(feed([-1.0, 0.0, 1.0], 60), Decision::Intruder);
        assert_eq!(feed([1.0, 0.0, -1.0], LONGEST), Decision::Trusted);
    }
}
