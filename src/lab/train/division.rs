//! The request's windows in three parts, nothing standing in two of them: what trains, what stops
//! training early, and what calibrates. Makes no window and learns nothing.

use super::identity::{self, Place};
use super::options::TrainOptions;
use super::request::Request;
use super::split::{self, Parts, Stretch};
use crate::error::Result;
use crate::lab::random::Random;
use crate::pipeline::Window;

/// Stretches of windows by part; each is one session's or one person's.
#[derive(Debug)]
pub(super) struct Division<'a> {
    pub(super) genuine: Parts<Vec<&'a [Window]>>,
    pub(super) impostor: Parts<Vec<&'a [Window]>>,
}

impl<'a> Division<'a> {
    /// Divides; fails when one window would stand in two parts.
    pub(super) fn of(request: &Request<'a>) -> Result<Self> {
        let (genuine, impostor) = (genuine(request), people(request));
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

fn genuine<'a>(request: &Request<'a>) -> Parts<Vec<Piece<'a>>> {
    let sessions = request.learn.sessions;
    let counts: Vec<usize> = sessions.iter().map(Vec::len).collect();
    let gap = (counts.iter().sum::<usize>() / 60).clamp(1, 10);
    let parts = split::genuine(&counts, shares(request), gap);
    let parts = parts.map(|stretches| cut_out(sessions, &stretches));
    with_calibration(parts, request.calibrate.map(|apart| apart.sessions))
}

fn people<'a>(request: &Request<'a>) -> Parts<Vec<Piece<'a>>> {
    let cohort = request.learn.cohort;
    let present: Vec<usize> = (0..cohort.len()).filter(|i| !cohort[*i].is_empty()).collect();
    let mut random = Random::new(request.options.seed, 0x5B1);
    let whole = |person: &usize| (present[*person], 0..cohort[present[*person]].len());
    let parts = split::people(present.len(), shares(request), &mut random)
        .map(|people| cut_out(cohort, &people.iter().map(whole).collect::<Vec<_>>()));
    with_calibration(parts, request.calibrate.map(|apart| apart.cohort))
}

/// Shares of training and validation in what is learnt from; all of it where calibration is apart.
fn shares(request: &Request<'_>) -> [f64; 2] {
    let TrainOptions { shares: [training, validation], .. } = request.options;
    match request.calibrate {
        None => [*training, *validation],
        Some(_) => {
            let share = training / (training + validation);
            [share, 1.0 - share]
        }
    }
}

fn with_calibration<'a>(
    parts: Parts<Vec<Piece<'a>>>,
    apart: Option<&'a [Vec<Window>]>,
) -> Parts<Vec<Piece<'a>>> {
    let Some(apart) = apart else { return parts };
    let whole = |(who, windows): (usize, &'a Vec<Window>)| Piece { who, from: 0, windows };
    Parts { calibration: apart.iter().enumerate().map(whole).collect(), ..parts }
}

fn cut_out<'a>(people: &'a [Vec<Window>], stretches: &[Stretch]) -> Vec<Piece<'a>> {
    let cut = |(who, range): &Stretch| {
        let windows = &people[*who][range.clone()];
        Piece { who: *who, from: range.start, windows }
    };
    stretches.iter().map(cut).collect()
}

/// Every window with its place.
fn places<'p, 'a: 'p>(
    of: &'static str,
    parts: &'p Parts<Vec<Piece<'a>>>,
    genuine: bool,
) -> impl Iterator<Item = (Place, &'a Window)> + 'p {
    parts.named().into_iter().flat_map(move |(part, pieces)| {
        pieces.iter().flat_map(move |piece| {
            piece.windows.iter().enumerate().map(move |(i, window)| {
                let of = format!("{of} {}", piece.who + 1);
                (Place { part, of, number: piece.from + i + 1, genuine }, window)
            })
        })
    })
}
