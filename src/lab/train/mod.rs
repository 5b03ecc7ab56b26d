//! Trains one owner's model: split, fit, calibrate, and check that what was written gives the
//! scores that were trained.

pub mod ablation;
mod backbone;
mod calibrate;
mod clicks;
mod curve;
mod division;
mod enrol;
mod epoch;
mod export;
mod fit;
mod hard_examples;
mod head;
mod identity;
mod limits;
mod options;
mod owner_model;
mod progress;
mod request;
pub(in crate::lab) mod sampling;
mod scratch;
pub mod series;
mod simulated_sessions;
mod split;
mod style_transfer;

pub(in crate::lab) use clicks::TELLING as TELLING_CLICKS;
pub(crate) use curve::{curves_page, read_curve, write_curve};
pub use export::{WriteModel, write_checked};
pub(crate) use fit::probabilities;
pub(crate) use identity::Identity;
pub use identity::of as identity_of;
pub(crate) use options::FEWEST_WINDOWS;
pub use options::{BackboneChoice, TrainOptions};
pub use progress::{EpochFigures, TrainingProgress};
pub use request::{TrainingFacts, TrainingRequest};
pub(crate) use sampling::ClassWeights;
pub use sampling::{Oversampling, Synthesis};

use crate::error::Result;
use crate::model::{Bundle, Provenance};
use crate::pipeline::{KnownMovement, Window};

/// Trains and calibrates a model, from random weights or on a backbone, as the options say.
///
/// # Errors
/// Too few windows or impostors (says how many are needed and how long to move), values that are
/// no numbers, windows that appear twice across the split, impossible options, a training that
/// breaks down.
pub fn train_owner(
    request: &TrainingRequest<'_>,
    progress: &mut dyn FnMut(TrainingProgress),
) -> Result<Bundle> {
    request.check()?;
    match request.options.backbone.backbone()? {
        Some(backbone) => backbone::train(&backbone, request, progress),
        None => scratch::train(request, progress),
    }
}

/// All of the provenance but what depends on how the windows were used. `learnt` moved the weights.
fn provenance<'a>(
    request: &TrainingRequest<'_>,
    backbone: &str,
    learnt: impl Iterator<Item = &'a Window>,
) -> Result<Provenance> {
    let about = request.about;
    Ok(Provenance {
        trained_by: concat!("mousewarden ", env!("CARGO_PKG_VERSION")).into(),
        subject: about.subject.clone(),
        genuine_source: about.genuine_source.clone(),
        impostor_source: about.impostor_source.clone(),
        seed: request.options.seed,
        epochs: 0,
        genuine_windows: [0; 2],
        impostor_windows: [0; 2],
        training_sha256: identity::digest(learnt),
        own_movement: KnownMovement::of(
            identity::mark_key(request.sessions.iter().flatten()),
            request.sessions.iter().flatten(),
        ),
        seen_windows: request.all_windows().map(identity::of).collect(),
        backbone_users: None,
        recipe_sha256: request.recipe()?,
        capture: about.capture.clone(),
        backbone: backbone.into(),
    })
}
