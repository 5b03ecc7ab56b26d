//! The convolutional trunk: trained to name the person of single windows and of groups of windows.
//! Without training its filters are random, which already describes movement well (Rahimi and Recht
//! 2008; Dempster et al. 2020 on time series); the statistics are always those of the crowd.

use super::{Crowd, PretrainOptions, Watch};
use crate::error::Result;
use crate::lab::random::Random;
use crate::nn::{ConvClassifier, ConvNetwork, ConvShape, GroupBatch, Linear, TrainParams};

/// Passes that measure the statistics of random filters.
const SETTLING: usize = 40;

/// Trains it.
pub(super) fn learn(
    shape: &ConvShape,
    crowd: &Crowd,
    options: &PretrainOptions,
    progress: &mut dyn FnMut(usize, f32),
) -> Result<ConvNetwork> {
    let network = ConvNetwork::new(shape, options.seed);
    let classes = Linear::zeros(crowd.people.len(), network.features());
    let train = TrainParams {
        dropout: if options.steps > 0 { options.dropout } else { 0.0 },
        learning_rate: 0.0,
        seed: options.seed,
        norm_momentum: 0.98,
        ..TrainParams::default()
    };
    let mut classifier = ConvClassifier::new(&network, &classes, train);
    let mut random = Random::new(options.seed, 0x9BE);
    let mut watch = Watch { mean: 0.0, progress };
    let group = options.group.max(1);
    for step in 0..options.steps.max(SETTLING) {
        if options.steps > 0 {
            classifier.set_learning_rate(options.rate(step));
        }
        let one = |_| crowd.draw(group, options.real_share, &mut random);
        let drawn: Vec<_> = (0..(options.batch / group).max(1)).map(one).collect();
        let sequences: Vec<_> = drawn.iter().flat_map(|d| d.windows.iter().copied()).collect();
        let classes: Vec<_> = drawn.iter().map(|d| d.class).collect();
        let among: Vec<_> = drawn.iter().map(|d| d.among.clone()).collect();
        let (size, classes, among) = (group, &classes[..], &among[..]);
        let batch = GroupBatch { sequences: &sequences, size, classes, among };
        watch.step(step, classifier.step(&batch))?;
    }
    Ok(classifier.network())
}
