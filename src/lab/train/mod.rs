//! Trains one owner's model: split, fit, calibrate, and check that what was written gives the
//! scores that were trained. Nothing here knows where recordings lie or how progress is shown.

mod calibrate;
mod enrol;
mod fit;
mod head;
mod identity;
mod options;
mod restyle;
mod sequential;
mod split;
mod synth;
mod write;

pub(crate) use fit::probabilities;
pub use options::{FEWEST_IMPOSTORS, FEWEST_WINDOWS, Start, TrainOptions};
pub use write::write_checked;

use crate::error::{Failure, Kind, Result};
use crate::lab::random::Random;
use crate::model::bundle::RANDOM_START;
use crate::model::{self, Bundle, Provenance};
use crate::pipeline::{Steps, Window, WindowParams};

use calibrate::Stream;
use fit::Example;
use identity::Place;
use split::{Parts, Stretch};

/// What the trainer cannot see in the windows, for the model's provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Whose model it is.
    pub subject: String,
    /// Where the genuine windows come from.
    pub genuine_source: String,
    /// Where the impostors come from.
    pub impostor_source: String,
    /// What captured the genuine windows.
    pub capture: String,
}

/// How far the training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// The split is made: genuine and impostor windows in training, validation and calibration.
    Split {
        /// Genuine windows.
        genuine: [usize; 3],
        /// Impostor windows.
        impostor: [usize; 3],
    },
    /// A pass over the training part is done.
    Epoch {
        /// Counting from 1.
        epoch: usize,
        /// At most this many.
        of: usize,
        /// Mean weighted cross entropy of the pass.
        loss: f32,
        /// Area under the ROC curve on the validation part.
        auc: f64,
        /// Whether these weights are the best so far.
        better: bool,
    },
    /// The weights are chosen; thresholds are being measured.
    Calibrating,
}

/// Trains and calibrates a model. `sessions` are the owner's windows, `cohort` the impostors', a
/// list a session or person, each in order of time and cut by `windows`.
///
/// # Errors
/// Too few windows or impostors (says how many are needed and how long to move), windows that
/// appear twice across the split, impossible options, a training that breaks down.
pub fn train_owner(
    sessions: &[Vec<Window>],
    cohort: &[Vec<Window>],
    windows: WindowParams,
    about: &About,
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Bundle> {
    options.validate().map_err(|wrong| Failure::new(Kind::Config, format!("training: {wrong}")))?;
    require_enough(sessions, cohort)?;
    if let Some(start) = options.start.trunk()? {
        identity::refuse_duplicates(
            crossed("session", sessions, true).chain(crossed("impostor", cohort, false)),
        )?;
        return on_trunk(&start, sessions, cohort, windows, about, options, progress);
    }
    let genuine = split_genuine(sessions, options);
    let impostor = split_people(cohort, options);
    refuse_duplicates(sessions, cohort, &genuine, &impostor)?;
    let genuine = genuine.map(|stretches| cut_out(sessions, &stretches));
    let impostor = impostor.map(|stretches| cut_out(cohort, &stretches));
    let restyled = restyle::strangers(&genuine, windows, options);
    let impostor = join(impostor, &restyled);
    progress(Progress::Split { genuine: counts(&genuine), impostor: counts(&impostor) });

    let resampled = restyle::resampled(&genuine.training, windows, options);
    let learnt = [genuine.training.clone(), vec![resampled.as_slice()]].concat();
    let training = examples(&learnt, &impostor.training);
    let validation = examples(&genuine.validation, &impostor.validation);
    let fitted = fit::fit(&training, &validation, options, progress)?;
    progress(Progress::Calibrating);
    let streams = |people: &[&[Window]]| -> Vec<Stream> {
        people.iter().map(|windows| stream(&fitted.network, windows)).collect()
    };
    let (own, others) = (streams(&genuine.calibration), streams(&impostor.calibration));
    let operating_points = calibrate::operating_points(&own, &others);
    let sequential = sequential::fit(&own, &others, options.seed);
    let default_group = calibrate::recommended(&operating_points);
    let ends = |[training, _, calibration]: [usize; 3]| [training, calibration];
    let learnt = genuine.training.iter().chain(&impostor.training).flat_map(|w| w.iter());
    let provenance = Provenance {
        epochs: fitted.epochs,
        genuine_windows: ends(counts(&genuine)),
        impostor_windows: ends(counts(&impostor)),
        ..provenance(about, options, RANDOM_START, learnt)
    };
    let network = fitted.network;
    Ok(Bundle { network, windows, operating_points, default_group, sequential, provenance })
}

/// Only the owner's head is learnt; see [`enrol`].
fn on_trunk(
    start: &model::Start,
    sessions: &[Vec<Window>],
    cohort: &[Vec<Window>],
    windows: WindowParams,
    about: &About,
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Bundle> {
    if start.windows != windows {
        let what = "the pretrained network was made for windows that are cut otherwise";
        return Err(Failure::new(Kind::Config, what).remedy("Train from random weights."));
    }
    progress(Progress::Calibrating);
    let enrolled = enrol::enrol(start, sessions, cohort, windows, options);
    let [genuine, impostor] = enrolled.counts;
    progress(Progress::Split { genuine: [genuine, 0, genuine], impostor: [impostor, 0, impostor] });
    let learnt = sessions.iter().chain(cohort).flatten();
    let from = provenance(about, options, &start.origin.name, learnt);
    let provenance =
        Provenance { genuine_windows: [genuine; 2], impostor_windows: [impostor; 2], ..from };
    let operating_points = enrolled.operating_points;
    let default_group = calibrate::recommended(&operating_points);
    let (network, sequential) = (enrolled.network, enrolled.sequential);
    Ok(Bundle { network, windows, operating_points, default_group, sequential, provenance })
}

fn require_enough(sessions: &[Vec<Window>], cohort: &[Vec<Window>]) -> Result<()> {
    let all: Vec<&Window> = sessions.iter().flatten().collect();
    if all.len() < FEWEST_WINDOWS {
        return Err(too_few(&all));
    }
    let impostors = cohort.iter().filter(|windows| !windows.is_empty()).count();
    if impostors < FEWEST_IMPOSTORS {
        let what = format!("{impostors} impostors with movement, {FEWEST_IMPOSTORS} are needed");
        return Err(Failure::new(Kind::Data, what)
            .remedy("Add recordings of other people, or use generated ones."));
    }
    Ok(())
}

fn too_few(all: &[&Window]) -> Failure {
    let moved: f64 = all.iter().map(|window| window.movement().as_secs_f64()).sum();
    // Office work gives about one window a second of movement; ten windows tell it better.
    let each = if all.len() >= 10 { moved / all.len() as f64 } else { 1.0 };
    let missing = FEWEST_WINDOWS - all.len();
    let minutes = (each * missing as f64 / 60.0 * 2.0).ceil() / 2.0;
    Failure::new(
        Kind::Data,
        format!("{} windows of movement, {FEWEST_WINDOWS} are needed at the least", all.len()),
    )
    .remedy(format!(
        "Move the mouse for about {minutes} more minutes (pauses not counted), then train again."
    ))
}

fn split_genuine(sessions: &[Vec<Window>], options: &TrainOptions) -> Parts<Vec<Stretch>> {
    let counts: Vec<usize> = sessions.iter().map(Vec::len).collect();
    let gap = (counts.iter().sum::<usize>() / 60).clamp(1, 10);
    split::genuine(&counts, options.shares, gap)
}

fn split_people(cohort: &[Vec<Window>], options: &TrainOptions) -> Parts<Vec<Stretch>> {
    let present: Vec<usize> = (0..cohort.len()).filter(|i| !cohort[*i].is_empty()).collect();
    let mut random = Random::new(options.seed, 0x5B1);
    split::people(present.len(), options.shares, &mut random)
        .map(|people| people.iter().map(|i| (present[*i], 0..cohort[present[*i]].len())).collect())
}

fn refuse_duplicates(
    sessions: &[Vec<Window>],
    cohort: &[Vec<Window>],
    genuine: &Parts<Vec<Stretch>>,
    impostor: &Parts<Vec<Stretch>>,
) -> Result<()> {
    let mut all: Vec<(Place, &Window)> = Vec::new();
    for (people, parts, is_owner) in [(sessions, genuine, true), (cohort, impostor, false)] {
        for (part, stretches) in parts.named() {
            for (who, range) in stretches {
                let of = if is_owner { "session" } else { "impostor" };
                let of = format!("{of} {}", who + 1);
                all.extend(range.clone().map(|i| {
                    let place = Place { part, of: of.clone(), number: i + 1, genuine: is_owner };
                    (place, &people[*who][i])
                }));
            }
        }
    }
    identity::refuse_duplicates(all)
}

/// Every window, with its place in a cross-fitting.
fn crossed<'a>(
    of: &'static str,
    people: &'a [Vec<Window>],
    genuine: bool,
) -> impl Iterator<Item = (Place, &'a Window)> {
    people.iter().enumerate().flat_map(move |(who, windows)| {
        windows.iter().enumerate().map(move |(i, window)| {
            let of = format!("{of} {}", who + 1);
            (Place { part: identity::CROSSED, of, number: i + 1, genuine }, window)
        })
    })
}

fn cut_out<'a>(people: &'a [Vec<Window>], stretches: &[Stretch]) -> Vec<&'a [Window]> {
    stretches.iter().map(|(who, range)| &people[*who][range.clone()]).collect()
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

fn examples(genuine: &[&[Window]], impostor: &[&[Window]]) -> Vec<Example> {
    let labelled = |people: &[&[Window]], label: f32| -> Vec<Example> {
        let windows = people.iter().flat_map(|windows| windows.iter());
        windows.map(|window| Example { steps: Steps::from(window), label }).collect()
    };
    [labelled(genuine, 1.0), labelled(impostor, 0.0)].concat()
}

fn stream(network: &crate::nn::Network, windows: &[Window]) -> Stream {
    let steps: Vec<Steps> = windows.iter().map(Steps::from).collect();
    Stream {
        scores: fit::probabilities(network, steps.iter()),
        movement_s: windows.iter().map(|w| w.movement().as_secs_f64() as f32).collect(),
    }
}

/// All of it but what depends on how the windows were used.
fn provenance<'a>(
    about: &About,
    options: &TrainOptions,
    start: &str,
    learnt: impl Iterator<Item = &'a Window>,
) -> Provenance {
    Provenance {
        trained_by: concat!("mousewarden ", env!("CARGO_PKG_VERSION")).into(),
        subject: about.subject.clone(),
        genuine_source: about.genuine_source.clone(),
        impostor_source: about.impostor_source.clone(),
        seed: options.seed,
        epochs: 0,
        genuine_windows: [0; 2],
        impostor_windows: [0; 2],
        training_sha256: identity::digest(learnt),
        capture: about.capture.clone(),
        start: start.into(),
    }
}
