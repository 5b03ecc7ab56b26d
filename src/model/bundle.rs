//! What a model says of itself. A bundle beyond this build is refused when it is read, before a
//! window waits for its score.

use serde::{Deserialize, Serialize};

use super::seen::SeenWindows;
use crate::nn::AnyNetwork;
use crate::pipeline::{
    KinematicProfile, KnownMovement, OwnerModel, ScoreCalibration, WindowParams,
};

/// The version of `onnx/README.md` that this build reads and writes.
// Raised when a reader of the version before would misunderstand a file; new optional entries do
// not.
pub(crate) const CONTRACT: u32 = 2;

/// How well groups of one size separate, measured on the calibration part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// Windows judged together.
    pub windows: usize,
    /// Grouped scores below this are an impostor's; set where FAR and FRR meet.
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

/// A limit of the evidence against the owner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The owner passes it once in so many hours at the desk.
    pub hours_between_alarms: f32,
    /// The limit, nats.
    pub llr: f32,
}

/// The limit that the owner passes once in so many hours at the desk. Between two known limits it
/// is interpolated, beyond the last extrapolated: a limit grows with the logarithm of the time
/// (Lorden 1971, Ann. Math. Stat. 42). `None` if nothing is known.
pub(crate) fn limit_for(limits: &[Limit], hours: f32) -> Option<f32> {
    let first = limits.first()?;
    let last = limits.last()?;
    let above = limits.iter().position(|limit| limit.hours_between_alarms >= hours);
    // At least the second: below the first limit the line through the first two goes on.
    let next = above.unwrap_or(limits.len() - 1).max(1);
    // One limit alone has no slope.
    let Some(high) = limits.get(next) else { return Some(first.llr) };
    let low = &limits[next - 1];
    let share =
        (hours.max(f32::MIN_POSITIVE).ln() - log_hours(low)) / (log_hours(high) - log_hours(low));
    // Never below a quarter of the smaller: a line that is steep by chance would reach 0 and alarm
    // at once.
    let least = 0.25 * first.llr.min(last.llr);
    Some((low.llr + share * (high.llr - low.llr)).max(least))
}

fn log_hours(limit: &Limit) -> f32 {
    limit.hours_between_alarms.ln()
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
    /// Where the impostor windows come from ("synthetic users", "gmail, 13 users").
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
    /// The owner's movement in marks, by which a copy of it is known; empty in files of before.
    #[serde(default, skip_serializing_if = "KnownMovement::is_empty")]
    pub own_movement: KnownMovement,
    /// Real users that its backbone knew; none in files of before and where it knew none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone_users: Option<BackboneUsers>,
    /// SHA-256 over all that decides what training gives (options, windows, backbone, version),
    /// hexadecimal: the same again would give the same model. Empty in files of before.
    #[serde(default)]
    pub recipe_sha256: String,
    /// What captured the genuine windows ("x11-rdev", "recording").
    pub capture: String,
    /// What the weights started from; files of before say nothing, which means random weights.
    #[serde(default = "random_backbone")]
    pub backbone: String,
}

/// Real users that a backbone has learnt from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackboneUsers {
    /// The dataset they come from.
    pub source: String,
    /// A sample of their windows; empty where the backbone does not tell them.
    pub windows: SeenWindows,
}

/// How training that starts from nothing is called in [`Provenance::backbone`].
pub(crate) const RANDOM_START: &str = "random weights";

// Files of before were all trained from random weights.
fn random_backbone() -> String {
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
    /// What a single score says, for models without an owner model.
    pub score_calibration: Option<ScoreCalibration>,
    /// How groups are judged by their embeddings; without it, by the mean of their scores.
    pub owner_model: Option<OwnerModel>,
    /// Limits of the evidence against the owner, in ascending order of hours; empty where none is
    /// known.
    pub limits: Vec<Limit>,
    /// How the owner moves in plain numbers, for explanations; models of before have none.
    pub kinematics: Option<KinematicProfile>,
    /// Where it comes from.
    pub provenance: Provenance,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_grows_with_the_logarithm_of_the_time_between_alarms() {
        let limits = [(8.0, 10.0), (40.0, 15.0)]
            .map(|(hours_between_alarms, llr)| Limit { hours_between_alarms, llr });
        for (hours, llr) in [(8.0, 10.0), (40.0, 15.0), (200.0, 20.0), (17.888_544, 12.5)] {
            assert!((limit_for(&limits, hours).unwrap() - llr).abs() < 1e-4, "{hours}");
        }
        assert!(limit_for(&limits, 0.01).unwrap() >= 2.5);
        assert_eq!(limit_for(&limits[..1], 100.0), Some(10.0));
        assert_eq!(limit_for(&[], 8.0), None);
    }
}
