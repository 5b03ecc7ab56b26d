//! Who made this session? Features of whole sessions, classifiers over them, and their evaluation
//! on people who are all known.

pub(crate) mod classifier;
pub(crate) mod confusion;
pub(crate) mod evaluate;
pub(crate) mod features;
pub(crate) mod folds;
pub(crate) mod forests;
pub(crate) mod importance;
pub(crate) mod predict;
pub(crate) mod samples;
pub(crate) mod scores;

pub(crate) use classifier::identifier;
pub(crate) use classifier::{Classifier, ClassifierCard};
pub(crate) use evaluate::{EvaluateOptions, Evaluation};
pub(crate) use evaluate::{evaluate, search};
pub(crate) use features::{FeatureSet, Group};
pub(crate) use predict::wanted;
pub(crate) use predict::{Named, predict};
pub(crate) use samples::{Labelled, SampleParams, Samples};
pub(crate) use scores::{AttributionFigure, AttributionScores};
