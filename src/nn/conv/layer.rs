//! One convolution in training: the sliding product, batch normalisation over the ticks of all
//! windows (Ioffe and Szegedy 2015), the positive part, dropout; and the way back.

use crate::adam::Parameter;
use crate::kernel::Kernel;
use crate::kernel::slide::{Slide, SlideSizes, SlideWeights};
use crate::lines::Lines;
use crate::network::BatchNorm;
use crate::norm::Dropout;

use super::activation::{Activate, ChannelMoments, Deactivate};
use super::network::ConvLayer;
use super::rows::BatchRows;

/// A layer with its parameters, running statistics and activations.
#[derive(Debug)]
pub(crate) struct ConvLayerTrainer {
    kernel: Kernel,
    sizes: SlideSizes,
    /// Channels that are really there: read and given.
    real: [usize; 2],
    /// Convolution, scale, offset.
    pub params: [Parameter; 3],
    epsilon: f32,
    running: [Vec<f32>; 2],
    moments: ChannelMoments,
    products: Lines,
    /// What it gives, `[rows, columns]`, zeros in empty rows.
    pub outputs: Lines,
    turned: Lines,
    scratch: Lines,
}

impl ConvLayerTrainer {
    /// From canonical weights; rows below are `width` floats long.
    pub(crate) fn new(layer: &ConvLayer, width: usize, kernel: Kernel) -> Self {
        let sizes = sizes(layer, width, kernel);
        let padded = |values: &[f32]| -> Vec<f32> {
            let mut values = values.to_vec();
            values.resize(sizes.columns, 0.0);
            values
        };
        let norm = &layer.norm;
        let params = [pack(layer, sizes, kernel), padded(&norm.gamma), padded(&norm.beta)];
        Self {
            kernel,
            sizes,
            real: [layer.input, layer.output],
            params: params.map(|values| Parameter::new(&values)),
            epsilon: norm.epsilon,
            running: [padded(&norm.mean), padded(&norm.variance)],
            moments: ChannelMoments::new(sizes.columns),
            products: Lines::default(),
            outputs: Lines::default(),
            turned: Lines::default(),
            scratch: Lines::default(),
        }
    }

    /// Floats of a row that it gives.
    pub(crate) const fn columns(&self) -> usize {
        self.sizes.columns
    }

    const fn half(&self) -> usize {
        self.sizes.kernel / 2
    }

    /// From the rows below, zeros in the empty ones, to `outputs`.
    pub(crate) fn forward(&mut self, rows: &BatchRows, input: &[f32], dropout: Dropout) {
        let SlideSizes { width, columns, .. } = self.sizes;
        self.products.fit(rows.total() * columns);
        self.outputs.fit(rows.total() * columns);
        let (written, read) = rows.seen(self.half());
        self.kernel.apply(Slide {
            sizes: self.sizes,
            input: &input[read.start * width..read.end * width],
            panels: &self.params[0].value,
            // No bias: batch normalisation would take it away again.
            bias: &[],
            out: &mut self.products[written.start * columns..written.end * columns],
        });
        self.kernel.apply(Activate {
            values: &self.products,
            rows,
            moments: &mut self.moments,
            affine: [&self.params[1].value, &self.params[2].value],
            epsilon: self.epsilon,
            dropout,
            out: &mut self.outputs,
        });
        rows.clear_gaps(&mut self.outputs, columns);
    }

    /// Adds to the gradients of the parameters; `slopes`, that of `outputs`, is used up. Writes
    /// that of the rows below, if there is room for it.
    pub(crate) fn backward(
        &mut self,
        rows: &BatchRows,
        input: &[f32],
        slopes: &mut [f32],
        below: Option<&mut Lines>,
        kept: f32,
    ) {
        let SlideSizes { width, columns, .. } = self.sizes;
        let [weight, gamma, beta] = &mut self.params;
        self.kernel.apply(Deactivate {
            values: &self.products,
            outputs: &self.outputs,
            rows,
            moments: &mut self.moments,
            gamma: &gamma.value,
            kept,
            slopes,
            grads: [&mut gamma.grad, &mut beta.grad],
        });
        // The gaps' gradients are of no window.
        rows.clear_gaps(slopes, columns);
        let (written, read) = rows.seen(self.sizes.kernel / 2);
        self.scratch.fit(written.len() * 4 * self.kernel.lanes());
        self.kernel.apply(SlideWeights {
            sizes: self.sizes,
            input: &input[read.start * width..read.end * width],
            slopes: &slopes[written.start * columns..written.end * columns],
            scratch: &mut self.scratch,
            grads: &mut weight.grad,
        });
        // The first layer has nobody below that could learn.
        if let Some(below) = below {
            self.pass_down(rows, slopes, below);
        }
    }

    /// The gradient of the rows below: the same sliding, with the weights turned around.
    fn pass_down(&mut self, rows: &BatchRows, slopes: &[f32], below: &mut Lines) {
        let SlideSizes { width, kernel, columns } = self.sizes;
        let lanes = self.kernel.lanes();
        // A convolution's gradient is the convolution with taps in reverse and channels swapped.
        let back = SlideSizes { width: columns, kernel, columns: self.kernel.columns(width) };
        self.turned.fit(back.panels());
        let weight = &self.params[0].value;
        for tap in 0..kernel {
            for channel in 0..width {
                let from = tap * width + channel;
                for column in 0..columns {
                    let to = back.place(lanes, (kernel - 1 - tap) * columns + column, channel);
                    self.turned[to] = weight[self.sizes.place(lanes, from, column)];
                }
            }
        }
        below.fit(rows.total() * back.columns);
        let (written, read) = rows.seen(self.half());
        self.kernel.apply(Slide {
            sizes: back,
            input: &slopes[read.start * columns..read.end * columns],
            panels: &self.turned,
            bias: &[],
            out: &mut below[written.start * back.columns..written.end * back.columns],
        });
    }

    /// Mixes the batch's statistics into the running ones: a plain average at first, then a decay.
    pub(crate) fn average(&mut self, momentum: f32, steps: u64) {
        // A plain average of the first steps: a decay alone would keep the initial 0 and 1 for
        // long.
        let rate = (1.0 - momentum).max(1.0 / (steps + 1) as f32);
        let now = [&self.moments.mean, &self.moments.variance];
        for (running, now) in self.running.iter_mut().zip(now) {
            let both = running.iter_mut().zip(now);
            both.for_each(|(running, now)| *running += rate * (now - *running));
        }
    }

    /// Canonical weights, or their gradients (then without statistics).
    pub(crate) fn export(
        &self,
        part: fn(&Parameter) -> &[f32],
        with_statistics: bool,
    ) -> ConvLayer {
        let [input, output] = self.real;
        let SlideSizes { width, kernel, .. } = self.sizes;
        let panels = part(&self.params[0]);
        let statistics = |index: usize| {
            if with_statistics { self.running[index][..output].to_vec() } else { vec![0.0; output] }
        };
        ConvLayer {
            kernel,
            input,
            output,
            weight: (0..output * input * kernel)
                .map(|index| {
                    let o = index / (input * kernel);
                    let rest = index % (input * kernel);
                    let channel = rest / kernel;
                    let tap = rest % kernel;
                    panels[self.sizes.place(self.kernel.lanes(), tap * width + channel, o)]
                })
                .collect(),
            norm: BatchNorm {
                gamma: part(&self.params[1])[..output].to_vec(),
                beta: part(&self.params[2])[..output].to_vec(),
                mean: statistics(0),
                variance: statistics(1),
                epsilon: self.epsilon,
            },
        }
    }
}

/// Sizes as stored, for rows below that are `width` floats long.
pub(crate) fn sizes(layer: &ConvLayer, width: usize, kernel: Kernel) -> SlideSizes {
    SlideSizes { width, kernel: layer.kernel, columns: kernel.columns(layer.output) }
}

/// Canonical weights as panels.
pub(crate) fn pack(layer: &ConvLayer, sizes: SlideSizes, kernel: Kernel) -> Vec<f32> {
    let mut panels = vec![0.0; sizes.panels()];
    for (index, weight) in layer.weight.iter().enumerate() {
        let output = index / (layer.input * layer.kernel);
        let rest = index % (layer.input * layer.kernel);
        let channel = rest / layer.kernel;
        let tap = rest % layer.kernel;
        panels[sizes.place(kernel.lanes(), tap * sizes.width + channel, output)] = *weight;
    }
    panels
}
