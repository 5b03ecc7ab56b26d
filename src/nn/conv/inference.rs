//! The forward pass of a trained convolutional network on ragged batches. A window's score is the
//! same bits whatever else is in its batch.

use crate::kernel::slide::{Slide, SlideSizes};
use crate::kernel::{Kernel, Operation, Simd};
use crate::lines::Lines;
use crate::loss::sigmoid;
use crate::network::{Dense, Linear};

use super::clock::{CHANNELS, Clock, channels};
use super::layer::{pack, sizes};
use super::network::{ConvLayer, ConvNetwork};
use super::pool::Pool;
use super::rows::BatchRows;

/// Windows that are scored together at most; bounds the memory.
const CHUNK: usize = 32;

/// A network, packed for scoring.
#[derive(Debug)]
pub struct ConvInference {
    kernel: Kernel,
    clock: Clock,
    scale: f32,
    reach: usize,
    layers: Vec<Layer>,
    channels: usize,
    head: Dense,
    embedding: Option<Linear>,
    rows: BatchRows,
    ways: Vec<[f32; 2]>,
    inputs: Vec<f32>,
    pooled: Vec<f32>,
}

/// A convolution with its normalisation folded in.
#[derive(Debug)]
struct Layer {
    sizes: SlideSizes,
    panels: Lines,
    bias: Vec<f32>,
    outputs: Lines,
}

impl ConvInference {
    /// On the fastest instruction set.
    pub fn new(network: &ConvNetwork) -> Self {
        Self::with_kernel(network, Kernel::best())
    }

    /// On a given instruction set; scores of two sets differ by rounding only, about 1e-7.
    pub fn with_kernel(network: &ConvNetwork, kernel: Kernel) -> Self {
        let mut width = CHANNELS;
        let mut layers = Vec::with_capacity(network.layers.len());
        for layer in &network.layers {
            layers.push(Layer::new(layer, width, kernel));
            width = kernel.columns(layer.output);
        }
        Self {
            kernel,
            clock: network.clock,
            scale: network.scale,
            reach: network.reach(),
            layers,
            channels: network.channels(),
            head: network.head.clone(),
            embedding: network.embedding.clone(),
            rows: BatchRows::default(),
            ways: Vec::new(),
            inputs: Vec::new(),
            pooled: Vec::new(),
        }
    }

    /// The probability of "genuine" for each window, in order; steps are `(dx px, dy px, dt ms)`.
    /// A window without steps has no score: not-a-number.
    pub fn probabilities(&mut self, windows: &[&[[f32; 3]]]) -> Vec<f32> {
        self.features(windows).iter().map(|row| self.probability(row)).collect()
    }

    /// The same, each with the window's embedding: empty from a network that gives none, and none
    /// of a window without steps.
    pub fn described(&mut self, windows: &[&[[f32; 3]]]) -> Vec<(f32, Vec<f32>)> {
        let features = self.features(windows);
        let embedding = |row: &Vec<f32>| match &self.embedding {
            Some(embedding) if !row.is_empty() => embedding.apply(row),
            // A window without steps has no place among others: zeros would be the mean of all
            // users.
            _ => Vec::new(),
        };
        features.iter().map(|row| (self.probability(row), embedding(row))).collect()
    }

    fn probability(&self, features: &[f32]) -> f32 {
        let Dense { weight, bias } = &self.head;
        // In double precision, so that the order of the sum does not matter.
        let products = features.iter().zip(weight).map(|(x, w)| f64::from(*x) * f64::from(*w));
        let logit = (products.sum::<f64>() + f64::from(*bias)) as f32;
        if features.is_empty() { f32::NAN } else { sigmoid(logit) }
    }

    /// What the head sees of each window, in order. A window without steps has none: an empty row.
    pub fn features(&mut self, windows: &[&[[f32; 3]]]) -> Vec<Vec<f32>> {
        windows.chunks(CHUNK).flat_map(|chunk| self.chunk(chunk)).collect()
    }

    fn chunk(&mut self, windows: &[&[[f32; 3]]]) -> Vec<Vec<f32>> {
        self.lay(windows);
        let Self { kernel, rows, inputs, layers, pooled, .. } = self;
        let columns = layers.last().map_or(CHANNELS, |layer| layer.sizes.columns);
        let mut below: &[f32] = inputs;
        for layer in layers.iter_mut() {
            layer.forward(*kernel, rows, below);
            below = &layer.outputs;
        }
        // Mean and deviation, side by side as the head's weights are.
        pooled.resize(2 * columns, 0.0);
        let mut features = Vec::with_capacity(windows.len());
        for range in rows.ranges() {
            let (mean, deviation) = pooled.split_at_mut(columns);
            let values = &below[range.start * columns..range.end * columns];
            kernel.apply(Pool { values, mean, deviation });
            let both = [&mean[..self.channels], &deviation[..self.channels]];
            features.push(if range.is_empty() { Vec::new() } else { both.concat() });
        }
        features
    }

    fn lay(&mut self, windows: &[&[[f32; 3]]]) {
        let Self { rows, ways, inputs, clock, .. } = self;
        // Gaps as wide as the furthest reach, so that no filter sees two windows at once.
        rows.lay(windows.iter().map(|window| clock.count(window)), self.reach);
        inputs.clear();
        inputs.resize(rows.total() * CHANNELS, 0.0);
        for (window, range) in windows.iter().zip(rows.ranges()) {
            ways.resize(range.len(), [0.0; 2]);
            clock.resample(window, ways);
            let inputs = inputs[range.start * CHANNELS..].chunks_exact_mut(CHANNELS);
            for (way, input) in ways.iter().zip(inputs) {
                input.copy_from_slice(&channels(*way, self.scale));
            }
        }
    }
}

impl Layer {
    fn new(layer: &ConvLayer, width: usize, kernel: Kernel) -> Self {
        let sizes = sizes(layer, width, kernel);
        // Folded once at the start: one product and one sum a value less for every window.
        let (weight, mut bias) = layer.folded();
        let folded = ConvLayer { weight, ..layer.clone() };
        let mut panels = Lines::zeros(sizes.panels());
        panels.copy_from_slice(&pack(&folded, sizes, kernel));
        // Columns of padding have no bias, and so stay zero through all layers.
        bias.resize(sizes.columns, 0.0);
        Self { sizes, panels, bias, outputs: Lines::default() }
    }

    fn forward(&mut self, kernel: Kernel, rows: &BatchRows, input: &[f32]) {
        let SlideSizes { width, columns, .. } = self.sizes;
        self.outputs.fit(rows.total() * columns);
        let (written, read) = rows.seen(self.sizes.kernel / 2);
        kernel.apply(Slide {
            sizes: self.sizes,
            input: &input[read.start * width..read.end * width],
            panels: &self.panels,
            bias: &self.bias,
            out: &mut self.outputs[written.start * columns..written.end * columns],
        });
        kernel.apply(Positive(&mut self.outputs));
        // The bias was added in the gaps as well; the next layer must find zeros there.
        rows.clear_gaps(&mut self.outputs, columns);
    }
}

/// The positive part.
struct Positive<'a>(&'a mut [f32]);

impl Operation for Positive<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        self.0.iter_mut().for_each(|x| *x = x.max(0.0));
    }
}
