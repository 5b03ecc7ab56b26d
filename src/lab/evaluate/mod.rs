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
mod check;
mod compare;
mod continuous;
mod facts;
mod figures;
mod files;
mod groups;
mod material;
mod measure;
mod missing;
mod patience;
mod pooled;
mod probe;
pub mod results;
mod run;
mod streams;

pub use compare::{Comparison, Row, compare};
pub use facts::split_facts;
pub use files::{COLUMNS, RESULTS, TABLE};
pub use missing::Trainer;
pub use results::Results;
pub use run::{Progress, Request, evaluate};
