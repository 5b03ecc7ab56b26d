//! What an evaluation found, as it is kept: one versioned JSON file that holds all that a report
//! shows. Values only. Rates are shares 0..=1, times are seconds; an interval is the 95 % interval
//! of a bootstrap over owners, all of whose windows go or stay together.

mod calibrated;
mod in_use;

pub(crate) use calibrated::{CalibrationFigures, ReliabilityBin};
pub use in_use::AdaptationFigures;
pub(crate) use in_use::{
    Continuous, Delay, DeviceConfound, SessionTimeline, TimelinePoint, UserStreams, Within,
};

use serde::{Deserialize, Serialize};

use crate::pipeline::WindowParams;

/// The version of this shape. A reader refuses every other.
pub const VERSION: u32 = 1;

/// The method that is the model without what a session's beginning shows: no baseline, for it knows
/// the hand.
pub(crate) const UNDATED: &str = "undated";

/// One call of `evaluate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`VERSION`].
    pub version: u32,
    /// Program and version.
    pub made_by: String,
    /// The recordings.
    pub dataset: DatasetFacts,
    /// How movement was cut.
    pub windows: WindowParams,
    /// The scorer: `onnxruntime 1.28.0`, `builtin 0.1.0`.
    pub scorer: String,
    /// Draws of every bootstrap.
    pub draws: usize,
    /// One for each protocol, in the order asked for.
    pub runs: Vec<ProtocolRun>,
    /// How much of the result is hardware.
    pub device: Option<DeviceConfound>,
}

/// The recordings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetFacts {
    /// As `--format` calls it.
    pub format: String,
    /// Users, owners or not.
    pub users: usize,
    /// Their sessions.
    pub sessions: usize,
    /// Their windows.
    pub windows: usize,
}

/// One protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProtocolRun {
    /// The rules.
    pub protocol: ProtocolFacts,
    /// The seeds of splits and models.
    pub seeds: Vec<u64>,
    /// Who was parted how, for each seed.
    pub splits: Vec<SplitFacts>,
    /// The models that were tested.
    pub models: Vec<ModelFacts>,
    /// The model first, then the baselines.
    pub methods: Vec<Method>,
    /// The whole detector on streams.
    pub continuous: Option<Continuous>,
    /// What to know before believing a figure.
    pub warnings: Vec<String>,
}

/// The rules of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolFacts {
    /// Its name.
    pub name: String,
    /// What it does, in a sentence.
    pub about: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Its text.
    pub text: String,
}

/// How one seed parted everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitFacts {
    /// The seed of the impostor assignment.
    pub seed: u64,
    /// SHA-256 over protocol, people and all parts.
    pub sha256: String,
    /// One for each owner.
    pub owners: Vec<OwnerSplit>,
    /// Who can be no owner: user and what is missing.
    pub left_out: Vec<(String, String)>,
}

/// One owner's parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerSplit {
    /// The owner.
    pub user: String,
    /// The owner's own sessions and windows in training, calibration and test.
    pub genuine: [PartFacts; 3],
    /// The impostors' people and windows in training, calibration and test. Synthetic users are not
    /// listed.
    pub impostor: [PartFacts; 3],
}

/// What a part is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartFacts {
    /// Sessions of the owner, or people.
    pub names: Vec<String>,
    /// Windows.
    pub windows: usize,
}

/// A model that was tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// The owner.
    pub user: String,
    /// The seed of its training.
    pub seed: u64,
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// What its weights started from.
    pub backbone: String,
    /// Whom it learnt against.
    pub impostor_source: String,
    /// Windows that the agent would judge together.
    pub group: usize,
}

/// A way of scoring: the model, or a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// `model`, `time`, `position`, `rate`, `grid`, `coin`.
    pub name: String,
    /// What it knows, in a few words.
    pub about: String,
    /// One for each group size that the windows support, ascending; whole sessions last.
    pub sizes: Vec<SizeFigures>,
    /// Where more windows stop helping; none with fewer than three sizes, or where the rates do not
    /// follow the model.
    pub floor: Option<Floor>,
}

/// What is judged together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedUnit {
    /// So many windows in a row, of one session, without overlap.
    Windows(usize),
    /// As many windows in a row as move for so many seconds together, likewise.
    Seconds(u32),
    /// All windows of a session.
    Session,
}

impl std::fmt::Display for JudgedUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Windows(n) => n.fmt(f),
            Self::Seconds(n) => f.pad(&format!("{n} s")),
            Self::Session => f.pad("session"),
        }
    }
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct IntervalEstimate {
    /// The figure.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// All figures of one method and unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizeFigures {
    /// What is judged together.
    pub unit: JudgedUnit,
    /// Median seconds of movement of an owner's group.
    pub movement_s: f64,
    /// Median seconds on the clock from its first movement until it can be judged.
    pub wall_s: f64,
    /// Means over owners; every owner counts alike.
    pub mean: Means,
    /// Standard deviation of the owners' equal error rates.
    pub spread: f64,
    /// The owner with the highest equal error rate, and that rate.
    pub worst: (String, f64),
    /// Gini coefficient of the owners' equal error rates: 0 all alike, towards 1 all errors are one
    /// owner's.
    pub gini: f64,
    /// All owners' scores on one scale, with one threshold.
    pub pooled: Pooled,
    /// Whether the model's scores mean what they say; baselines' claim nothing.
    #[serde(default)]
    pub calibration: Option<CalibrationFigures>,
    /// For a baseline: the model's EER minus this one's, paired by owner. The model is better only
    /// if the upper bound lies below 0.
    pub model_minus_this: Option<IntervalEstimate>,
    /// One for each owner and seed.
    pub users: Vec<UserFigures>,
}

/// Means over owners.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Means {
    /// Area under the ROC curve.
    pub auc: IntervalEstimate,
    /// Equal error rate, threshold of each owner's own test part. The only figures that look at it.
    pub eer: IntervalEstimate,
    /// At the thresholds set on the calibration parts; none without such parts.
    pub far: Option<IntervalEstimate>,
    /// The same.
    pub frr: Option<IntervalEstimate>,
    /// At the thresholds that the bundles carry; baselines have none.
    pub shipped_far: Option<IntervalEstimate>,
    /// The same.
    pub shipped_frr: Option<IntervalEstimate>,
    /// FRR where FAR is 1 %; none where no owner has 100 impostor groups.
    pub frr_at_far_1: Option<IntervalEstimate>,
    /// FRR where FAR is 0.1 %; none where no owner has 1,000 impostor groups.
    pub frr_at_far_01: Option<IntervalEstimate>,
}

/// All owners' scores together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// Area under the ROC curve.
    pub auc: IntervalEstimate,
    /// Equal error rate.
    pub eer: IntervalEstimate,
    /// The threshold it belongs to.
    pub eer_threshold: f64,
    /// The threshold that the calibration parts gave together; none without such parts.
    pub threshold: Option<f64>,
    /// FAR there.
    pub far: Option<IntervalEstimate>,
    /// FRR there.
    pub frr: Option<IntervalEstimate>,
    /// FRR where FAR is 1 %; none below 100 impostor groups.
    pub frr_at_far_1: Option<IntervalEstimate>,
    /// FRR where FAR is 0.1 %; none below 1,000 impostor groups.
    pub frr_at_far_01: Option<IntervalEstimate>,
    /// At `threshold`, or at `eer_threshold` without one.
    pub confusion: Confusion,
    /// ROC and DET: FRR over FAR, in ascending order of FAR.
    pub curve: Vec<CurvePoint>,
    /// Genuine groups by score, 40 bins of equal width over 0..=1.
    pub genuine: Vec<u64>,
    /// Impostor groups by score, the same bins.
    pub impostor: Vec<u64>,
}

/// A point of ROC and DET with its pointwise band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// False acceptance rate.
    pub far: f64,
    /// False rejection rate there.
    pub frr: f64,
    /// Lower bound of it.
    pub low: f64,
    /// Upper bound of it.
    pub high: f64,
}

/// Decisions by truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Confusion {
    /// Owner, taken for the owner.
    pub genuine_accepted: u64,
    /// Owner, taken for an impostor.
    pub genuine_rejected: u64,
    /// Impostor, taken for the owner.
    pub impostor_accepted: u64,
    /// Impostor, taken for an impostor.
    pub impostor_rejected: u64,
}

/// Error rates at a threshold that was not chosen on the test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtThreshold {
    /// Scores below it are an impostor's.
    pub threshold: f64,
    /// False acceptance rate.
    pub far: f64,
    /// False rejection rate.
    pub frr: f64,
}

/// One owner's figures for one unit and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserFigures {
    /// The owner.
    pub user: String,
    /// The seed.
    pub seed: u64,
    /// Genuine groups in the test.
    pub genuine_groups: usize,
    /// Impostor groups in the test.
    pub impostor_groups: usize,
    /// Area under the ROC curve.
    pub auc: f64,
    /// Equal error rate.
    pub eer: f64,
    /// The threshold it belongs to.
    pub eer_threshold: f64,
    /// At the threshold of the calibration part.
    pub calibrated: Option<AtThreshold>,
    /// At the threshold that the bundle carries.
    pub shipped: Option<AtThreshold>,
    /// FRR where FAR is 1 %; none below 100 impostor groups.
    pub frr_at_far_1: Option<f64>,
    /// FRR where FAR is 0.1 %; none below 1,000 impostor groups.
    pub frr_at_far_01: Option<f64>,
    /// Cost of the model's log-likelihood ratios, bits: 1 says nothing. Baselines have none.
    #[serde(default)]
    pub cllr: Option<f64>,
    /// The same on the scale that would be best for this owner.
    #[serde(default)]
    pub min_cllr: Option<f64>,
    /// At the calibrated threshold, else the shipped one, else that of the equal error rate.
    pub confusion: Confusion,
}

/// Equal error rates of groups of correlated windows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// Correlation of two scores of one session, 0..=1.
    pub correlation: f64,
    /// The equal error rate that no number of windows goes below.
    pub eer: f64,
}
