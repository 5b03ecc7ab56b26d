//! The owner's embeddings at enrolment: where they lie among people's, and how much the evidence
//! that they give may be believed.

use super::calibrate::ScoredStream;
use super::simulated_sessions::SimulatedSessions;
use crate::pipeline::{
    EmbeddingCovariance, GroupMean, LlrForm, OwnSessions, OwnerModel, Stretch, WindowScore,
};

/// A later session differs more than one stretch from the next, by so much. Set on Gmail people
/// (the one shared part with many days of one person): the rate of false alarms that is promised is
/// kept there by all but those whose way of moving drifts away.
const DAYS: f32 = 3.0;
/// How much the head's scores count beside the embedding, see [`OwnerModel::odds`]; anything from 1
/// to 4 serves SapiMouse and Gmail people alike.
const ODDS: f32 = 2.0;
/// Of a lone window the score counts half of that, see [`OwnerModel::lone`]: what it says, the
/// embedding of that window mostly says too. Set on SapiMouse and Gmail people, where it halves how
/// far scores of single windows are off, and changes no error rate.
const LONE: f32 = 1.0;
/// Of Student's distribution around owners and everybody: a false alarm less here and there, and not
/// shown to gain on sets left out (`onnx/EXPERIMENTS.md`).
const DEGREES_OF_FREEDOM: f32 = 6.0;
/// Group sizes by which the evidence is made honest.
const HONEST_SIZES: [usize; 3] = [1, 5, 10];
/// Steps of Newton's method in one number.
const NEWTON_STEPS: usize = 30;
/// Where the slope may lie: no evidence is trusted more than the model gives, nor turned around.
const SLOPES: [f64; 2] = [0.02, 1.0];

/// The owner of this stream of so many sittings among people, and simulated sessions of theirs.
/// `None` with too few windows for either.
pub(super) fn owner_model(
    covariance: &EmbeddingCovariance,
    own: &ScoredStream,
    sittings: f64,
    impostors: &[ScoredStream],
    seed: u64,
) -> Option<(OwnerModel, SimulatedSessions)> {
    let windows = own.window_scores.len();
    let mut sum = vec![0.0; covariance.dimensions()];
    for seen in &own.window_scores {
        sum.iter_mut().zip(&seen.embedding).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let between_session =
        covariance.between_session.iter().map(|variance| DAYS * variance).collect();
    let covariance = EmbeddingCovariance { between_session, ..covariance.clone() };
    let centred = OwnerModel::of(&covariance, &sum, windows, sittings);
    let days = 1.0 - 1.0 / DAYS;
    let stretches = Stretch::cut(own.window_scores.iter().map(|seen| &seen.embedding[..]));
    let own_sessions = Some(OwnSessions::of_enrolment(&covariance, &stretches));
    let degrees_of_freedom = Some(DEGREES_OF_FREEDOM);
    let of_owner = OwnerModel { degrees_of_freedom, own_sessions, days, ..centred };
    let mut owner_model = OwnerModel { odds: ODDS, lone: LONE, ..of_owner };
    let days = SimulatedSessions::simulate(&owner_model, own, seed)?;
    owner_model.slope = honest_slope(&owner_model, &days, impostors) as f32;
    Some((owner_model, days))
}

/// Embeddings are not quite normal and not quite independent, so the evidence claims too much.
/// Logistic regression on it without an offset, both sides and all sizes weighing alike (Platt
/// 1999).
fn honest_slope(
    owner_model: &OwnerModel,
    days: &SimulatedSessions,
    impostors: &[ScoredStream],
) -> f64 {
    let mut rows: Vec<[f64; 3]> = Vec::new();
    for n in HONEST_SIZES {
        let ratio = owner_model.ratio(n);
        let genuine: Vec<f64> = days.groups(n).map(|group| llr(&ratio, group)).collect();
        let groups = impostors.iter().flat_map(|s| s.window_scores.chunks_exact(n));
        let impostor: Vec<f64> = groups.map(|group| llr(&ratio, group)).collect();
        for (side, label) in [(&genuine, 1.0), (&impostor, 0.0)] {
            let weight = 1.0 / side.len().max(1) as f64;
            rows.extend(side.iter().map(|x| [*x, label, weight]));
        }
    }
    slope(&rows)
}

fn llr(ratio: &LlrForm, group: &[WindowScore]) -> f64 {
    let group_mean = GroupMean::of(group.iter());
    ratio.of(&group_mean.embedding, group_mean.log_odds)
}

/// The slope of a logistic regression through the origin; rows are value, label and weight.
fn slope(rows: &[[f64; 3]]) -> f64 {
    let [least, most] = SLOPES;
    let mut slope = most;
    for _ in 0..NEWTON_STEPS {
        let mut gradient = 0.0;
        let mut curve = 1e-9;
        for [x, label, weight] in rows {
            let p = 1.0 / (1.0 + (-slope * x).exp());
            gradient += weight * (p - label) * x;
            curve += weight * p * (1.0 - p) * x * x;
        }
        slope = (slope - (gradient / curve).clamp(-0.3, 0.3)).clamp(least, most);
    }
    slope
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::random::Random;
    use crate::pipeline::{Score, grouped};

    fn covariance() -> EmbeddingCovariance {
        EmbeddingCovariance {
            between_user: vec![1.0; 4],
            between_session: vec![0.05; 4],
            within_session: vec![4.0; 4],
        }
    }

    fn person(mean: f64, windows: usize, seed: u64) -> ScoredStream {
        let mut random = Random::new(seed, 7);
        let mut window = || {
            let embedding = (0..4).map(|_| random.normal(mean, 2.0) as f32).collect();
            WindowScore::of_movement(Score::new(0.5), embedding)
        };
        ScoredStream {
            window_scores: (0..windows).map(|_| window()).collect(),
            movement_s: vec![0.6; windows],
        }
    }

    fn impostors() -> Vec<ScoredStream> {
        (0..10).map(|n| person(-1.0 - 0.1 * n as f64, 60, 50 + n)).collect()
    }

    #[test]
    fn the_owner_is_told_from_impostors_and_larger_groups_tell_more() {
        let (owner_model, _) =
            owner_model(&covariance(), &person(1.0, 100, 1), 2.0, &impostors(), 1).unwrap();
        let score = |group: &[WindowScore]| grouped(Some(&owner_model), group.iter()).unwrap();
        let later = person(1.0, 200, 2).window_scores;
        let wrong =
            |n: usize| later.windows(n).filter(|group| score(group) < 0.5).count() as f64 / 200.0;
        assert!(wrong(1) < 0.35 && wrong(10) < 0.05, "{} {}", wrong(1), wrong(10));
        let impostors = impostors();
        let fooled = impostors.iter().flat_map(|impostor| impostor.window_scores.windows(10));
        assert!(fooled.filter(|group| score(group) > 0.5).count() < 10);
    }

    #[test]
    fn evidence_that_claims_too_much_is_toned_down() {
        let mut random = Random::new(3, 3);
        // Ratios that are three times what they ought to be: N(1.5, sqrt 3) against N(-1.5, sqrt
        // 3).
        let mut side = |label: f64| -> Vec<[f64; 3]> {
            let mean = if label > 0.5 { 1.5 } else { -1.5 };
            (0..4000).map(|_| [3.0 * random.normal(mean, 3f64.sqrt()), label, 1.0]).collect()
        };
        let rows = [side(1.0), side(0.0)].concat();
        assert!((slope(&rows) - 1.0 / 3.0).abs() < 0.03, "{}", slope(&rows));
    }
}
