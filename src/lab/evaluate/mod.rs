//! Evaluation: scores through the exported bundles with the agent's own scorer and detector, and
//! every figure beside baselines that judge by other things than the hand. Thresholds of reported
//! error rates come from calibration, but for the equal error rate, which says so.
//!
//! ```text
//! Protocol -> Plan                who is tested on what
//!    | measure                    one owner: scores of groups, streams through the detector
//! Measured
//!    | figures, pooled, continuous
//! Run -> Results                  with intervals by drawing owners anew
//! ```

mod baseline;
mod calibration;
mod case;
mod compare;
mod continuous;
mod device_confound;
mod facts;
mod figures;
mod files;
mod groups;
mod measure;
mod missing;
mod owner_windows;
mod poisoning;
mod pooled;
pub(crate) mod report;
pub mod results;
mod run;
mod streams;

pub use compare::compare;
pub(crate) use compare::{ComparedFigure, Comparison};
pub(crate) use facts::split_facts;
pub use files::{COLUMNS, TABLE};
pub use missing::MissingModels;
pub use results::Results;
pub(crate) use run::EvaluationProgress;
pub use run::EvaluationRequest;
pub use run::evaluate;
