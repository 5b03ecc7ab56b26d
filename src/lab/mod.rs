//! Offline work: generated people, training and its metrics. Nothing here runs in the live agent,
//! reads the terminal or knows where the owner keeps things.

pub mod crowd;
pub mod enrolment;
pub mod habits;
pub mod metrics;
pub mod people;
pub mod preprocess;
mod random;
pub mod train;
pub mod trial;
