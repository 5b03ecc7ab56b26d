//! Training from random weights: the whole network is learnt from the owner's windows and the
//! impostors', stopped early by a part of its own and calibrated on another.

use super::calibrate::{self, Stream};
use super::division::Division;
use super::fit::{self, Example};
use super::request::Request;
use super::split::Parts;
use super::{Progress, limits, provenance, restyle};
use crate::error::Result;
use crate::model::bundle::RANDOM_START;
use crate::model::{Bundle, Provenance};
use crate::nn::Network;
use crate::pipeline::{Habits, Score, Steps, Window};

/// Trains the network that the options describe.
pub(super) fn train(request: &Request<'_>, progress: &mut dyn FnMut(Progress)) -> Result<Bundle> {
    let Request { windows, options, .. } = *request;
    let Division { genuine, impostor } = Division::of(request)?;
    let restyled = restyle::strangers(&genuine, windows, options);
    let impostor = join(impostor, &restyled);
    let resampled = restyle::resampled(&genuine.training, windows, options);
    progress(Progress::Split { genuine: counts(&genuine), impostor: counts(&impostor) });

    let own = [genuine.training.clone(), vec![resampled.as_slice()]].concat();
    let training = examples(&own, &impostor.training);
    let validation = examples(&genuine.validation, &impostor.validation);
    let fitted = fit::fit(&training, &validation, options, progress)?;

    progress(Progress::Calibrating);
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
        likeness: None,
        limits: limits.unwrap_or_default(),
        habits: Habits::of(request.sessions.iter().flatten()),
        provenance,
    })
}

fn join<'a>(
    impostor: Parts<Vec<&'a [Window]>>,
    restyled: &'a Parts<Vec<Vec<Window>>>,
) -> Parts<Vec<&'a [Window]>> {
    let with = |mut people: Vec<&'a [Window]>, more: &'a [Vec<Window>]| {
        people.extend(more.iter().map(Vec::as_slice));
        people
    };
    Parts {
        training: with(impostor.training, &restyled.training),
        validation: with(impostor.validation, &restyled.validation),
        calibration: with(impostor.calibration, &restyled.calibration),
    }
}

fn counts(parts: &Parts<Vec<&[Window]>>) -> [usize; 3] {
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

fn streams(network: &Network, people: &[&[Window]]) -> Vec<Stream> {
    let stream = |windows: &&[Window]| {
        let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
        let scores = fit::probabilities(network, steps.iter()).into_iter();
        Stream {
            impressions: scores.map(|score| Score::new(score).into()).collect(),
            movement_s: windows.iter().map(|w| w.movement().as_secs_f64() as f32).collect(),
        }
    };
    people.iter().map(stream).collect()
}
