//! All owners' scores on one scale with one threshold: harder than a threshold for each, and the
//! only scale on which small rates can be told at all.

use super::figures::confusion;
use super::measure::GroupScores;
use super::results::{CurvePoint, IntervalEstimate, Pooled};
use crate::lab::metrics::{self, Draws, FAR_GRID, Range, ScoreCounts};

/// Bins of the distributions of scores.
const BINS: usize = 40;

/// The figures of these owners' scores, in the order of the draws' people; none when a class is
/// empty.
pub(super) fn pooled(owners: &[GroupScores], draws: &Draws) -> Option<Pooled> {
    let genuine = joined(owners, |scores| &scores.genuine);
    let impostor = joined(owners, |scores| &scores.impostor);
    let equal = metrics::eer(&genuine, &impostor)?;
    let threshold = calibrated(owners);
    let rates = threshold.map(|threshold| metrics::rates(&genuine, &impostor, threshold));

    let rows: Vec<(&[f32], &[f32])> =
        owners.iter().map(|scores| (&scores.genuine[..], &scores.impostor[..])).collect();
    let drawn = Drawn::of(&ScoreCounts::new(&rows), draws, threshold);
    let present = owners.iter().filter(|scores| !scores.genuine.is_empty()).count();
    let at = |far: f64, values: &[f64]| {
        metrics::frr_at_far(&genuine, &impostor, far)
            .and_then(|value| estimate(draws, present, value, values))
    };
    Some(Pooled {
        auc: estimate(draws, present, metrics::auc(&genuine, &impostor)?, &drawn.auc)?,
        eer: estimate(draws, present, equal.rate, &drawn.eer)?,
        eer_threshold: equal.threshold.into(),
        threshold: threshold.map(f64::from),
        far: rates.and_then(|rates| estimate(draws, present, rates.far, &drawn.far)),
        frr: rates.and_then(|rates| estimate(draws, present, rates.frr, &drawn.frr)),
        frr_at_far_1: at(0.01, &drawn.far_1),
        frr_at_far_01: at(0.001, &drawn.far_01),
        confusion: confusion(&genuine, &impostor, threshold.unwrap_or(equal.threshold)),
        curve: curve(&rows, &drawn, draws, present)?,
        genuine: histogram(&genuine),
        impostor: histogram(&impostor),
    })
}

fn estimate(draws: &Draws, present: usize, value: f64, values: &[f64]) -> Option<IntervalEstimate> {
    let [low, high] = draws.interval(values.to_vec(), present)?;
    Some(IntervalEstimate { value, low, high })
}

/// Where FAR and FRR meet on all calibration parts together; none without such parts.
fn calibrated(owners: &[GroupScores]) -> Option<f32> {
    let [genuine, impostor] = [0, 1].map(|side| joined(owners, |scores| &scores.calibration[side]));
    let enough = genuine.len() >= 3 && impostor.len() >= 3;
    enough.then(|| metrics::eer(&genuine, &impostor)).flatten().map(|equal| equal.threshold)
}

fn joined(owners: &[GroupScores], side: impl Fn(&GroupScores) -> &Vec<f32>) -> Vec<f32> {
    owners.iter().flat_map(|scores| side(scores).iter().copied()).collect()
}

/// Each figure in each draw.
#[derive(Default)]
struct Drawn {
    auc: Vec<f64>,
    eer: Vec<f64>,
    far: Vec<f64>,
    frr: Vec<f64>,
    far_1: Vec<f64>,
    far_01: Vec<f64>,
    grid: Vec<Vec<f64>>,
}

impl Drawn {
    fn of(tally: &ScoreCounts, draws: &Draws, threshold: Option<f32>) -> Self {
        let mut drawn = Self::default();
        for times in draws.iter() {
            let curve = tally.draw(times);
            drawn.auc.extend(curve.auc());
            drawn.eer.extend(curve.eer());
            drawn.far_1.extend(curve.frr_at(0.01));
            drawn.far_01.extend(curve.frr_at(0.001));
            drawn.grid.extend(curve.frr_on_grid());
            if let Some(rates) = threshold.and_then(|threshold| curve.at(threshold)) {
                drawn.far.push(rates.far);
                drawn.frr.push(rates.frr);
            }
        }
        drawn
    }
}

fn curve(
    rows: &[(&[f32], &[f32])],
    drawn: &Drawn,
    draws: &Draws,
    people: usize,
) -> Option<Vec<CurvePoint>> {
    let found = ScoreCounts::new(rows).whole().frr_on_grid()?;
    FAR_GRID
        .iter()
        .zip(found)
        .enumerate()
        .map(|(at, (far, frr))| {
            let [low, high] = band(draws, drawn, people, at)?;
            Some(CurvePoint { far: *far, frr, low: low.min(frr), high: high.max(frr) })
        })
        .collect()
}

fn band(draws: &Draws, drawn: &Drawn, people: usize, at: usize) -> Option<Range> {
    draws.interval(drawn.grid.iter().map(|frr| frr[at]).collect(), people)
}

fn histogram(scores: &[f32]) -> Vec<u64> {
    let mut bins = vec![0; BINS];
    for score in scores {
        bins[((score * BINS as f32) as usize).min(BINS - 1)] += 1;
    }
    bins
}
