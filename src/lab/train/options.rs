//! How training goes about its work. Values only; nothing is done here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sampling::{ClassWeights, Oversampling, Synthesis};
use crate::error::Result;
use crate::lab::start;

/// What an owner's training starts from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The trunk that the program carries: only the owner's head is learnt, in a second.
    #[default]
    Pretrained,
    /// Another trunk.
    #[serde(skip)]
    Given(Arc<crate::model::Start>),
    /// Random weights: everything is learnt, in minutes.
    Random,
}

impl Start {
    /// The trunk; none for random weights.
    pub(in crate::lab) fn trunk(&self) -> Result<Option<Arc<crate::model::Start>>> {
        match self {
            Self::Pretrained => Ok(Some(Arc::new(start::embedded()?))),
            Self::Given(start) => Ok(Some(Arc::clone(start))),
            Self::Random => Ok(None),
        }
    }
}

/// All that can be chosen about the training of one owner's model. Two runs with equal options,
/// seed included, on equal windows give the same model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainOptions {
    /// Where it starts. On a trunk, only `seed`, `restyled`, `traits`, `head_penalty` and `drawn_people` of
    /// what follows matter.
    pub start: Start,
    /// How small the owner's head is held on a trunk, in windows.
    pub head_penalty: f64,
    /// Strangers drawn from what the trunk knows of real people; 0 switches them off.
    pub drawn_people: usize,
    /// Hidden units of the two recurrences; multiples of 16.
    pub hidden: [usize; 2],
    /// Passes over the training part, at most.
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
    /// What becomes of hard cases.
    pub oversampling: Oversampling,
    /// Windows made from the owner's.
    pub synthesis: Synthesis,
    /// How much the classes weigh.
    pub class_weights: ClassWeights,
    /// Strangers made of the owner's own movement in another style, in the training part (half as
    /// many in each of the others); 0 switches them off.
    pub restyled: usize,
    /// Groups are judged by traits where the trunk gives them. Whoever learns against the very
    /// strangers that will come does better by the head, which knows them.
    pub traits: bool,
}

/// Genuine windows below this number support no model.
pub const FEWEST_WINDOWS: usize = 60;
/// Impostors below this number cannot be told apart in three disjoint parts.
pub const FEWEST_IMPOSTORS: usize = 3;

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            start: Start::default(),
            head_penalty: 10.0,
            drawn_people: 60,
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
            restyled: 12,
            traits: true,
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
            (self.drawn_people <= 1000, "drawn_people must lie in 0..=1000"),
            (self.restyled <= 1000, "restyled must lie in 0..=1000"),
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
