//! The forward pass of a trained network on ragged batches. A window's score is the same bits
//! whatever else is in its batch; after the largest batch has been seen, only the answer is
//! allocated.

use super::kernel::{Kernel, Operation, Simd};
use super::lines::Lines;
use super::loss::sigmoid;
use super::lstm::{Pass, Tape};
use super::network::{BiLstm, Conditioning, Network};
use super::packing::Packing;
use super::panel::PanelShape;

/// Windows that are scored together at most; bounds the memory.
const CHUNK: usize = 64;

/// A network, packed for scoring.
#[derive(Debug)]
pub struct Inference {
    kernel: Kernel,
    conditioning: Conditioning,
    shapes: [PanelShape; 2],
    /// Panels of both layers' directions.
    panels: [[Lines; 2]; 2],
    /// Scale and offset of the normalisation for each direction's outputs.
    affine: [[Vec<f32>; 2]; 2],
    /// Head weights for each direction's outputs.
    head: [Vec<f32>; 2],
    bias: f32,
    packing: Packing,
    inputs: [Vec<f32>; 2],
    tapes: [Tape; 2],
    /// Normalised outputs: direction, then reading order.
    normed: [[Lines; 2]; 2],
    sums: Vec<f32>,
}

impl Inference {
    /// On the fastest instruction set.
    pub fn new(network: &Network) -> Self {
        Self::with_kernel(network, Kernel::best())
    }

    /// On a given instruction set; scores of two sets differ by rounding only, about 1e-7.
    pub fn with_kernel(network: &Network, kernel: Kernel) -> Self {
        let first = PanelShape::first(network.first.hidden, kernel.lanes());
        let shapes = [first, PanelShape::above(&first, network.second.hidden)];
        Self {
            kernel,
            conditioning: network.conditioning,
            shapes,
            panels: [panels(&shapes[0], &network.first), panels(&shapes[1], &network.second)],
            affine: affine(network, first.padded),
            head: [0, 1].map(|d| half(&network.head.weight, d, shapes[1].padded)),
            bias: network.head.bias,
            packing: Packing::default(),
            inputs: Default::default(),
            tapes: Default::default(),
            normed: Default::default(),
            sums: Vec::new(),
        }
    }

    /// The probability of "genuine" for each window, in order; steps are `(dx px, dy px, dt ms)`.
    /// A window without steps has no score: not-a-number.
    pub fn probabilities(&mut self, windows: &[&[[f32; 3]]]) -> Vec<f32> {
        let mut out = Vec::with_capacity(windows.len());
        self.probabilities_into(windows, &mut out);
        out
    }

    /// Like [`Self::probabilities`], appending to `out`; allocates nothing if that has room and no
    /// larger batch than any before comes.
    pub(crate) fn probabilities_into(&mut self, windows: &[&[[f32; 3]]], out: &mut Vec<f32>) {
        for chunk in windows.chunks(CHUNK) {
            self.logits(chunk);
            let first = out.len();
            // Not-a-number for windows without steps: a score must never be invented for them.
            out.resize(first + chunk.len(), f32::NAN);
            for (s, &logit) in self.sums.iter().enumerate() {
                if self.packing.last_row(s).is_some() {
                    // The batch was sorted by length; answers go back to the caller's order.
                    out[first + self.packing.order()[s]] = sigmoid(logit);
                }
            }
        }
    }

    /// What the head sees of each window, in order: the final states of the second recurrence,
    /// forward then backward. A window without steps has none: an empty row.
    pub fn features(&mut self, windows: &[&[[f32; 3]]]) -> Vec<Vec<f32>> {
        let mut out = vec![Vec::new(); windows.len()];
        let [_, PanelShape { padded, hidden, .. }] = self.shapes;
        for (chunk, out) in windows.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            self.logits(chunk);
            for (s, &at) in self.packing.order().iter().enumerate() {
                let row = self.packing.last_row(s);
                let sides = row.iter().flat_map(|row| self.tapes.each_ref().map(|t| (t, *row)));
                out[at] =
                    // Padding units are left out: they are zero, and a head has no weights for
                    // them.
                    sides.flat_map(|(t, row)| &t.output(row, padded)[..hidden]).copied().collect();
            }
        }
        out
    }

    /// Fills `sums` with the logits of one chunk in sorted order.
    fn logits(&mut self, windows: &[&[[f32; 3]]]) {
        self.packing.pack(windows.iter().map(|window| window.len()));
        self.packing.inputs(windows, &self.conditioning, &mut self.inputs);
        self.sums.clear();
        // Each logit begins with the bias, and both directions add to it.
        self.sums.resize(windows.len(), self.bias);
        for direction in 0..2 {
            self.first(direction);
        }
        let Self { kernel, packing, normed, .. } = self;
        for (direction, tape) in self.tapes.iter_mut().enumerate() {
            let inputs = [&*normed[0][direction], &*normed[1][direction]];
            let pass = Pass { kernel: *kernel, shape: self.shapes[1], packing, inputs };
            // Gates are not kept: only training reads them again, and they are most of the memory.
            tape.forward(pass, &self.panels[1][direction], false);
            // Only each sequence's last step counts, in both directions' own reading order.
            tape.project_last(packing, &self.head[direction], &mut self.sums);
        }
    }

    /// One direction of the first layer and its normalisation.
    fn first(&mut self, direction: usize) {
        let Self { kernel, packing, .. } = self;
        let shape = self.shapes[0];
        let tape = &mut self.tapes[direction];
        let inputs = [self.inputs[direction].as_slice(), &[]];
        let pass = Pass { kernel: *kernel, shape, packing, inputs };
        tape.forward(pass, &self.panels[0][direction], false);
        let [forward, backward] = &mut self.normed[direction];
        forward.fit(packing.rows() * shape.padded);
        backward.fit(packing.rows() * shape.padded);
        // `forward` is what the layer above reads from the start, whichever direction wrote it.
        let out = if direction == 0 { [forward, backward] } else { [backward, forward] };
        kernel.apply(Affine {
            values: &tape.hidden,
            affine: [&self.affine[direction][0], &self.affine[direction][1]],
            reversed: packing.reversed(),
            out: out.map(|lines| &mut **lines),
        });
    }
}

/// Scales and shifts each row and writes it in both reading orders.
struct Affine<'a> {
    values: &'a [f32],
    affine: [&'a [f32]; 2],
    reversed: &'a [u32],
    out: [&'a mut [f32]; 2],
}

impl Operation for Affine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let [scale, shift] = self.affine;
        let width = scale.len();
        let [own, other] = self.out;
        for (row, (values, &back)) in self.values.chunks_exact(width).zip(self.reversed).enumerate()
        {
            let own = &mut own[row * width..(row + 1) * width];
            for (j, out) in own.iter_mut().enumerate() {
                *out = values[j] * scale[j] + shift[j];
            }
            let back = back as usize * width;
            // Both orders now, so that the layer above reads plain rows and never through an index.
            other[back..back + width].copy_from_slice(own);
        }
    }
}

fn panels(shape: &PanelShape, layer: &BiLstm) -> [Lines; 2] {
    [&layer.forward, &layer.backward].map(|weights| {
        let mut panels = Lines::zeros(shape.panel_len());
        shape.pack(weights, &mut panels);
        panels
    })
}

/// The running statistics folded into one scale and one offset a feature.
fn affine(network: &Network, padded: usize) -> [[Vec<f32>; 2]; 2] {
    let norm = &network.norm;
    // One scale and one shift instead of four arrays a feature and step.
    let inverse = norm.variance.iter().map(|variance| 1.0 / (variance + norm.epsilon).sqrt());
    let scale: Vec<f32> =
        norm.gamma.iter().zip(inverse).map(|(gamma, inverse)| gamma * inverse).collect();
    let means = norm.mean.iter().zip(&scale).map(|(mean, scale)| mean * scale);
    let shift: Vec<f32> = norm.beta.iter().zip(means).map(|(beta, mean)| beta - mean).collect();
    [0, 1].map(|direction| [half(&scale, direction, padded), half(&shift, direction, padded)])
}

/// One direction's half of a feature vector, padded with zeros.
pub(super) fn half(features: &[f32], direction: usize, padded: usize) -> Vec<f32> {
    let size = features.len() / 2;
    let mut half = features[direction * size..(direction + 1) * size].to_vec();
    half.resize(padded, 0.0);
    half
}
