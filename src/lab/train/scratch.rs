//! Training from random weights: the whole network is learnt from the owner's windows and the
//! impostors', stopped early by a part of its own and calibrated on another.

use super::calibrate::{self, ScoredStream};
use super::division::WindowDivision;
use super::fit::{self, Example};
use super::request::TrainingRequest;
use super::split::TrainingParts;
use super::{TrainingProgress, limits, provenance, style_transfer};
use crate::error::Result;
use crate::model::bundle::RANDOM_START;
use crate::model::{Bundle, Provenance};
use crate::nn::Network;
use crate::pipeline::{KinematicProfile, Score, Steps, Window};

/// Trains the network that the options describe.
pub(super) fn train(
    request: &TrainingRequest<'_>,
    progress: &mut dyn FnMut(TrainingProgress),
) -> Result<Bundle> {
    let TrainingRequest { windows, options, .. } = *request;
    let WindowDivision { genuine, impostor } = WindowDivision::of(request)?;
    let style_transferred = style_transfer::impostors(&genuine, windows, options);
    let impostor = join(impostor, &style_transferred);
    let resampled = style_transfer::resampled(&genuine.training, windows, options);
    progress(TrainingProgress::Split { genuine: counts(&genuine), impostor: counts(&impostor) });

    let own = [genuine.training.clone(), vec![resampled.as_slice()]].concat();
    let training = examples(&own, &impostor.training);
    let validation = examples(&genuine.validation, &impostor.validation);
    let fitted = fit::fit(&training, &validation, options, progress)?;

    progress(TrainingProgress::Calibrating);
    let own = streams(&fitted.network, &genuine.calibration);
    let others = streams(&fitted.network, &impostor.calibration);
    let operating_points = calibrate::operating_points(&own, &others, None);
    let calibrated = limits::of_scores(&own, &others, options.seed);
    let (score_calibration, limits) = calibrated.unzip();
    let learnt = genuine.training.iter().chain(&impostor.training).flat_map(|w| w.iter());
    let provenance = Provenance {
        epochs: fitted.epochs,
        genuine_windows: ends(counts(&genuine)),
        impostor_windows: ends(counts(&impostor)),
        ..provenance(request, RANDOM_START, learnt)?
    };
    let default_group = calibrate::recommended(&operating_points);
    let network = fitted.network.into();
    Ok(Bundle {
        network,
        windows,
        operating_points,
        default_group,
        score_calibration,
        owner_model: None,
        limits: limits.unwrap_or_default(),
        kinematics: KinematicProfile::of(request.sessions.iter().flatten()),
        provenance,
    })
}

fn join<'a>(
    impostor: TrainingParts<Vec<&'a [Window]>>,
    style_transferred: &'a TrainingParts<Vec<Vec<Window>>>,
) -> TrainingParts<Vec<&'a [Window]>> {
    let with = |mut people: Vec<&'a [Window]>, more: &'a [Vec<Window>]| {
        people.extend(more.iter().map(Vec::as_slice));
        people
    };
    TrainingParts {
        training: with(impostor.training, &style_transferred.training),
        validation: with(impostor.validation, &style_transferred.validation),
        calibration: with(impostor.calibration, &style_transferred.calibration),
    }
}

fn counts(parts: &TrainingParts<Vec<&[Window]>>) -> [usize; 3] {
    parts.named().map(|(_, part)| part.iter().map(|windows| windows.len()).sum())
}

/// What trained and what calibrated.
fn ends([training, _, calibration]: [usize; 3]) -> [usize; 2] {
    [training, calibration]
}

fn examples(genuine: &[&[Window]], impostor: &[&[Window]]) -> Vec<Example> {
    let labelled = |people: &[&[Window]], label: f32| -> Vec<Example> {
        let windows = people.iter().flat_map(|windows| windows.iter());
        windows.map(|window| Example { steps: Steps::from(window), label }).collect()
    };
    [labelled(genuine, 1.0), labelled(impostor, 0.0)].concat()
}

fn streams(network: &Network, people: &[&[Window]]) -> Vec<ScoredStream> {
    people
        .iter()
        .map(|windows| {
            let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
            let scores = fit::probabilities(network, steps.iter()).into_iter();
            ScoredStream {
                window_scores: scores.map(|score| Score::new(score).into()).collect(),
                movement_s: windows.iter().map(|w| w.movement().as_secs_f64() as f32).collect(),
            }
        })
        .collect()
}
