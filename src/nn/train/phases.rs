//! The phases of a step, each one side's work between two meetings of the threads, and what the
//! sides show each other in between. A phase writes its own side and its own published buffers;
//! it reads of the other only what an earlier phase has published.

use std::ops::{Deref, Range};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::gate::Barrier;
use super::head::{self, HeadBackward, Project};
use super::layout::ParameterLayout;
use super::side::{Side, Transpose};
use super::{Batch, ClassBatch, TrainParams};
use crate::adam::{Adam, SquareSum};
use crate::kernel::backward::Upstream;
use crate::lines::Lines;
use crate::loss::{cross_entropy, sigmoid};
use crate::lstm::{Downward, Pass};
use crate::network::{Conditioning, Linear, Network};
use crate::norm::{Denormalise, Dropout, Normalise};
use crate::packing::Packing;
use crate::random::mix64;

/// One side's work between two meetings.
pub type Phase = fn(&mut Side, &Shared);

/// In this order, the threads meeting after each.
pub(crate) const PHASES: [Phase; 5] =
    [first_layer, second_layer, second_layer_back, first_layer_back, update];

/// What both threads see.
#[derive(Debug)]
pub struct Shared {
    pub params: TrainParams,
    pub layout: ParameterLayout,
    pub conditioning: Conditioning,
    /// Added to the variance in normalisation.
    pub epsilon: f32,
    pub sides: [Mutex<Side>; 2],
    pub gate: Barrier,
    pub stop: AtomicBool,
    loaded: RwLock<Loaded>,
    published: [Published; 2],
}

/// A batch, packed; labels and weights in sorted order.
#[derive(Debug, Default)]
struct Loaded {
    packing: Packing,
    inputs: [Vec<f32>; 2],
    labels: Vec<f32>,
    weights: Vec<f32>,
    /// Class of each sequence and the classes that it is told from; empty for a single logit.
    classes: Vec<(usize, Range<usize>)>,
    update: bool,
}

/// What one side shows the other.
#[derive(Debug, Default)]
struct Published {
    /// Normalised outputs of the first layer in both reading orders.
    normed: RwLock<[Lines; 2]>,
    /// This side's share of each logit; with classes a row of them a sequence.
    logits: RwLock<Vec<f32>>,
    /// Gradient of the second layer's inputs in this side's reading order.
    down: RwLock<Lines>,
    /// Squared norm of this side's gradient.
    square: RwLock<f64>,
}

impl Shared {
    /// Both sides of a network.
    pub fn new(network: &Network, classes: Option<&Linear>, params: TrainParams) -> Self {
        let hidden = [network.first.hidden, network.second.hidden];
        let layout =
            ParameterLayout::new(hidden, classes.map(Linear::count), params.kernel.lanes());
        let sides = [0, 1].map(|index| {
            let mut side = Side::new(network, classes, &layout, index, params.learning_rate);
            let Side { params: weights, transposed: out, .. } = &mut side;
            params.kernel.apply(Transpose { layout: &layout, params: weights, out });
            Mutex::new(side)
        });
        Self {
            params,
            layout,
            conditioning: network.conditioning,
            epsilon: network.norm.epsilon,
            sides,
            gate: Barrier::default(),
            stop: AtomicBool::new(false),
            loaded: RwLock::default(),
            published: Default::default(),
        }
    }

    /// Packs the batch of the next step.
    pub fn load(&self, batch: &Batch<'_>, update: bool) {
        let count = batch.sequences.len().min(batch.labels.len()).min(batch.weights.len());
        let sequences = &batch.sequences[..count];
        let mut loaded = write(&self.loaded);
        let Loaded { packing, inputs, labels, weights, .. } = &mut *loaded;
        packing.pack(sequences.iter().map(|sequence| sequence.len()));
        packing.inputs(sequences, &self.conditioning, inputs);
        labels.clear();
        labels.extend(packing.order().iter().map(|&at| batch.labels[at]));
        weights.clear();
        weights.extend(
            packing.order().iter().enumerate().map(|(s, &at)| {
                if packing.last_row(s).is_some() { batch.weights[at] } else { 0.0 }
            }),
        );
        loaded.update = update;
    }

    /// Packs a batch of classes; every sequence weighs alike, unless its class does not exist.
    pub(crate) fn load_classes(&self, batch: &ClassBatch<'_>, update: bool) {
        let count = self.layout.classes.unwrap_or(0);
        let weights: Vec<f32> = batch
            .classes
            .iter()
            .zip(batch.among)
            .map(|(&class, among)| {
                f32::from(u8::from(among.contains(&class) && among.end <= count))
            })
            .collect();
        self.load(
            &Batch { sequences: batch.sequences, labels: &weights, weights: &weights },
            update,
        );
        let mut loaded = write(&self.loaded);
        let Loaded { packing, classes, .. } = &mut *loaded;
        classes.clear();
        classes
            .extend(packing.order().iter().map(|&at| (batch.classes[at], batch.among[at].clone())));
    }

    /// Weighted mean cross-entropy of the last step.
    pub fn loss(&self) -> f32 {
        let loaded = read(&self.loaded);
        let logits = [0, 1].map(|side: usize| read(&self.published[side].logits));
        let mut sum = 0.0;
        let mut total = 0.0;
        for (s, (&label, &weight)) in loaded.labels.iter().zip(&loaded.weights).enumerate() {
            if weight == 0.0 {
                continue;
            }
            let loss = match loaded.classes.get(s) {
                Some((class, among)) => {
                    let sides = self.rows(&logits, s).map(|row| &row[among.clone()]);
                    head::cross_entropy(sides, class - among.start)
                }
                None => cross_entropy(logits[0][s] + logits[1][s], label),
            };
            sum += f64::from(weight) * f64::from(loss);
            total += f64::from(weight);
        }
        if total > 0.0 { (sum / total) as f32 } else { 0.0 }
    }

    /// Both sides' logits of one sequence.
    fn rows<'a, T: Deref<Target = Vec<f32>>>(
        &self,
        logits: &'a [T; 2],
        s: usize,
    ) -> [&'a [f32]; 2] {
        let count = self.layout.classes.unwrap_or(1);
        [0, 1].map(|side: usize| &logits[side][s * count..(s + 1) * count])
    }

    fn dropout(&self, side: &Side) -> Dropout {
        let key = mix64(self.params.seed ^ mix64(side.steps)) as u32;
        Dropout::new(key, self.params.dropout, side.index * self.layout.shapes[0].hidden)
    }

    fn pass<'a>(&self, layer: usize, packing: &'a Packing, inputs: [&'a [f32]; 2]) -> Pass<'a> {
        Pass { kernel: self.params.kernel, shape: self.layout.shapes[layer], packing, inputs }
    }
}

/// The first recurrence, normalised and dropped.
fn first_layer(side: &mut Side, shared: &Shared) {
    let loaded = read(&shared.loaded);
    let packing = &loaded.packing;
    let dropout = shared.dropout(side);
    let layout = &shared.layout;
    let pass = shared.pass(0, packing, [loaded.inputs[side.index].as_slice(), &[]]);
    side.tapes[0].forward(pass, &side.params[layout.panels[0].clone()], true);
    let mut normed = write(&shared.published[side.index].normed);
    normed.iter_mut().for_each(|lines| lines.fit(packing.rows() * pass.shape.padded));
    let [forward, backward] = &mut *normed;
    let out = if side.index == 0 { [forward, backward] } else { [backward, forward] };
    shared.params.kernel.apply(Normalise {
        values: &side.tapes[0].hidden,
        moments: &mut side.moments,
        affine: [&side.params[layout.gamma.clone()], &side.params[layout.beta.clone()]],
        epsilon: shared.epsilon,
        reversed: packing.reversed(),
        forward: side.index == 0,
        dropout,
        out: out.map(|lines| &mut **lines),
    });
}

/// The second recurrence and this side's share of the logits.
fn second_layer(side: &mut Side, shared: &Shared) {
    let loaded = read(&shared.loaded);
    let normed = [0, 1].map(|index: usize| read(&shared.published[index].normed));
    let inputs = [&*normed[0][side.index], &*normed[1][side.index]];
    let layout = &shared.layout;
    let pass = shared.pass(1, &loaded.packing, inputs);
    side.tapes[1].forward(pass, &side.params[layout.panels[1].clone()], true);
    let mut logits = write(&shared.published[side.index].logits);
    logits.clear();
    let packing = &loaded.packing;
    let biases = &side.params[layout.bias.clone()];
    for _ in 0..packing.sequences() {
        logits.extend(biases.iter().map(|bias| if side.index == 0 { *bias } else { 0.0 }));
    }
    let head = &side.params[layout.head.clone()];
    match layout.classes {
        None => side.tapes[1].project_last(packing, head, &mut logits),
        Some(_) => {
            let rows = logits.chunks_exact_mut(biases.len()).enumerate();
            for (logits, row) in rows.filter_map(|(s, l)| Some((l, packing.last_row(s)?))) {
                let outputs = side.tapes[1].output(row, pass.shape.padded);
                shared.params.kernel.apply(Project { outputs, head, logits });
            }
        }
    }
}

/// The gradient of the loss through head and second recurrence.
fn second_layer_back(side: &mut Side, shared: &Shared) {
    let loaded = read(&shared.loaded);
    side.grads.fill(0.0);
    match shared.layout.classes {
        Some(count) => classes_back(side, shared, &loaded, count),
        None => head_back(side, shared, &loaded),
    }
    let normed = [0, 1].map(|index: usize| read(&shared.published[index].normed));
    let inputs = [&*normed[0][side.index], &*normed[1][side.index]];
    let pass = shared.pass(1, &loaded.packing, inputs);
    let mut down = write(&shared.published[side.index].down);
    down.fit(loaded.packing.rows() * pass.shape.inputs());
    let Side { tapes, grads, transposed, last, .. } = side;
    tapes[1].backward(
        pass,
        Downward {
            upstream: Upstream::Last(last),
            recurrent: &transposed[1],
            down: Some((&transposed[2], &mut down)),
            grads: &mut grads[shared.layout.panels[1].clone()],
        },
    );
}

/// Gradients of the logits, of the head and of each sequence's last outputs.
fn head_back(side: &mut Side, shared: &Shared, loaded: &Loaded) {
    let Side { params, grads, tapes, last, index, .. } = side;
    let layout = &shared.layout;
    let padded = shared.layout.shapes[1].padded;
    let logits = [0, 1].map(|side: usize| read(&shared.published[side].logits));
    let total: f64 = loaded.weights.iter().map(|&weight| f64::from(weight)).sum();
    last.fit(loaded.packing.sequences() * padded);
    for (s, last) in last.chunks_exact_mut(padded).enumerate() {
        let error = sigmoid(logits[0][s] + logits[1][s]) - loaded.labels[s];
        let slope = if total > 0.0 { loaded.weights[s] / total as f32 * error } else { 0.0 };
        let head = &params[layout.head.clone()];
        last.iter_mut().zip(head).for_each(|(last, weight)| *last = slope * weight);
        if *index == 0 {
            grads[layout.bias.start] += slope;
        }
        if let Some(row) = loaded.packing.last_row(s) {
            let output = tapes[1].output(row, padded);
            let grads = grads[layout.head.clone()].iter_mut();
            grads.zip(output).for_each(|(grad, output)| *grad += slope * output);
        }
    }
}

/// The same with classes: the softmax over those that each sequence is told from.
fn classes_back(side: &mut Side, shared: &Shared, loaded: &Loaded, count: usize) {
    let Side { params, grads, tapes, last, slopes, index, .. } = side;
    let layout = &shared.layout;
    let padded = shared.layout.shapes[1].padded;
    let logits = [0, 1].map(|side: usize| read(&shared.published[side].logits));
    let total: f32 = loaded.weights.iter().sum();
    last.fit(loaded.packing.sequences() * padded);
    last.fill(0.0);
    let (weights, biases) = grads[layout.head.start..layout.bias.end].split_at_mut(padded * count);
    for (s, last) in last.chunks_exact_mut(padded).enumerate() {
        let Some(row) = loaded.packing.last_row(s).filter(|_| loaded.weights[s] > 0.0) else {
            continue;
        };
        let (class, among) = &loaded.classes[s];
        let sides = shared.rows(&logits, s).map(|row| &row[among.clone()]);
        slopes.fill(0.0);
        head::slopes(sides, class - among.start, 1.0 / total, &mut slopes[among.clone()]);
        if *index == 0 {
            biases.iter_mut().zip(slopes.iter()).for_each(|(bias, slope)| *bias += slope);
        }
        shared.params.kernel.apply(HeadBackward {
            outputs: tapes[1].output(row, padded),
            head: &params[layout.head.clone()],
            slopes,
            grads: weights,
            last,
        });
    }
}

/// Through normalisation and first recurrence; then the norm of this side's gradient.
fn first_layer_back(side: &mut Side, shared: &Shared) {
    let loaded = read(&shared.loaded);
    let packing = &loaded.packing;
    let dropout = shared.dropout(side);
    let layout = &shared.layout;
    let down = [side.index, 1 - side.index].map(|index| read(&shared.published[index].down));
    let pass = shared.pass(0, packing, [loaded.inputs[side.index].as_slice(), &[]]);
    let Side { index, params, grads, tapes, moments, upstream, transposed, .. } = side;
    upstream.fit(packing.rows() * pass.shape.padded);
    let (gamma, beta) = grads[layout.gamma.start..layout.beta.end].split_at_mut(pass.shape.padded);
    shared.params.kernel.apply(Denormalise {
        values: &tapes[0].hidden,
        moments,
        gamma: &params[layout.gamma.clone()],
        reversed: packing.reversed(),
        forward: *index == 0,
        dropout,
        above: [&down[0], &down[1]],
        columns: (layout.shapes[1].inputs(), *index * pass.shape.padded),
        grads: [gamma, beta],
        out: upstream,
    });
    tapes[0].backward(
        pass,
        Downward {
            upstream: Upstream::Every(upstream),
            recurrent: &transposed[0],
            down: None,
            grads: &mut grads[layout.panels[0].clone()],
        },
    );
    *write(&shared.published[side.index].square) =
        shared.params.kernel.apply(SquareSum(&side.grads));
}

/// Clips the whole gradient and moves this side's parameters.
fn update(side: &mut Side, shared: &Shared) {
    if !read(&shared.loaded).update {
        return;
    }
    let TrainParams { betas, epsilon, clip_norm, norm_momentum, kernel, .. } = shared.params;
    if read(&shared.loaded).packing.rows() > 0 {
        side.average(norm_momentum);
    }
    let norm =
        [0, 1].map(|side: usize| *read(&shared.published[side].square)).iter().sum::<f64>().sqrt();
    side.steps += 1;
    // A gradient that is not finite would poison every parameter for good.
    if !norm.is_finite() {
        return;
    }
    let [mean, square] = betas.map(|beta| 1.0 - f64::from(beta).powf(side.steps as f64));
    let [means, squares] = &mut side.adam;
    kernel.apply(Adam {
        params: &mut side.params,
        grads: &side.grads,
        moments: [means, squares],
        shorten: (f64::from(clip_norm) / norm.max(1e-12)).min(1.0) as f32,
        betas,
        rate: (f64::from(side.learning_rate) / mean) as f32,
        square_correction: (1.0 / square) as f32,
        epsilon,
    });
    let Side { params, transposed: out, .. } = side;
    kernel.apply(Transpose { layout: &shared.layout, params, out });
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
