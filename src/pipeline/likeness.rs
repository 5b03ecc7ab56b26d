//! Whether windows judged together are the owner's, by more than the mean of their scores: a model
//! may describe each window by a few numbers, its traits, and know how traits lie among people. The
//! mean of a group is then held against the owner and against everybody. Pure arithmetic.
//!
//! The two-covariance model (Brümmer and de Villiers 2010, "The speaker partitioning problem") with
//! a third source of scatter: a person moves a little differently from one stretch of work to the
//! next, and no number of windows of one stretch averages that away.

use serde::{Deserialize, Serialize};

use super::score::{Impression, Score};

/// Scores closer to 0 or 1 than this say no more than this: one window must not decide alone.
const SURE: f32 = 1e-3;

/// The one score of windows judged together: how likely they are the owner's where a model knows
/// that, else the mean of their scores. `None` without a window.
pub fn grouped<'a>(
    likeness: Option<&Likeness>,
    group: impl ExactSizeIterator<Item = &'a Impression>,
) -> Option<f32> {
    let windows = group.len();
    if windows == 0 {
        return None;
    }
    Some(match likeness {
        Some(likeness) => likeness.score(&Mean::of(group), windows).get(),
        None => group.map(|one| one.score.get()).sum::<f32>() / windows as f32,
    })
}

/// The log-odds of a score, bounded.
pub fn log_odds(score: Score) -> f32 {
    let p = score.get().clamp(SURE, 1.0 - SURE);
    (p / (1.0 - p)).ln()
}

/// Means over windows that are judged together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mean {
    /// Of each trait.
    pub traits: Vec<f64>,
    /// Of the log-odds of their scores.
    pub log_odds: f64,
}

impl Mean {
    /// Of these windows.
    pub fn of<'a>(group: impl ExactSizeIterator<Item = &'a Impression>) -> Self {
        let windows = group.len() as f64;
        let mut mean = Self::default();
        for impression in group {
            mean.traits.resize(impression.traits.len(), 0.0);
            let traits = mean.traits.iter_mut().zip(&impression.traits);
            traits.for_each(|(mean, x)| *mean += f64::from(*x) / windows);
            mean.log_odds += f64::from(log_odds(impression.score)) / windows;
        }
        mean
    }
}

/// How traits lie among people: variances of each trait, which are taken to be independent. Traits
/// are centred: their mean over people is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitSpread {
    /// Between people.
    pub between: Vec<f32>,
    /// Between stretches of work of one person.
    pub shift: Vec<f32>,
    /// Between windows of one stretch.
    pub within: Vec<f32>,
}

impl TraitSpread {
    /// How many traits there are.
    pub fn traits(&self) -> usize {
        self.between.len()
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// When the three are not equally long, or a variance is not a number above 0 (`shift`: or 0).
    pub fn validate(&self) -> Result<(), String> {
        let Self { between, shift, within } = self;
        if shift.len() != between.len() || within.len() != between.len() || between.is_empty() {
            return Err("its traits do not have a variance of each kind".into());
        }
        let above = |values: &[f32]| values.iter().all(|v| v.is_finite() && *v > 0.0);
        if !(above(between) && above(within) && shift.iter().all(|v| v.is_finite() && *v >= 0.0)) {
            return Err("its traits have a variance that is not above 0".into());
        }
        Ok(())
    }
}

/// An owner among people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Likeness {
    /// Where the owner's traits lie, as far as enrolment could tell.
    pub centre: Vec<f32>,
    /// How unsure that is: a variance of each trait.
    pub doubt: Vec<f32>,
    /// How traits lie among people.
    pub spread: TraitSpread,
    /// Nats for each unit of the mean log-odds of the windows' scores: what the one-sided head knows
    /// beside the traits.
    pub odds: f32,
    /// The scores of so many windows count half of [`Self::odds`]: what a lone window's score says,
    /// its traits mostly say too. Older files know no such discount.
    #[serde(default)]
    pub lone: f32,
    /// Share of the shift between stretches that parts one day from another: within a day only the rest
    /// is left. 0, as in older files, if days are not told apart.
    #[serde(default)]
    pub days: f32,
    /// Multiplies the evidence before it becomes a score.
    pub slope: f32,
}

/// The evidence of a certain number of windows as a quadratic form of their means.
#[derive(Debug, Clone)]
pub struct Ratio {
    square: Vec<f64>,
    line: Vec<f64>,
    constant: f64,
    odds: f64,
}

impl Ratio {
    /// In nats, owner to anybody.
    pub fn of(&self, mean: &Mean) -> f64 {
        let terms = mean.traits.iter().zip(&self.square).zip(&self.line);
        let traits = terms.map(|((z, square), line)| z * (z * square + line)).sum::<f64>();
        traits + self.constant + self.odds * mean.log_odds
    }
}

/// Mean and variance of a normal mean of which mean and variance were known, once `seen` was seen of it
/// with a noise of this variance.
pub(super) fn posterior((mean, variance): (f64, f64), seen: f64, noise: f64) -> (f32, f32) {
    let trust = variance / (variance + noise);
    ((mean + trust * (seen - mean)) as f32, (variance * (1.0 - trust)) as f32)
}

impl Likeness {
    /// The owner of these windows, from the sum of their traits: the posterior of a normal mean.
    /// `stretches` of work gave them, at least one; `windows` is at least one.
    pub fn of(spread: &TraitSpread, sum: &[f64], windows: usize, stretches: f64) -> Self {
        let n = windows.max(1) as f64;
        let one = |(at, sum): (usize, &f64)| {
            let [between, shift, within] =
                [&spread.between, &spread.shift, &spread.within].map(|v| f64::from(v[at]));
            let noise = shift / stretches.max(1.0) + within / n;
            posterior((0.0, between), sum / n, noise)
        };
        let (centre, doubt) = sum.iter().enumerate().map(one).unzip();
        Self { centre, doubt, spread: spread.clone(), odds: 0.0, lone: 0.0, days: 0.0, slope: 1.0 }
    }

    /// The owner on a day of which the means of `windows` windows are known to be the owner's: where
    /// the day lies is a normal mean drawn around the owner, and these windows are a stretch of it. What
    /// parts days no longer stands between this one and the owner; among people it still does.
    #[must_use]
    pub fn on_day(&self, mean: &Mean, windows: usize) -> Self {
        let (n, days) = (windows.max(1) as f64, f64::from(self.days));
        let mut today = Self { days: 0.0, ..self.clone() };
        for (at, seen) in mean.traits.iter().enumerate() {
            let [shift, within] =
                [&self.spread.shift, &self.spread.within].map(|v| f64::from(v[at]));
            let (unsure, rest) = (f64::from(self.doubt[at]) + days * shift, (1.0 - days) * shift);
            let known = (f64::from(self.centre[at]), unsure);
            (today.centre[at], today.doubt[at]) = posterior(known, *seen, rest + within / n);
            today.spread.shift[at] = rest as f32;
            today.spread.between[at] += (days * shift) as f32;
        }
        today
    }

    /// How the means of `windows` windows become evidence: the log-likelihood ratio of their traits
    /// and what their scores add.
    pub fn ratio(&self, windows: usize) -> Ratio {
        let n = windows.max(1) as f64;
        let Self { centre, doubt, spread, odds, lone, .. } = self;
        let traits = centre.len();
        let mut ratio = Ratio {
            square: Vec::with_capacity(traits),
            line: Vec::with_capacity(traits),
            constant: 0.0,
            odds: f64::from(*odds) * n / (n + f64::from(*lone)),
        };
        for (at, centre) in centre.iter().enumerate() {
            let [between, shift, within] =
                [&spread.between, &spread.shift, &spread.within].map(|v| f64::from(v[at]));
            let noise = shift + within / n;
            let (owner, anybody) = (f64::from(doubt[at]) + noise, between + noise);
            let centre = f64::from(*centre);
            ratio.square.push(0.5 / anybody - 0.5 / owner);
            ratio.line.push(centre / owner);
            ratio.constant += 0.5 * ((anybody / owner).ln() - centre * centre / owner);
        }
        ratio
    }

    /// The evidence of the means of `windows` windows, in nats, owner to anybody.
    pub fn evidence(&self, mean: &Mean, windows: usize) -> f64 {
        self.ratio(windows).of(mean)
    }

    /// The same as a score: 0.5 where neither is likelier.
    pub fn score(&self, mean: &Mean, windows: usize) -> Score {
        let evidence = f64::from(self.slope) * self.evidence(mean, windows);
        Score::new((1.0 / (1.0 + (-evidence).exp())) as f32)
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// When numbers are missing or not finite, or a variance is not above 0.
    pub fn validate(&self) -> Result<(), String> {
        self.spread.validate()?;
        let Self { centre, doubt, spread, odds, lone, days, slope } = self;
        let sizes = centre.len() == spread.traits() && doubt.len() == spread.traits();
        let finite = centre.iter().all(|x| x.is_finite());
        if !(sizes && finite && doubt.iter().all(|v| v.is_finite() && *v >= 0.0)) {
            return Err("its likeness does not have a centre and a doubt of each trait".into());
        }
        if !(odds.is_finite() && *odds >= 0.0) {
            return Err(format!("the odds {odds} of its likeness must not be below 0"));
        }
        if !(lone.is_finite() && *lone >= 0.0) {
            return Err(format!("the {lone} lone windows of its likeness must not be below 0"));
        }
        if !(0.0..=1.0).contains(days) {
            return Err(format!("the share {days} of days in its likeness must lie in 0..=1"));
        }
        if !(slope.is_finite() && *slope > 0.0) {
            return Err(format!("the slope {slope} of its likeness must be above 0"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread() -> TraitSpread {
        TraitSpread { between: vec![1.0, 4.0], shift: vec![0.1, 0.4], within: vec![2.0, 8.0] }
    }

    fn mean(traits: [f64; 2]) -> Mean {
        Mean { traits: traits.to_vec(), log_odds: 0.0 }
    }

    /// `ln N(x; mean, variance)`
    fn log_normal(x: f64, mean: f64, variance: f64) -> f64 {
        -0.5 * ((x - mean).powi(2) / variance + (2.0 * std::f64::consts::PI * variance).ln())
    }

    #[test]
    fn the_ratio_is_that_of_the_two_normal_distributions() {
        let owner = Likeness::of(&spread(), &[40.0, -20.0], 40, 2.0);
        let [n, x] = [5.0, 0.7];
        let by_hand = |at: usize, x: f64| {
            let [b, s, w] = [[1.0, 4.0], [0.1, 0.4], [2.0, 8.0]].map(|v| v[at]);
            let noise = s / 2.0 + w / 40.0;
            let (centre, doubt) = ([1.0, -0.5][at] * b / (b + noise), b * noise / (b + noise));
            log_normal(x, centre, doubt + s + w / n) - log_normal(x, 0.0, b + s + w / n)
        };
        let expected = by_hand(0, x) + by_hand(1, -x);
        assert!((owner.evidence(&mean([x, -x]), 5) - expected).abs() < 1e-5);
        let scored = Likeness { odds: 2.0, ..owner };
        let sure = Mean { log_odds: 1.5, ..mean([x, -x]) };
        assert!((scored.evidence(&sure, 5) - expected - 3.0).abs() < 1e-5);
        let discounted = Likeness { lone: 1.0, ..scored };
        assert!((discounted.evidence(&sure, 5) - expected - 2.5).abs() < 1e-5);
    }

    #[test]
    fn more_windows_say_more_and_the_shift_bounds_what_they_can_say() {
        let owner = Likeness::of(&spread(), &[400.0, 800.0], 200, 4.0);
        let at = |n| owner.evidence(&mean([2.0, 4.0]), n);
        assert!(at(1) > 0.0 && at(10) > at(1) && at(30) > at(10));
        assert!(at(1_000_000) - at(1_000) < 0.2 * (at(1_000) - at(1)));
        assert!(owner.evidence(&mean([-2.0, -4.0]), 10) < 0.0);
        // A group that lies beyond the owner is a stranger's too: the score is two-sided.
        assert!(owner.evidence(&mean([8.0, 16.0]), 10) < at(10));
    }

    #[test]
    fn a_day_that_is_known_is_told_from_strangers_who_are_near_the_enrolment() {
        let spread =
            TraitSpread { between: vec![1.0; 6], shift: vec![0.6; 6], within: vec![3.0; 6] };
        let owner = Likeness { days: 0.5, ..Likeness::of(&spread, &[0.0; 6], 400, 10.0) };
        let at = |place: f64| Mean { traits: vec![place; 6], log_odds: 0.0 };
        let today = owner.on_day(&at(0.8), 30);
        assert_eq!(today.validate(), Ok(()));
        // Where the owner is today counts more than before, and where they are not counts less.
        assert!(today.evidence(&at(0.8), 10) > owner.evidence(&at(0.8), 10) + 0.5);
        assert!(today.evidence(&at(-0.8), 10) < owner.evidence(&at(-0.8), 10) - 0.5);
        // By hand: the day is known as well as its windows tell, drawn towards the owner.
        let (unsure, rest) = (f64::from(owner.doubt[0]) + 0.3, 0.3 + 3.0 / 30.0);
        assert!((f64::from(today.centre[0]) - 0.8 * unsure / (unsure + rest)).abs() < 1e-6);
        // All windows of all days are as likely anybody's as before.
        let anybody = |l: &Likeness| l.spread.between[0] + l.spread.shift[0];
        assert!((anybody(&today) - anybody(&owner)).abs() < 1e-6);
        let undated = Likeness { days: 0.0, ..owner.clone() };
        assert!(undated.on_day(&at(0.8), 30).centre[0] < today.centre[0] / 4.0);
    }

    #[test]
    fn what_cannot_work_is_said() {
        let good = Likeness::of(&spread(), &[1.0, 2.0], 3, 1.0);
        assert_eq!(good.validate(), Ok(()));
        let mut flat = good.clone();
        flat.spread.within[0] = 0.0;
        let mut short = good.clone();
        short.centre.pop();
        let steep = Likeness { slope: f32::NAN, ..good };
        for wrong in [flat, short, steep] {
            assert!(wrong.validate().is_err());
        }
    }
}
