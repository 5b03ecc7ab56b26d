//! One direction of a recurrent layer: what it remembers of a forward pass, and the two passes as
//! calls on the kernels. Weights and gradients belong to the caller.

use super::kernel::backward::{Backward, Upstream};
use super::kernel::forward::{Forward, group_rows};
use super::kernel::{Kernel, Segment};
use super::lines::Lines;
use super::packing::Packing;
use super::panel::PanelShape;

/// Activations of one direction over a packed batch, in its own reading order.
#[derive(Debug, Default)]
pub(super) struct Tape {
    gates: Lines,
    cells: Lines,
    /// Outputs, `[rows, padded]`.
    pub hidden: Lines,
    scratch: [Lines; 2],
    segments: Vec<Segment>,
}

/// What a direction reads: a kernel, its sizes and the batch's layout.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    /// The instruction set.
    pub kernel: Kernel,
    /// Sizes of the direction.
    pub shape: PanelShape,
    /// The batch's layout.
    pub packing: &'a Packing,
    /// Input parts, `[rows, part_padded]` each; a single part is followed by an empty one.
    pub inputs: [&'a [f32]; 2],
}

/// What only the backward pass needs.
pub(super) struct Downward<'a> {
    /// Gradient of the outputs.
    pub upstream: Upstream<'a>,
    /// Transposed recurrent panels.
    pub recurrent: &'a [f32],
    /// Transposed input panels, and room for the gradient of the inputs.
    pub down: Option<(&'a [f32], &'a mut [f32])>,
    /// Weight gradients in panels; added to.
    pub grads: &'a mut [f32],
}

impl Tape {
    /// Runs forward; with `keep` the gates stay for [`Tape::backward`].
    pub(crate) fn forward(&mut self, pass: Pass<'_>, panels: &[f32], keep: bool) {
        let shape = pass.shape;
        let rows = pass.packing.rows();
        // Scoring overwrites the gates of a few steps; training needs those of all.
        let gate_rows = if keep { rows } else { group_rows(pass.packing.offsets()) };
        self.gates.fit(shape.blocks() * gate_rows * shape.width());
        self.cells.fit(rows * shape.padded);
        self.hidden.fit(rows * shape.padded);
        pass.kernel.apply(Forward {
            shape,
            offsets: pass.packing.offsets(),
            panels,
            inputs: pass.inputs,
            gates: &mut self.gates,
            cells: &mut self.cells,
            hidden: &mut self.hidden,
            keep,
        });
    }

    /// Runs backward after a forward pass that kept its gates; consumes them.
    pub(crate) fn backward(&mut self, pass: Pass<'_>, downward: Downward<'_>) {
        // The first step has the most sequences, because they are sorted by length.
        let most = pass.packing.offsets().get(1).copied().unwrap_or(0);
        let [outputs, states] = &mut self.scratch;
        outputs.fit(most * pass.shape.padded);
        states.fit(most * pass.shape.padded);
        pass.kernel.apply(Backward {
            shape: pass.shape,
            offsets: pass.packing.offsets(),
            inputs: pass.inputs,
            gates: &mut self.gates,
            cells: &self.cells,
            hidden: &self.hidden,
            upstream: downward.upstream,
            recurrent: downward.recurrent,
            down: downward.down,
            grads: downward.grads,
            scratch: [outputs, states],
            segments: &mut self.segments,
        });
    }

    /// Adds `outputs of the last steps * weight` to each sequence's sum, in sorted order.
    pub(crate) fn project_last(&self, packing: &Packing, weight: &[f32], sums: &mut [f32]) {
        for (s, sum) in sums.iter_mut().enumerate() {
            if let Some(row) = packing.last_row(s) {
                *sum += dot(self.output(row, weight.len()), weight);
            }
        }
    }

    /// The output at a row.
    pub(crate) fn output(&self, row: usize, padded: usize) -> &[f32] {
        &self.hidden[row * padded..(row + 1) * padded]
    }
}

/// In double precision, so that the order of the lanes does not matter.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() as f32
}
