//! Everybody's models, one training after another, from the training parts of a plan. Can be broken
//! off at any time: a model that is there and was made of the same windows in the same way is kept,
//! and models appear whole. After a user with too little data the series goes on.

mod outcome;

use std::path::{Path, PathBuf};

pub use outcome::Outcome;
pub(crate) use outcome::{Summary, UserState};

use super::export::{remove_candidate, write_checked};
use super::{
    BackboneChoice, EpochFigures, TrainOptions, TrainingFacts, TrainingProgress, TrainingRequest,
    curves_page, read_curve, train_owner, write_curve,
};
use crate::data::npz::write_whole;
use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::parallel::in_parallel;
use crate::lab::protocol::{Plan, Split, TrainingSet, count_windows, model_path};
use crate::lab::shard::Shard;
use crate::model::Bundle;
use crate::pipeline::{Scorer, WindowParams};

/// The summary's name beside the models.
const SUMMARY: &str = "summary.json";
/// The drawn curves' name beside the models.
const CURVES: &str = "curves.html";

/// What everybody's training works on.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Who learns from what.
    pub plan: &'a Plan,
    /// How the windows were cut.
    pub windows: WindowParams,
    /// The dataset's name.
    pub source: &'a str,
    /// How each of them is trained.
    pub options: &'a TrainOptions,
    /// Models lie below this folder, where the plan looks for them.
    pub folder: &'a Path,
    /// Which part of everybody the plan holds; each part has a summary and a page of its own.
    pub shard: Shard,
}

/// How far the series is.
#[derive(Debug)]
pub enum SeriesStep<'a> {
    /// Somebody's turn has come.
    Begins {
        /// Who.
        user: &'a str,
        /// Counting from 1.
        number: usize,
    },
    /// Their training goes on.
    Training(TrainingProgress),
    /// Their turn is over.
    Ended(&'a Outcome),
}

impl Series<'_> {
    /// Trains everybody who has no such model yet, and writes models, learning curves and a
    /// summary. `open` reads a written model as the agent would.
    ///
    /// # Errors
    /// When something cannot be written, or a training breaks down; what is done stays. A user with
    /// the wrong data is an [`Outcome`], no error.
    pub(crate) fn train<S: Scorer>(
        &self,
        open: impl Fn(&Path) -> Result<S> + Sync,
        progress: &mut dyn FnMut(SeriesStep<'_>),
    ) -> Result<Summary> {
        let mut outcomes = match self.options.backbone {
            // Keeps the cores busy by itself, and is worth a bar of its own.
            BackboneChoice::Random => self.in_turn(&open, progress)?,
            BackboneChoice::Pretrained | BackboneChoice::Given(_) => {
                self.side_by_side(&open, progress)?
            }
        };
        outcomes.extend(self.plan.left_out.iter().map(Outcome::of_left_out));
        let summary = Summary::new(self, outcomes);
        self.write_summary(&summary)?;
        Ok(summary)
    }

    fn in_turn<S: Scorer>(
        &self,
        open: &impl Fn(&Path) -> Result<S>,
        progress: &mut dyn FnMut(SeriesStep<'_>),
    ) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(self.plan.splits.len());
        for (i, split) in self.plan.splits.iter().enumerate() {
            let user = &self.plan.people[split.owner].id;
            progress(SeriesStep::Begins { user, number: i + 1 });
            let mut told = |step: TrainingProgress| progress(SeriesStep::Training(step));
            let outcome = self.outcome_of(split, open, &mut told)?;
            progress(SeriesStep::Ended(&outcome));
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    fn side_by_side<S: Scorer>(
        &self,
        open: &(impl Fn(&Path) -> Result<S> + Sync),
        progress: &mut dyn FnMut(SeriesStep<'_>),
    ) -> Result<Vec<Outcome>> {
        in_parallel(
            self.options.threads,
            &self.plan.splits,
            |split| count_windows(&split.genuine.training),
            |split| self.outcome_of(split, open, &mut |_| {}),
            &mut |number, outcome: &Outcome| {
                progress(SeriesStep::Begins { user: &outcome.user, number });
                progress(SeriesStep::Ended(outcome));
            },
        )
    }

    /// What came of one owner; too little data is an outcome too.
    fn outcome_of<S: Scorer>(
        &self,
        split: &Split,
        open: &impl Fn(&Path) -> Result<S>,
        told: &mut dyn FnMut(TrainingProgress),
    ) -> Result<Outcome> {
        let state = match self.one(split, open, told) {
            Ok(state) => state,
            Err(failure) if failure.kind() == FailureKind::Data => {
                UserState::Missing(failure.to_string())
            }
            Err(failure) => return Err(failure),
        };
        Ok(self.outcome(split, state))
    }

    /// Trains one owner of the plan, or keeps the model that is there and was made in the same way.
    ///
    /// # Errors
    /// As `Self::train`, and [`FailureKind::Data`] when this owner's data do not do.
    pub fn one<S: Scorer>(
        &self,
        split: &Split,
        open: &impl Fn(&Path) -> Result<S>,
        progress: &mut dyn FnMut(TrainingProgress),
    ) -> Result<UserState> {
        let training_set = self.plan.training_set(split, self.windows, self.source)?;
        let about = self.about(&training_set);
        let closed = self.plan.protocol.impostors.is_closed();
        let embedding = self.options.embedding && !closed;
        let options = TrainOptions { embedding, ..self.options.clone() };
        let request = TrainingRequest {
            sessions: &training_set.sessions,
            cohort: &training_set.cohort,
            windows: self.windows,
            about: &about,
            options: &options,
        };
        let path = self.plan.model_path(self.folder, split);
        remove_candidate(&path);
        if let Ok(bundle) = Bundle::read(&path)
            && bundle.provenance.recipe_sha256 == request.recipe()?
        {
            let auc = auc_of(&path, &bundle);
            return Ok(UserState::Kept(bundle, auc));
        }
        let mut epochs: Vec<EpochFigures> = Vec::new();
        let bundle = train_owner(&request, &mut |step| {
            if let TrainingProgress::Epoch(epoch) = step {
                epochs.push(epoch);
            }
            progress(step);
        })?;
        make_folder_of(&path)?;
        // The model comes last: where it is, its curve is too.
        write_curve(&path, &epochs)?;
        write_checked(&bundle, (&path, Bundle::write), &training_set.sessions.concat(), open)?;
        let best = epochs.iter().rfind(|epoch| epoch.better);
        Ok(UserState::Trained(bundle, best.map(|epoch| epoch.validation_auc)))
    }

    fn about(&self, training_set: &TrainingSet) -> TrainingFacts {
        TrainingFacts {
            subject: training_set.user.clone(),
            genuine_source: self.source.to_owned(),
            impostor_source: training_set.impostor_source.clone(),
            capture: format!("dataset {}", self.source),
        }
    }

    fn outcome(&self, split: &Split, state: UserState) -> Outcome {
        let user = self.plan.people[split.owner].id.clone();
        let path = self.plan.model_path(self.folder, split);
        Outcome::new(user, path, state)
    }

    /// Draws everybody's learning curves on a page beside the models; its path.
    ///
    /// # Errors
    /// When a curve is missing (a head has none), or the page cannot be written.
    pub(crate) fn draw_curves(&self, summary: &Summary) -> Result<PathBuf> {
        let models: Vec<(&str, &Path)> = summary
            .users
            .iter()
            .filter_map(|outcome| Some((outcome.user.as_str(), outcome.model.as_deref()?)))
            .collect();
        let page = curves_page(&models)?;
        let path = self.beside_the_models(&self.shard.file_name(CURVES));
        write_whole(&path, page.html().as_bytes())?;
        Ok(path)
    }

    fn beside_the_models(&self, name: &str) -> PathBuf {
        // Any name does, for a part may hold nobody.
        let Plan { protocol, seed, .. } = self.plan;
        model_path(self.folder, protocol.model_folder(), *seed, "").with_file_name(name)
    }

    fn write_summary(&self, summary: &Summary) -> Result<()> {
        let text = serde_json::to_vec_pretty(summary).map_err(|e| {
            Failure::new(FailureKind::Internal, format!("the summary as JSON: {e}"))
        })?;
        write_whole(&self.beside_the_models(&self.shard.file_name(SUMMARY)), &text)
    }
}

/// The validation AUC of a model that is there, by the curve beside it.
fn auc_of(model: &Path, bundle: &Bundle) -> Option<f64> {
    let curve = read_curve(model).ok()?;
    let kept = curve.iter().find(|epoch| epoch.epoch as usize == bundle.provenance.epochs)?;
    Some(kept.validation_auc)
}

fn make_folder_of(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private::folder(folder).map_err(|e| Failure::io(format!("folder {}", folder.display()), e))
}
