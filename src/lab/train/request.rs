//! What one owner's training works on, and what makes a training of it impossible.

use sha2::{Digest, Sha256};

use super::identity;
use super::options::{BackboneChoice, FEWEST_IMPOSTORS, FEWEST_WINDOWS, TrainOptions};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{Steps, Window, WindowParams};

/// What the trainer cannot see in the windows, for the model's provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingFacts {
    /// Whose model it is.
    pub subject: String,
    /// Where the genuine windows come from.
    pub genuine_source: String,
    /// Where the impostors come from.
    pub impostor_source: String,
    /// What captured the genuine windows.
    pub capture: String,
}

/// One training.
#[derive(Debug, Clone, Copy)]
pub struct TrainingRequest<'a> {
    /// The owner's windows, a list a session, in order of time.
    pub sessions: &'a [Vec<Window>],
    /// The impostors' windows, a list a person, in order of time.
    pub cohort: &'a [Vec<Window>],
    /// How the windows were cut.
    pub windows: WindowParams,
    /// For the provenance.
    pub about: &'a TrainingFacts,
    /// How it is done.
    pub options: &'a TrainOptions,
}

impl<'a> TrainingRequest<'a> {
    /// SHA-256 over all that decides what comes of it, hexadecimal; threads do not.
    ///
    /// # Errors
    /// When the backbone that the program carries cannot be read.
    pub fn recipe(&self) -> Result<String> {
        let backbone = self.options.backbone.backbone()?;
        let neutral =
            TrainOptions { backbone: BackboneChoice::Random, threads: 1, ..self.options.clone() };
        let origin = backbone.as_ref().map(|backbone| &backbone.origin);
        let clicks = backbone.as_ref().map(|backbone| &backbone.clicks);
        let decides = (env!("CARGO_PKG_VERSION"), neutral, origin, clicks, self.windows);
        let text = serde_json::to_vec(&decides)
            .map_err(|e| Failure::new(FailureKind::Internal, format!("options as JSON: {e}")))?;
        let mut hash = Sha256::new();
        hash.update(&text);
        for people in [self.sessions, self.cohort] {
            for windows in people {
                for window in windows {
                    hash.update(identity::of(window));
                    window
                        .clicks()
                        .iter()
                        .for_each(|click| hash.update(click.took.0.to_le_bytes()));
                }
                hash.update((windows.len() as u64).to_le_bytes());
            }
            hash.update((people.len() as u64).to_le_bytes());
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// The owner's windows, then the impostors'.
    pub(super) fn all_windows(&self) -> impl Iterator<Item = &'a Window> + use<'a> {
        self.sessions.iter().chain(self.cohort).flatten()
    }

    /// Refuses what no training can use.
    pub(super) fn check(&self) -> Result<()> {
        let options = self.options.validate();
        options.map_err(|wrong| Failure::new(FailureKind::Config, format!("training: {wrong}")))?;
        self.require_numbers()?;
        self.require_windows()?;
        self.require_impostors()
    }

    fn require_numbers(&self) -> Result<()> {
        for (of, people) in [("session", self.sessions), ("impostor", self.cohort)] {
            for (who, windows) in people.iter().enumerate() {
                let Some(bad) = windows.iter().position(|window| {
                    let rows = Steps::from(window);
                    rows.rows().iter().flatten().any(|value| !value.is_finite())
                }) else {
                    continue;
                };
                let what = format!(
                    "window {} of {of} {}: a position or time that is no finite number",
                    bad + 1,
                    who + 1
                );
                return Err(Failure::new(FailureKind::Data, what)
                    .remedy("Mend or remove the recording that it comes from."));
            }
        }
        Ok(())
    }

    fn require_windows(&self) -> Result<()> {
        let own: Vec<&Window> = self.sessions.iter().flatten().collect();
        if own.len() < FEWEST_WINDOWS { Err(too_few(&own)) } else { Ok(()) }
    }

    fn require_impostors(&self) -> Result<()> {
        let impostors = self.cohort.iter().filter(|windows| !windows.is_empty()).count();
        if impostors >= FEWEST_IMPOSTORS {
            return Ok(());
        }
        let what = format!("{impostors} impostors with movement, {FEWEST_IMPOSTORS} are needed");
        Err(Failure::new(FailureKind::Data, what)
            .remedy("Add recordings of other people, or use generated ones."))
    }
}

fn too_few(all: &[&Window]) -> Failure {
    let moved: f64 = all.iter().map(|window| window.movement().as_secs_f64()).sum();
    // Office work gives about one window a second of movement; ten windows tell it better.
    let each = if all.len() >= 10 { moved / all.len() as f64 } else { 1.0 };
    let missing = FEWEST_WINDOWS - all.len();
    let minutes = (each * missing as f64 / 60.0 * 2.0).ceil() / 2.0;
    Failure::new(
        FailureKind::Data,
        format!("{} windows of movement, {FEWEST_WINDOWS} are needed at the least", all.len()),
    )
    .remedy(format!(
        "Move the mouse for about {minutes} more minutes (pauses not counted), then train again."
    ))
}
