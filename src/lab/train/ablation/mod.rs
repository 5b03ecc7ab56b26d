//! Whether oversampling or synthesis helps: the same owners trained with neither, with one, with
//! both, by several seeds, and tried on a part held out of all training. Every trial is a row that
//! can be kept, so that an interruption costs one training.

mod verdict;

use serde::{Deserialize, Serialize};

pub use verdict::{MeanFigure, VariantRow, verdict};

use super::{
    Oversampling, Synthesis, TrainOptions, TrainingFacts, TrainingRequest, probabilities,
    train_owner,
};
use crate::error::Result;
use crate::lab::metrics;
use crate::lab::protocol::{ByPart, Plan, Protocol, Split, WindowRange};
use crate::model::Bundle;
use crate::pipeline::{Steps, WindowParams};

/// The group size whose carried threshold is tried.
const CARRIED: usize = 10;

/// One way to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// As tables call it.
    pub name: &'static str,
    /// What becomes of hard examples.
    pub oversampling: Oversampling,
    /// Windows made from the owner's.
    pub synthesis: Synthesis,
}

/// The ways that are compared; the first has neither.
pub const VARIANTS: [Variant; 6] = {
    const REPEAT: Oversampling = Oversampling::Repeat { share: 0.2 };
    const TURNING: Synthesis = Synthesis::TurningPoint { share: 1.0, noise_px: 4.0 };
    const STROKES: Synthesis = Synthesis::SigmaLognormal { share: 1.0, spread: 0.1 };
    const fn variant(
        name: &'static str,
        oversampling: Oversampling,
        synthesis: Synthesis,
    ) -> Variant {
        Variant { name, oversampling, synthesis }
    }
    [
        variant("neither", Oversampling::Off, Synthesis::Off),
        variant("hard examples weigh more", Oversampling::Weights { most: 3.0 }, Synthesis::Off),
        variant("hard examples repeated", REPEAT, Synthesis::Off),
        variant("turning points moved", Oversampling::Off, TURNING),
        variant("strokes varied", Oversampling::Off, STROKES),
        variant("repeated, and strokes varied", REPEAT, STROKES),
    ]
};

/// What one model did on the part that is reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Whose model.
    pub user: String,
    /// The variant's name.
    pub variant: String,
    /// Seed of training and of the impostor assignment.
    pub seed: u64,
    /// Epochs of the kept weights.
    pub epochs: usize,
    /// Windows that it learnt from.
    pub learnt: usize,
    /// How well it did.
    #[serde(flatten)]
    pub figures: Figures,
}

/// How well a model tells its owner from impostors. Groups slide as the live decision's do, and
/// never span two sessions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Area under the curve of single windows.
    pub auc: f64,
    /// Equal error rate of single windows.
    pub eer_1: f64,
    /// Equal error rate of ten windows judged together; none where there are too few.
    pub eer_10: Option<f64>,
    /// Equal error rate of thirty.
    pub eer_30: Option<f64>,
    /// False acceptance of ten windows at the threshold that the trainer calibrated.
    pub far_10: Option<f64>,
    /// False rejection of ten windows at that threshold.
    pub frr_10: Option<f64>,
}

/// The split of the trials.
///
/// # Errors
/// Never, but by a mistake in the file that the program carries.
pub fn protocol() -> Result<Protocol> {
    Protocol::parse("ablation", include_str!("ablation.toml"))
}

/// Trains one owner in one way and tries the model. `usual` is what all ways have in common.
///
/// # Errors
/// Like [`train_owner`].
pub fn trial(
    plan: &Plan,
    split: &Split,
    variant: &Variant,
    usual: &TrainOptions,
) -> Result<Option<Trial>> {
    let windows = WindowParams::default();
    let training_set = plan.training_set(split, windows, "ablation")?;
    let about = TrainingFacts {
        subject: training_set.user.clone(),
        genuine_source: "ablation".into(),
        impostor_source: training_set.impostor_source.clone(),
        capture: "dataset".into(),
    };
    let Variant { oversampling, synthesis, .. } = *variant;
    let options = TrainOptions {
        seed: plan.seed,
        oversampling,
        synthesis,
        style_transferred: 0,
        ..usual.clone()
    };
    let sessions = &training_set.sessions;
    let cohort = &training_set.cohort;
    let request = TrainingRequest { sessions, cohort, windows, about: &about, options: &options };
    let bundle = train_owner(&request, &mut |_| {})?;
    let scores = |side: &ByPart<Vec<WindowRange>>| -> Vec<Vec<f32>> {
        side.calibration.iter().map(|stretch| scores(plan, stretch, &bundle)).collect()
    };
    let figures = Figures::of(&bundle, &scores(&split.genuine), &scores(&split.impostor));
    Ok(figures.map(|figures| Trial {
        user: training_set.user,
        variant: variant.name.into(),
        seed: plan.seed,
        epochs: bundle.provenance.epochs,
        learnt: bundle.provenance.genuine_windows[0] + bundle.provenance.impostor_windows[0],
        figures,
    }))
}

fn scores(plan: &Plan, stretch: &WindowRange, bundle: &Bundle) -> Vec<f32> {
    let steps: Vec<Steps> = plan.windows(stretch).iter().map(Steps::from).collect();
    probabilities(&bundle.network, steps.iter())
}

impl Figures {
    /// From the scores of each session; none where a side has no window.
    fn of(bundle: &Bundle, genuine: &[Vec<f32>], impostor: &[Vec<f32>]) -> Option<Self> {
        let groups = |n| [genuine, impostor].map(|sessions| groups(sessions, n));
        let eer = |n| {
            let [genuine, impostor] = groups(n);
            metrics::eer(&genuine, &impostor).map(|equal| equal.rate)
        };
        let [singles, impostors] = groups(1);
        let carried = bundle.operating_points.iter().find(|point| point.windows == CARRIED);
        let rates = carried.and_then(|point| {
            let [genuine, impostor] = groups(CARRIED);
            let both = !genuine.is_empty() && !impostor.is_empty();
            both.then(|| metrics::rates(&genuine, &impostor, point.threshold))
        });
        Some(Self {
            auc: metrics::auc(&singles, &impostors)?,
            eer_1: eer(1)?,
            eer_10: eer(10),
            eer_30: eer(30),
            far_10: rates.map(|rates| rates.far),
            frr_10: rates.map(|rates| rates.frr),
        })
    }
}

fn groups(sessions: &[Vec<f32>], n: usize) -> Vec<f32> {
    sessions.iter().flat_map(|scores| metrics::sliding(scores, n)).collect()
}
