//! Training on a pretrained trunk: only the owner's head is learnt. Every window trains and, left
//! out in turn, calibrates; see [`enrol`](super::enrol).

use super::identity::{self, CROSSED, Place};
use super::request::{Material, Request};
use super::{Progress, calibrate, enrol, provenance};
use crate::error::{Failure, Kind, Result};
use crate::model::{Bundle, Provenance, Start};
use crate::pipeline::Window;

/// Trains a head on `start`. Windows that somebody set aside to calibrate with join the others:
/// a head never calibrates on what it has learnt.
pub(super) fn train(
    start: &Start,
    request: &Request<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Bundle> {
    require_same_windows(start, request)?;
    let sessions = joined(request, |material| material.sessions);
    let cohort = joined(request, |material| material.cohort);
    identity::refuse_duplicates(
        places("session", &sessions, true).chain(places("impostor", &cohort, false)),
    )?;
    progress(Progress::Calibrating);
    let enrolled = enrol::enrol(start, &sessions, &cohort, request.windows, request.options);
    let [genuine, impostor] = enrolled.counts;
    progress(Progress::Split { genuine: [genuine, 0, genuine], impostor: [impostor, 0, impostor] });
    let learnt = sessions.iter().chain(&cohort).flatten();
    let provenance = Provenance {
        genuine_windows: [genuine; 2],
        impostor_windows: [impostor; 2],
        start_people: start.people(),
        ..provenance(request, &start.origin.name, learnt)?
    };
    Ok(Bundle {
        network: enrolled.network,
        windows: request.windows,
        default_group: calibrate::recommended(&enrolled.operating_points),
        operating_points: enrolled.operating_points,
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

fn joined<'a>(
    request: &Request<'a>,
    side: impl Fn(Material<'a>) -> &'a [Vec<Window>],
) -> Vec<Vec<Window>> {
    request.materials().flat_map(|material| side(material).to_vec()).collect()
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
