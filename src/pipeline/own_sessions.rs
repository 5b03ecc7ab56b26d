//! How much one owner differs from one stretch of work to the next: what all owners have in common,
//! until the owner's own work has shown otherwise.

use serde::{Deserialize, Serialize};

use super::covariance::EmbeddingCovariance;

/// Windows of a stretch of work, over which one way of moving is taken to last.
pub const STRETCH: usize = 50;
/// A shorter one says nothing.
// Of fewer windows the within-session scatter outweighs what parts stretches.
const FEWEST_WINDOWS: usize = STRETCH / 2;
/// What people have in common counts as so many stretches of the owner.
// An owner's own variance has to be shown over many stretches, not guessed from a few.
const PRIOR_STRETCHES: f64 = 24.0;
/// No more stretches than this are remembered: people change.
// With a weight that grows for ever, an owner who has changed would never be learnt.
const MOST_STRETCHES: f64 = 400.0;
/// The owner's variance as a share of people's: the bounds that no impostor's patience moves.
const BOUNDS: [f64; 2] = [0.1, 3.0];

/// Windows of a stretch of work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stretch {
    /// How many.
    pub windows: usize,
    /// The mean of their embeddings.
    pub mean: Vec<f64>,
}

impl Stretch {
    fn push(&mut self, embedding: &[f32]) {
        self.windows += 1;
        self.mean.resize(embedding.len(), 0.0);
        // A running mean: the embeddings themselves are not kept.
        let share = 1.0 / self.windows as f64;
        let means = self.mean.iter_mut().zip(embedding);
        means.for_each(|(mean, x)| *mean += share * (f64::from(*x) - *mean));
    }

    /// The stretches of these windows, in order.
    pub fn cut<'a>(windows: impl Iterator<Item = &'a [f32]>) -> Vec<Self> {
        let mut stretches = Vec::new();
        windows.for_each(|embedding| Self::extend(&mut stretches, embedding));
        stretches
    }

    /// Takes one window more into the last of these stretches, or into a new one if that is full.
    pub(super) fn extend(stretches: &mut Vec<Self>, embedding: &[f32]) {
        if stretches.last().is_none_or(|last| last.windows >= STRETCH) {
            stretches.push(Self::default());
        }
        if let Some(last) = stretches.last_mut() {
            last.push(embedding);
        }
    }
}

/// The variance between an owner's stretches of work, of each dimension: the mean of a scaled inverse
/// chi-squared posterior whose prior is people's (Gelman and others 2013, "Bayesian Data Analysis",
/// 3rd edition, section 2.6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnSessions {
    /// Of each dimension.
    pub variance: Vec<f32>,
    /// How many stretches of work it rests on, with those that stand for other people.
    pub stretches: f32,
}

impl OwnSessions {
    /// Before the owner has shown any.
    pub fn of_people(covariance: &EmbeddingCovariance) -> Self {
        Self { variance: covariance.between_session.clone(), stretches: PRIOR_STRETCHES as f32 }
    }

    /// From the stretches of an enrolment. The first only shows where the owner is; every other one is
    /// held against the mean of those before it (Welford 1962, Technometrics 4).
    pub fn of_enrolment(covariance: &EmbeddingCovariance, stretches: &[Stretch]) -> Self {
        let mut own = Self::of_people(covariance);
        let mut mean: Vec<f64> = Vec::new();
        let long = stretches.iter().filter(|stretch| stretch.windows >= FEWEST_WINDOWS);
        for (before, stretch) in long.enumerate() {
            let before = before as f64;
            mean.resize(stretch.mean.len(), 0.0);
            // A value differs from the mean of n others by (n + 1) / n of the variance: this takes
            // it back.
            let grown = before / (before + 1.0);
            if before > 0.0 {
                own.add(covariance, stretch, |at| grown * (stretch.mean[at] - mean[at]).powi(2));
            }
            let means = mean.iter_mut().zip(&stretch.mean);
            means.for_each(|(mean, x)| *mean += (x - *mean) / (before + 1.0));
        }
        own
    }

    /// Takes a later stretch of the owner, whose mean was known with this variance.
    pub(super) fn after(
        &mut self,
        covariance: &EmbeddingCovariance,
        stretch: &Stretch,
        [mean, variance]: [&[f32]; 2],
    ) {
        if stretch.windows >= FEWEST_WINDOWS {
            self.add(covariance, stretch, |at| {
                (stretch.mean[at] - f64::from(mean[at])).powi(2) - f64::from(variance[at])
            });
        }
    }

    /// Takes a stretch by what each dimension shows: a square whose expectation is the variance between
    /// stretches and what the scatter of windows leaves of their mean.
    fn add(
        &mut self,
        covariance: &EmbeddingCovariance,
        stretch: &Stretch,
        square: impl Fn(usize) -> f64,
    ) {
        let windows = stretch.windows as f64;
        // Half a stretch weighs half; more than a whole one no more than one.
        let weight = (windows / STRETCH as f64).min(1.0);
        let before = f64::from(self.stretches);
        for (at, variance) in self.variance.iter_mut().enumerate() {
            let shown = square(at) - f64::from(covariance.within_session[at]) / windows;
            let updated = (before * f64::from(*variance) + weight * shown) / (before + weight);
            let people = f64::from(covariance.between_session[at]);
            // The scatter of windows alone may be larger than what was seen: the difference can
            // fall below 0.
            *variance = updated.clamp(BOUNDS[0] * people, BOUNDS[1] * people) as f32;
        }
        self.stretches = (before + weight).min(MOST_STRETCHES) as f32;
    }

    /// What is left of it within a day of which the first windows are known.
    pub(super) fn within_a_day(&mut self, covariance: &EmbeddingCovariance, days: f32) {
        for (variance, people) in self.variance.iter_mut().zip(&covariance.between_session) {
            // Never below what the share leaves, or a known day would make an owner surer than
            // sessions allow.
            *variance = (*variance - days * people).max((1.0 - days) * *variance);
        }
    }

    /// Says what cannot work with these people, if anything.
    ///
    /// # Errors
    /// When a variance is missing or is none that sessions lead to.
    pub fn validate(&self, covariance: &EmbeddingCovariance) -> Result<(), String> {
        let people = &covariance.between_session;
        let [least, most] = BOUNDS.map(|bound| bound as f32);
        // A day that is known leaves less than the bound.
        let fits = |(own, people): (&f32, &f32)| {
            // A thousandth more than the bound, for files keep 32-bit numbers.
            own.is_finite() && *own >= 0.0 && *own <= most * people * 1.001
        };
        let sized = self.variance.len() == people.len();
        if !(sized && self.variance.iter().zip(people).all(fits)) {
            return Err(format!(
                "its owner's sessions do not have a variance of each dimension within {least} and \
                 {most} times other people's"
            ));
        }
        let most = MOST_STRETCHES as f32;
        if !(0.0..=most).contains(&self.stretches) {
            return Err(format!("its owner has {} stretches, beyond 0 to {most}", self.stretches));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> EmbeddingCovariance {
        EmbeddingCovariance {
            between_user: vec![1.0; 2],
            between_session: vec![0.2; 2],
            within_session: vec![3.0; 2],
        }
    }

    fn stretch(windows: usize, mean: [f64; 2]) -> Stretch {
        Stretch { windows, mean: mean.to_vec() }
    }

    #[test]
    fn windows_are_cut_into_stretches_with_their_means() {
        let windows: Vec<[f32; 1]> = (0..120).map(|at| [at as f32]).collect();
        let stretches = Stretch::cut(windows.iter().map(|one| &one[..]));
        let seen: Vec<(usize, f64)> =
            stretches.iter().map(|one| (one.windows, one.mean[0])).collect();
        assert_eq!(seen.iter().map(|one| one.0).collect::<Vec<_>>(), [50, 50, 20]);
        assert!((seen[1].1 - 74.5).abs() < 1e-9);
    }

    #[test]
    fn one_stretch_says_nothing_and_many_say_how_steady_the_owner_is_in_each_dimension() {
        let people = people();
        let one = OwnSessions::of_enrolment(&people, &[stretch(50, [5.0, 5.0])]);
        assert_eq!(one, OwnSessions::of_people(&people));
        // 0.06 of each square is the scatter of the 50 windows.
        let stretches: Vec<_> =
            (0..400).map(|at| stretch(50, [0.0, if at % 2 == 0 { 0.7 } else { -0.7 }])).collect();
        let own = OwnSessions::of_enrolment(&people, &stretches);
        assert!(own.variance[0] < 0.03 && (own.variance[1] - 0.41).abs() < 0.04, "{own:?}");
        assert_eq!(own.validate(&people), Ok(()));
    }

    #[test]
    fn nobody_leads_it_beyond_its_bounds_and_a_short_stretch_counts_for_little() {
        let people = people();
        let known: [&[f32]; 2] = [&[0.0; 2], &[0.1; 2]];
        let mut own = OwnSessions::of_people(&people);
        for _ in 0..10_000 {
            own.after(&people, &stretch(50, [9.0, 9.0]), known);
        }
        assert!((own.variance[0] - 0.6).abs() < 1e-4 && own.stretches == 400.0, "{own:?}");
        own.validate(&people).unwrap();
        let after = |windows| {
            let mut own = OwnSessions::of_people(&people);
            own.after(&people, &stretch(windows, [0.0; 2]), known);
            own.variance[0]
        };
        assert!(after(50) < after(30) && after(30) < after(10) && after(10) == 0.2);
        let wrong = OwnSessions { variance: vec![0.7, 0.2], stretches: 9.0 };
        assert!(wrong.validate(&people).is_err());
        assert!(OwnSessions { variance: vec![0.2], stretches: 9.0 }.validate(&people).is_err());
    }
}
