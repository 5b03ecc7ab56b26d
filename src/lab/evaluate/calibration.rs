//! Whether the model's scores mean what they say, all owners on one scale.

use super::measure::GroupScores;
use super::results::{CalibrationFigures, IntervalEstimate, ReliabilityBin};
use crate::lab::metrics::{BINS, Calibrated, Calibration, Draws};

/// The figures of these owners' scores, in the order of the draws' people; none when nobody has
/// both sides.
pub(super) fn calibration(owners: &[GroupScores], draws: &Draws) -> Option<CalibrationFigures> {
    let rows: Vec<(&[f32], &[f32])> =
        owners.iter().map(|scores| (&scores.genuine[..], &scores.impostor[..])).collect();
    let calibration = Calibration::new(&rows);
    let found = calibration.whole()?;
    let present = rows.iter().filter(|(g, i)| !g.is_empty() && !i.is_empty()).count();
    let drawn: Vec<Calibrated> = draws.iter().filter_map(|times| calibration.draw(times)).collect();
    let estimate = |of: fn(&Calibrated) -> f64| -> Option<IntervalEstimate> {
        let [low, high] = draws.interval(drawn.iter().map(of).collect(), present)?;
        Some(IntervalEstimate { value: of(&found), low, high })
    };
    Some(CalibrationFigures {
        ece: estimate(|one| one.ece)?,
        cllr: estimate(|one| one.cllr)?,
        min_cllr: estimate(|one| one.min_cllr)?,
        bins: bins(&calibration, &rows, draws, present),
    })
}

fn bins(
    calibration: &Calibration,
    rows: &[(&[f32], &[f32])],
    draws: &Draws,
    present: usize,
) -> Vec<ReliabilityBin> {
    let everybody = calibration.bins(&vec![1; rows.len()]);
    let drawn: Vec<_> = draws.iter().map(|times| calibration.bins(times)).collect();
    let count = |at: usize, scores: &mut dyn Iterator<Item = &f32>| {
        scores.filter(|score| Calibration::bin(**score) == at).count() as u64
    };
    let bin = |at: usize| ReliabilityBin {
        score: everybody[at].map(|bin| bin.score),
        owner: everybody[at].and_then(|bin| {
            let shares = drawn.iter().filter_map(|bins| bins[at].map(|bin| bin.owner));
            let [low, high] = draws.interval(shares.collect(), present)?;
            Some(IntervalEstimate { value: bin.owner, low, high })
        }),
        genuine: count(at, &mut rows.iter().flat_map(|row| row.0)),
        impostor: count(at, &mut rows.iter().flat_map(|row| row.1)),
    };
    (0..BINS).map(bin).collect()
}
