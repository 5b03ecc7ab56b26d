//! Evaluation: scores through the exported bundles with the agent's own scorer and detector, and
//! every figure beside baselines that know nothing of the hand. No threshold of a reported error
//! rate is chosen on what is reported; the equal error rate, which is, says so.
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
pub mod report;
pub mod results;
mod run;
mod streams;

pub use compare::{ComparedFigure, Comparison, compare};
pub use facts::split_facts;
pub use files::{COLUMNS, RESULTS, TABLE};
pub use missing::MissingModels;
pub use results::Results;
pub use run::{EvaluationProgress, EvaluationRequest, evaluate};
