//! What a model says of itself. A bundle that this build cannot honour is refused when it is read,
//! never when a window waits for its score.

use serde::{Deserialize, Serialize};

use super::seen::SeenWindows;
use crate::nn::AnyNetwork;
use crate::pipeline::{CusumParams, Evidence, Habits, Likeness, WindowParams};

/// The version of `onnx/README.md` that this build reads and writes.
pub const CONTRACT: u32 = 1;

/// How well groups of one size separate, measured on the calibration part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// Windows judged together.
    pub windows: usize,
    /// Grouped scores below this are a stranger's; set where FAR and FRR meet.
    pub threshold: f32,
    /// Equal error rate on the calibration part, 0..=1.
    pub eer: f32,
    /// False acceptance rate at the threshold, 0..=1.
    pub far: f32,
    /// False rejection rate at the threshold, 0..=1.
    pub frr: f32,
    /// 95 % interval of the FAR.
    pub far_interval: [f32; 2],
    /// 95 % interval of the FRR.
    pub frr_interval: [f32; 2],
    /// Genuine groups it was measured on.
    pub genuine_groups: usize,
    /// Impostor groups it was measured on.
    pub impostor_groups: usize,
    /// Median seconds of movement that such a group takes.
    pub movement_s: f32,
}

/// What a sequential decision needs to know, measured on the calibration part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequential {
    /// What a score says.
    pub evidence: Evidence,
    /// Limits by how rarely they are passed by the owner, in ascending order of rarity.
    pub limits: Vec<Limit>,
}

impl Sequential {
    /// The rule whose limit the owner passes once in this many windows. Between two known limits
    /// it is interpolated, beyond the last extrapolated: the limit grows with the logarithm of the
    /// windows (Lorden 1971, Ann. Math. Stat. 42). `None` if nothing is known.
    pub fn for_budget(&self, windows: u32) -> Option<CusumParams> {
        let limit = limit_for(&self.limits, windows)?;
        Some(CusumParams { evidence: self.evidence, limit })
    }
}

/// The limit that the owner passes once in this many windows, see [`Sequential::for_budget`].
pub fn limit_for(limits: &[Limit], windows: u32) -> Option<f32> {
    let log = |windows: u32| f64::from(windows.max(1)).ln();
    match limits {
        [] => None,
        [only] => Some(only.limit),
        limits => {
            let above = limits.iter().position(|l| l.windows_between_alarms >= windows);
            let next = above.unwrap_or(limits.len() - 1).max(1);
            let (low, high) = (&limits[next - 1], &limits[next]);
            let (from, to) = (log(low.windows_between_alarms), log(high.windows_between_alarms));
            let way = ((log(windows) - from) / (to - from)) as f32;
            Some((low.limit + way * (high.limit - low.limit)).max(f32::MIN_POSITIVE))
        }
    }
}

/// A limit of the evidence against the owner, and its price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The owner passes it once in so many windows, by a block bootstrap of the calibration part.
    pub windows_between_alarms: u32,
    /// The limit, in nats.
    pub limit: f32,
    /// How many windows an impostor of the calibration part takes to pass it, in the median; `None`
    /// where most never did.
    pub delay_windows: Option<u32>,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Program and version that trained it.
    pub trained_by: String,
    /// Whose model it is, as the trainer was told (a user name, a dataset's id).
    pub subject: String,
    /// Where the genuine windows come from ("own recording", "gmail").
    pub genuine_source: String,
    /// Where the impostor windows come from ("generated people", "gmail, 13 users").
    pub impostor_source: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// Epochs of the kept weights.
    pub epochs: usize,
    /// Genuine windows in training and in calibration.
    pub genuine_windows: [usize; 2],
    /// Impostor windows in training and in calibration.
    pub impostor_windows: [usize; 2],
    /// SHA-256 over the training windows, hexadecimal.
    pub training_sha256: String,
    /// Every window that trained, stopped or calibrated it, so that an evaluation on one of them is
    /// noticed; empty in files of before.
    #[serde(default)]
    pub seen_windows: SeenWindows,
    /// Real people that its start knew; none in files of before and where it knew none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_people: Option<StartPeople>,
    /// SHA-256 over all that decides what training gives (options, windows, start, version),
    /// hexadecimal: the same again would give the same model. Empty in files of before.
    #[serde(default)]
    pub recipe_sha256: String,
    /// What captured the genuine windows ("x11-rdev", "recording").
    pub capture: String,
    /// What the weights started from; files of before say nothing, which means random weights.
    #[serde(default = "random_start")]
    pub start: String,
}

/// Real people that a start has learnt from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartPeople {
    /// The dataset they come from.
    pub source: String,
    /// A sample of their windows; empty where the start does not tell them.
    pub windows: SeenWindows,
}

/// How training that starts from nothing is called in [`Provenance::start`].
pub const RANDOM_START: &str = "random weights";

fn random_start() -> String {
    RANDOM_START.into()
}

/// A model with everything that is needed to use it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// The weights.
    pub network: AnyNetwork,
    /// How windows must be cut for it.
    pub windows: WindowParams,
    /// Group sizes in ascending order; never empty.
    pub operating_points: Vec<OperatingPoint>,
    /// The group size that the trainer recommends; one of `operating_points`.
    pub default_group: usize,
    /// For decisions that pile up evidence; models of before have none.
    pub sequential: Option<Sequential>,
    /// How groups are judged by their traits; without it, by the mean of their scores.
    pub likeness: Option<Likeness>,
    /// Limits of the evidence against the owner that traits give, in ascending order of rarity;
    /// empty without a likeness.
    pub scan: Vec<Limit>,
    /// How the owner moves in plain numbers, for explanations; models of before have none.
    pub habits: Option<Habits>,
    /// Where it comes from.
    pub provenance: Provenance,
}
