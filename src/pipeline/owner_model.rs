//! Whether windows judged together are the owner's, by more than the mean of their scores: a model
//! may describe each window by a few numbers, its embedding, and know how embeddings lie among
//! users. The mean of a group is then held against the owner and against everybody. Pure
//! arithmetic.
//!
//! The two-covariance model (Brümmer and de Villiers 2010, "The speaker partitioning problem") with
//! a third source of scatter: a person moves a little differently from one stretch of work to the
//! next, and no number of windows of one stretch averages that away.

use serde::{Deserialize, Serialize};

use super::click_model::OwnerClicks;
use super::clicks::ClickSums;
use super::covariance::EmbeddingCovariance;
use super::llr::{DimensionLlr, LlrForm};
use super::own_sessions::OwnSessions;
use super::score::{Score, WindowScore};

/// Scores closer to 0 or 1 than this say no more than this: one window must not decide alone.
// An embedding judges beside it; a head that is sure of one window is mostly overfitted.
const SURE: f32 = 1e-3;

/// The one score of windows judged together: how likely they are the owner's where a model knows
/// that, else the mean of their scores. `None` without a window.
pub fn grouped<'a>(
    owner_model: Option<&OwnerModel>,
    group: impl ExactSizeIterator<Item = &'a WindowScore>,
) -> Option<f32> {
    let windows = group.len();
    if windows == 0 {
        return None;
    }
    Some(match owner_model {
        // The whole group at once: the mean of single answers would forget that windows of a day
        // belong together.
        Some(owner_model) => owner_model.score(&GroupMean::of(group), windows).get(),
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
pub struct GroupMean {
    /// Of each dimension.
    pub embedding: Vec<f64>,
    /// Of the log-odds of their scores.
    pub log_odds: f64,
    /// The clicks that go with them, not as a mean.
    pub clicks: ClickSums,
}

impl GroupMean {
    /// Of these windows.
    pub fn of<'a>(group: impl ExactSizeIterator<Item = &'a WindowScore>) -> Self {
        let windows = group.len() as f64;
        let mut group_mean = Self::default();
        for window_score in group {
            group_mean.embedding.resize(window_score.embedding.len(), 0.0);
            let embedding = group_mean.embedding.iter_mut().zip(&window_score.embedding);
            // Summed in double precision: a group may be hundreds of windows.
            embedding.for_each(|(mean, x)| *mean += f64::from(*x) / windows);
            group_mean.log_odds += f64::from(log_odds(window_score.score)) / windows;
            group_mean.clicks.add(&window_score.clicks);
        }
        group_mean
    }
}

/// An owner among users: the two-covariance model of PLDA with a third term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerModel {
    /// Where the owner's embeddings lie, as far as enrolment could tell.
    pub mean: Vec<f32>,
    /// How unsure that is: a variance of each dimension.
    pub variance: Vec<f32>,
    /// How embeddings lie among users.
    pub covariance: EmbeddingCovariance,
    /// Nats for each unit of the mean log-odds of the windows' scores: what the one-sided head
    /// knows beside the embedding.
    pub odds: f32,
    /// The scores of so many windows count half of [`Self::odds`]: what a lone window's score says,
    /// its embedding mostly says too. Older files know no such discount.
    #[serde(default)]
    pub lone: f32,
    /// Share of the between-session covariance that parts one day from another: within a day only
    /// the rest is left. 0, as in older files, if days are not told apart.
    #[serde(default)]
    pub days: f32,
    /// Of Student's distribution, by which embeddings scatter; without them, as in older files, it is
    /// the normal one. What lies far out is commoner than that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom: Option<f32>,
    /// How much the owner's own sessions differ; without it, as in older files, as much as anybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_sessions: Option<OwnSessions>,
    /// Multiplies the evidence before it becomes a score.
    pub slope: f32,
    /// The owner's clicks; without them, movement alone is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clicks: Option<OwnerClicks>,
}

/// Mean and variance of a normal mean of which mean and variance were known, once `seen` was seen
/// of it with a noise of this variance.
pub(super) fn posterior((mean, variance): (f64, f64), seen: f64, noise: f64) -> (f32, f32) {
    // The weight of what was seen: near 1 where little was known before, near 0 where the noise is
    // large.
    let trust = variance / (variance + noise);
    ((mean + trust * (seen - mean)) as f32, (variance * (1.0 - trust)) as f32)
}

impl OwnerModel {
    /// The owner of these windows, from the sum of their embeddings: the posterior of a normal
    /// mean. `stretches` of work gave them, at least one; `windows` is at least one.
    pub fn of(
        covariance: &EmbeddingCovariance,
        sum: &[f64],
        windows: usize,
        stretches: f64,
    ) -> Self {
        let n = windows.max(1) as f64;
        let (mean, variance) = sum
            .iter()
            .enumerate()
            .map(|(at, sum)| {
                let [between_user, between_session, within_session] = [
                    &covariance.between_user,
                    &covariance.between_session,
                    &covariance.within_session,
                ]
                .map(|v| f64::from(v[at]));
                // Stretches average out what parts them, windows what scatters within; the two are
                // counted apart.
                let noise = between_session / stretches.max(1.0) + within_session / n;
                posterior((0.0, between_user), sum / n, noise)
            })
            .unzip();
        Self {
            mean,
            variance,
            covariance: covariance.clone(),
            odds: 0.0,
            lone: 0.0,
            days: 0.0,
            degrees_of_freedom: None,
            own_sessions: None,
            slope: 1.0,
            clicks: None,
        }
    }

    /// The owner on a day of which the means of `windows` windows are known to be the owner's:
    /// where the day lies is a normal mean drawn around the owner, and these windows are a stretch
    /// of it. What parts days no longer stands between this one and the owner; among people it
    /// still does.
    #[must_use]
    pub fn on_session(&self, group_mean: &GroupMean, windows: usize) -> Self {
        let n = windows.max(1) as f64;
        let days = f64::from(self.days);
        let mut today = Self { days: 0.0, ..self.clone() };
        for (at, seen) in group_mean.embedding.iter().enumerate() {
            let [between_session, within_session] =
                [&self.covariance.between_session, &self.covariance.within_session]
                    .map(|v| f64::from(v[at]));
            let unsure = f64::from(self.variance[at]) + days * between_session;
            let rest = (1.0 - days) * between_session;
            let known = (f64::from(self.mean[at]), unsure);
            (today.mean[at], today.variance[at]) =
                posterior(known, *seen, rest + within_session / n);
            // The day's own shift is known now and no longer stands between it and its windows.
            today.covariance.between_session[at] = rest as f32;
            // Among people it stays: another person's day is unknown as ever, and counts as part of
            // who they are.
            today.covariance.between_user[at] += (days * between_session) as f32;
        }
        // The owner's own variance shrinks by the same share, or it would count the day twice.
        if let Some(own) = &mut today.own_sessions {
            own.within_a_day(&self.covariance, self.days);
        }
        today
    }

    /// The variance between the owner's sessions: the owner's own where it is known, else anybody's.
    pub fn session_variance(&self) -> &[f32] {
        let own = self.own_sessions.as_ref();
        own.map_or(&self.covariance.between_session, |own| &own.variance)
    }

    /// How the means of `windows` windows become evidence: the log-likelihood ratio of their
    /// embeddings and what their scores add.
    pub fn ratio(&self, windows: usize) -> LlrForm {
        let n = windows.max(1) as f64;
        let dimensions = (0..self.mean.len()).map(|at| self.dimension(at, n)).collect();
        LlrForm {
            dimensions,
            degrees_of_freedom: self.degrees_of_freedom.map(f64::from),
            // n over n + lone: a lone window's score says little that its embedding has not said.
            odds: f64::from(self.odds) * n / (n + f64::from(self.lone)),
        }
    }

    fn dimension(&self, at: usize, windows: f64) -> DimensionLlr {
        let Self { mean, variance, covariance, .. } = self;
        let [between_user, between_session, within_session, own_session, variance, mean] = [
            covariance.between_user[at],
            covariance.between_session[at],
            covariance.within_session[at],
            self.session_variance()[at],
            variance[at],
            mean[at],
        ]
        .map(f64::from);
        let within = within_session / windows;
        DimensionLlr {
            mean,
            // The owner's mean is as sure as enrolment left it; anybody is a new draw of user and
            // session.
            owner: variance + own_session + within,
            anybody: between_user + between_session + within,
        }
    }

    /// The evidence of the means of `windows` windows and of the clicks that go with them, in nats,
    /// owner to anybody.
    pub fn evidence(&self, group_mean: &GroupMean, windows: usize) -> f64 {
        let clicks = self.clicks.as_ref().map_or(0.0, |clicks| clicks.llr(&group_mean.clicks));
        self.ratio(windows).of(&group_mean.embedding, group_mean.log_odds) + clicks
    }

    /// The same as a score: 0.5 where neither is likelier.
    pub fn score(&self, group_mean: &GroupMean, windows: usize) -> Score {
        let evidence = f64::from(self.slope) * self.evidence(group_mean, windows);
        // The logistic of a log-likelihood ratio is the owner's probability at even odds.
        Score::new((1.0 / (1.0 + (-evidence).exp())) as f32)
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// When numbers are missing or not finite, or a variance is not above 0.
    pub fn validate(&self) -> Result<(), String> {
        self.covariance.validate()?;
        let Self { mean, variance, covariance, odds, lone, days, slope, .. } = self;
        let sizes =
            mean.len() == covariance.dimensions() && variance.len() == covariance.dimensions();
        let finite = mean.iter().all(|x| x.is_finite());
        if !(sizes && finite && variance.iter().all(|v| v.is_finite() && *v >= 0.0)) {
            return Err(
                "its owner model does not have a mean and a variance of each dimension".into()
            );
        }
        if !(odds.is_finite() && *odds >= 0.0) {
            return Err(format!("the odds {odds} of its owner model must not be below 0"));
        }
        if !(lone.is_finite() && *lone >= 0.0) {
            return Err(format!("the {lone} lone windows of its owner model must not be below 0"));
        }
        if !(0.0..=1.0).contains(days) {
            return Err(format!("the share {days} of days in its owner model must lie in 0..=1"));
        }
        if !(slope.is_finite() && *slope > 0.0) {
            return Err(format!("the slope {slope} of its owner model must be above 0"));
        }
        // Student's variance exists only above 2 degrees of freedom.
        if let Some(degrees) = self.degrees_of_freedom.filter(|d| !(d.is_finite() && *d > 2.0)) {
            return Err(format!(
                "the {degrees} degrees of freedom of its owner model must be above 2"
            ));
        }
        self.own_sessions.as_ref().map_or(Ok(()), |own| own.validate(covariance))?;
        self.clicks.as_ref().map_or(Ok(()), OwnerClicks::validate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covariance() -> EmbeddingCovariance {
        EmbeddingCovariance {
            between_user: vec![1.0, 4.0],
            between_session: vec![0.1, 0.4],
            within_session: vec![2.0, 8.0],
        }
    }

    fn group_mean(embedding: [f64; 2]) -> GroupMean {
        GroupMean { embedding: embedding.to_vec(), ..GroupMean::default() }
    }

    /// `ln N(x; mean, variance)`
    fn log_normal(x: f64, group_mean: f64, variance: f64) -> f64 {
        -0.5 * ((x - group_mean).powi(2) / variance + (2.0 * std::f64::consts::PI * variance).ln())
    }

    #[test]
    fn the_ratio_is_that_of_the_two_normal_distributions() {
        let owner = OwnerModel::of(&covariance(), &[40.0, -20.0], 40, 2.0);
        let [n, x] = [5.0, 0.7];
        let by_hand = |at: usize, x: f64| {
            let [b, s, w] = [[1.0, 4.0], [0.1, 0.4], [2.0, 8.0]].map(|v| v[at]);
            let noise = s / 2.0 + w / 40.0;
            let (mean, variance) = ([1.0, -0.5][at] * b / (b + noise), b * noise / (b + noise));
            log_normal(x, mean, variance + s + w / n) - log_normal(x, 0.0, b + s + w / n)
        };
        let expected = by_hand(0, x) + by_hand(1, -x);
        assert!((owner.evidence(&group_mean([x, -x]), 5) - expected).abs() < 1e-5);
        let scored = OwnerModel { odds: 2.0, ..owner };
        let sure = GroupMean { log_odds: 1.5, ..group_mean([x, -x]) };
        assert!((scored.evidence(&sure, 5) - expected - 3.0).abs() < 1e-5);
        let discounted = OwnerModel { lone: 1.0, ..scored };
        assert!((discounted.evidence(&sure, 5) - expected - 2.5).abs() < 1e-5);
    }

    #[test]
    fn more_windows_say_more_and_the_shift_bounds_what_they_can_say() {
        let owner = OwnerModel::of(&covariance(), &[400.0, 800.0], 200, 4.0);
        let at = |n| owner.evidence(&group_mean([2.0, 4.0]), n);
        assert!(at(1) > 0.0 && at(10) > at(1) && at(30) > at(10));
        assert!(at(1_000_000) - at(1_000) < 0.2 * (at(1_000) - at(1)));
        assert!(owner.evidence(&group_mean([-2.0, -4.0]), 10) < 0.0);
        // A group that lies beyond the owner is an impostor's too: the score is two-sided.
        assert!(owner.evidence(&group_mean([8.0, 16.0]), 10) < at(10));
    }

    #[test]
    fn a_day_that_is_known_is_told_from_impostors_who_are_near_the_enrolment() {
        let covariance = EmbeddingCovariance {
            between_user: vec![1.0; 6],
            between_session: vec![0.6; 6],
            within_session: vec![3.0; 6],
        };
        let owner = OwnerModel { days: 0.5, ..OwnerModel::of(&covariance, &[0.0; 6], 400, 10.0) };
        let at = |place: f64| GroupMean { embedding: vec![place; 6], ..GroupMean::default() };
        let today = owner.on_session(&at(0.8), 30);
        assert_eq!(today.validate(), Ok(()));
        // Where the owner is today counts more than before, and where they are not counts less.
        assert!(today.evidence(&at(0.8), 10) > owner.evidence(&at(0.8), 10) + 0.5);
        assert!(today.evidence(&at(-0.8), 10) < owner.evidence(&at(-0.8), 10) - 0.5);
        // By hand: the day is known as well as its windows tell, drawn towards the owner.
        let (unsure, rest) = (f64::from(owner.variance[0]) + 0.3, 0.3 + 3.0 / 30.0);
        assert!((f64::from(today.mean[0]) - 0.8 * unsure / (unsure + rest)).abs() < 1e-6);
        // All windows of all days are as likely anybody's as before.
        let anybody =
            |l: &OwnerModel| l.covariance.between_user[0] + l.covariance.between_session[0];
        assert!((anybody(&today) - anybody(&owner)).abs() < 1e-6);
        let undated = OwnerModel { days: 0.0, ..owner.clone() };
        assert!(undated.on_session(&at(0.8), 30).mean[0] < today.mean[0] / 4.0);
    }

    #[test]
    fn what_cannot_work_is_said() {
        let good = OwnerModel::of(&covariance(), &[1.0, 2.0], 3, 1.0);
        assert_eq!(good.validate(), Ok(()));
        let mut flat = good.clone();
        flat.covariance.within_session[0] = 0.0;
        let mut short = good.clone();
        short.mean.pop();
        let steep = OwnerModel { slope: f32::NAN, ..good };
        for wrong in [flat, short, steep] {
            assert!(wrong.validate().is_err());
        }
    }
}
