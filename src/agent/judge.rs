//! A model made ready to judge, with the parameters it judges by: all that a reload replaces.
//! It is whole or not there; a bad file never replaces a good judge.

use std::path::Path;

use crate::error::Result;
use crate::model::{LoadedScorer, ScorerParams};
use crate::pipeline::{Detector, PolicyParams, Scorer, WindowParams};
use crate::platform::capture::Profile;

use super::board::{ModelStatus, ScorerStatus};
use super::settings::{LockParams, NotifyParams, PolicyChoice};

/// A scorer of any kind.
pub type AnyScorer = Box<dyn Scorer + Send>;

/// Everything that may change while the agent runs.
pub struct Judge {
    /// Who scores.
    pub scorer: AnyScorer,
    /// How windows are cut for it.
    pub windows: WindowParams,
    /// How scores become decisions.
    pub policy: PolicyParams,
    /// What the model says of itself.
    pub model: ModelStatus,
    /// What the scorer says of itself.
    pub report: ScorerStatus,
    /// What the person is told.
    pub notify: NotifyParams,
    /// How the session is locked.
    pub lock: LockParams,
}

impl Judge {
    /// Reads a model and applies the choice of parameters to it.
    ///
    /// # Errors
    /// When the model cannot be used, or the choice does not fit it.
    pub fn open(model: &Path, scorer: &ScorerParams, choice: &PolicyChoice) -> Result<Self> {
        let (bundle, scorer) = LoadedScorer::open_bundle(model, scorer)?;
        let policy = choice.resolve(&bundle)?;
        Ok(Self {
            report: ScorerStatus::of(&scorer),
            model: ModelStatus::of(model.to_owned(), &bundle, &policy),
            scorer: Box::new(scorer),
            windows: bundle.windows,
            policy,
            notify: NotifyParams::default(),
            lock: LockParams::default(),
        })
    }

    /// What the model was made with.
    pub fn profile(&self) -> Profile {
        let from = self.model.provenance.as_ref();
        from.map(|from| Profile::parse(&from.capture)).unwrap_or_default()
    }

    /// Who scores, in a few words.
    pub fn scorer_name(&self) -> String {
        format!("{} {}", self.report.backend, self.report.version)
    }

    /// The decision path of this judge at the start of a stream.
    pub fn detector(self) -> Detector<AnyScorer> {
        Detector::new(self.windows, self.scorer, self.policy)
    }
}
