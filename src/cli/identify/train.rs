//! `mousewarden identify train`: a model of the people of some recordings, with the figure that it
//! reached on sessions held out. Only perceptrons become a file.

use std::path::PathBuf;

use clap::Args;

use super::Input;
use super::learner::{LearnerArgs, scorer};
use crate::data::npz::check_file_writable;
use crate::error::Result;
use crate::lab::identify::{
    Classifier, ClassifierCard, EvaluateOptions, Evaluation, Labelled, evaluate, identifier, search,
};

/// Arguments of `identify train`.
#[derive(Debug, Args)]
pub(crate) struct IdentifyTrainArgs {
    /// Where to write the model
    #[arg(long, value_name = "FILE", default_value = "people.onnx")]
    out: PathBuf,

    #[command(flatten)]
    learner: LearnerArgs,

    #[command(flatten)]
    input: Input,
}

impl IdentifyTrainArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings cannot be read or are too few, or the model cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        let source = self.input.how.format()?.name().to_owned();
        check_file_writable(&self.out)?;
        let learner = self.learner;
        let labelled = self.input.measure(learner.measure())?.labelled()?;
        let folds = learner.folds(labelled.fewest());
        let held_out = held_out(&labelled, &learner, folds)?;
        let figure = held_out.scores.macro_f1;
        let about = ClassifierCard {
            measure: learner.measure(),
            source,
            macro_f1: Some([figure.value, figure.low, figure.high]),
            unsure_below: held_out.unsure_below(),
        };
        let mlp = if learner.grid {
            match search(&labelled, &Classifier::Mlp(learner.mlp()), folds, learner.seed)? {
                Classifier::Mlp(found) => found,
                _ => learner.mlp(),
            }
        } else {
            learner.mlp()
        };
        identifier(&labelled, &mlp, &about)?.write(&self.out)?;
        eprintln!(
            "{}: knows {} people from {} sessions; on sessions held out macro F1 {:.3} \
             ({:.3}-{:.3}), top 3 {:.3}; calls an answer unsure below {:.2}",
            self.out.display(),
            labelled.labels.len(),
            labelled.wholes().count(),
            figure.value,
            figure.low,
            figure.high,
            held_out.scores.top3.value,
            about.unsure_below,
        );
        Ok(())
    }
}

/// One cross-validation, with the search inside where there is one.
fn held_out(labelled: &Labelled, learner: &LearnerArgs, folds: usize) -> Result<Evaluation> {
    let options = EvaluateOptions {
        folds,
        repeats: 1,
        grid: learner.grid,
        importance: false,
        seed: learner.seed,
        scorer: scorer(),
    };
    let bar = super::fold_bar();
    let found =
        evaluate(labelled, &learner.classifier("mlp")?, &options, &mut super::on_fold(&bar));
    bar.finish_and_clear();
    found
}
