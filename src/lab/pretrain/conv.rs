//! The convolutional backbone: trained so that two groups of windows of one person find each other
//! among those of others. Untrained, its filters are random, which already describes movement
//! (Rahimi and Recht 2008; Dempster et al. 2020 on time series); the statistics are always those of
//! the cohort.

use super::episode::{Episode, EpisodeSizes};
use super::{ClassWindows, PretrainOptions, Watch};
use crate::error::Result;
use crate::lab::random::Random;
use crate::nn::{ConvEncoder, ConvNetwork, ConvShape, Linear, TrainParams};

/// Passes that measure the statistics of random filters.
const SETTLING: usize = 40;

/// A backbone and the projection that it was trained with.
pub(super) struct Encoder {
    pub(super) network: ConvNetwork,
    pub(super) projection: Linear,
}

/// Trains it.
pub(super) fn learn(
    shape: &ConvShape,
    users: &ClassWindows,
    options: &PretrainOptions,
    progress: &mut dyn FnMut(usize, f32),
) -> Result<Encoder> {
    let network = ConvNetwork::new(shape, options.seed);
    let projection = network.fresh_embedding(options.projection.max(1), options.seed);
    let train = TrainParams {
        dropout: if options.steps > 0 { options.dropout } else { 0.0 },
        learning_rate: 0.0,
        seed: options.seed,
        norm_momentum: 0.98,
        ..TrainParams::default()
    };
    let mut encoder = ConvEncoder::new(&network, &projection, train);
    let mut random = Random::new(options.seed, 0x9BE);
    let mut watch = Watch { mean: 0.0, progress };
    let sizes = EpisodeSizes { people: options.at_once, groups: options.groups };
    for step in 0..options.steps.max(SETTLING) {
        if options.steps > 0 {
            encoder.set_learning_rate(options.rate(step));
        }
        let episode = Episode::draw(users, sizes, options.real_share, &mut random);
        let sequences = episode.sequences();
        watch.step(step, encoder.step(&episode.batch(&sequences)))?;
    }
    Ok(Encoder { network: encoder.network(), projection: encoder.embedding() })
}
