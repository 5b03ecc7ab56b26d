//! Where an owner's embeddings lie: the part of an owner model that adapts.

use serde::{Deserialize, Serialize};

use super::REACH;
use crate::own_sessions::{OwnSessions, Stretch};
use crate::owner_model::{GroupMean, OwnerModel, log_odds, posterior};
use crate::score::WindowScore;

/// Between an enrolment and a later day the owner's mean has become unsure by this share of the
/// between-session variance.
const WANDER: f64 = 0.5;

/// Windows that were judged together, as far as adaptation needs them.
#[derive(Debug, Clone, PartialEq)]
pub struct Sitting {
    /// Their means.
    pub mean: GroupMean,
    /// How many.
    pub windows: usize,
    /// The same windows in shorter stretches.
    pub stretches: Vec<Stretch>,
}

/// Sums over the windows of a sitting.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    embedding: Vec<f64>,
    log_odds: f64,
    pub(super) windows: usize,
    stretches: Vec<Stretch>,
}

impl Sums {
    pub(super) fn push(&mut self, seen: &WindowScore) {
        self.windows += 1;
        self.embedding.resize(seen.embedding.len(), 0.0);
        let sums = self.embedding.iter_mut().zip(&seen.embedding);
        sums.for_each(|(sum, x)| *sum += f64::from(*x));
        self.log_odds += f64::from(log_odds(seen.score));
        Stretch::extend(&mut self.stretches, &seen.embedding);
    }

    pub(super) fn sitting(&self) -> Sitting {
        let n = self.windows.max(1) as f64;
        let embedding = self.embedding.iter().map(|sum| sum / n).collect();
        Sitting {
            mean: GroupMean { embedding, log_odds: self.log_odds / n, ..GroupMean::default() },
            windows: self.windows,
            stretches: self.stretches.clone(),
        }
    }
}

/// Where an owner's embeddings lie: the part of an owner model that adapts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerMean {
    /// Of each number of the embedding.
    pub mean: Vec<f32>,
    /// How unsure it is: a variance of each.
    pub variance: Vec<f32>,
    /// How much the owner's sessions differ; without it, as much as the model has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_sessions: Option<OwnSessions>,
}

impl OwnerMean {
    /// Where this model has its owner.
    pub fn of(owner: &OwnerModel) -> Self {
        let OwnerModel { mean, variance, own_sessions, .. } = owner.clone();
        Self { mean, variance, own_sessions }
    }

    /// The model with its owner here.
    #[must_use]
    pub fn put(&self, owner: &OwnerModel) -> OwnerModel {
        let Self { mean, variance, own_sessions } = self.clone();
        let own_sessions = own_sessions.or_else(|| owner.own_sessions.clone());
        OwnerModel { mean, variance, own_sessions, ..owner.clone() }
    }

    /// How far it lies from where `anchor` has the owner: root mean square over the embedding, in
    /// standard deviations between users.
    pub fn drift(&self, anchor: &OwnerModel) -> f64 {
        let numbers = self.mean.iter().zip(&anchor.mean).zip(&anchor.covariance.between_user);
        let squares = numbers.map(|((now, then), between_user)| {
            (f64::from(*now) - f64::from(*then)).powi(2) / f64::from(*between_user)
        });
        (squares.sum::<f64>() / self.mean.len().max(1) as f64).sqrt()
    }

    /// The mean after a sitting that is known to be the owner's: a step of a Kalman filter (Kalman 1960,
    /// J. Basic Eng. 82) on each number for a mean that wanders, within [`REACH`] of `anchor`; and what
    /// the sitting shows of how much the owner's sessions differ.
    #[must_use]
    pub fn after(&self, sitting: &Sitting, anchor: &OwnerModel) -> Self {
        let before = self.put(anchor);
        let seen = &sitting.mean.embedding;
        let mut own_sessions = before.own_sessions.clone();
        if let Some(own) = &mut own_sessions {
            for stretch in &sitting.stretches {
                own.after(&anchor.covariance, stretch, [&self.mean, &self.variance]);
            }
        }
        let session_variance = before.session_variance();
        let one = |at: usize| {
            let [between_session, own_session, within_session] = [
                anchor.covariance.between_session[at],
                session_variance[at],
                anchor.covariance.within_session[at],
            ]
            .map(f64::from);
            let unsure = f64::from(self.variance[at]) + WANDER * between_session;
            let noise = own_session + within_session / sitting.windows.max(1) as f64;
            posterior((f64::from(self.mean[at]), unsure), seen[at], noise)
        };
        let (mean, variance) = (0..seen.len()).map(one).unzip();
        Self { mean, variance, own_sessions }.held(anchor)
    }

    /// Drawn back along the line to the anchor until it is within reach.
    pub(super) fn held(mut self, anchor: &OwnerModel) -> Self {
        let drift = self.drift(anchor);
        if drift > REACH {
            let share = (REACH / drift) as f32;
            let pairs = self.mean.iter_mut().zip(&anchor.mean);
            pairs.for_each(|(now, then)| *now = then + share * (*now - then));
        }
        self
    }

    /// Says what cannot work with this model, if anything.
    ///
    /// # Errors
    /// When it has another embedding, or lies where no adaptation could have led it.
    pub fn validate(&self, anchor: &OwnerModel) -> Result<(), String> {
        self.put(anchor).validate()?;
        let drift = self.drift(anchor);
        if drift > REACH * 1.001 {
            return Err(format!("its mean is {drift:.2} from the enrolment's, beyond {REACH}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EmbeddingCovariance;

    const WINDOWS: usize = 30;

    fn owner() -> OwnerModel {
        let covariance = EmbeddingCovariance {
            between_user: vec![1.0; 8],
            between_session: vec![0.2; 8],
            within_session: vec![1.0; 8],
        };
        OwnerModel { days: 0.5, ..OwnerModel::of(&covariance, &[0.0; 8], 400, 2.0) }
    }

    fn sitting(place: f64) -> Sitting {
        let mean = GroupMean { embedding: vec![place; 8], ..GroupMean::default() };
        Sitting { mean, windows: WINDOWS, stretches: Vec::new() }
    }

    fn llr(owner: &OwnerModel, place: f64) -> f64 {
        owner.evidence(&sitting(place).mean, WINDOWS)
    }

    #[test]
    fn an_owner_who_has_changed_a_little_is_followed() {
        let anchor = owner();
        let mut now = OwnerMean::of(&anchor);
        for _ in 0..6 {
            now = now.after(&sitting(0.3), &anchor);
        }
        assert!((f64::from(now.mean[0]) - 0.3).abs() < 0.05, "{now:?}");
        assert!(llr(&now.put(&anchor), 0.6) > llr(&anchor, 0.6) + 0.5);
        assert_eq!(now.validate(&anchor), Ok(()));
    }

    #[test]
    fn a_patient_impostor_gets_no_farther_than_the_reach_and_stays_an_impostor() {
        let anchor = owner();
        let mut now = OwnerMean::of(&anchor);
        for _ in 0..1000 {
            now = now.after(&sitting(2.0), &anchor);
        }
        assert!((now.drift(&anchor) - REACH).abs() < 1e-3, "{}", now.drift(&anchor));
        let led = now.put(&anchor);
        assert!(llr(&led, 2.0) < 0.0, "{}", llr(&led, 2.0));
        assert!(llr(&led, 0.0) > 0.0, "the owner is still known: {}", llr(&led, 0.0));
    }
}
