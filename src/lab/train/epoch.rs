//! One epoch over the training part: hard examples and synthetic windows join, everything comes in
//! random order, a batch a step.

use super::fit::{Example, probabilities};
use super::hard_examples::HardExamples;
use super::options::TrainOptions;
use super::sampling::{ClassWeights, Oversampling};
use crate::lab::random::Random;
use crate::lab::synthesis::resynthesis;
use crate::nn::{Batch, Network, TrainParams, Trainer};

/// A network in training on these examples.
pub(super) struct EpochTrainer<'a> {
    trainer: Trainer,
    training: &'a [Example],
    options: &'a TrainOptions,
    /// Weight of an impostor's and of the owner's windows.
    class_weights: [f32; 2],
    emphasis: HardExamples,
}

impl<'a> EpochTrainer<'a> {
    pub(super) fn new(
        training: &'a [Example],
        options: &'a TrainOptions,
        network: Network,
    ) -> Self {
        let params = TrainParams {
            learning_rate: options.learning_rate,
            dropout: options.dropout,
            threads: options.threads,
            seed: options.seed,
            ..TrainParams::default()
        };
        Self {
            trainer: Trainer::new(network, params),
            training,
            options,
            class_weights: class_weights(training, options),
            emphasis: HardExamples::default(),
        }
    }

    /// The network as trained so far.
    pub(super) fn network(&self) -> Network {
        self.trainer.network()
    }

    /// One pass in random order; the mean loss.
    pub(super) fn run(&mut self, learning_rate: f32, random: &mut Random) -> f32 {
        self.trainer.set_learning_rate(learning_rate);
        let synthetic = self.synthetic(random);
        let shown = self.shown(&synthetic);
        let mut order: Vec<usize> = (0..shown.len()).collect();
        random.shuffle(&mut order);
        let mut sum = 0.0;
        for batch in order.chunks(self.options.batch) {
            let chosen: Vec<(&Example, f32)> = batch.iter().map(|i| shown[*i]).collect();
            sum += step(&mut self.trainer, &chosen);
        }
        sum / order.len().div_ceil(self.options.batch).max(1) as f32
    }

    /// Prepares the next epoch by the mistakes of this network on the training part.
    pub(super) fn look_for_hard_cases(&mut self, network: &Network) {
        if self.options.oversampling == Oversampling::Off {
            return;
        }
        let scores = probabilities(network, self.training.iter().map(|e| &e.steps));
        let errors = scores.iter().zip(self.training).map(|(score, e)| (score - e.label).abs());
        self.emphasis = HardExamples::of(self.options.oversampling, &errors.collect::<Vec<_>>());
    }

    /// What this pass shows, with its weight.
    fn shown<'s>(&self, synthetic: &'s [Example]) -> Vec<(&'s Example, f32)>
    where
        'a: 's,
    {
        let training: &'a [Example] = self.training;
        let all = (0..training.len()).chain(self.emphasis.again.iter().copied());
        let weighed = all.map(|i| (&training[i], self.emphasis.weight(i)));
        let made = synthetic.iter().map(|example| (example, 1.0));
        let by_class = |example: &Example| self.class_weights[usize::from(example.label > 0.5)];
        weighed.chain(made).map(|(e, weight)| (e, weight * by_class(e))).collect()
    }

    fn synthetic(&self, random: &mut Random) -> Vec<Example> {
        let genuine: Vec<&Example> = self.training.iter().filter(|e| e.label > 0.5).collect();
        let count = (self.options.synthesis.share() * genuine.len() as f64).round() as usize;
        (0..count)
            .map(|_| {
                let steps = &genuine[random.below(genuine.len())].steps;
                Example {
                    steps: resynthesis::vary(steps, self.options.synthesis, random),
                    label: 1.0,
                }
            })
            .collect()
    }
}

/// Both classes count alike, synthetic windows included, or every window does.
fn class_weights(training: &[Example], options: &TrainOptions) -> [f32; 2] {
    if options.class_weights == ClassWeights::None {
        return [1.0; 2];
    }
    let genuine = training.iter().filter(|e| e.label > 0.5).count();
    let impostor = (training.len() - genuine) as f32;
    let genuine = genuine as f32 * (1.0 + options.synthesis.share() as f32);
    let all = genuine + impostor;
    [0.5 * all / impostor.max(1.0), 0.5 * all / genuine.max(1.0)]
}

fn step(trainer: &mut Trainer, shown: &[(&Example, f32)]) -> f32 {
    let sequences: Vec<&[[f32; 3]]> = shown.iter().map(|(e, _)| e.steps.rows()).collect();
    let labels: Vec<f32> = shown.iter().map(|(e, _)| e.label).collect();
    let weights: Vec<f32> = shown.iter().map(|(_, weight)| *weight).collect();
    trainer.step(&Batch { sequences: &sequences, labels: &labels, weights: &weights })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::train::Synthesis;
    use crate::pipeline::Steps;

    fn examples() -> Vec<Example> {
        let one = |label| Example { steps: Steps::from_rows(vec![[1.0, 2.0, 8.0]; 6]), label };
        [1.0, 0.0, 0.0, 0.0].map(one).to_vec()
    }

    #[test]
    fn classes_weigh_alike_however_many_windows_they_have() {
        let of = |options: &TrainOptions| class_weights(&examples(), options);
        let [impostor, genuine] = of(&TrainOptions::default());
        assert!((3.0 * impostor - genuine).abs() < 1e-6);
        let synthesis = Synthesis::TurningPoint { share: 2.0, noise_px: 4.0 };
        let [impostor, genuine] = of(&TrainOptions { synthesis, ..TrainOptions::default() });
        assert!((impostor - genuine).abs() < 1e-6);
        let plain = TrainOptions { class_weights: ClassWeights::None, ..TrainOptions::default() };
        assert_eq!(of(&plain), [1.0; 2]);
    }
}
