//! The backbone in training, with an embedding in which two groups of one person's windows lie near
//! each other and those of two people far apart. One thread; the same seed gives the same numbers.

use crate::adam::{AdamStep, Parameter};
use crate::lines::Lines;
use crate::network::{Dense, Linear};
use crate::norm::Dropout;
use crate::random::mix64;
use crate::train::TrainParams;

use super::clock::{CHANNELS, Clock, channels};
use super::embed::EmbeddingLayer;
use super::layer::ConvLayerTrainer;
use super::network::ConvNetwork;
use super::pairs::PairBatch;
use super::pool::{Pool, Unpool};
use super::rows::BatchRows;

/// A backbone in training with its embedding.
#[derive(Debug)]
pub struct ConvEncoder {
    params: TrainParams,
    clock: Clock,
    scale: f32,
    reach: usize,
    layers: Vec<ConvLayerTrainer>,
    embedding: EmbeddingLayer,
    batch: Activations,
    steps: u64,
}

/// What a batch leaves in memory between the passes.
#[derive(Debug, Default)]
struct Activations {
    rows: BatchRows,
    ways: Vec<[f32; 2]>,
    inputs: Vec<f32>,
    /// Mean and deviation of each window, `[windows, 2 * columns]`, and their gradients.
    pooled: [Vec<f32>; 2],
    embeddings: [Vec<f32>; 2],
    slopes: [Lines; 2],
}

impl ConvEncoder {
    /// Starts from the backbone of `network`, whose own head and embedding take no part. Of the
    /// parameters, `threads` does not matter.
    pub fn new(network: &ConvNetwork, embedding: &Linear, params: TrainParams) -> Self {
        let mut width = CHANNELS;
        let mut layers = Vec::with_capacity(network.layers.len());
        for layer in &network.layers {
            layers.push(ConvLayerTrainer::new(layer, width, params.kernel));
            width = params.kernel.columns(layer.output);
        }
        Self {
            clock: network.clock,
            scale: network.scale,
            reach: network.reach(),
            layers,
            embedding: EmbeddingLayer::new(embedding, network.channels(), width),
            params,
            batch: Activations::default(),
            steps: 0,
        }
    }

    /// One step of training; gives the loss before the step. A batch without a whole pair changes
    /// nothing.
    pub fn step(&mut self, batch: &PairBatch<'_>) -> f32 {
        if batch.windows() == 0 {
            return 0.0;
        }
        let loss = self.pass(batch);
        let kernel = self.params.kernel;
        let square: f64 = self.parameters().map(|p| p.square(kernel)).sum();
        let shorten = (f64::from(self.params.clip_norm) / square.sqrt().max(1e-12)).min(1.0) as f32;
        let number = self.steps + 1;
        let params = self.params.clone();
        let steps = self.steps;
        let step = AdamStep { number, rate: params.learning_rate, shorten };
        self.parameters().for_each(|parameter| parameter.step(step, &params));
        self.layers.iter_mut().for_each(|layer| layer.average(params.norm_momentum, steps));
        self.steps += 1;
        loss
    }

    /// Loss and gradients as the next step would see them, in the shape of a network (its clock,
    /// scale and head are no gradients) and of an embedding.
    pub fn gradients(&mut self, batch: &PairBatch<'_>) -> (f32, ConvNetwork, Linear) {
        let loss = self.pass(batch);
        (loss, self.export(|p| &p.grad, false), self.embedding.export(|p| &p.grad))
    }

    /// The backbone as trained so far, with the running statistics and a head of zeros.
    pub fn network(&self) -> ConvNetwork {
        self.export(|p| &p.value, true)
    }

    /// The embedding as trained so far, from what the backbone pools.
    pub fn embedding(&self) -> Linear {
        self.embedding.export(|p| &p.value)
    }

    /// Changes the step size from the next step on.
    pub const fn set_learning_rate(&mut self, rate: f32) {
        self.params.learning_rate = rate;
    }

    fn export(&self, part: fn(&Parameter) -> &[f32], with_statistics: bool) -> ConvNetwork {
        let layers: Vec<_> =
            self.layers.iter().map(|layer| layer.export(part, with_statistics)).collect();
        let channels = layers.last().map_or(CHANNELS, |layer| layer.output);
        let head = Dense { weight: vec![0.0; 2 * channels], bias: 0.0 };
        ConvNetwork { clock: self.clock, scale: self.scale, layers, head, embedding: None }
    }

    fn parameters(&mut self) -> impl Iterator<Item = &mut Parameter> {
        let embedding = [&mut self.embedding.weight, &mut self.embedding.bias];
        self.layers.iter_mut().flat_map(|layer| &mut layer.params).chain(embedding)
    }

    fn pass(&mut self, batch: &PairBatch<'_>) -> f32 {
        let windows = batch.windows();
        self.parameters().for_each(Parameter::clear);
        if windows == 0 {
            return 0.0;
        }
        self.lay(&batch.sequences[..windows]);
        self.forward();
        let count = self.embedding.count();
        let [embeddings, slopes] = &mut self.batch.embeddings;
        slopes.resize(windows * count, 0.0);
        let loss = batch.loss(embeddings, count, slopes);
        self.backward();
        loss as f32
    }

    /// Puts the windows on the clock.
    fn lay(&mut self, windows: &[&[[f32; 3]]]) {
        let Activations { rows, ways, inputs, .. } = &mut self.batch;
        rows.lay(windows.iter().map(|window| self.clock.count(window)), self.reach);
        inputs.clear();
        inputs.resize(rows.total() * CHANNELS, 0.0);
        for (window, range) in windows.iter().zip(rows.ranges()) {
            ways.resize(range.len(), [0.0; 2]);
            self.clock.resample(window, ways);
            let inputs = inputs[range.start * CHANNELS..].chunks_exact_mut(CHANNELS);
            for (way, input) in ways.iter().zip(inputs) {
                input.copy_from_slice(&channels(*way, self.scale));
            }
        }
    }

    fn forward(&mut self) {
        let Activations { rows, inputs, pooled: [pooled, _], embeddings, .. } = &mut self.batch;
        let columns = self.layers.last().map_or(CHANNELS, ConvLayerTrainer::columns);
        let mut below: &[f32] = inputs;
        for (at, layer) in self.layers.iter_mut().enumerate() {
            let key = mix64(self.params.seed ^ mix64(self.steps << 8 | at as u64)) as u32;
            layer.forward(rows, below, Dropout::new(key, self.params.dropout, 0));
            below = &layer.outputs;
        }
        let windows = rows.ranges().len();
        let count = self.embedding.count();
        pooled.resize(windows * 2 * columns, 0.0);
        embeddings[0].resize(windows * count, 0.0);
        let pools = pooled.chunks_exact_mut(2 * columns).zip(rows.ranges());
        for ((pooled, range), embedding) in pools.zip(embeddings[0].chunks_exact_mut(count)) {
            let (mean, deviation) = pooled.split_at_mut(columns);
            let values = &below[range.start * columns..range.end * columns];
            self.params.kernel.apply(Pool { values, mean, deviation });
            self.embedding.forward(self.params.kernel, pooled, embedding);
        }
    }

    fn backward(&mut self) {
        let kernel = self.params.kernel;
        let Activations { rows, inputs, pooled, embeddings, slopes, .. } = &mut self.batch;
        let columns = self.layers.last().map_or(CHANNELS, ConvLayerTrainer::columns);
        let count = self.embedding.count();
        let [above, below] = slopes;
        above.fit(rows.total() * columns);
        let [pooled, to_pooled] = pooled;
        to_pooled.resize(2 * columns, 0.0);
        let outputs = self.layers.last().map_or(&inputs[..], |layer| &layer.outputs);
        for (at, range) in rows.ranges().iter().enumerate() {
            let slopes = &embeddings[1][at * count..(at + 1) * count];
            let pooled = &pooled[at * 2 * columns..(at + 1) * 2 * columns];
            self.embedding.backward(kernel, pooled, slopes, to_pooled);
            let span = range.start * columns..range.end * columns;
            kernel.apply(Unpool {
                values: &outputs[span.clone()],
                pooled: pooled.split_at(columns).into(),
                slopes: to_pooled.split_at(columns).into(),
                out: &mut above[span],
            });
        }
        let kept = 1.0 - self.params.dropout.clamp(0.0, 0.95);
        for at in (0..self.layers.len()).rev() {
            let (under, layer) = self.layers.split_at_mut(at);
            let input = under.last().map_or(&inputs[..], |layer| &layer.outputs);
            let room = (at > 0).then_some(&mut *below);
            layer[0].backward(rows, input, above, room, kept);
            std::mem::swap(above, below);
        }
    }
}
