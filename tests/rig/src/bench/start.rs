//! What the trainings of a benchmark start from, as its arguments name it.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use mousewarden::error::Result;
use mousewarden::lab::train::{Start, TrainOptions};
use mousewarden::model;

/// Arguments about the start, shared by the benchmarks that train.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// `pretrained`, `random`, or the file of another start.
    #[arg(long, default_value = "pretrained")]
    start: PathBuf,
    /// How small an owner's head is held on a pretrained trunk.
    #[arg(long)]
    penalty: Option<f64>,
    /// Strangers drawn from what the trunk knows of real people.
    #[arg(long)]
    drawn: Option<usize>,
}

impl StartArgs {
    /// The options with these choices.
    ///
    /// # Errors
    /// When the file is no start.
    pub fn apply(&self, options: TrainOptions) -> Result<TrainOptions> {
        let start = match self.start.to_str() {
            Some("pretrained") => Start::Pretrained,
            Some("random") => Start::Random,
            _ => Start::Given(Arc::new(model::Start::read(&self.start)?)),
        };
        let head_penalty = self.penalty.unwrap_or(options.head_penalty);
        let drawn_people = self.drawn.unwrap_or(options.drawn_people);
        Ok(TrainOptions { start, head_penalty, drawn_people, ..options })
    }
}
