//! What a sequential decision needs: what a score says (a calibrated log-likelihood ratio), and how
//! much evidence is too much for a given rate of false alarms. Fitted on the calibration streams
//! alone; it changes no weight.

use crate::lab::random::Random;
use crate::model::{Limit, Sequential};
use crate::pipeline::{Evidence, Score, log_odds};

use super::calibrate::Stream;

/// Rates of false alarms that limits are set for, in windows. The last is 40 hours at the desk with
/// 8.5 windows a minute.
const BETWEEN_ALARMS: [u32; 4] = [250, 1_000, 4_000, 20_400];
/// Windows of the bootstrap in which the owner's false alarms are counted.
const SIMULATED: usize = 200_000;
/// Neighbouring windows are alike: so many are drawn together.
const BLOCK: usize = 20;
/// Halvings of the interval in which a limit lies.
const HALVINGS: usize = 24;
/// Steps of Newton's method; the loss is convex in two numbers.
const NEWTON_STEPS: usize = 30;
/// Keeps the slope finite where the scores separate without a fault.
const PENALTY: f64 = 1e-3;

/// Fits both; `None` where the scores do not tell the owner from strangers at all.
pub(super) fn fit(genuine: &[Stream], impostor: &[Stream], seed: u64) -> Option<Sequential> {
    let scores = |streams: &[Stream]| -> Vec<Vec<Score>> {
        let of = |stream: &Stream| stream.impressions.iter().map(|seen| seen.score).collect();
        streams.iter().map(of).filter(|scores: &Vec<Score>| !scores.is_empty()).collect()
    };
    let (genuine, impostor) = (scores(genuine), scores(impostor));
    let evidence = evidence(&genuine.concat(), &impostor.concat())?;
    let against = |streams: &[Vec<Score>]| -> Vec<Vec<f32>> {
        let of = |stream: &Vec<Score>| stream.iter().map(|score| -evidence.of(*score)).collect();
        streams.iter().map(of).collect()
    };
    let long = bootstrap(&against(&genuine), seed);
    let strangers = against(&impostor);
    let limit = |windows_between_alarms| {
        let limit = limit_for(&long, windows_between_alarms);
        Limit { windows_between_alarms, limit, delay_windows: median_delay(&strangers, limit) }
    };
    Some(Sequential { evidence, limits: BETWEEN_ALARMS.map(limit).to_vec() })
}

/// Logistic regression of the owner on the log-odds of the score, both classes weighing the same
/// (Platt 1999), by Newton's method. `None` without both classes or with a slope that is not above 0.
fn evidence(genuine: &[Score], impostor: &[Score]) -> Option<Evidence> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let weighted = |scores: &[Score], label: f64| -> Vec<[f64; 3]> {
        let weight = 0.5 / scores.len() as f64;
        let row = |score: &Score| [f64::from(log_odds(*score)), label, weight];
        scores.iter().map(row).collect()
    };
    let rows = [weighted(genuine, 1.0), weighted(impostor, 0.0)].concat();
    let (mut slope, mut intercept) = (1.0, 0.0);
    for _ in 0..NEWTON_STEPS {
        let (along, across) = newton(&rows, slope, intercept);
        slope -= along;
        intercept -= across;
    }
    let usable = slope.is_finite() && intercept.is_finite() && slope > 0.0;
    usable.then_some(Evidence { slope: slope as f32, intercept: intercept as f32 })
}

/// One step of Newton's method for slope and intercept.
fn newton(rows: &[[f64; 3]], slope: f64, intercept: f64) -> (f64, f64) {
    let mut gradient = [PENALTY * (slope - 1.0), PENALTY * intercept];
    let (mut ss, mut si, mut ii) = (PENALTY, 0.0, PENALTY);
    for [x, label, weight] in rows {
        let p = 1.0 / (1.0 + (-(slope * x + intercept)).exp());
        let (error, curve) = (weight * (p - label), weight * p * (1.0 - p));
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

/// A long stream of the owner's evidence, of blocks drawn with replacement (Künsch 1989,
/// Ann. Statist. 17). A block never spans two sessions.
fn bootstrap(streams: &[Vec<f32>], seed: u64) -> Vec<f32> {
    let starts: Vec<(usize, usize)> = streams
        .iter()
        .enumerate()
        .flat_map(|(which, stream)| {
            (0..=stream.len().saturating_sub(BLOCK)).map(move |at| (which, at))
        })
        .collect();
    let mut random = Random::new(seed, 0xC05);
    let mut long = Vec::with_capacity(SIMULATED + BLOCK);
    while long.len() < SIMULATED {
        let (which, at) = starts[random.below(starts.len())];
        long.extend(streams[which].iter().skip(at).take(BLOCK));
    }
    long
}

/// The limit that the stream passes once in so many windows.
fn limit_for(stream: &[f32], between_alarms: u32) -> f32 {
    let allowed = stream.len() / between_alarms as usize;
    let (mut low, mut high) = (0.0_f32, 1.0_f32);
    while alarms(stream, high) > allowed && high < 1e6 {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        match alarms(stream, middle) > allowed {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// How often the evidence reaches the limit, when each alarm clears it.
fn alarms(stream: &[f32], limit: f32) -> usize {
    let mut sum = 0.0_f32;
    let mut alarms = 0;
    for against in stream {
        sum = (sum + against).max(0.0);
        if sum >= limit {
            alarms += 1;
            sum = 0.0;
        }
    }
    alarms
}

/// After how many windows half of the impostors are noticed; `None` if most never are.
fn median_delay(streams: &[Vec<f32>], limit: f32) -> Option<u32> {
    let noticed = |stream: &Vec<f32>| {
        let mut sum = 0.0_f32;
        stream.iter().position(|against| {
            sum = (sum + against).max(0.0);
            sum >= limit
        })
    };
    let mut delays: Vec<usize> =
        streams.iter().map(|stream| noticed(stream).map_or(usize::MAX, |at| at + 1)).collect();
    delays.sort_unstable();
    delays.get(delays.len() / 2).and_then(|windows| u32::try_from(*windows).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores whose log-odds are normal with this mean and a deviation of two.
    fn stream(mean: f64, windows: usize, seed: u64) -> Stream {
        let mut random = Random::new(seed, 1);
        let mut score = |_| (1.0 / (1.0 + (-random.normal(mean, 2.0)).exp())) as f32;
        let impressions = (0..windows).map(|n| Score::new(score(n)).into()).collect();
        Stream { impressions, movement_s: vec![0.6; windows] }
    }

    fn strangers() -> Vec<Stream> {
        (0..20).map(|seed| stream(-1.0, 200, 100 + seed)).collect()
    }

    #[test]
    fn evidence_is_the_ratio_of_the_likelihoods() {
        // N(1, 2) against N(-1, 2): the logarithm of the ratio at x is 2 * 1 * x / 2^2 = x / 2.
        let fitted = fit(&[stream(1.0, 4000, 1)], &strangers(), 1).unwrap();
        assert!((fitted.evidence.slope - 0.5).abs() < 0.05, "{fitted:?}");
        assert!(fitted.evidence.intercept.abs() < 0.1, "{fitted:?}");
    }

    #[test]
    fn a_limit_keeps_the_rate_it_was_set_for_on_windows_it_has_not_seen() {
        let fitted = fit(&[stream(1.0, 20_000, 1)], &strangers(), 1).unwrap();
        let fresh: Vec<f32> = stream(1.0, 200_000, 2)
            .impressions
            .iter()
            .map(|seen| -fitted.evidence.of(seen.score))
            .collect();
        for limit in &fitted.limits[..3] {
            let wanted = fresh.len() as f64 / f64::from(limit.windows_between_alarms);
            let seen = alarms(&fresh, limit.limit) as f64;
            assert!(seen > 0.5 * wanted && seen < 2.0 * wanted, "{seen} for {wanted}");
        }
    }

    #[test]
    fn rarer_alarms_cost_higher_limits_and_longer_delays() {
        let limits = fit(&[stream(1.0, 500, 1)], &strangers(), 1).unwrap().limits;
        assert!(limits.is_sorted_by(|one, next| one.limit < next.limit), "{limits:?}");
        assert!(limits.is_sorted_by(|one, next| one.delay_windows <= next.delay_windows));
        assert!(limits[3].delay_windows.is_some_and(|windows| windows > 5 && windows < 60));
    }

    #[test]
    fn scores_that_tell_nothing_apart_give_no_rule() {
        assert_eq!(fit(&[stream(-1.0, 500, 1)], &[stream(1.0, 500, 2)], 1), None);
        assert_eq!(fit(&[], &strangers(), 1), None);
    }

    #[test]
    fn the_bootstrap_keeps_neighbours_together_and_sessions_apart() {
        let long = bootstrap(&[vec![1.0; 30], vec![2.0; 5]], 3);
        let runs = long.chunk_by(|a, b| a == b);
        assert!(runs.filter(|run| run[0] == 1.0).all(|run| run.len() % BLOCK == 0));
        assert!(long.contains(&2.0));
    }
}
