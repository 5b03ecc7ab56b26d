//! The network as plain numbers, in the order in which ONNX wants them, and its first weights.

use crate::network::{BatchNorm, Dense, Linear};
use crate::random::RandomStream;

use super::clock::{CHANNELS, Clock};

/// Added to the variance in batch normalisation.
const EPSILON: f32 = 1e-3;
/// Purposes of random streams from here on, apart from those of the other architecture.
// Another architecture of the same seed is another network, not the same numbers in other places.
const PURPOSE: u64 = 100;
/// And that of an embedding.
const EMBEDDING: u64 = 99;

/// A convolution over time without bias, batch normalisation, the positive part.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvLayer {
    /// Ticks that one output sees; odd, so that it sees as far back as ahead.
    pub kernel: usize,
    /// Channels that it reads.
    pub input: usize,
    /// Channels that it gives.
    pub output: usize,
    /// Weights, `[output, input, kernel]`, row-major.
    pub weight: Vec<f32>,
    /// Over the outputs of every tick of a window.
    pub norm: BatchNorm,
}

/// Sizes of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvShape {
    /// Ticks seen by, and channels given by, each convolution.
    pub layers: Vec<(usize, usize)>,
    /// Filters of the first convolution start as short as these numbers of ticks, in turn; empty:
    /// all as long as it sees.
    pub scales: Vec<usize>,
}

impl Default for ConvShape {
    fn default() -> Self {
        // Several lengths side by side did best of random filters (onnx/EXPERIMENTS.md, "Sketch").
        Self { layers: vec![(25, 128)], scales: vec![3, 7, 13, 25] }
    }
}

/// The architecture `conv`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvNetwork {
    /// The clock that windows are put on.
    pub clock: Clock,
    /// Multiplies the way of a tick, px, before asinh.
    pub scale: f32,
    /// At least one.
    pub layers: Vec<ConvLayer>,
    /// From mean and deviation of the last layer's channels, `2 * output`, to the logit.
    pub head: Dense,
    /// From the same to the window's embedding, if it gives any.
    pub embedding: Option<Linear>,
}

impl ConvNetwork {
    /// A fresh network with a head of zeros; weights follow He et al. (2015). Sizes of 0 count as
    /// 1, even kernels as one more.
    pub fn new(shape: &ConvShape, seed: u64) -> Self {
        let mut input = CHANNELS;
        let mut layer = |(at, (kernel, output)): (usize, &(usize, usize))| {
            let output = (*output).max(1);
            // `| 1` makes an even length odd: the filter is centred on its tick.
            let layer = fresh_layer([kernel | 1, input, output], seed, PURPOSE + at as u64);
            input = output;
            layer
        };
        let mut layers: Vec<ConvLayer> = shape.layers.iter().enumerate().map(&mut layer).collect();
        if let Some(first) = layers.first_mut().filter(|_| !shape.scales.is_empty()) {
            shorten(first, &shape.scales);
        }
        Self {
            // 16 ms is a step of coarse system clocks: finer ticks would show whose clock it is.
            // 128 of them are two seconds.
            clock: Clock { tick_ms: 16.0, ticks: 128 },
            // asinh bends at two pixels a tick, between aiming and flicking.
            scale: 0.5,
            layers,
            head: Dense { weight: vec![0.0; 2 * input], bias: 0.0 },
            embedding: None,
        }
    }

    /// Random weights for an embedding of `count` numbers. Features of fresh filters scatter by
    /// about a quarter, so that what they give lies half a unit apart.
    pub fn fresh_embedding(&self, count: usize, seed: u64) -> Linear {
        let mut stream = RandomStream::new(seed, EMBEDDING);
        let deviation = 2.0 / (self.features().max(1) as f64).sqrt();
        let mut weight = |_| (stream.normal() * deviation) as f32;
        Linear {
            weight: (0..count * self.features()).map(&mut weight).collect(),
            bias: vec![0.0; count],
        }
    }

    /// What it sees of a window beside its scores: numbers a window.
    pub fn features(&self) -> usize {
        2 * self.channels()
    }

    /// Channels of the last layer.
    pub fn channels(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.output)
    }

    /// The furthest that any layer sees to one side, ticks.
    pub fn reach(&self) -> usize {
        self.layers.iter().map(|layer| layer.kernel / 2).max().unwrap_or(0)
    }
}

impl ConvLayer {
    /// Weights and biases of the convolution that does it all: `x * factor + offset` of the
    /// normalisation folded in, in double precision and rounded once.
    // Rounded once, after the product, as the exported file is.
    pub fn folded(&self) -> (Vec<f32>, Vec<f32>) {
        let BatchNorm { gamma, beta, mean, variance, epsilon } = &self.norm;
        let factor =
            |o: usize| f64::from(gamma[o]) / (f64::from(variance[o]) + f64::from(*epsilon)).sqrt();
        let rows = self.weight.chunks_exact((self.input * self.kernel).max(1)).enumerate();
        let weight = rows.flat_map(|(o, row)| {
            let factor = factor(o);
            row.iter().map(move |x| (f64::from(*x) * factor) as f32)
        });
        let bias =
            (0..self.output).map(|o| (f64::from(beta[o]) - f64::from(mean[o]) * factor(o)) as f32);
        (weight.collect(), bias.collect())
    }
}

/// Zeros beyond the middle of each filter, as many weights left as its scale says.
fn shorten(layer: &mut ConvLayer, scales: &[usize]) {
    // Short filters within the length of the longest: one kernel serves all, and training may
    // lengthen them.
    let ConvLayer { kernel, input, .. } = *layer;
    for (output, filter) in layer.weight.chunks_exact_mut(input * kernel).enumerate() {
        let half = scales[output % scales.len()] / 2;
        for (at, weight) in filter.iter_mut().enumerate() {
            if (at % kernel).abs_diff(kernel / 2) > half {
                *weight = 0.0;
            }
        }
    }
}

fn fresh_layer([kernel, input, output]: [usize; 3], seed: u64, purpose: u64) -> ConvLayer {
    let mut stream = RandomStream::new(seed, purpose);
    // He: half of a ReLU's inputs pass, so twice one over the fan-in keeps the variance.
    let deviation = (2.0 / (input * kernel) as f64).sqrt();
    ConvLayer {
        kernel,
        input,
        output,
        weight: (0..output * input * kernel)
            .map(|_| (stream.normal() * deviation) as f32)
            .collect(),
        norm: BatchNorm::identity(output, EPSILON),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_decide_everything_and_sizes_fit() {
        let make = |seed| ConvNetwork::new(&ConvShape::default(), seed);
        assert_eq!(make(1), make(1));
        assert_ne!(make(1).layers[0].weight, make(2).layers[0].weight);
        let network = make(1);
        assert_eq!(network.head.weight.len(), 2 * network.channels());
        assert_eq!((network.reach(), network.layers[0].input), (12, CHANNELS));
        let taps = |output: usize| {
            let filter = &network.layers[0].weight[output * 25 * CHANNELS..][..25];
            filter.iter().filter(|weight| **weight != 0.0).count()
        };
        assert_eq!([0, 1, 2, 3, 4].map(taps), [3, 7, 13, 25, 3]);
    }
}
