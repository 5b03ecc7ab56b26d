//! Who made this session? Features of whole sessions, classifiers over them, and their evaluation on
//! people who are all known. Nothing here runs in the live agent, reads the terminal or opens a file.

pub mod features;
pub mod samples;

pub use features::{FeatureSet, Group};
pub use samples::{Labelled, Sample, Samples};
