//! The request's windows in three disjoint parts: what trains, what stops training early, and what
//! calibrates.

use super::identity::{self, WindowLocation};
use super::request::TrainingRequest;
use super::split::{self, SessionRange, TrainingParts};
use crate::error::Result;
use crate::lab::random::Random;
use crate::pipeline::Window;

/// Stretches of windows by part; each is one session's or one person's.
#[derive(Debug)]
pub(super) struct WindowDivision<'a> {
    pub(super) genuine: TrainingParts<Vec<&'a [Window]>>,
    pub(super) impostor: TrainingParts<Vec<&'a [Window]>>,
}

impl<'a> WindowDivision<'a> {
    /// Divides; fails when one window would stand in two parts.
    pub(super) fn of(request: &TrainingRequest<'a>) -> Result<Self> {
        let genuine = genuine(request);
        let impostor = people(request);
        let places = places("session", &genuine, true).chain(places("impostor", &impostor, false));
        identity::refuse_duplicates(places)?;
        let slices = |pieces: Vec<Piece<'a>>| pieces.into_iter().map(|p| p.windows).collect();
        Ok(Self { genuine: genuine.map(slices), impostor: impostor.map(slices) })
    }
}

/// Neighbouring windows of one session or person.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    who: usize,
    from: usize,
    windows: &'a [Window],
}

fn genuine<'a>(request: &TrainingRequest<'a>) -> TrainingParts<Vec<Piece<'a>>> {
    let sessions = request.sessions;
    let counts: Vec<usize> = sessions.iter().map(Vec::len).collect();
    let gap = (counts.iter().sum::<usize>() / 60).clamp(1, 10);
    let parts = split::genuine(&counts, request.options.shares, gap);
    parts.map(|stretches| cut_out(sessions, &stretches))
}

fn people<'a>(request: &TrainingRequest<'a>) -> TrainingParts<Vec<Piece<'a>>> {
    let cohort = request.cohort;
    let present: Vec<usize> = (0..cohort.len()).filter(|i| !cohort[*i].is_empty()).collect();
    let mut random = Random::new(request.options.seed, 0x5B1);
    split::people(present.len(), request.options.shares, &mut random).map(|people| {
        cut_out(
            cohort,
            &people
                .iter()
                .map(|person| (present[*person], 0..cohort[present[*person]].len()))
                .collect::<Vec<_>>(),
        )
    })
}

fn cut_out<'a>(people: &'a [Vec<Window>], stretches: &[SessionRange]) -> Vec<Piece<'a>> {
    stretches
        .iter()
        .map(|(who, range)| {
            let windows = &people[*who][range.clone()];
            Piece { who: *who, from: range.start, windows }
        })
        .collect()
}

/// Every window with its place.
fn places<'p, 'a: 'p>(
    of: &'static str,
    parts: &'p TrainingParts<Vec<Piece<'a>>>,
    genuine: bool,
) -> impl Iterator<Item = (WindowLocation, &'a Window)> + 'p {
    parts.named().into_iter().flat_map(move |(part, pieces)| {
        pieces.iter().flat_map(move |piece| {
            piece.windows.iter().enumerate().map(move |(i, window)| {
                let of = format!("{of} {}", piece.who + 1);
                (WindowLocation { part, of, number: piece.from + i + 1, genuine }, window)
            })
        })
    })
}
