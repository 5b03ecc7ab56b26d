//! A model that tells known people apart: one `.onnx` file with scaling, perceptrons, the names of
//! the features that it wants and of the people that it knows.

mod file;
mod graph;
mod scorer;

use serde::{Deserialize, Serialize};

pub(super) use graph::{FEATURES, PROBABILITIES};
pub use scorer::LoadedIdentifier;

use super::fault::ModelFault;
use crate::nn::mlp::Mlp;

/// What `mousewarden.architecture` says of such a file.
pub(crate) const ARCHITECTURE: &str = "mlp";

/// The features that a model was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureNames {
    /// The set's name.
    pub set: String,
    /// Every feature, in the order of the graph's input.
    pub names: Vec<String>,
    /// Parts that a session is cut in, each asked beside the whole, at least 1; the mean is the
    /// answer.
    #[serde(default = "one")]
    pub parts: usize,
}

/// Files that say nothing of parts are asked about whole sessions.
const fn one() -> usize {
    1
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentifierProvenance {
    /// Program and version that trained it.
    pub trained_by: String,
    /// Which recordings it was trained on ("bank").
    pub source: String,
    /// Sessions in training.
    pub sessions: usize,
    /// Hidden layers, members, epochs and the rest, as JSON of the trainer's parameters.
    pub training: serde_json::Value,
    /// Macro F1 of cross-validation over whole sessions with these settings, 0..=1, and its 95 %
    /// interval; `None` where the recordings were too few for it.
    pub macro_f1: Option<[f64; 3]>,
    /// Below this probability of the likeliest person nobody is named with confidence.
    pub unsure_below: f32,
    /// SHA-256 over the training rows, hexadecimal.
    pub training_sha256: String,
}

/// Such a model with everything that is needed to use it.
#[derive(Debug, Clone, PartialEq)]
pub struct Identifier {
    /// Scaling and weights.
    pub mlp: Mlp,
    /// What it wants to know of a session.
    pub features: FeatureNames,
    /// Who it knows, in the order of the graph's output.
    pub labels: Vec<String>,
    /// Where it comes from.
    pub provenance: IdentifierProvenance,
}

impl Identifier {
    /// Says what cannot work, if anything.
    fn check(&self) -> Result<(), ModelFault> {
        let mlp = &self.mlp;
        let features = &self.features;
        let labels = &self.labels;
        if !mlp.fits() {
            return wrong("the shapes of its layers do not fit each other".into());
        }
        if !mlp.is_finite() {
            return wrong("its weights are not all finite numbers".into());
        }
        if mlp.features() != features.names.len() || features.names.is_empty() {
            let has = features.names.len();
            let wants = mlp.features();
            return wrong(format!("it names {has} features, its graph takes {wants}"));
        }
        if features.parts == 0 {
            return wrong("it cuts sessions in 0 parts".into());
        }
        if mlp.classes() != labels.len() || labels.len() < 2 {
            let has = labels.len();
            let wants = mlp.classes();
            return wrong(format!("it names {has} people, its graph tells {wants} apart"));
        }
        if !(0.0..=1.0).contains(&self.provenance.unsure_below) {
            let value = self.provenance.unsure_below;
            return wrong(format!("unsure_below = {value} must lie in 0..=1"));
        }
        Ok(())
    }
}

fn wrong(what: String) -> Result<(), ModelFault> {
    Err(ModelFault::Value(what))
}
