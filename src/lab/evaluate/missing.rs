//! Models that are missing: either an error that names the command, or the training of exactly the
//! protocol's training part.

use std::path::{Path, PathBuf};

use super::run::EvaluationRequest;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::protocol::{LearnFrom, Plan, Split};
use crate::lab::shard::Shard;
use crate::lab::train::TrainOptions;
use crate::lab::train::series::Series;
use crate::model::{LoadedScorer, ScorerParams};

/// How missing models are trained.
#[derive(Debug, Clone, Copy)]
pub struct MissingModels<'a> {
    /// Backbone and options; each plan's own seed is used.
    pub options: &'a TrainOptions,
    /// Who reads the written model back.
    pub scorer: &'a ScorerParams,
}

impl MissingModels<'_> {
    /// Trains one owner's model on the training part alone and writes it.
    pub(super) fn train(
        &self,
        plan: &Plan,
        split: &Split,
        request: &EvaluationRequest<'_>,
    ) -> Result<()> {
        // Impostors in other styles stand in for real movement; beside real impostors they do not.
        let style_transferred = match plan.protocol.impostors.learn_from {
            LearnFrom::Generated => self.options.style_transferred,
            LearnFrom::People => 0,
        };
        let options = TrainOptions { seed: plan.seed, style_transferred, ..self.options.clone() };
        let series = Series {
            plan,
            windows: request.params,
            source: request.source,
            options: &options,
            folder: request.models,
            shard: Shard::WHOLE,
        };
        series.one(split, &|path| LoadedScorer::open(path, self.scorer), &mut |_| {})?;
        Ok(())
    }
}

/// Fails when models are missing, and says how to make them.
pub(super) fn refuse_missing(
    missing: &[(&Plan, &Split, &PathBuf)],
    source: &str,
    models: &Path,
) -> Result<()> {
    let Some((plan, split, path)) = missing.first() else { return Ok(()) };
    let user = &plan.people[split.owner].id;
    let others = match missing.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more are missing"),
    };
    let what = format!("no model of {user} at {}{others}", path.display());
    Err(Failure::new(FailureKind::NoInput, what).remedy(format!(
        "Train them: `mousewarden train FOLDER --format {source} --all-users --protocol {} --seed {} \
         --out {}`, or let `evaluate --train` do it.",
        plan.protocol.model_folder(),
        plan.seed,
        models.display()
    )))
}
