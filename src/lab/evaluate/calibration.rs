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
    Some(CalibrationFigures {
        ece: estimate(&drawn, &found, draws, present, |one| one.ece)?,
        cllr: estimate(&drawn, &found, draws, present, |one| one.cllr)?,
        min_cllr: estimate(&drawn, &found, draws, present, |one| one.min_cllr)?,
        bins: bins(&calibration, &rows, draws, present),
    })
}

fn estimate(
    drawn: &[Calibrated],
    found: &Calibrated,
    draws: &Draws,
    present: usize,
    of: fn(&Calibrated) -> f64,
) -> Option<IntervalEstimate> {
    let [low, high] = draws.interval(drawn.iter().map(of).collect(), present)?;
    Some(IntervalEstimate { value: of(found), low, high })
}

fn bins(
    calibration: &Calibration,
    rows: &[(&[f32], &[f32])],
    draws: &Draws,
    present: usize,
) -> Vec<ReliabilityBin> {
    let everybody = calibration.bins(&vec![1; rows.len()]);
    let drawn: Vec<_> = draws.iter().map(|times| calibration.bins(times)).collect();
    (0..BINS)
        .map(|at| ReliabilityBin {
            score: everybody[at].map(|bin| bin.score),
            owner: everybody[at].and_then(|bin| {
                let shares = drawn.iter().filter_map(|bins| bins[at].map(|bin| bin.owner));
                let [low, high] = draws.interval(shares.collect(), present)?;
                Some(IntervalEstimate { value: bin.owner, low, high })
            }),
            genuine: in_bin(at, &mut rows.iter().flat_map(|row| row.0)),
            impostor: in_bin(at, &mut rows.iter().flat_map(|row| row.1)),
        })
        .collect()
}

/// How many scores are in a bin.
fn in_bin(at: usize, scores: &mut dyn Iterator<Item = &f32>) -> u64 {
    scores.filter(|score| Calibration::bin(**score) == at).count() as u64
}
