//! The options that say what learns, for `train` and `evaluate` alike.

use clap::Args;

use crate::error::{Failure, FailureKind, Result};
use crate::lab::identify::{Classifier, FeatureSet, SampleParams};
use crate::model::{ScorerParams, folders_beside};
use crate::nn::mlp::MlpParams;

/// What learns, and from what.
#[derive(Debug, Args)]
#[command(next_help_heading = "What learns")]
pub(super) struct LearnerArgs {
    /// notebook, notebook-as-was, rich or independent (of screen and device)
    #[arg(long, value_name = "SET", default_value = "rich")]
    pub features: FeatureSet,

    /// Parts that each session is cut in, learnt from and asked beside the whole; 1 is the whole
    /// alone
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = parts)]
    parts: usize,

    /// Units of each hidden layer; 40 makes the notebook's [17, 40, 20] of 17 features and 20 users
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [40])]
    layers: Vec<usize>,

    /// Networks whose answers are averaged
    #[arg(long, value_name = "N", default_value_t = MlpParams::default().members)]
    members: usize,

    /// Epochs over the training sessions
    #[arg(long, value_name = "N", default_value_t = MlpParams::default().epochs)]
    epochs: usize,

    /// Step size
    #[arg(long, value_name = "R", default_value_t = MlpParams::default().learning_rate)]
    learning_rate: f64,

    /// Weight decay
    #[arg(long, value_name = "R", default_value_t = MlpParams::default().decay)]
    decay: f64,

    /// Parts between quantiles that each feature is encoded in; 1 scales it by its least and most
    #[arg(long, value_name = "N", default_value_t = MlpParams::default().bins)]
    bins: usize,

    /// Noise on the scaled features, as a share of their range
    #[arg(long, value_name = "R", default_value_t = MlpParams::default().noise)]
    noise: f64,

    /// How much quieter features become that differ little between users: 0 leaves all alike
    #[arg(long, value_name = "P", default_value_t = MlpParams::default().relevance)]
    relevance: f64,

    /// Search the settings within the training sessions of each fold
    #[arg(long)]
    pub grid: bool,

    /// Folds; by default as many as the user with the fewest sessions has, at most 5
    #[arg(long, value_name = "N")]
    folds: Option<usize>,

    /// Seed of every random choice
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

impl LearnerArgs {
    pub(super) fn measure(&self) -> SampleParams {
        SampleParams { set: self.features, parts: self.parts }
    }

    /// The classifier of this name with these settings.
    pub(super) fn classifier(&self, name: &str) -> Result<Classifier> {
        Classifier::named(name, self.mlp())
    }

    pub(super) fn mlp(&self) -> MlpParams {
        MlpParams {
            hidden: self.layers.iter().copied().filter(|units| *units > 0).collect(),
            members: self.members,
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            decay: self.decay,
            bins: self.bins,
            noise: self.noise,
            relevance: self.relevance,
            seed: self.seed,
        }
    }

    pub(super) fn folds(&self, fewest: usize) -> usize {
        self.folds.unwrap_or(fewest.clamp(2, 5))
    }
}

fn parts(text: &str) -> Result<usize> {
    text.parse().ok().filter(|parts| (1..=20).contains(parts)).ok_or_else(|| {
        Failure::new(FailureKind::Config, format!("{text:?} is no number of parts"))
            .remedy("Give a number from 1 to 20.")
    })
}

/// ONNX Runtime where its library lies beside the program, the builtin engine otherwise.
pub(super) fn scorer() -> ScorerParams {
    let search = std::env::current_exe().map(|exe| folders_beside(&exe)).unwrap_or_default();
    ScorerParams { search, ..ScorerParams::default() }
}
