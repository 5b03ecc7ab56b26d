//! What became of each user of a series, and of all together, by the numbers in their models.

use std::path::PathBuf;

use serde::Serialize;

use super::Series;
use crate::lab::protocol::LeftOut;
use crate::lab::train::{BackboneChoice, TrainOptions};
use crate::model::{Bundle, OperatingPoint};

/// What became of a user.
#[derive(Debug, Clone, PartialEq)]
pub enum UserState {
    /// A model was made. With it the validation AUC of its weights; none on a backbone.
    Trained(Bundle, Option<f64>),
    /// The same model was there already.
    Kept(Bundle, Option<f64>),
    /// No model: what is missing, and what would help.
    Missing(String),
}

/// One user's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// As the dataset calls them.
    pub user: String,
    /// `trained`, `kept` or `missing`.
    pub state: &'static str,
    /// Why there is no model.
    pub why: Option<String>,
    /// The model.
    pub model: Option<PathBuf>,
    /// Genuine windows in training and in the trainer's calibration.
    pub genuine_windows: [usize; 2],
    /// Impostor windows in training and in the trainer's calibration.
    pub impostor_windows: [usize; 2],
    /// Epochs of the kept weights; 0 on a backbone.
    pub epochs: usize,
    /// Validation AUC of the kept weights; none on a backbone.
    pub validation_auc: Option<f64>,
    /// What the trainer expects of the recommended group, from its own calibration.
    pub expected: Option<OperatingPoint>,
}

impl Outcome {
    pub(super) fn new(user: String, path: PathBuf, state: UserState) -> Self {
        match state {
            UserState::Trained(bundle, auc) => {
                Self::of_bundle(user, path, &bundle).told("trained", auc)
            }
            UserState::Kept(bundle, auc) => Self::of_bundle(user, path, &bundle).told("kept", auc),
            UserState::Missing(why) => Self::without_model(user, why),
        }
    }

    pub(super) fn of_left_out(left_out: &LeftOut) -> Self {
        Self::without_model(left_out.user.clone(), left_out.why.clone())
    }

    fn without_model(user: String, why: String) -> Self {
        Self {
            user,
            state: "missing",
            why: Some(why),
            model: None,
            genuine_windows: [0; 2],
            impostor_windows: [0; 2],
            epochs: 0,
            validation_auc: None,
            expected: None,
        }
    }

    fn told(self, state: &'static str, validation_auc: Option<f64>) -> Self {
        Self { state, validation_auc, ..self }
    }

    fn of_bundle(user: String, path: PathBuf, bundle: &Bundle) -> Self {
        Self {
            model: Some(path),
            why: None,
            genuine_windows: bundle.provenance.genuine_windows,
            impostor_windows: bundle.provenance.impostor_windows,
            epochs: bundle.provenance.epochs,
            expected: bundle
                .operating_points
                .iter()
                .find(|point| point.windows == bundle.default_group)
                .copied(),
            ..Self::without_model(user, String::new())
        }
    }
}

/// What became of everybody.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The protocol's name.
    pub protocol: String,
    /// SHA-256 of the plan, as evaluations print it.
    pub plan_sha256: String,
    /// Seed of the plan.
    pub seed: u64,
    /// The dataset.
    pub source: String,
    /// How it was trained.
    pub options: TrainOptions,
    /// Everybody, in the order of the dataset; who can be no owner comes last.
    pub users: Vec<Outcome>,
}

impl Summary {
    pub(super) fn new(series: &Series<'_>, users: Vec<Outcome>) -> Self {
        // Another backbone has no form on paper; its name stands in every model.
        let backbone = match &series.options.backbone {
            BackboneChoice::Given(_) => BackboneChoice::Pretrained,
            other => other.clone(),
        };
        Self {
            protocol: series.plan.protocol.name.clone(),
            plan_sha256: series.plan.sha256.clone(),
            seed: series.plan.seed,
            source: series.source.to_owned(),
            options: TrainOptions { backbone, ..series.options.clone() },
            users,
        }
    }

    /// Users without a model.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Outcome> {
        self.users.iter().filter(|outcome| outcome.model.is_none())
    }
}
