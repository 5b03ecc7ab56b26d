//! What the trainings of a benchmark start from, as its arguments name it.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use mousewarden::error::Result;
use mousewarden::lab::train::{BackboneChoice, TrainOptions};
use mousewarden::model;

/// Arguments about the backbone, shared by the benchmarks that train.
#[derive(Debug, Args)]
pub struct BackboneArgs {
    /// `pretrained`, `random`, or the file of another backbone.
    #[arg(long, default_value = "pretrained")]
    backbone: PathBuf,
    /// How small an owner's head is held on a pretrained backbone.
    #[arg(long)]
    penalty: Option<f64>,
    /// Impostors drawn from what the backbone knows of real users.
    #[arg(long)]
    drawn: Option<usize>,
}

impl BackboneArgs {
    /// The options with these choices.
    ///
    /// # Errors
    /// When the file is no backbone.
    pub fn apply(&self, options: TrainOptions) -> Result<TrainOptions> {
        let backbone = match self.backbone.to_str() {
            Some("pretrained") => BackboneChoice::Pretrained,
            Some("random") => BackboneChoice::Random,
            _ => BackboneChoice::Given(Arc::new(model::Backbone::read(&self.backbone)?)),
        };
        let head_penalty = self.penalty.unwrap_or(options.head_penalty);
        let synthetic_cohort = self.drawn.unwrap_or(options.synthetic_cohort);
        Ok(TrainOptions { backbone, head_penalty, synthetic_cohort, ..options })
    }
}
