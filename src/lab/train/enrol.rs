//! An owner's model on a pretrained backbone: one head on all windows, calibrated on scores of
//! heads that were trained on the others. So every window trains and every window calibrates; with
//! few windows that is worth far more than a part set aside.

use std::ops::Range;

use super::calibrate::{self, ScoredStream};
use super::clicks;
use super::head;
use super::limits;
use super::options::TrainOptions;
use super::owner_model;
use crate::lab::population::{self, Features};
use crate::lab::random::Random;
use crate::lab::synthesis::{Device, MovementStyle};
use crate::model::{Backbone, Limit, OperatingPoint};
use crate::nn::{AnyInference, AnyNetwork};
use crate::pipeline::{
    OwnerModel, Score, ScoreCalibration, Steps, Window, WindowParams, WindowScore,
};

/// Heads that are fitted for calibration, each without one part.
const FOLDS: usize = 5;

/// Windows of each impostor that is drawn.
const DRAWN_WINDOWS: usize = 40;

/// Windows of a session that count as one sitting.
const SITTING: f64 = 200.0;

/// What came of it.
pub(super) struct Enrolled {
    pub(super) network: AnyNetwork,
    pub(super) operating_points: Vec<OperatingPoint>,
    pub(super) score_calibration: Option<ScoreCalibration>,
    pub(super) owner_model: Option<OwnerModel>,
    pub(super) limits: Vec<Limit>,
    /// Windows of the owner and of impostors that train (and, left out in turn, calibrate).
    pub(super) counts: [usize; 2],
}

/// Windows with what the backbone makes of them.
struct Seen<'a> {
    windows: &'a [Window],
    features: Features,
}

/// Enrols an owner.
pub(super) fn enrol(
    backbone: &Backbone,
    sessions: &[Vec<Window>],
    cohort: &[Vec<Window>],
    params: WindowParams,
    options: &TrainOptions,
) -> Enrolled {
    let folds = folds(sessions);
    let own: Vec<&[Window]> = folds.iter().flatten().copied().collect();
    let (resampled, style_transferred) = style_transfer(&own, &folds, params, options);
    let see = |windows| see(&backbone.network, windows);
    let genuine: Vec<Vec<Seen<'_>>> =
        folds.iter().map(|fold| fold.iter().map(|windows| see(windows)).collect()).collect();
    let again: Vec<Seen<'_>> = resampled.iter().map(|windows| see(windows)).collect();
    let mut impostors: Vec<Vec<Seen<'_>>> = (0..FOLDS).map(|_| Vec::new()).collect();
    for (at, person) in shuffled(cohort, options.seed).into_iter().enumerate() {
        impostors[at % FOLDS].push(see(person));
    }
    for (fold, people) in style_transferred.iter().enumerate() {
        impostors[fold].extend(people.iter().map(|windows| see(windows)));
    }
    let drawn = drawn(backbone, options);
    let learn = |without: Option<usize>| {
        let kept = |fold: &usize| Some(*fold) != without;
        let own = (0..FOLDS).filter(kept).flat_map(|fold| {
            let seen = genuine[fold].iter().chain(again.get(fold));
            seen.map(|seen| &seen.features)
        });
        let others = (0..FOLDS).filter(kept).flat_map(|fold| &impostors[fold]);
        let own: Vec<_> = own.collect();
        let others: Vec<_> = others.map(|s| &s.features).collect();
        let mut network = backbone.network.clone();
        let cohort: Vec<_> = drawn
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(at % FOLDS) != without)
            .map(|(_, features)| features)
            .collect();
        *network.head_mut() = head::fit(&own, &[&others, &cohort], options.head_penalty);
        network
    };
    let held_out: Vec<AnyNetwork> = (0..FOLDS).map(|fold| learn(Some(fold))).collect();
    let streams = |parts: &[Vec<Seen<'_>>]| -> Vec<ScoredStream> {
        parts
            .iter()
            .enumerate()
            .flat_map(|(fold, people)| -> Vec<ScoredStream> {
                people.iter().map(|seen| stream(&held_out[fold], seen)).collect()
            })
            .collect()
    };
    let own = joined(streams(&genuine));
    let others = streams(&impostors);
    let covariance = backbone.covariance.as_ref().filter(|_| options.embedding);
    let later = covariance.and_then(|covariance| {
        owner_model::owner_model(
            covariance,
            own.first()?,
            sittings(sessions),
            &others,
            options.seed,
        )
    });
    let operating_points = calibrate::operating_points(&own, &others, later.as_ref());
    // After the operating points: the impostors that thresholds are set by are synthetic and do not click.
    let clicks = backbone.clicks.as_ref().and_then(|clicks| clicks::owner(clicks, sessions));
    let owner_model = later.map(|(owner_model, _)| OwnerModel { clicks, ..owner_model });
    let (score_calibration, limits) = match owner_model {
        Some(_) => (None, limits::of_others()),
        None => {
            let (calibration, limits) = limits::of_scores(&own, &others, options.seed).unzip();
            (calibration, limits.unwrap_or_default())
        }
    };
    let count = |parts: &[Vec<Seen<'_>>]| parts.iter().flatten().map(|s| s.windows.len()).sum();
    let counts = [count(&genuine), count(&impostors)];
    Enrolled {
        network: learn(None),
        operating_points,
        score_calibration,
        owner_model,
        limits,
        counts,
    }
}

/// Sittings that the sessions are worth: a long one shows more than one way of working.
fn sittings(sessions: &[Vec<Window>]) -> f64 {
    sessions
        .iter()
        .filter(|session| !session.is_empty())
        .map(|session| (session.len() as f64 / SITTING).max(1.0))
        .sum::<f64>()
        .max(1.0)
}

/// Real users' like, as far as the backbone knows them. They teach, but do not calibrate: draws are
/// tidier than people, and would make every threshold look better than it is.
fn drawn(backbone: &Backbone, options: &TrainOptions) -> Vec<Features> {
    backbone
        .population
        .as_ref()
        .map(|people| {
            population::draw(people, options.synthetic_cohort, DRAWN_WINDOWS, options.seed)
        })
        .unwrap_or_default()
}

/// The owner's windows in stretches of time of about the same size; a session's border is kept.
fn folds(sessions: &[Vec<Window>]) -> Vec<Vec<&[Window]>> {
    let total: usize = sessions.iter().map(Vec::len).sum();
    let border = |fold: usize| fold * total / FOLDS;
    let cut = |fold: usize| {
        let mut begins = 0;
        let mut found = Vec::new();
        for session in sessions {
            let place = |at: usize| at.clamp(begins, begins + session.len()) - begins;
            let range: Range<usize> = place(border(fold))..place(border(fold + 1));
            if !range.is_empty() {
                found.push(&session[range]);
            }
            begins += session.len();
        }
        found
    };
    (0..FOLDS).map(cut).collect()
}

/// Neighbouring stretches of one owner as one stream: groups may run across the border of two
/// parts.
fn joined(streams: Vec<ScoredStream>) -> Vec<ScoredStream> {
    let mut whole = ScoredStream::default();
    for stream in streams {
        whole.window_scores.extend(stream.window_scores);
        whole.movement_s.extend(stream.movement_s);
    }
    vec![whole]
}

fn shuffled(cohort: &[Vec<Window>], seed: u64) -> Vec<&Vec<Window>> {
    let mut people: Vec<&Vec<Window>> = cohort.iter().filter(|p| !p.is_empty()).collect();
    Random::new(seed, 0x5B1).shuffle(&mut people);
    people
}

/// For each part the owner's windows sampled once more, and in the styles of impostors.
fn style_transfer(
    own: &[&[Window]],
    folds: &[Vec<&[Window]>],
    params: WindowParams,
    options: &TrainOptions,
) -> (Vec<Vec<Window>>, Vec<Vec<Vec<Window>>>) {
    let Some(device) =
        Device::from_windows(&own.concat()).filter(|_| options.style_transferred > 0)
    else {
        return (Vec::new(), Vec::new());
    };
    let mut random = Random::new(options.seed, 0x57E);
    let each = options.style_transferred.div_ceil(FOLDS);
    let seeds = |fold: usize| options.seed.wrapping_add(fold as u64);
    let again = folds.iter().enumerate().map(|(fold, windows)| {
        MovementStyle::OWN.apply(&windows.concat(), &device, params, seeds(fold) ^ 0x0E5A)
    });
    let mut impostors = |(fold, windows): (usize, &Vec<&[Window]>)| -> Vec<Vec<Window>> {
        let windows = windows.concat();
        (0..each)
            .map(|_| MovementStyle::draw(&mut random).apply(&windows, &device, params, seeds(fold)))
            .collect()
    };
    (again.collect(), folds.iter().enumerate().map(&mut impostors).collect())
}

fn see<'a>(network: &AnyNetwork, windows: &'a [Window]) -> Seen<'a> {
    let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
    let rows: Vec<&[[f32; 3]]> = steps.iter().map(Steps::rows).collect();
    Seen { windows, features: AnyInference::new(network).features(&rows) }
}

fn stream(network: &AnyNetwork, seen: &Seen<'_>) -> ScoredStream {
    let head = network.head();
    ScoredStream {
        window_scores: seen
            .features
            .iter()
            .map(|row| {
                let logit =
                    row.iter().zip(&head.weight).map(|(x, w)| x * w).sum::<f32>() + head.bias;
                let embedding =
                    network.embedding().map_or_else(Vec::new, |embedding| embedding.apply(row));
                WindowScore::of_movement(Score::new(1.0 / (1.0 + (-logit).exp())), embedding)
            })
            .collect(),
        movement_s: seen.windows.iter().map(|w| w.movement().as_secs_f64() as f32).collect(),
    }
}
