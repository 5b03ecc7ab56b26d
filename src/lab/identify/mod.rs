//! Who made this session? Features of whole sessions, classifiers over them, and their evaluation
//! on people who are all known. Nothing here runs in the live agent, reads the terminal or opens a
//! file.

pub mod classifier;
pub mod confusion;
pub mod evaluate;
pub mod features;
pub mod folds;
pub mod forests;
pub mod importance;
pub mod predict;
pub mod samples;
pub mod scores;

pub use classifier::{Classifier, ClassifierCard, identifier};
pub use evaluate::{EvaluateOptions, Evaluation, evaluate, search};
pub use features::{FeatureSet, Group};
pub use predict::{Named, predict, wanted};
pub use samples::{Labelled, SampleParams, Samples, SessionFeatures};
pub use scores::{AttributionFigure, AttributionScores};
