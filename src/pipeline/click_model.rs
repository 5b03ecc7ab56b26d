//! Whether click timings are the owner's: a two-covariance model of their logarithms, in classes of
//! devices. A touchpad that is tapped holds its button for a time that its driver chose, and its
//! owner's other times are other than at a mouse: without classes, whoever takes another device would
//! look like another user, and two owners of touchpads like one.

use serde::{Deserialize, Serialize};

use super::clicks::{ClickKind, ClickSums};

/// How the logarithms of times lie among users of one class of devices; the lists are in the order
/// of [`ClickPopulation::kinds`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickClass {
    /// Share of users' sessions that are of this class.
    pub share: f32,
    /// Means over users.
    pub mean: Vec<f32>,
    /// Variances between users.
    pub between_user: Vec<f32>,
    /// Variances between sessions of one user.
    pub between_session: Vec<f32>,
    /// Variances between clicks of one session.
    pub within_session: Vec<f32>,
}

/// How click timings lie among users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickPopulation {
    /// The kinds that are judged.
    pub kinds: Vec<ClickKind>,
    /// Classes of devices.
    pub classes: Vec<ClickClass>,
    /// Multiplies the evidence of clicks before it is added to that of movement.
    pub weight: f32,
    /// Share of an owner's sessions that may be like nothing that enrolment has seen.
    pub unseen: f32,
    /// The most that clicks which are judged together say, before the weight, nats.
    pub most: f32,
}

/// The owner at one class of devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerClickClass {
    /// Share of the owner's clicks that are of this class.
    pub share: f32,
    /// Where the owner's times lie.
    pub mean: Vec<f32>,
    /// How unsure that is.
    pub variance: Vec<f32>,
}

/// An owner's clicks among users'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerClicks {
    /// How they lie among users.
    pub population: ClickPopulation,
    /// The owner at each class, in the order of the population's.
    pub classes: Vec<OwnerClickClass>,
    /// Timings that enrolment has seen.
    pub timings: u32,
}

/// The log density of mean logarithms, but for a constant that all hypotheses share.
fn log_density(kinds: &[ClickKind], clicks: &ClickSums, normal: impl Fn(usize) -> [f32; 3]) -> f64 {
    let mut sum = 0.0;
    for (at, kind) in kinds.iter().enumerate() {
        // A kind that was not clicked says nothing: it drops out of all hypotheses alike.
        let Some(mean) = clicks.mean(*kind) else { continue };
        let [expected, variance, within] = normal(at).map(f64::from);
        // The mean of n clicks scatters by the within-session variance over n; a session's shift
        // stays whole.
        let variance = variance + within / f64::from(clicks.count[*kind as usize]);
        sum -= 0.5 * ((mean - expected).powi(2) / variance + variance.ln());
    }
    sum
}

/// The logarithm of a sum of exponentials.
fn log_sum(terms: &[f64]) -> f64 {
    // The largest is taken out first: densities of many clicks are below what a float can hold.
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + terms.iter().map(|term| (term - most).exp()).sum::<f64>().ln()
}

impl ClickClass {
    /// The logarithm of how likely it is that somebody is at this class and clicks so, but for a
    /// constant that all classes and the owner share.
    pub fn likelihood(&self, kinds: &[ClickKind], clicks: &ClickSums) -> f64 {
        let density = log_density(kinds, clicks, |at| {
            // Somebody else's session is two draws away from the mean of all: which user, and which
            // session.
            let variance = self.between_user[at] + self.between_session[at];
            [self.mean[at], variance, self.within_session[at]]
        });
        f64::from(self.share).ln() + density
    }

    fn validate(&self, kinds: usize) -> Result<(), String> {
        let Self { share, mean, between_user, between_session, within_session } = self;
        let variances = [between_user, between_session, within_session];
        validate(*share, mean, &variances, kinds)
    }
}

impl OwnerClickClass {
    /// The same of the owner, among users at `class`.
    fn likelihood(&self, class: &ClickClass, kinds: &[ClickKind], clicks: &ClickSums) -> f64 {
        // The scatter within a session is everybody's: a small one is a driver's, not a hand's, and
        // whoever taps would pass for an owner who does.
        let density = log_density(kinds, clicks, |at| {
            let variance = self.variance[at] + class.between_session[at];
            [self.mean[at], variance, class.within_session[at]]
        });
        f64::from(self.share).ln() + density
    }
}

fn are_above_0(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite() && *value > 0.0)
}

fn validate(share: f32, mean: &[f32], variances: &[&Vec<f32>], kinds: usize) -> Result<(), String> {
    // A file names its own sizes: one list too short would be read beyond its end.
    let whole = mean.len() == kinds && variances.iter().all(|values| values.len() == kinds);
    let finite = mean.iter().all(|x| x.is_finite());
    let varied = variances.iter().all(|values| are_above_0(values));
    if whole && finite && varied && share > 0.0 && share <= 1.0 {
        return Ok(());
    }
    Err("its clicks have a class without a share in 0..=1, or without a mean and variances above \
         0 of each kind"
        .into())
}

impl ClickPopulation {
    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// When a number is missing or out of its range.
    pub fn validate(&self) -> Result<(), String> {
        let Self { kinds, classes, weight, unseen, most } = self;
        // More kinds than there are name one twice: that needs no bound of its own.
        let twice = (1..kinds.len()).any(|at| kinds[..at].contains(&kinds[at]));
        if kinds.is_empty() || twice {
            return Err("its clicks are judged by no kind, or by one twice".into());
        }
        if classes.is_empty() {
            return Err("its clicks have no class of devices".into());
        }
        if !(weight.is_finite() && *weight > 0.0 && most.is_finite() && *most > 0.0) {
            return Err(format!("weight {weight} and most {most} of its clicks must be above 0"));
        }
        if !(*unseen > 0.0 && *unseen < 1.0) {
            return Err(format!("the unseen {unseen} of its clicks must lie between 0 and 1"));
        }
        classes.iter().try_for_each(|class| class.validate(kinds.len()))
    }
}

impl OwnerClicks {
    /// The weighted log-likelihood ratio of clicks that are judged together, owner to another user,
    /// nats; 0 without a click. However far they lie, they say no more than the unseen allows.
    pub fn llr(&self, clicks: &ClickSums) -> f64 {
        let population = &self.population;
        let judged = population.kinds.iter().any(|kind| clicks.mean(*kind).is_some());
        // Zero nats, and not the prior of an unseen device: no click is no evidence.
        if !judged {
            return 0.0;
        }
        let mut anybody = Vec::new();
        let mut owner = Vec::new();
        for (class, own) in population.classes.iter().zip(&self.classes) {
            anybody.push(class.likelihood(&population.kinds, clicks));
            owner.push(own.likelihood(class, &population.kinds, clicks));
        }
        // The owner may be at a device that enrolment has not seen: then the clicks are as likely as
        // anybody's. That bounds what they say against the owner.
        let unseen = f64::from(population.unseen);
        let llr = log_sum(&owner) - log_sum(&anybody);
        // A mixture of both cases: however small the ratio, it cannot fall below the logarithm of
        // `unseen`.
        let softened = log_sum(&[(1.0 - unseen).ln() + llr, unseen.ln()]);
        let most = f64::from(population.most);
        // Held within bounds before the weight: sums over foreign collectors were far too sure.
        f64::from(population.weight) * softened.clamp(-most, most)
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// When a number is missing or out of its range.
    pub fn validate(&self) -> Result<(), String> {
        self.population.validate()?;
        if self.classes.len() != self.population.classes.len() {
            return Err("its owner's clicks have other classes of devices than users'".into());
        }
        self.classes.iter().try_for_each(|class| {
            let kinds = self.population.kinds.len();
            validate(class.share, &class.mean, &[&class.variance], kinds)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clicks::{ClickTimer, ClickTiming};
    use crate::event::{Button, MouseEvent, MouseKind, Signal, Timestamp};

    /// Mice hold for about 85 ms, touchpads for about 215.
    fn population() -> ClickPopulation {
        let class = |share, mean| ClickClass {
            share,
            mean: vec![mean],
            between_user: vec![0.03],
            between_session: vec![0.005],
            within_session: vec![0.05],
        };
        ClickPopulation {
            kinds: vec![ClickKind::Hold],
            classes: vec![class(0.75, 4.6), class(0.25, 5.4)],
            weight: 1.0,
            unseen: 0.02,
            most: 6.0,
        }
    }

    /// An owner who holds for 110 ms at a mouse and was never seen at a touchpad.
    fn owner() -> OwnerClicks {
        let class = |share, mean, variance| OwnerClickClass {
            share,
            mean: vec![mean],
            variance: vec![variance],
        };
        let classes = vec![class(0.95, 4.85, 0.002), class(0.05, 5.4, 0.03)];
        OwnerClicks { population: population(), classes, timings: 100 }
    }

    fn holds(took_ms: i64, count: i64) -> ClickSums {
        let mut timer = ClickTimer::default();
        let timings: Vec<ClickTiming> = (0..count)
            .flat_map(|n| [(0, true), (took_ms, false)].map(|(ms, down)| (10_000 * n + ms, down)))
            .filter_map(|(ms, down)| {
                let left = Button::Left;
                let kind = if down { MouseKind::Press(left) } else { MouseKind::Release(left) };
                let at = Timestamp::from_millis(ms);
                timer.push(&Signal::Mouse(MouseEvent { at, kind, x: 0.0, y: 0.0 }))
            })
            .collect();
        ClickSums::of(&timings)
    }

    #[test]
    fn the_owners_clicks_speak_for_the_owner_and_more_of_them_more_up_to_the_session() {
        let owner = owner();
        assert_eq!(owner.llr(&ClickSums::default()), 0.0);
        let own = |count| owner.llr(&holds(112, count));
        assert!(own(1) > 0.0 && own(10) > own(1), "{} {}", own(1), own(10));
        assert!(own(100_000) - own(1000) < 0.05, "sessions differ: no number of clicks is sure");
        assert!(owner.llr(&holds(60, 10)) < -2.0);
    }

    #[test]
    fn another_device_says_little_and_nothing_says_more_than_the_unseen_allows() {
        let owner = owner();
        let touchpad = owner.llr(&holds(205, 10));
        assert!(touchpad > -2.5 && touchpad < 0.0, "{touchpad}");
        for took in [25, 40, 60, 205, 500, 900] {
            let llr = owner.llr(&holds(took, 1000));
            assert!(llr >= 0.02f64.ln() - 1e-6 && llr <= 6.0, "{took} ms: {llr}");
        }
    }

    #[test]
    fn without_classes_it_is_the_ratio_of_two_normal_distributions() {
        let mut one = owner();
        one.population.classes.truncate(1);
        one.classes.truncate(1);
        one.population.classes[0].share = 1.0;
        one.classes[0].share = 1.0;
        one.population.unseen = 1e-9;
        let clicks = holds(100, 4);
        let x = clicks.mean(ClickKind::Hold).unwrap();
        let normal =
            |mean: f64, variance: f64| -0.5 * ((x - mean).powi(2) / variance + variance.ln());
        let by_hand =
            normal(4.85, 0.002 + 0.005 + 0.05 / 4.0) - normal(4.6, 0.03 + 0.005 + 0.05 / 4.0);
        assert!((one.llr(&clicks) - by_hand).abs() < 1e-5);
    }

    #[test]
    fn what_cannot_work_is_said() {
        assert_eq!(owner().validate(), Ok(()));
        let broken: [fn(&mut OwnerClicks); 7] = [
            |o| o.classes[0].variance[0] = 0.0,
            |o| o.classes[1].mean.clear(),
            |o| o.classes.truncate(1),
            |o| o.classes[0].share = f32::NAN,
            |o| o.population.unseen = 1.0,
            |o| o.population.kinds = vec![ClickKind::Hold, ClickKind::Hold],
            |o| o.population.classes[0].within_session[0] = f32::INFINITY,
        ];
        for (n, spoil) in broken.iter().enumerate() {
            let mut wrong = owner();
            spoil(&mut wrong);
            assert!(wrong.validate().is_err(), "{n}");
        }
    }
}
