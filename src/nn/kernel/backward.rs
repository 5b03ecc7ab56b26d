//! One direction of an LSTM backward through time over a packed batch. The weight gradients of a
//! group of steps are added while their gate gradients are still in the cache. The gate buffer is
//! overwritten: activated gates become gradients before activation.

use super::Operation;
use super::forward::GROUP;
use super::product::{Accumulate, Outer, Product, Segment};
use super::simd::Simd;
use crate::panel::PanelShape;

/// Depth of a product whose panel stays in the first-level cache.
const DEPTH: usize = 128;

/// Where the gradient of the outputs comes from.
pub(crate) enum Upstream<'a> {
    /// Every row has one, `[rows, padded]`.
    Every(&'a [f32]),
    /// Only each sequence's last step has one, `[sequences, padded]`.
    Last(&'a [f32]),
}

/// The work; `rows` are the batch's valid steps, `most` the sequences alive at the first.
pub(crate) struct Backward<'a> {
    /// Sizes.
    pub shape: PanelShape,
    /// First row of each step, and `rows`.
    pub offsets: &'a [usize],
    /// Input parts, `[rows, part_padded]` each.
    pub inputs: [&'a [f32]; 2],
    /// Activated gates in, gradients out, `[blocks, rows, width]`.
    pub gates: &'a mut [f32],
    /// Cell states, `[rows, padded]`.
    pub cells: &'a [f32],
    /// Outputs, `[rows, padded]`.
    pub hidden: &'a [f32],
    /// Gradient of the outputs.
    pub upstream: Upstream<'a>,
    /// The recurrent panels transposed, `shape.recurrent_len()`.
    pub recurrent: &'a [f32],
    /// The input panels transposed and the gradient of the inputs, `[rows, inputs]`; a first layer
    /// needs neither.
    pub down: Option<(&'a [f32], &'a mut [f32])>,
    /// Weight gradients in panels; added to.
    pub grads: &'a mut [f32],
    /// Scratch, `[most, padded]` each: gradients of output and cell state.
    pub scratch: [&'a mut [f32]; 2],
    /// Scratch.
    pub segments: &'a mut Vec<Segment>,
}

impl Operation for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        self.check(S::LANES);
        let mut end = self.offsets.len().saturating_sub(1);
        while end > 0 {
            let mut step = end;
            while step > 0 && self.offsets[end] - self.offsets[step] < GROUP {
                step -= 1;
                self.step(simd, step);
            }
            self.weights(simd, step, end);
            self.inputs(simd, self.offsets[step], self.offsets[end]);
            end = step;
        }
    }
}

impl Backward<'_> {
    fn rows(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Everything that the pointers below rely on.
    fn check(&self, lanes: usize) {
        let shape = &self.shape;
        let rows = self.rows();
        let most = self.offsets.get(1).copied().unwrap_or(0);
        shape.check(lanes, self.offsets);
        for part in &self.inputs[..shape.parts] {
            assert!(part.len() >= rows * shape.part_padded);
        }
        assert!(self.gates.len() >= shape.blocks() * rows * shape.width());
        assert!(self.cells.len().min(self.hidden.len()) >= rows * shape.padded);
        let upstream = match self.upstream {
            Upstream::Every(values) => values.len() >= rows * shape.padded,
            Upstream::Last(values) => values.len() >= most * shape.padded,
        };
        assert!(upstream);
        assert!(self.recurrent.len() >= shape.recurrent_len());
        if let Some((weights, out)) = &self.down {
            assert_eq!(shape.inputs() % shape.width(), 0);
            assert!(weights.len() >= shape.inputs() * 4 * shape.padded);
            assert!(out.len() >= rows * shape.inputs());
        }
        assert!(self.grads.len() >= shape.panel_len());
        assert!(self.scratch.iter().all(|scratch| scratch.len() >= most * shape.padded));
    }

    /// Gate gradients of one step from those of the step after it.
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, step: usize) {
        let padded = self.shape.padded;
        let row = self.offsets[step];
        let count = self.offsets[step + 1] - self.offsets[step];
        let going = self.offsets.get(step + 2).map_or(0, |end| end - self.offsets[step + 1]);
        let [outputs, states] = &mut self.scratch;
        // Sequences that end at this step have nothing behind them.
        states[going * padded..count * padded].fill(0.0);
        match self.upstream {
            Upstream::Every(values) => outputs[..count * padded]
                .copy_from_slice(&values[row * padded..(row + count) * padded]),
            Upstream::Last(values) => {
                outputs[..going * padded].fill(0.0);
                outputs[going * padded..count * padded]
                    .copy_from_slice(&values[going * padded..count * padded]);
            }
        }
        self.recur(simd, self.offsets[step + 1], going);
        let before = step.checked_sub(1).map(|step| self.offsets[step]);
        for s in 0..count {
            self.cell(simd, s, row + s, before.map(|before| before + s));
        }
    }

    /// Adds what the gates of `going` rows from `row` send back through the recurrence.
    #[inline(always)]
    fn recur<S: Simd>(&mut self, simd: S, row: usize, going: usize) {
        let out = (self.scratch[0].as_mut_ptr(), self.shape.padded);
        let panels = self.shape.padded / (4 * S::LANES);
        // SAFETY: `check` holds the sizes; `row..row + going` are rows of the batch and the scratch
        // has room for `going` rows.
        unsafe { self.through(simd, self.recurrent.as_ptr(), panels, (row, going), out, true) }
    }

    /// `out (+)= gate gradients * transposed panels`, a slice of the depth at a time, so that a
    /// panel's slice is read from the nearest cache for all rows.
    ///
    /// # Safety
    /// `weights` must hold that many panels of depth `4 * padded`, the rows must exist, and as many
    /// rows of `panels * width` floats must be writable at `out`.
    #[inline(always)]
    unsafe fn through<S: Simd>(
        &self,
        simd: S,
        weights: *const f32,
        panels: usize,
        (row, count): (usize, usize),
        out: (*mut f32, usize),
        add: bool,
    ) {
        let width = 4 * S::LANES;
        let blocks = self.shape.blocks();
        let rows = self.rows();
        let chunks = (DEPTH / width).max(1);
        for panel in 0..panels {
            for first in (0..blocks).step_by(chunks) {
                // SAFETY: the caller's promise, with `first < blocks` and `panel < panels`.
                unsafe {
                    let gates = self.gates.as_ptr().add((first * rows + row) * width);
                    Product {
                        rows: count,
                        depth: width,
                        chunks: chunks.min(blocks - first),
                        a: (gates, width, rows * width),
                        b: weights.add((panel * blocks + first) * width * width),
                        out: (out.0.add(panel * width), out.1),
                        start: if add || first > 0 { Accumulate::Kept } else { Accumulate::Zero },
                    }
                    .run(simd);
                }
            }
        }
    }

    /// The cell's own gradient at one row; `s` is its sequence, `before` its row a step earlier.
    #[inline(always)]
    fn cell<S: Simd>(&mut self, simd: S, s: usize, row: usize, before: Option<usize>) {
        let padded = self.shape.padded;
        let width = 4 * S::LANES;
        let rows = self.rows();
        let one = simd.splat(1.0);
        let zero = simd.splat(0.0);
        for block in 0..self.shape.blocks() {
            let column = block * S::LANES;
            debug_assert!((block * rows + row + 1) * width <= self.gates.len());
            // SAFETY: `check` holds the sizes; `row` and `before` are rows of the batch and `s` is
            // less than the number of sequences alive at the first step.
            unsafe {
                let gates = self.gates.as_mut_ptr().add((block * rows + row) * width);
                let [gi, go, gf, gc] = [0, 1, 2, 3].map(|gate| gates.add(gate * S::LANES));
                let i = simd.load(gi);
                let o = simd.load(go);
                let f = simd.load(gf);
                let c = simd.load(gc);
                let bent = simd.tanh(simd.load(self.cells.as_ptr().add(row * padded + column)));
                let output = simd.load(self.scratch[0].as_ptr().add(s * padded + column));
                let state_at = self.scratch[1].as_mut_ptr().add(s * padded + column);
                let through = simd.mul(output, o);
                let state = simd.add(
                    simd.load(state_at),
                    simd.fma(simd.sub(zero, through), simd.mul(bent, bent), through),
                );
                let previous = match before {
                    Some(before) => simd.load(self.cells.as_ptr().add(before * padded + column)),
                    None => zero,
                };
                simd.store(gi, simd.mul(simd.mul(state, c), simd.mul(i, simd.sub(one, i))));
                simd.store(go, simd.mul(simd.mul(output, bent), simd.mul(o, simd.sub(one, o))));
                simd.store(gf, simd.mul(simd.mul(state, previous), simd.mul(f, simd.sub(one, f))));
                let slope = simd.fma(simd.sub(zero, c), c, one);
                simd.store(gc, simd.mul(simd.mul(state, i), slope));
                simd.store(state_at, simd.mul(state, f));
            }
        }
    }

    /// Adds the weight gradients of the steps `first..end`.
    #[inline(always)]
    fn weights<S: Simd>(&mut self, simd: S, first: usize, end: usize) {
        let shape = self.shape;
        let width = 4 * S::LANES;
        let rows = self.rows();
        let row = self.offsets[first];
        let last = self.offsets[end];
        let whole = [Segment { a: row, b: row, count: last - row }];
        self.segments.clear();
        self.segments.extend((first.max(1)..end).map(|step| Segment {
            a: self.offsets[step - 1],
            b: self.offsets[step],
            count: self.offsets[step + 1] - self.offsets[step],
        }));
        for block in 0..shape.blocks() {
            // SAFETY: `check` holds the sizes; all segments lie inside the batch, and the gradient
            // panels have a row for every input, unit and the bias.
            unsafe {
                let b = self.gates.as_ptr().add(block * rows * width);
                let out = self.grads.as_mut_ptr().add(block * shape.block_len());
                for part in 0..shape.parts {
                    let a = (self.inputs[part].as_ptr(), shape.part_padded);
                    let out = out.add(part * shape.part_padded * width);
                    Outer { segments: &whole, a, columns: shape.part_padded, b, out }.run(simd);
                }
                let a = (self.hidden.as_ptr(), shape.padded);
                let recurrent = out.add(shape.inputs() * width);
                Outer { segments: self.segments, a, columns: shape.padded, b, out: recurrent }
                    .run(simd);
                bias(simd, b.add(row * width), last - row, out.add((shape.rows() - 1) * width));
            }
        }
    }

    #[inline(always)]
    fn inputs<S: Simd>(&mut self, simd: S, row: usize, end: usize) {
        let width = self.shape.inputs();
        let Some((weights, out)) = &mut self.down else { return };
        let weights = weights.as_ptr();
        // SAFETY: `check` holds the sizes; `row..end` are rows of the batch.
        unsafe {
            let out = (out.as_mut_ptr().add(row * width), width);
            self.through(simd, weights, width / (4 * S::LANES), (row, end - row), out, false);
        }
    }
}

/// Adds the sum of `count` rows to the row at `out`.
///
/// # Safety
/// The rows must be readable, the output writable and apart.
#[inline(always)]
unsafe fn bias<S: Simd>(simd: S, rows: *const f32, count: usize, out: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        let [mut sum] = super::tile::load::<S, 1>(simd, out, 0);
        for row in 0..count {
            for (gate, sum) in sum.iter_mut().enumerate() {
                *sum = simd.add(*sum, simd.load(rows.add((row * 4 + gate) * S::LANES)));
            }
        }
        super::tile::store::<S, 1>(simd, &[sum], out, 0);
    }
}
