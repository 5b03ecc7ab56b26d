//! Offline work: generated people, training and its metrics. Nothing here runs in the live agent,
//! reads the terminal or knows where the owner keeps things.

pub mod crowd;
mod eigen;
pub mod enrolment;
pub mod evaluate;
pub mod explore;
pub mod habits;
pub mod identify;
pub mod metrics;
pub mod people;
pub mod plot;
mod population;
pub mod preprocess;
pub mod pretrain;
pub mod protocol;
mod random;
pub mod report;
pub mod shard;
mod start;
pub mod sufficiency;
pub mod train;
pub mod trial;
mod triangle;
