//! Models that are not there: either an error that names the command, or the training of exactly the
//! protocol's training part.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Failure, Kind, Result};
use crate::lab::protocol::{LearnFrom, Plan, Split};
use crate::lab::train::{About, Request, TrainOptions, train_owner, write_checked};
use crate::model::{LoadedScorer, ScorerParams};
use crate::pipeline::WindowParams;

/// How missing models are trained.
#[derive(Debug, Clone, Copy)]
pub struct Trainer<'a> {
    /// Start and options; each plan's own seed is used.
    pub options: &'a TrainOptions,
    /// Who reads the written model back.
    pub scorer: &'a ScorerParams,
}

impl Trainer<'_> {
    /// Trains one owner's model on the training part alone and writes it.
    pub(super) fn train(
        &self,
        plan: &Plan,
        split: &Split,
        path: &Path,
        (windows, source): (WindowParams, &str),
    ) -> Result<()> {
        let lesson = plan.lesson(split, windows, source)?;
        // Strangers in other styles stand in for real movement; beside real strangers they do not.
        let restyled = match plan.protocol.impostors.learn_from {
            LearnFrom::Generated => self.options.restyled,
            LearnFrom::People => 0,
        };
        let options = TrainOptions { seed: plan.seed, restyled, ..self.options.clone() };
        let about = About {
            subject: lesson.user,
            genuine_source: source.to_owned(),
            impostor_source: lesson.impostor_source,
            capture: format!("dataset {source}"),
        };
        let request = Request {
            sessions: &lesson.sessions,
            cohort: &lesson.cohort,
            windows,
            about: &about,
            options: &options,
        };
        let bundle = train_owner(&request, &mut |_| {})?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .map_err(|e| Failure::io(format!("folder {}", folder.display()), e))?;
        }
        let probes = lesson.sessions.concat();
        write_checked(&bundle, path, &probes, |path| LoadedScorer::open(path, self.scorer))
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
    Err(Failure::new(Kind::NoInput, what).remedy(format!(
        "Train them: `mousewarden train FOLDER --format {source} --all-users --protocol {} --seed {} \
         --out {}`, or let `evaluate --train` do it.",
        plan.protocol.model_folder(),
        plan.seed,
        models.display()
    )))
}
