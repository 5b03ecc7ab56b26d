//! The owner's traits at enrolment: where they lie, and how groups of the owner's own windows would
//! be judged by somebody who had not seen them. Fits no network.

use std::ops::Range;

use super::calibrate::Stream;
use crate::pipeline::{Impression, Likeness, Mean, TraitSpread, grouped};

/// Windows of the owner that count as one stretch of work.
const STRETCH: f64 = 40.0;
/// Windows on either side of a group that are left out with it: neighbours are alike.
const MARGIN: usize = 5;
/// Group sizes by which log-likelihood ratios are made honest.
const HONEST_SIZES: [usize; 3] = [1, 5, 10];
/// A later day differs more than one stretch from the next, by so much. Set on Gmail people (the one
/// shared part with many days of one person): the rate of false alarms that is promised is kept
/// there by all but those whose way of moving drifts away.
const DAYS: f32 = 3.0;
/// How much the head's scores count beside the traits, see [`Likeness::odds`]; anything from 1 to 4
/// serves SapiMouse and Gmail people alike.
const ODDS: f32 = 2.0;
/// Steps of Newton's method in one number.
const NEWTON_STEPS: usize = 30;
/// Where the slope may lie: no evidence is trusted more than the model gives, nor turned around.
const SLOPES: [f64; 2] = [0.02, 1.0];

/// The owner's windows in the space of traits.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    spread: TraitSpread,
    /// Sums over the first windows of the stream: all before each, and all.
    sums: Vec<Vec<f64>>,
    slope: f32,
}

impl Owner {
    /// From the owner's stream; `None` without a window. `strangers` make the evidence honest.
    pub(super) fn of(spread: &TraitSpread, stream: &Stream, strangers: &[Stream]) -> Option<Self> {
        let mut sums = vec![vec![0.0; spread.traits()]];
        for impression in &stream.impressions {
            let before = sums.last()?;
            let with = before.iter().zip(&impression.traits).map(|(sum, x)| sum + f64::from(*x));
            sums.push(with.collect());
        }
        let shift = spread.shift.iter().map(|variance| DAYS * variance).collect();
        let mut owner = Self { spread: TraitSpread { shift, ..spread.clone() }, sums, slope: 1.0 };
        if owner.windows() == 0 {
            return None;
        }
        owner.slope = owner.honest_slope(stream, strangers) as f32;
        Some(owner)
    }

    /// Judges by all windows.
    pub(super) fn likeness(&self) -> Likeness {
        self.without(0..0)
    }

    /// The scores of the owner's own groups of `n`, each as by somebody who knows the owner from the
    /// other windows alone. They overlap, as those of the live decision.
    pub(super) fn own_groups(&self, stream: &Stream, n: usize) -> Vec<f32> {
        let group = |range: Range<usize>| {
            let likeness = self.without(self.around(&range));
            grouped(Some(&likeness), stream.impressions[range].iter())
        };
        places(stream, n).filter_map(group).collect()
    }

    fn windows(&self) -> usize {
        self.sums.len() - 1
    }

    fn around(&self, group: &Range<usize>) -> Range<usize> {
        group.start.saturating_sub(MARGIN)..(group.end + MARGIN).min(self.windows())
    }

    fn without(&self, out: Range<usize>) -> Likeness {
        let left = self.windows() - out.len();
        let all = &self.sums[self.windows()];
        let part = self.sums[out.end].iter().zip(&self.sums[out.start]);
        let sum: Vec<f64> =
            all.iter().zip(part).map(|(all, (to, from))| all - (to - from)).collect();
        let likeness = Likeness::of(&self.spread, &sum, left, left as f64 / STRETCH);
        Likeness { odds: ODDS, slope: self.slope, ..likeness }
    }

    /// Traits are not quite normal and not quite independent, so the ratio claims too much. Logistic
    /// regression on it without an offset, both sides and all sizes weighing alike (Platt 1999).
    fn honest_slope(&self, own: &Stream, strangers: &[Stream]) -> f64 {
        let whole = self.likeness();
        let mut rows: Vec<[f64; 3]> = Vec::new();
        for n in HONEST_SIZES {
            let genuine: Vec<f64> = places(own, n)
                .map(|range| {
                    let judge = self.without(self.around(&range));
                    judge.evidence(&Mean::of(own.impressions[range].iter()), n)
                })
                .collect();
            let impostor: Vec<f64> = strangers
                .iter()
                .flat_map(|s| s.impressions.chunks_exact(n))
                .map(|group| whole.evidence(&Mean::of(group.iter()), n))
                .collect();
            for (side, label) in [(&genuine, 1.0), (&impostor, 0.0)] {
                let weight = 1.0 / side.len().max(1) as f64;
                rows.extend(side.iter().map(|x| [*x, label, weight]));
            }
        }
        slope(&rows)
    }
}

fn places(stream: &Stream, n: usize) -> impl Iterator<Item = Range<usize>> {
    let count = (stream.impressions.len() + 1).saturating_sub(n.max(1));
    (0..count).map(move |at| at..at + n)
}

/// The slope of a logistic regression through the origin; rows are value, label and weight.
fn slope(rows: &[[f64; 3]]) -> f64 {
    let [least, most] = SLOPES;
    let mut slope = most;
    for _ in 0..NEWTON_STEPS {
        let (mut gradient, mut curve) = (0.0, 1e-9);
        for [x, label, weight] in rows {
            let p = 1.0 / (1.0 + (-slope * x).exp());
            gradient += weight * (p - label) * x;
            curve += weight * p * (1.0 - p) * x * x;
        }
        slope = (slope - (gradient / curve).clamp(-0.3, 0.3)).clamp(least, most);
    }
    slope
}

/// What a model of traits makes of streams that are not the owner's.
pub(super) fn other_groups(likeness: &Likeness, stream: &Stream, n: usize) -> Vec<f32> {
    let windows: &[Impression] = &stream.impressions;
    windows.windows(n.max(1)).filter_map(|group| grouped(Some(likeness), group.iter())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::random::Random;
    use crate::pipeline::Score;

    fn spread() -> TraitSpread {
        TraitSpread { between: vec![1.0; 4], shift: vec![0.05; 4], within: vec![4.0; 4] }
    }

    fn person(centre: f64, windows: usize, seed: u64) -> Stream {
        let mut random = Random::new(seed, 7);
        let mut window = || Impression {
            score: Score::new(0.5),
            traits: (0..4).map(|_| random.normal(centre, 2.0) as f32).collect(),
        };
        Stream {
            impressions: (0..windows).map(|_| window()).collect(),
            movement_s: vec![0.6; windows],
        }
    }

    fn strangers() -> Vec<Stream> {
        (0..10).map(|n| person(-1.0 - 0.1 * n as f64, 60, 50 + n)).collect()
    }

    #[test]
    fn the_owner_is_told_from_strangers_and_larger_groups_tell_more() {
        let own = person(1.0, 100, 1);
        let owner = Owner::of(&spread(), &own, &strangers()).unwrap();
        let likeness = owner.likeness();
        let later = person(1.0, 200, 2);
        let wrong = |n: usize| {
            let low = other_groups(&likeness, &later, n).iter().filter(|s| **s < 0.5).count();
            low as f64 / (201 - n) as f64
        };
        assert!(wrong(1) < 0.35 && wrong(10) < 0.05, "{} {}", wrong(1), wrong(10));
        let strangers = strangers();
        let fooled = strangers.iter().flat_map(|s| other_groups(&likeness, s, 10));
        assert!(fooled.filter(|score| *score > 0.5).count() < 10);
    }

    #[test]
    fn a_group_is_judged_by_the_other_windows_alone() {
        let mut own = person(0.0, 60, 1);
        // A stretch that is nothing like the rest: it must not vouch for itself.
        own.impressions[30..40].iter_mut().for_each(|one| one.traits.fill(9.0));
        let owner = Owner::of(&spread(), &own, &strangers()).unwrap();
        let scores = owner.own_groups(&own, 10);
        assert_eq!(scores.len(), 51);
        let naive = other_groups(&owner.likeness(), &own, 10);
        assert!(scores[30] < naive[30], "{} {}", scores[30], naive[30]);
        let without: Vec<Impression> =
            own.impressions.iter().take(25).chain(&own.impressions[45..]).cloned().collect();
        let rest = Stream { movement_s: vec![0.6; 40], impressions: without };
        let by_rest = Owner { slope: owner.slope, ..Owner::of(&spread(), &rest, &[]).unwrap() };
        let judged = other_groups(&by_rest.likeness(), &own, 10)[30];
        assert!((judged - scores[30]).abs() < 1e-5);
    }

    #[test]
    fn evidence_that_claims_too_much_is_toned_down() {
        let mut random = Random::new(3, 3);
        // Ratios that are three times what they ought to be: N(1.5, sqrt 3) against N(-1.5, sqrt 3).
        let mut side = |label: f64| -> Vec<[f64; 3]> {
            let mean = if label > 0.5 { 1.5 } else { -1.5 };
            (0..4000).map(|_| [3.0 * random.normal(mean, 3f64.sqrt()), label, 1.0]).collect()
        };
        let rows = [side(1.0), side(0.0)].concat();
        assert!((slope(&rows) - 1.0 / 3.0).abs() < 0.03, "{}", slope(&rows));
    }
}
