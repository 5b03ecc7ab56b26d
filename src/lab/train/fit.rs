//! Epochs over the training part until the validation part stops gaining. It sees training and
//! validation only; calibration is somebody else's.

use super::epoch::EpochTrainer;
use super::options::TrainOptions;
use super::progress::{EpochFigures, TrainingProgress};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::metrics;
use crate::lab::random::Random;
use crate::nn::{AnyInference, Conditioning, Network};
use crate::pipeline::Steps;

/// Areas under the curve that differ by less than this are the same; the loss decides then.
const SAME_AUC: f64 = 1e-3;

/// One labelled movement: 1 the owner's, 0 an impostor's.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) steps: Steps,
    pub(super) label: f32,
}

/// The weights of the best epoch.
pub(super) struct FittedNetwork {
    pub(super) network: Network,
    /// Passes until those weights.
    pub(super) epochs: usize,
}

/// How good weights are on the validation part.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    auc: f64,
    loss: f64,
}

impl Verdict {
    fn beats(self, other: Self) -> bool {
        let same = (self.auc - other.auc).abs() <= SAME_AUC;
        if same { self.loss < other.loss } else { self.auc > other.auc }
    }
}

/// Trains until so many passes in a row, as the options say, were no better than the best.
pub(super) fn fit(
    training: &[Example],
    validation: &[Example],
    options: &TrainOptions,
    progress: &mut dyn FnMut(TrainingProgress),
) -> Result<FittedNetwork> {
    let rows = training.iter().flat_map(|example| example.steps.rows().iter().copied());
    let network = Network::new(options.hidden, Conditioning::fit(rows), options.seed);
    let mut random = Random::new(options.seed, 0xF17);
    let mut epoch = EpochTrainer::new(training, options, network);
    let mut best: Option<(Verdict, FittedNetwork)> = None;
    for number in 1..=options.epochs {
        let training_loss = epoch.run(cosine(options, number), &mut random);
        if !training_loss.is_finite() {
            return Err(diverged(number));
        }
        let network = epoch.network();
        let verdict = judge(&network, validation);
        let better = best.as_ref().is_none_or(|(so_far, _)| verdict.beats(*so_far));
        epoch.look_for_hard_cases(&network);
        if better {
            best = Some((verdict, FittedNetwork { network, epochs: number }));
        }
        let Verdict { auc: validation_auc, loss: validation_loss } = verdict;
        let of = options.epochs;
        progress(TrainingProgress::Epoch(EpochFigures {
            number,
            of,
            training_loss,
            validation_loss,
            validation_auc,
            better,
        }));
        if best.as_ref().is_some_and(|(_, best)| number - best.epochs >= options.patience) {
            break;
        }
    }
    best.map(|(_, fitted)| fitted).ok_or_else(|| diverged(0))
}

fn cosine(options: &TrainOptions, epoch: usize) -> f32 {
    let done = (epoch - 1) as f32 / options.epochs as f32;
    options.learning_rate * (0.1 + 0.45 * (1.0 + (std::f32::consts::PI * done).cos()))
}

fn diverged(epoch: usize) -> Failure {
    Failure::new(
        FailureKind::Internal,
        format!("training broke down in pass {epoch}: no finite loss"),
    )
    .remedy("Try a smaller learning rate or another seed.")
}

/// AUC and mean cross entropy (classes weighted alike) on the validation part.
fn judge(network: &Network, validation: &[Example]) -> Verdict {
    let scores = probabilities(network, validation.iter().map(|e| &e.steps));
    let of = |label: f32| -> Vec<f32> {
        scores.iter().zip(validation).filter(|(_, e)| e.label == label).map(|(s, _)| *s).collect()
    };
    let genuine = of(1.0);
    let impostor = of(0.0);
    let loss = |scores: &[f32], label: f32| {
        scores.iter().map(|p| -f64::from((1.0 - (label - p).abs()).max(1e-7)).ln()).sum::<f64>()
            / scores.len().max(1) as f64
    };
    Verdict {
        auc: metrics::auc(&genuine, &impostor).unwrap_or(0.5),
        loss: f64::midpoint(loss(&genuine, 1.0), loss(&impostor, 0.0)),
    }
}

/// The network's probabilities, in order.
pub(crate) fn probabilities<'a>(
    network: impl Into<AnyInference>,
    windows: impl Iterator<Item = &'a Steps>,
) -> Vec<f32> {
    let mut inference: AnyInference = network.into();
    let rows: Vec<&[[f32; 3]]> = windows.map(Steps::rows).collect();
    rows.chunks(64).flat_map(|batch| inference.probabilities(batch)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_decides_between_areas_that_are_the_same() {
        let verdict = |auc, loss| Verdict { auc, loss };
        assert!(verdict(0.91, 0.9).beats(verdict(0.90, 0.2)));
        assert!(verdict(0.9005, 0.1).beats(verdict(0.901, 0.2)));
        assert!(!verdict(0.9005, 0.3).beats(verdict(0.90, 0.2)));
        assert!(!verdict(0.8, 0.1).beats(verdict(0.9, 0.2)));
    }

    #[test]
    fn the_step_size_falls_to_a_tenth() {
        let options = TrainOptions { epochs: 100, learning_rate: 1.0, ..TrainOptions::default() };
        assert!((cosine(&options, 1) - 1.0).abs() < 1e-6);
        assert!(cosine(&options, 100) < 0.101);
    }
}
