//! What an evaluation found of whether a score means what it says: how likely the owner is, where
//! owner and anybody are equally likely beforehand. Values only, as in the file beside.

use serde::{Deserialize, Serialize};

use super::IntervalEstimate;

/// How well the model's scores of one unit are calibrated, all owners on one scale: both sides
/// weigh alike, and within a side every owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationFigures {
    /// Expected calibration error, 0..=1. Chance only ever adds to it.
    pub ece: IntervalEstimate,
    /// Cost of the log-likelihood ratios, bits: 0 for one who knows, 1 for one who says nothing.
    pub cllr: IntervalEstimate,
    /// The same on the best scale that keeps the order of the scores.
    pub min_cllr: IntervalEstimate,
    /// The reliability diagram: bins of equal width over 0..=1, ascending.
    pub bins: Vec<ReliabilityBin>,
}

/// A bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean score; none in an empty bin.
    pub score: Option<f64>,
    /// Share of the owner's side.
    pub owner: Option<IntervalEstimate>,
    /// Genuine groups.
    pub genuine: u64,
    /// Impostor groups.
    pub impostor: u64,
}
