//! A model made ready to judge, with the parameters it judges by: all that a reload replaces, as a
//! whole.
//!
//! # Invariants
//! A bad file never replaces a good judge.

use std::path::Path;

use crate::error::{Failure, FailureKind, Result};
use crate::model::{LoadedScorer, ScorerParams};
use crate::pipeline::{
    DecisionParams, Detector, KinematicProfile, KnownMovement, Micros, Scorer, WindowParams,
};
use crate::platform::capture::description::Profile;

use super::later_movement::LaterMovement;
use super::model_versions::ModelVersions;
use super::settings::{DecisionChoice, LockParams, NotifyParams};
use super::shared_status::{ModelStatus, ScorerStatus};
use super::trusted_devices::TrustedDevices;

/// A scorer of any kind.
pub(crate) type AnyScorer = Box<dyn Scorer + Send>;

/// Everything that may change while the agent runs.
pub struct Judge {
    /// Who scores.
    pub scorer: AnyScorer,
    /// How windows are cut for it.
    pub windows: WindowParams,
    /// How windows become decisions.
    pub decision: DecisionParams,
    /// Half of what a refuted alarm has raised the limits by is gone after so much time at the
    /// desk.
    pub half_life: Micros,
    /// Whether it follows its owner.
    pub adapts: bool,
    /// What the model says of itself.
    pub model: ModelStatus,
    /// What the scorer says of itself.
    pub report: ScorerStatus,
    /// What the person is told.
    pub notify: NotifyParams,
    /// How the session is locked.
    pub lock: LockParams,
    /// How its owner moves in plain numbers, for explanations.
    pub kinematics: Option<KinematicProfile>,
    /// What it has learnt since the enrolment; none where it does not learn.
    pub adaptation: Option<ModelVersions>,
    /// The movement of the enrolment, by which a copy is known.
    pub own_movement: KnownMovement,
    /// The same of the days since; none where nothing is kept.
    pub later_movement: Option<LaterMovement>,
    /// What the owner has used since the enrolment; none where that is not asked.
    pub devices: Option<TrustedDevices>,
}

impl Judge {
    /// Reads a model and applies the choice of parameters to it.
    ///
    /// # Errors
    /// When the model cannot be used, or the choice does not fit it.
    pub fn open(model: &Path, scorer: &ScorerParams, choice: &DecisionChoice) -> Result<Self> {
        let (bundle, scorer) = LoadedScorer::open_bundle(model, scorer)?;
        // The choice against the model, before anything of the old judge is let go.
        let decision = choice.resolve(&bundle)?;
        Ok(Self {
            report: ScorerStatus::of(&scorer),
            model: ModelStatus::of(model.to_owned(), &bundle, &decision),
            scorer: Box::new(scorer),
            windows: bundle.windows,
            decision,
            half_life: choice.notice_budget_h.half_life(),
            adapts: false,
            notify: NotifyParams::default(),
            lock: LockParams::default(),
            kinematics: bundle.kinematics,
            adaptation: None,
            own_movement: bundle.provenance.own_movement,
            later_movement: None,
            devices: None,
        })
    }

    /// The same, learning from what follows unlocks: what was learnt lies at `path`. A model that
    /// does not judge by embeddings learns nothing.
    ///
    /// # Errors
    /// See [`ModelVersions::open`].
    pub fn learning(self, path: &Path) -> Result<Self> {
        let anchor = self.decision.owner();
        // Nothing to learn from without embeddings: a score says how likely, not where.
        let adaptation = anchor.map(|anchor| ModelVersions::open(path, &self.model.path, anchor));
        Ok(Self { adaptation: adaptation.transpose()?, adapts: true, ..self })
    }

    /// The same, knowing the movement of the days since the enrolment too, which lies at `path`.
    #[must_use]
    pub fn knowing(self, path: &Path) -> Self {
        Self { later_movement: Some(LaterMovement::at(path)), ..self }
    }

    /// The same, taking the devices in the list at `path` for the owner's.
    #[must_use]
    pub fn trusting(self, path: &Path) -> Self {
        Self { devices: Some(TrustedDevices::load(path)), ..self }
    }

    /// The same, following its owner, but keeping nothing: for a replay.
    #[must_use]
    pub fn adapting(self) -> Self {
        Self { adapts: true, ..self }
    }

    /// The same, for an intake that waits for pauses of so many milliseconds.
    ///
    /// # Errors
    /// [`FailureKind::Config`] when its model cuts otherwise.
    pub(crate) fn with_pause(self, pause_ms: u32) -> Result<Self> {
        // The intake waits for pauses of a fixed length, and would tell them too soon or too late.
        if self.windows.pause_ms == pause_ms {
            return Ok(self);
        }
        let own = self.windows.pause_ms;
        let what = format!("the new model cuts at pauses of {own} ms, not {pause_ms} ms");
        Err(Failure::new(FailureKind::Config, what).remedy("Stop mousewarden and start it again."))
    }

    /// What the model was made with, and what the owner has used since.
    pub(crate) fn profile(&self) -> Profile {
        let from = self.model.provenance.as_ref();
        let mut profile = from.map(|from| Profile::parse(&from.capture)).unwrap_or_default();
        let since = self.devices.iter().flat_map(TrustedDevices::captures);
        since.for_each(|capture| profile.add(capture));
        profile
    }

    /// Who scores, in a few words.
    pub(crate) fn scorer_name(&self) -> String {
        format!("{} {}", self.report.backend, self.report.version)
    }

    /// The decision path of this judge at the start of a stream.
    pub fn detector(self) -> Detector<AnyScorer> {
        let detector = Detector::new(self.windows, self.scorer, self.decision)
            .with_kinematics(self.kinematics)
            .recognising(
                &self.own_movement,
                // Loaded with the detector and not before: a reload reads what was written
                // meanwhile.
                self.later_movement.as_ref().map(LaterMovement::load).unwrap_or_default(),
            )
            .noticing_programs();
        if !self.adapts {
            return detector;
        }
        let now = self.adaptation.as_ref().and_then(ModelVersions::now);
        detector.adapting(now.map(|version| version.adapted.clone()), self.half_life)
    }
}
