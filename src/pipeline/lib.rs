//! Events in, verdicts out: the whole decision path as pure functions of its input.
//!
//! # Invariants
//! No clock, file, thread, operating system or randomness ever enters here; the same signals give
//! the same verdicts, live, in training and in a replay.

pub mod adaptation;
pub mod click_model;
pub mod clicks;
mod covariance;
pub mod decision;
pub mod detector;
pub mod event;
mod generated_movement;
pub mod kinematics;
mod llr;
mod own_sessions;
pub mod owner_model;
pub mod replay_detection;
pub mod score;
pub mod steps;
pub mod window;
mod words;

pub use adaptation::{Adaptation, Adapted, Adoption, BaseLimits, OwnerMean, Sitting};
pub use click_model::{ClickClass, ClickPopulation, OwnerClickClass, OwnerClicks};
pub use clicks::{CLICK_KINDS, ClickKind, ClickSums, ClickTimer, ClickTiming};
pub use covariance::EmbeddingCovariance;
pub use decision::{
    Action, BlockModel, Decider, Decision, DecisionParams, DecisionState, Evidence, GroupingParams,
    Judgement, MaxAction, PageSum, ScoreCalibration, Trigger,
};
pub use detector::{Detector, Explanation, Verdict, WindowSummary};
pub use event::{Boundary, Button, Micros, MouseEvent, MouseKind, Signal, Timestamp};
pub use generated_movement::GeneratedMovement;
pub use kinematics::{Difference, KinematicProfile, Kinematics};
pub use llr::LlrForm;
pub use own_sessions::{OwnSessions, Stretch};
pub use owner_model::{GroupMean, OwnerModel, grouped, log_odds};
pub use replay_detection::{KnownMovement, MarkKey, ReplayDetection};
pub use score::{Score, ScoreError, Scorer, WindowScore};
pub use steps::Steps;
pub use window::{Segmenter, Window, WindowEnd, WindowParams};
