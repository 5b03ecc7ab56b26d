//! `mousewarden identify evaluate`: how often sessions are attributed to the right one of the known
//! people, by cross-validation over whole sessions.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Input;
use super::confusion::ConfusionFile;
use super::learner::{LearnerArgs, scorer};
use super::report::text;
use crate::cli::output;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::identify::{EvaluateOptions, Evaluation, Group, Labelled, evaluate};

/// Arguments of `identify evaluate`.
#[derive(Debug, Args)]
pub(crate) struct IdentifyEvaluateArgs {
    /// mlp; with forests built in also random-forest, extra-trees, boosted, ensemble
    #[arg(long, value_name = "NAME", default_value = "mlp")]
    classifier: String,

    /// Leave out features: position, screen, device, speed, shape, rhythm, clicks
    #[arg(long, value_name = "GROUP,GROUP", value_delimiter = ',', value_parser = group)]
    without: Vec<Group>,

    /// How often the sessions are assigned to folds anew
    #[arg(long, value_name = "N", default_value_t = 5)]
    repeats: usize,

    /// Measure what the answers hang on, by shuffling features between held-out sessions
    #[arg(long)]
    importance: bool,

    /// Write the confusion matrix: counts to a .csv, a heat map to a .svg or .png
    #[arg(long, value_name = "FILE")]
    confusion: Option<PathBuf>,

    /// Print everything as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    learner: LearnerArgs,

    #[command(flatten)]
    input: Input,
}

/// What is printed as JSON; the keys stay as they are.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub classifier: &'a str,
    pub features: &'a str,
    pub without: Vec<&'static str>,
    pub feature_count: usize,
    pub users: usize,
    pub sessions: usize,
    pub parts: usize,
    pub folds: usize,
    pub repeats: usize,
    pub grid: bool,
    pub seed: u64,
    #[serde(flatten)]
    pub evaluation: &'a Evaluation,
}

fn group(text: &str) -> Result<Group> {
    Group::ALL.into_iter().find(|group| group.name() == text).ok_or_else(|| {
        let names = Group::ALL.map(Group::name).join(", ");
        Failure::new(FailureKind::Config, format!("there is no group of features {text:?}"))
            .remedy(format!("Choose among {names}."))
    })
}

impl IdentifyEvaluateArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings cannot be read or are too few, or training breaks down.
    pub(crate) fn run(self) -> Result<()> {
        let classifier = self.learner.classifier(&self.classifier)?;
        let confusion = self.confusion.as_deref().map(ConfusionFile::to).transpose()?;
        let samples = self.input.measure(self.learner.measure())?;
        let labelled = samples.labelled()?.without(&self.without);
        not_empty(&labelled)?;
        let options = EvaluateOptions {
            folds: self.learner.folds(labelled.fewest()),
            repeats: self.repeats,
            grid: self.learner.grid,
            importance: self.importance,
            seed: self.learner.seed,
            scorer: scorer(),
        };
        let bar = super::fold_bar();
        let mut show = super::on_fold(&bar);
        let evaluation = evaluate(&labelled, &classifier, &options, &mut show)?;
        bar.finish_and_clear();
        if let Some(confusion) = confusion {
            confusion.write(&evaluation.scores, &labelled.labels)?;
        }
        let report = Report {
            classifier: classifier.name(),
            features: self.learner.features.name(),
            without: self.without.iter().map(|group| group.name()).collect(),
            feature_count: labelled.names.len(),
            users: labelled.labels.len(),
            sessions: labelled.wholes().count(),
            parts: self.learner.measure().parts,
            folds: options.folds,
            repeats: options.repeats,
            grid: options.grid,
            seed: options.seed,
            evaluation: &evaluation,
        };
        if self.json { output::json(&report) } else { output::line(&text(&report)) }
    }
}

fn not_empty(labelled: &Labelled) -> Result<()> {
    if labelled.names.is_empty() {
        Err(Failure::new(FailureKind::Config, "no feature is left")
            .remedy("Leave out fewer groups with --without."))
    } else {
        Ok(())
    }
}
