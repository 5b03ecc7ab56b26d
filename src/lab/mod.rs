//! Offline work: synthetic users, training and its metrics. Nothing here runs in the live agent,
//! reads the terminal or knows where the owner keeps things.

mod backbone;
mod eigen;
pub mod enrolment;
pub mod evaluate;
pub mod explore;
pub mod identify;
pub mod kinematics;
pub mod metrics;
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
