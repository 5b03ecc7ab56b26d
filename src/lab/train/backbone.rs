//! Training on a pretrained backbone: only the owner's head is learnt. Every window trains and,
//! left out in turn, calibrates; see [`enrol`].

use super::identity::{self, CROSSED, WindowLocation};
use super::request::TrainingRequest;
use super::{TrainingProgress, calibrate, enrol, provenance};
use crate::error::{Failure, FailureKind, Result};
use crate::model::{Backbone, Bundle, Provenance};
use crate::pipeline::{KinematicProfile, Window};

/// Trains a head on `backbone`.
pub(super) fn train(
    backbone: &Backbone,
    request: &TrainingRequest<'_>,
    progress: &mut dyn FnMut(TrainingProgress),
) -> Result<Bundle> {
    require_same_windows(backbone, request)?;
    let TrainingRequest { sessions, cohort, .. } = *request;
    identity::refuse_duplicates(
        places("session", sessions, true).chain(places("impostor", cohort, false)),
    )?;
    progress(TrainingProgress::Calibrating);
    let enrolled = enrol::enrol(backbone, sessions, cohort, request.windows, request.options);
    let [genuine, impostor] = enrolled.counts;
    progress(TrainingProgress::Split {
        genuine: [genuine, 0, genuine],
        impostor: [impostor, 0, impostor],
    });
    let provenance = Provenance {
        genuine_windows: [genuine; 2],
        impostor_windows: [impostor; 2],
        backbone_users: backbone.people(),
        ..provenance(request, &backbone.origin.name, request.all_windows())?
    };
    Ok(Bundle {
        network: enrolled.network,
        windows: request.windows,
        default_group: calibrate::recommended(&enrolled.operating_points),
        operating_points: enrolled.operating_points,
        score_calibration: enrolled.score_calibration,
        owner_model: enrolled.owner_model,
        limits: enrolled.limits,
        kinematics: KinematicProfile::of(sessions.iter().flatten()),
        provenance,
    })
}

fn require_same_windows(backbone: &Backbone, request: &TrainingRequest<'_>) -> Result<()> {
    if backbone.windows == request.windows {
        return Ok(());
    }
    let what = "the pretrained network was made for windows that are cut otherwise";
    Err(Failure::new(FailureKind::Config, what).remedy("Train from random weights."))
}

/// Every window, with its place in a cross-fitting.
fn places<'a>(
    of: &'static str,
    people: &'a [Vec<Window>],
    genuine: bool,
) -> impl Iterator<Item = (WindowLocation, &'a Window)> {
    people.iter().enumerate().flat_map(move |(who, windows)| {
        windows.iter().enumerate().map(move |(i, window)| {
            let of = format!("{of} {}", who + 1);
            (WindowLocation { part: CROSSED, of, number: i + 1, genuine }, window)
        })
    })
}
