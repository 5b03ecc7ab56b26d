//! The recurrent backbone: trained to name the person of single windows.

use super::{ClassWindows, PretrainOptions, Watch};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::random::Random;
use crate::nn::{
    AnyNetwork, ClassBatch, ClassifierTrainer, Conditioning, Linear, Network, TrainParams,
};

/// Hidden units of both recurrences.
const HIDDEN: [usize; 2] = [64, 64];

/// Trains it.
pub(super) fn learn(
    users: &ClassWindows,
    options: &PretrainOptions,
    progress: &mut dyn FnMut(usize, f32),
) -> Result<Network> {
    let network = match options.from.as_ref().map(|start| &start.network) {
        Some(AnyNetwork::BiLstm(network)) => network.clone(),
        None => Network::new(HIDDEN, Conditioning::fit(users.rows()), options.seed),
        Some(_) => {
            let what = "the backbone to go on from has another architecture than bilstm";
            return Err(
                Failure::new(FailureKind::Config, what).remedy("Train from random weights.")
            );
        }
    };
    let classes = Linear::zeros(users.people.len(), network.head.weight.len());
    let train = TrainParams {
        dropout: options.dropout,
        threads: options.threads,
        seed: options.seed,
        norm_momentum: 0.995,
        ..TrainParams::default()
    };
    let mut classifier = ClassifierTrainer::new(&network, &classes, train);
    let mut random = Random::new(options.seed, 0x9BE);
    let mut watch = Watch { mean: 0.0, progress };
    for step in 0..options.steps {
        classifier.set_learning_rate(options.rate(step));
        let drawn: Vec<_> =
            (0..options.batch).map(|_| users.draw(1, options.real_share, &mut random)).collect();
        let sequences: Vec<_> = drawn.iter().flat_map(|d| d.windows.iter().copied()).collect();
        let classes: Vec<_> = drawn.iter().map(|d| d.class).collect();
        let among: Vec<_> = drawn.iter().map(|d| d.among.clone()).collect();
        let batch = ClassBatch { sequences: &sequences, classes: &classes, among: &among };
        watch.step(step, classifier.step(&batch))?;
    }
    Ok(classifier.network())
}
