//! Training on a pretrained trunk: only the owner's head is learnt. Every window trains and, left
//! out in turn, calibrates; see [`enrol`].

use super::identity::{self, CROSSED, Place};
use super::request::Request;
use super::{Progress, calibrate, enrol, provenance};
use crate::error::{Failure, Kind, Result};
use crate::model::{Bundle, Provenance, Start};
use crate::pipeline::{Habits, Window};

/// Trains a head on `start`.
pub(super) fn train(
    start: &Start,
    request: &Request<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Bundle> {
    require_same_windows(start, request)?;
    let Request { sessions, cohort, .. } = *request;
    identity::refuse_duplicates(
        places("session", sessions, true).chain(places("impostor", cohort, false)),
    )?;
    progress(Progress::Calibrating);
    let enrolled = enrol::enrol(start, sessions, cohort, request.windows, request.options);
    let [genuine, impostor] = enrolled.counts;
    progress(Progress::Split { genuine: [genuine, 0, genuine], impostor: [impostor, 0, impostor] });
    let provenance = Provenance {
        genuine_windows: [genuine; 2],
        impostor_windows: [impostor; 2],
        start_people: start.people(),
        ..provenance(request, &start.origin.name, request.all_windows())?
    };
    Ok(Bundle {
        network: enrolled.network,
        windows: request.windows,
        default_group: calibrate::recommended(&enrolled.operating_points),
        operating_points: enrolled.operating_points,
        score_calibration: enrolled.score_calibration,
        likeness: enrolled.likeness,
        limits: enrolled.limits,
        habits: Habits::of(sessions.iter().flatten()),
        provenance,
    })
}

fn require_same_windows(start: &Start, request: &Request<'_>) -> Result<()> {
    if start.windows == request.windows {
        return Ok(());
    }
    let what = "the pretrained network was made for windows that are cut otherwise";
    Err(Failure::new(Kind::Config, what).remedy("Train from random weights."))
}

/// Every window, with its place in a cross-fitting.
fn places<'a>(
    of: &'static str,
    people: &'a [Vec<Window>],
    genuine: bool,
) -> impl Iterator<Item = (Place, &'a Window)> {
    people.iter().enumerate().flat_map(move |(who, windows)| {
        windows.iter().enumerate().map(move |(i, window)| {
            let of = format!("{of} {}", who + 1);
            (Place { part: CROSSED, of, number: i + 1, genuine }, window)
        })
    })
}
