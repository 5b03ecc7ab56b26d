//! One side of a network in training: the direction `index` of both layers with its half of
//! normalisation and head, its optimiser and its buffers. A side writes what is its own; what the
//! other reads is published in `phases`.

use super::head;
use super::layout::ParameterLayout;
use super::phases::Shared;
use crate::inference::half;
use crate::kernel::{Operation, Simd};
use crate::lines::Lines;
use crate::lstm::Tape;
use crate::network::{BatchNorm, BiLstm, Conditioning, Dense, Linear, Network};
use crate::norm::FeatureMoments;

/// Everything that one thread owns.
#[derive(Debug)]
pub struct Side {
    /// 0 reads forward, 1 backward.
    pub index: usize,
    /// Parameters as `ParameterLayout` has them.
    pub params: Lines,
    /// Their gradients.
    pub grads: Lines,
    /// Adam's mean and squared gradients.
    pub adam: [Lines; 2],
    /// Transposed recurrent panels of both layers, and the input panels of the second.
    pub transposed: [Lines; 3],
    /// Both layers' activations.
    pub tapes: [Tape; 2],
    /// Statistics of the batch.
    pub moments: FeatureMoments,
    /// Running mean and variance.
    pub running: [Vec<f32>; 2],
    /// Gradient of the first layer's outputs.
    pub upstream: Lines,
    /// Gradient of the second layer's last outputs, a row a sequence.
    pub last: Lines,
    /// Gradients of the logits of one sequence, a value a class.
    pub slopes: Vec<f32>,
    /// Steps so far.
    pub steps: u64,
    /// Step size of the next step.
    pub learning_rate: f32,
}

impl Side {
    /// One side of a network.
    pub fn new(
        network: &Network,
        classes: Option<&Linear>,
        layout: &ParameterLayout,
        index: usize,
        learning_rate: f32,
    ) -> Self {
        let mut params = Lines::zeros(layout.len());
        for (layer, lstm) in [&network.first, &network.second].into_iter().enumerate() {
            let weights = if index == 0 { &lstm.forward } else { &lstm.backward };
            layout.shapes[layer].pack(weights, &mut params[layout.panels[layer].clone()]);
        }
        let [first, second] = layout.shapes;
        let norm = &network.norm;
        params[layout.gamma.clone()].copy_from_slice(&half(&norm.gamma, index, first.padded));
        params[layout.beta.clone()].copy_from_slice(&half(&norm.beta, index, first.padded));
        let weight = &mut params[layout.head.clone()];
        let bias = layout.bias.clone();
        match classes {
            Some(classes) => head::pack(classes, index, second.hidden, weight),
            None => weight.copy_from_slice(&half(&network.head.weight, index, second.padded)),
        }
        let biases = classes.map_or(std::slice::from_ref(&network.head.bias), |c| &c.bias);
        params[bias].copy_from_slice(biases);
        let zeros = || Lines::zeros(layout.len());
        Self {
            index,
            params,
            grads: zeros(),
            adam: [zeros(), zeros()],
            transposed: [
                Lines::zeros(first.recurrent_len()),
                Lines::zeros(second.recurrent_len()),
                Lines::zeros(second.inputs() * 4 * second.padded),
            ],
            tapes: Default::default(),
            moments: FeatureMoments::new(first.padded),
            running: [
                half(&norm.mean, index, first.padded),
                half(&norm.variance, index, first.padded),
            ],
            upstream: Lines::default(),
            last: Lines::default(),
            slopes: vec![0.0; layout.classes.unwrap_or(0)],
            steps: 0,
            learning_rate,
        }
    }

    /// Mixes the batch's statistics into the running ones: a plain average at first, then a decay.
    pub fn average(&mut self, momentum: f32) {
        let rate = (1.0 - momentum).max(1.0 / (self.steps + 1) as f32);
        let [mean, variance] = &mut self.running;
        for (running, now) in [(mean, &self.moments.mean), (variance, &self.moments.variance)] {
            running
                .iter_mut()
                .zip(now)
                .for_each(|(running, now)| *running += rate * (now - *running));
        }
    }
}

/// Fills the transposed panels from the parameters.
pub(crate) struct Transpose<'a> {
    /// Where the parameters lie.
    pub layout: &'a ParameterLayout,
    /// The parameters.
    pub params: &'a [f32],
    /// Recurrent panels of both layers, input panels of the second.
    pub out: &'a mut [Lines; 3],
}

impl Operation for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let [first, second] = self.layout.shapes;
        let [panels, above] =
            [0, 1].map(|layer: usize| &self.params[self.layout.panels[layer].clone()]);
        let [recurrent, recurrent_above, down] = self.out;
        first.transpose(panels, first.inputs(), first.padded, recurrent);
        second.transpose(above, second.inputs(), second.padded, recurrent_above);
        second.transpose(above, 0, second.inputs(), down);
    }
}

/// Both sides' flat arrays as a network; without running statistics those are zero.
pub(crate) fn export(
    shared: &Shared,
    flat: [&[f32]; 2],
    running: Option<[&[Vec<f32>; 2]; 2]>,
) -> Network {
    let layout = &shared.layout;
    let [first, second] = layout.shapes;
    let range = |range: &std::ops::Range<usize>| flat.map(|flat| &flat[range.clone()]);
    let layer = |layer: usize, input: usize| {
        let [forward, backward] =
            range(&layout.panels[layer]).map(|panels| layout.shapes[layer].unpack(panels));
        BiLstm { input, hidden: layout.shapes[layer].hidden, forward, backward }
    };
    let statistics = |index: usize| match running {
        Some(sides) => join(first.hidden, sides.map(|side| side[index].as_slice())),
        None => vec![0.0; 2 * first.hidden],
    };
    let zero = Conditioning { scale: [0.0; 3], shift: [0.0; 3], gain: [0.0; 3] };
    Network {
        conditioning: if running.is_some() { shared.conditioning } else { zero },
        first: layer(0, 3),
        norm: BatchNorm {
            gamma: join(first.hidden, range(&layout.gamma)),
            beta: join(first.hidden, range(&layout.beta)),
            mean: statistics(0),
            variance: statistics(1),
            epsilon: shared.epsilon,
        },
        second: layer(1, 2 * first.hidden),
        head: match layout.classes {
            // A head that says nothing yet: the classes are not what the network is for.
            Some(_) => Dense { weight: vec![0.0; 2 * second.hidden], bias: 0.0 },
            None => Dense {
                weight: join(second.hidden, range(&layout.head)),
                bias: flat[0][layout.bias.start],
            },
        },
    }
}

fn join(size: usize, halves: [&[f32]; 2]) -> Vec<f32> {
    halves.iter().flat_map(|half| &half[..size]).copied().collect()
}

/// Both sides' flat arrays as the classes' layer; empty without classes.
pub(crate) fn export_classes(shared: &Shared, flat: [&[f32]; 2]) -> Linear {
    let layout = &shared.layout;
    let count = layout.classes.unwrap_or(0);
    let heads = flat.map(|flat| &flat[layout.head.clone()]);
    let weight = head::unpack(heads, count, layout.shapes[1].hidden);
    Linear { weight, bias: flat[0][layout.bias.clone()][..count].to_vec() }
}
