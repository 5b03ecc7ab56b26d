//! Offline work: synthetic users, training, evaluation and its figures, away from the live agent.

mod backbone;
mod eigen;
pub mod enrolment;
pub mod evaluate;
pub(crate) mod explore;
pub(crate) mod identify;
pub mod kinematics;
pub mod metrics;
mod parallel;
pub mod plot;
mod population;
pub mod preprocess;
pub mod pretrain;
pub mod protocol;
mod random;
pub mod shard;
pub mod sufficiency;
pub mod synthesis;
pub mod train;
pub mod trial;
