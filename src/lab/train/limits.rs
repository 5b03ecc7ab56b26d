//! Limits of the evidence against the owner: how much of it is too much for a given rate of false
//! alarms.

use crate::lab::random::Random;
use crate::model::Limit;
use crate::pipeline::{
    BlockModel, Evidence, PageSum, Score, ScoreCalibration, WindowScore, log_odds,
};

use super::calibrate::ScoredStream;

/// Hours at the desk between false alarms, and the limits in nats that keep that promise, for owner
/// models. Found in real later sessions of users whom the backbone does not know (long-term users
/// and administrators, 25 owners in all, every stretch of work begun by an unlock and every false
/// alarm refuted by one): a promise that simulated sessions miss by a factor of 20.
/// `onnx/EXPERIMENTS.md` has the rows, `evaluate` measures the promise on any data, and
/// `mousewarden-rig limits` other limits on sets of which each is left out once.
const OF_OTHERS: [(f32, f32); 2] = [(8.0, 10.0), (40.0, 15.0)];

/// Windows in an hour at the desk (8.5 a minute, the mean over the administrators of the Balabit
/// data set).
const WINDOWS_PER_HOUR: f32 = 510.0;
/// Hours between false alarms that limits are set for where an owner's own windows have to do.
const HOURS: [f32; 3] = [2.0, 8.0, 40.0];
/// Windows of the bootstrap in which the owner's false alarms are counted.
const SIMULATED: usize = 200_000;
/// Neighbouring windows are alike: so many are drawn together.
const STRETCH: usize = 20;
/// Halvings of the interval in which a limit lies.
const HALVINGS: usize = 24;
/// Steps of Newton's method; the loss is convex in two numbers.
const NEWTON_STEPS: usize = 30;
/// Keeps the slope finite where the scores separate without a fault.
const PENALTY: f64 = 1e-3;

/// The limits of models that judge by embeddings.
pub(super) fn of_others() -> Vec<Limit> {
    OF_OTHERS.map(|(hours_between_alarms, llr)| Limit { hours_between_alarms, llr }).to_vec()
}

/// What a single score says, and limits for that, from the calibration streams of an owner whose
/// model has no embedding; `None` where the scores do not tell the owner from others at all.
pub(super) fn of_scores(
    genuine: &[ScoredStream],
    impostor: &[ScoredStream],
    seed: u64,
) -> Option<(ScoreCalibration, Vec<Limit>)> {
    let scores = |streams: &[ScoredStream]| -> Vec<Score> {
        streams.iter().flat_map(|s| s.window_scores.iter().map(|seen| seen.score)).collect()
    };
    let calibration = calibrate(&scores(genuine), &scores(impostor))?;
    let sessions = genuine.iter().map(|stream| stream.window_scores.clone());
    let sessions: Vec<_> = sessions.filter(|session| !session.is_empty()).collect();
    let long = bootstrap(&sessions, seed);
    let model = BlockModel::Scores(calibration);
    Some((
        calibration,
        HOURS
            .map(|hours_between_alarms| {
                let windows = (hours_between_alarms * WINDOWS_PER_HOUR) as usize;
                Limit { hours_between_alarms, llr: limit_for(&long, &model, long.len() / windows) }
            })
            .to_vec(),
    ))
}

/// The limit that the windows pass as often as is allowed.
fn limit_for(windows: &[WindowScore], model: &BlockModel, allowed: usize) -> f32 {
    let blocks = blocks(windows, model);
    let mut low = 0.0_f64;
    let mut high = 1.0_f64;
    while alarms(&blocks, high) > allowed && high < 1e6 {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if alarms(&blocks, middle) > allowed {
            low = middle;
        } else {
            high = middle;
        }
    }
    high as f32
}

/// The log-likelihood ratios of the blocks, as the decision forms them.
fn blocks(windows: &[WindowScore], model: &BlockModel) -> Vec<f64> {
    let mut evidence = Evidence::default();
    windows.iter().filter_map(|seen| evidence.push(seen, model, f64::MAX).block).collect()
}

/// How often Page's sum reaches the limit, when each alarm clears it.
fn alarms(blocks: &[f64], limit: f64) -> usize {
    let mut sum = PageSum::default();
    blocks.iter().filter(|llr| sum.alarms(**llr, limit)).count()
}

/// Logistic regression of the owner on the log-odds of the score, both classes weighing the same
/// (Platt 1999), by Newton's method. `None` without both classes or with a slope that is not above
/// 0.
fn calibrate(genuine: &[Score], impostor: &[Score]) -> Option<ScoreCalibration> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let weighted = |scores: &[Score], label: f64| -> Vec<[f64; 3]> {
        let weight = 0.5 / scores.len() as f64;
        scores.iter().map(|score| [f64::from(log_odds(*score)), label, weight]).collect()
    };
    let rows = [weighted(genuine, 1.0), weighted(impostor, 0.0)].concat();
    let mut slope = 1.0;
    let mut intercept = 0.0;
    for _ in 0..NEWTON_STEPS {
        let (along, across) = newton(&rows, slope, intercept);
        slope -= along;
        intercept -= across;
    }
    let usable = slope.is_finite() && intercept.is_finite() && slope > 0.0;
    usable.then_some(ScoreCalibration { slope: slope as f32, intercept: intercept as f32 })
}

/// One step of Newton's method for slope and intercept.
fn newton(rows: &[[f64; 3]], slope: f64, intercept: f64) -> (f64, f64) {
    let mut gradient = [PENALTY * (slope - 1.0), PENALTY * intercept];
    let mut ss = PENALTY;
    let mut si = 0.0;
    let mut ii = PENALTY;
    for [x, label, weight] in rows {
        let p = 1.0 / (1.0 + (-(slope * x + intercept)).exp());
        let error = weight * (p - label);
        let curve = weight * p * (1.0 - p);
        gradient[0] += error * x;
        gradient[1] += error;
        ss += curve * x * x;
        si += curve * x;
        ii += curve;
    }
    let determinant = ss * ii - si * si;
    let along = (ii * gradient[0] - si * gradient[1]) / determinant;
    let across = (ss * gradient[1] - si * gradient[0]) / determinant;
    // A long step would overshoot where the curve is flat.
    (along.clamp(-1.0, 1.0), across.clamp(-1.0, 1.0))
}

/// A long stream of the owner's windows, of stretches drawn with replacement (Künsch 1989,
/// Ann. Statist. 17). A stretch never spans two sessions.
fn bootstrap(streams: &[Vec<WindowScore>], seed: u64) -> Vec<WindowScore> {
    let starts: Vec<(usize, usize)> = streams
        .iter()
        .enumerate()
        .flat_map(|(which, stream)| {
            (0..=stream.len().saturating_sub(STRETCH)).map(move |at| (which, at))
        })
        .collect();
    let mut random = Random::new(seed, 0xC05);
    let mut long = Vec::with_capacity(SIMULATED + STRETCH);
    while long.len() < SIMULATED {
        let (which, at) = starts[random.below(starts.len())];
        long.extend(streams[which].iter().skip(at).take(STRETCH).cloned());
    }
    long
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores whose log-odds are normal with this mean and a deviation of two.
    fn stream(mean: f64, windows: usize, seed: u64) -> ScoredStream {
        let mut random = Random::new(seed, 1);
        let mut score = |_| (1.0 / (1.0 + (-random.normal(mean, 2.0)).exp())) as f32;
        let window_scores = (0..windows).map(|n| Score::new(score(n)).into()).collect();
        ScoredStream { window_scores, movement_s: vec![0.6; windows] }
    }

    fn others() -> Vec<ScoredStream> {
        (0..20).map(|seed| stream(-1.0, 200, 100 + seed)).collect()
    }

    #[test]
    fn a_score_is_worth_the_ratio_of_its_likelihoods() {
        // N(1, 2) against N(-1, 2): the logarithm of the ratio at x is 2 * 1 * x / 2^2 = x / 2.
        let (calibration, _) = of_scores(&[stream(1.0, 4000, 1)], &others(), 1).unwrap();
        assert!((calibration.slope - 0.5).abs() < 0.05, "{calibration:?}");
        assert!(calibration.intercept.abs() < 0.1, "{calibration:?}");
    }

    #[test]
    fn a_limit_keeps_the_rate_it_was_set_for_on_windows_it_has_not_seen() {
        let (calibration, limits) = of_scores(&[stream(0.2, 20_000, 1)], &others(), 1).unwrap();
        let fresh = stream(0.2, 200_000, 2).window_scores;
        let blocks = blocks(&fresh, &BlockModel::Scores(calibration));
        for limit in &limits[..2] {
            let wanted = fresh.len() as f32 / (limit.hours_between_alarms * WINDOWS_PER_HOUR);
            let seen = alarms(&blocks, f64::from(limit.llr)) as f32;
            assert!(seen > 0.5 * wanted && seen < 2.0 * wanted, "{seen} for {wanted}");
        }
    }

    #[test]
    fn rarer_alarms_cost_higher_limits() {
        let (_, limits) = of_scores(&[stream(0.2, 2000, 1)], &others(), 1).unwrap();
        assert!(limits.is_sorted_by(|one, next| one.llr < next.llr), "{limits:?}");
        assert!(of_others().is_sorted_by(|one, next| one.llr < next.llr));
    }

    #[test]
    fn scores_that_tell_nothing_apart_give_no_limits() {
        assert_eq!(of_scores(&[stream(-1.0, 500, 1)], &[stream(1.0, 500, 2)], 1), None);
        assert_eq!(of_scores(&[], &others(), 1), None);
    }

    #[test]
    fn the_bootstrap_keeps_neighbours_together_and_sessions_apart() {
        let session = |score: f32, windows| vec![WindowScore::from(Score::new(score)); windows];
        let long = bootstrap(&[session(0.1, 30), session(0.2, 5)], 3);
        let runs = long.chunk_by(|a, b| a == b);
        let long_runs = runs.filter(|run| run[0].score == Score::new(0.1));
        assert!(long_runs.into_iter().all(|run| run.len() % STRETCH == 0));
        assert!(long.iter().any(|seen| seen.score == Score::new(0.2)));
    }
}
