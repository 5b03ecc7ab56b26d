//! The passes over the training part: batches, class weights, hard cases, early stopping. It sees
//! training and validation only; calibration is somebody else's.

use crate::error::{Failure, Kind, Result};
use crate::lab::metrics;
use crate::lab::random::Random;
use crate::nn::{Batch, Conditioning, Inference, Network, TrainParams, Trainer};
use crate::pipeline::Steps;

use super::options::TrainOptions;
use super::{Progress, synth};

/// One labelled movement: 1 the owner's, 0 an impostor's.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) steps: Steps,
    pub(super) label: f32,
}

/// The weights of the best pass.
pub(super) struct Fitted {
    pub(super) network: Network,
    /// Passes until those weights.
    pub(super) epochs: usize,
}

/// Trains until the validation part stops gaining.
pub(super) fn fit(
    training: &[Example],
    validation: &[Example],
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Fitted> {
    let rows = training.iter().flat_map(|example| example.steps.rows().iter().copied());
    let network = Network::new(options.hidden, Conditioning::fit(rows), options.seed);
    let mut random = Random::new(options.seed, 0xF17);
    let mut pass = Pass::new(training, options, network);
    let mut best: Option<(f64, f64, Fitted)> = None;
    let mut stale = 0;
    for epoch in 1..=options.epochs {
        pass.trainer.set_learning_rate(cosine(options, epoch));
        let loss = pass.run(&mut random);
        if !loss.is_finite() {
            return Err(diverged(epoch));
        }
        let network = pass.trainer.network();
        let (auc, validation_loss) = judge(&network, validation);
        let better = best.as_ref().is_none_or(|(best_auc, best_loss, _)| {
            auc > best_auc + 1e-3 || (auc > best_auc - 1e-3 && validation_loss < *best_loss)
        });
        stale = if better { 0 } else { stale + 1 };
        pass.find_hard(&network, options);
        if better {
            best = Some((auc, validation_loss, Fitted { network, epochs: epoch }));
        }
        progress(Progress::Epoch { epoch, of: options.epochs, loss, auc, better });
        if stale >= options.patience {
            break;
        }
    }
    best.map(|(_, _, fitted)| fitted).ok_or_else(|| diverged(0))
}

fn cosine(options: &TrainOptions, epoch: usize) -> f32 {
    let done = (epoch - 1) as f32 / options.epochs as f32;
    options.learning_rate * (0.1 + 0.45 * (1.0 + (std::f32::consts::PI * done).cos()))
}

fn diverged(epoch: usize) -> Failure {
    Failure::new(Kind::Internal, format!("training broke down in pass {epoch}: no finite loss"))
        .remedy("Try a smaller learning rate or another seed.")
}

/// AUC and mean cross entropy (classes weighted alike) on the validation part.
fn judge(network: &Network, validation: &[Example]) -> (f64, f64) {
    let scores = probabilities(network, validation.iter().map(|e| &e.steps));
    let of = |label: f32| -> Vec<f32> {
        scores.iter().zip(validation).filter(|(_, e)| e.label == label).map(|(s, _)| *s).collect()
    };
    let (genuine, impostor) = (of(1.0), of(0.0));
    let loss = |scores: &[f32], label: f32| {
        let one = |p: &f32| -f64::from((1.0 - (label - p).abs()).max(1e-7)).ln();
        scores.iter().map(one).sum::<f64>() / scores.len().max(1) as f64
    };
    let auc = metrics::auc(&genuine, &impostor).unwrap_or(0.5);
    (auc, loss(&genuine, 1.0) + loss(&impostor, 0.0))
}

/// The network's probabilities, in order.
pub(crate) fn probabilities<'a>(
    network: &Network,
    windows: impl Iterator<Item = &'a Steps>,
) -> Vec<f32> {
    let mut inference = Inference::new(network);
    let rows: Vec<&[[f32; 3]]> = windows.map(Steps::rows).collect();
    rows.chunks(64).flat_map(|batch| inference.probabilities(batch)).collect()
}

struct Pass<'a> {
    trainer: Trainer,
    training: &'a [Example],
    options: &'a TrainOptions,
    /// Weight of the owner's and of the impostors' windows: both classes count alike.
    weights: [f32; 2],
    hard: Vec<usize>,
}

impl<'a> Pass<'a> {
    fn new(training: &'a [Example], options: &'a TrainOptions, network: Network) -> Self {
        let genuine = training.iter().filter(|e| e.label > 0.5).count().max(1) as f32;
        let all = training.len() as f32;
        let trainer = Trainer::new(
            network,
            TrainParams {
                learning_rate: options.learning_rate,
                dropout: options.dropout,
                threads: options.threads,
                seed: options.seed,
                ..TrainParams::default()
            },
        );
        let weights = [0.5 * all / genuine, 0.5 * all / (all - genuine).max(1.0)];
        Self { trainer, training, options, weights, hard: Vec::new() }
    }

    /// One pass in random order; the mean loss.
    fn run(&mut self, random: &mut Random) -> f32 {
        let synthetic = self.synthetic(random);
        let examples: Vec<&Example> = self
            .training
            .iter()
            .chain(&synthetic)
            .chain(self.hard.iter().map(|i| &self.training[*i]))
            .collect();
        let mut order: Vec<usize> = (0..examples.len()).collect();
        random.shuffle(&mut order);
        let (mut sum, mut batches) = (0.0, 0);
        for batch in order.chunks(self.options.batch) {
            let chosen: Vec<&Example> = batch.iter().map(|i| examples[*i]).collect();
            sum += self.step(&chosen);
            batches += 1;
        }
        sum / batches.max(1) as f32
    }

    fn step(&mut self, examples: &[&Example]) -> f32 {
        let sequences: Vec<&[[f32; 3]]> = examples.iter().map(|e| e.steps.rows()).collect();
        let labels: Vec<f32> = examples.iter().map(|e| e.label).collect();
        let weight = |label: &f32| if *label > 0.5 { self.weights[0] } else { self.weights[1] };
        let weights: Vec<f32> = labels.iter().map(weight).collect();
        self.trainer.step(&Batch { sequences: &sequences, labels: &labels, weights: &weights })
    }

    fn synthetic(&self, random: &mut Random) -> Vec<Example> {
        let genuine: Vec<&Example> = self.training.iter().filter(|e| e.label > 0.5).collect();
        let count = (self.options.synthetic * genuine.len() as f64).round() as usize;
        let one = |_| {
            let steps = &genuine[random.below(genuine.len())].steps;
            let steps = synth::vary(steps, self.options.synthetic_noise_px, random);
            Example { steps, label: 1.0 }
        };
        (0..count).map(one).collect()
    }

    /// The windows judged most wrongly, the worst first, each once: they are repeated in the next
    /// pass. Never more than the share that the options allow.
    fn find_hard(&mut self, network: &Network, options: &TrainOptions) {
        let most = (options.hard_share * self.training.len() as f64) as usize;
        if most == 0 {
            return;
        }
        let scores = probabilities(network, self.training.iter().map(|e| &e.steps));
        let error = |i: usize| (scores[i] - self.training[i].label).abs();
        let mut hard: Vec<usize> = (0..scores.len()).filter(|i| error(*i) > 0.5).collect();
        hard.sort_by(|a, b| error(*b).total_cmp(&error(*a)).then(a.cmp(b)));
        hard.truncate(most);
        self.hard = hard;
    }
}
