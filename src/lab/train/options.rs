//! How training goes about its work, as values.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sampling::{ClassWeights, Oversampling, Synthesis};
use crate::error::Result;
use crate::lab::backbone;

/// What an owner's training starts from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackboneChoice {
    /// The backbone that the program carries: only the owner's head is learnt, in a second.
    #[default]
    Pretrained,
    /// Another backbone.
    #[serde(skip)]
    Given(Arc<crate::model::Backbone>),
    /// Random weights: everything is learnt, in minutes.
    Random,
}

impl BackboneChoice {
    /// The backbone; none for random weights.
    pub(in crate::lab) fn backbone(&self) -> Result<Option<Arc<crate::model::Backbone>>> {
        match self {
            Self::Pretrained => Ok(Some(Arc::new(backbone::embedded()?))),
            Self::Given(backbone) => Ok(Some(Arc::clone(backbone))),
            Self::Random => Ok(None),
        }
    }
}

/// All that can be chosen about the training of one owner's model. Two runs with equal options,
/// seed included, on equal windows give the same model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainOptions {
    /// Where it starts. On a backbone, only `seed`, `style_transferred`, `embedding`,
    /// `head_penalty` and `synthetic_cohort` of what follows matter.
    pub backbone: BackboneChoice,
    /// How small the owner's head is held on a backbone, in windows.
    pub head_penalty: f64,
    /// Impostors drawn from what the backbone knows of real users; 0 switches them off.
    pub synthetic_cohort: usize,
    /// Hidden units of the two recurrences; multiples of 16.
    pub hidden: [usize; 2],
    /// Epochs over the training part, at most.
    pub epochs: usize,
    /// Passes without a better validation AUC after which training stops.
    pub patience: usize,
    /// Windows a step.
    pub batch: usize,
    /// Adam's step size at the start; it falls to a tenth along a half cosine.
    pub learning_rate: f32,
    /// Share of features dropped between the recurrences, 0..1.
    pub dropout: f32,
    /// Threads; the result does not depend on them.
    pub threads: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Shares of the genuine windows and of the impostors that train, and that stop training
    /// early; the rest calibrates.
    pub shares: [f64; 2],
    /// What becomes of hard examples.
    pub oversampling: Oversampling,
    /// Windows made from the owner's.
    pub synthesis: Synthesis,
    /// How much the classes weigh.
    pub class_weights: ClassWeights,
    /// Impostors made of the owner's own movement in another style, in the training part (half as
    /// many in each of the others); 0 switches them off.
    pub style_transferred: usize,
    /// Groups are judged by embeddings where the backbone gives them. Whoever learns against the
    /// very impostors that will come does better by the head, which knows them.
    pub embedding: bool,
}

/// Genuine windows below this number support no model.
pub(crate) const FEWEST_WINDOWS: usize = 60;
/// Impostors below this number cannot be told apart in three disjoint parts.
pub(crate) const FEWEST_IMPOSTORS: usize = 3;

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            backbone: BackboneChoice::default(),
            head_penalty: 10.0,
            synthetic_cohort: 60,
            hidden: [128, 128],
            epochs: 24,
            patience: 6,
            batch: 64,
            learning_rate: 2e-3,
            dropout: 0.3,
            threads: 2,
            seed: 1,
            shares: [0.6, 0.15],
            oversampling: Oversampling::Off,
            synthesis: Synthesis::Off,
            class_weights: ClassWeights::Balanced,
            style_transferred: 12,
            embedding: true,
        }
    }
}

impl TrainOptions {
    /// Says which value cannot work, if any: field, value and what is allowed.
    pub fn validate(&self) -> Result<(), String> {
        let [training, validation] = self.shares;
        let checks = [
            (self.hidden.iter().all(|h| *h > 0 && *h <= 1024), "hidden must lie in 1..=1024"),
            (self.epochs > 0, "epochs must be at least 1"),
            (self.head_penalty > 0.0, "head_penalty must be positive"),
            (self.synthetic_cohort <= 1000, "drawn_people must lie in 0..=1000"),
            (self.style_transferred <= 1000, "style_transferred must lie in 0..=1000"),
            (self.batch > 1, "batch must be at least 2"),
            (self.threads > 0, "threads must be at least 1"),
            (self.learning_rate > 0.0 && self.learning_rate < 1.0, "learning_rate: 0 to 1"),
            ((0.0..1.0).contains(&self.dropout), "dropout must lie in 0..1"),
            (
                self.oversampling.is_valid(),
                "oversampling: a share must lie in 0..=1, a weight in 1..=10",
            ),
            (
                self.synthesis.is_valid(),
                "synthesis: a share must lie in 0..=10, noise in 0..=1000 px, spread in 0..=0.5",
            ),
            (
                training > 0.0 && validation > 0.0 && training + validation < 0.95,
                "shares must be positive and leave at least 0.05 for calibration",
            ),
        ];
        match checks.iter().find(|(fits, _)| !fits) {
            Some((_, wrong)) => Err((*wrong).into()),
            None => Ok(()),
        }
    }
}
