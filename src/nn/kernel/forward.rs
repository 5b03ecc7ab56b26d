//! One direction of an LSTM forward over a packed batch: inputs are projected for a group of steps,
//! then each step's recurrent product and cell update run in the same registers. Equations of
//! Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000); peepholes are left
//! out.

use super::Operation;
use super::product::{Accumulate, Product};
use super::simd::Simd;
use super::tile::{self, each_tile};
use crate::panel::PanelShape;

/// Rows that are projected together: their gates are still in the cache when they recur.
pub(crate) const GROUP: usize = 128;

/// The work; `rows` are the batch's valid steps.
pub(crate) struct Forward<'a> {
    /// Sizes.
    pub shape: PanelShape,
    /// First row of each step, and `rows`.
    pub offsets: &'a [usize],
    /// Panels, `shape.panel_len()`.
    pub panels: &'a [f32],
    /// Input parts, `[rows, part_padded]` each; `shape.parts` of them are read.
    pub inputs: [&'a [f32]; 2],
    /// Activated gates, `[blocks, rows, width]`, or with `keep` off only scratch of
    /// `[blocks, group_rows(offsets), width]`.
    pub gates: &'a mut [f32],
    /// Cell states, `[rows, padded]`.
    pub cells: &'a mut [f32],
    /// Outputs, `[rows, padded]`.
    pub hidden: &'a mut [f32],
    /// Keep the gates for the backward pass.
    pub keep: bool,
}

/// The end of the group of steps that starts at `step`: at least [`GROUP`] rows, or the end.
#[inline(always)]
pub(crate) fn group_end(offsets: &[usize], step: usize) -> usize {
    let mut end = step + 1;
    while end + 1 < offsets.len() && offsets[end] - offsets[step] < GROUP {
        end += 1;
    }
    end
}

/// Rows of the largest group.
pub(crate) fn group_rows(offsets: &[usize]) -> usize {
    let mut step = 0;
    let mut most = 0;
    while step + 1 < offsets.len() {
        let end = group_end(offsets, step);
        most = most.max(offsets[end] - offsets[step]);
        step = end;
    }
    most
}

impl Operation for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        self.check(S::LANES);
        let stride = self.gate_rows();
        let mut step = 0;
        while step + 1 < self.offsets.len() {
            let end = group_end(self.offsets, step);
            let base = if self.keep { 0 } else { self.offsets[step] };
            let gates = Gates { stride, base };
            self.project(simd, self.offsets[step], self.offsets[end], gates);
            for step in step..end {
                self.recur(simd, step, gates);
            }
            step = end;
        }
    }
}

/// Where gate rows lie: `stride` rows a block, the first of them row `base` of the batch.
#[derive(Clone, Copy)]
struct Gates {
    stride: usize,
    base: usize,
}

impl Forward<'_> {
    fn rows(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    fn gate_rows(&self) -> usize {
        if self.keep { self.rows() } else { group_rows(self.offsets) }
    }

    /// Everything that the pointers below rely on.
    fn check(&self, lanes: usize) {
        let shape = &self.shape;
        let rows = self.rows();
        shape.check(lanes, self.offsets);
        assert!(self.panels.len() >= shape.panel_len());
        for part in &self.inputs[..shape.parts] {
            assert!(part.len() >= rows * shape.part_padded);
        }
        assert!(self.gates.len() >= shape.blocks() * self.gate_rows() * shape.width());
        assert!(self.cells.len() >= rows * shape.padded);
        assert!(self.hidden.len() >= rows * shape.padded);
    }

    #[inline(always)]
    fn project<S: Simd>(&mut self, simd: S, first: usize, end: usize, gates: Gates) {
        let shape = self.shape;
        let width = 4 * S::LANES;
        for block in 0..shape.blocks() {
            for part in 0..shape.parts {
                // SAFETY: `check` holds the sizes; `first..end` are rows of the batch, and of this
                // group where only a group's gates are kept.
                unsafe {
                    let panel = self.panels.as_ptr().add(block * shape.block_len());
                    let bias = panel.add((shape.rows() - 1) * width);
                    let out = block * gates.stride + first - gates.base;
                    debug_assert!((out + end - first) * width <= self.gates.len());
                    Product {
                        rows: end - first,
                        depth: shape.part_padded,
                        chunks: 1,
                        a: (
                            self.inputs[part].as_ptr().add(first * shape.part_padded),
                            shape.part_padded,
                            0,
                        ),
                        b: panel.add(part * shape.part_padded * width),
                        out: (self.gates.as_mut_ptr().add(out * width), width),
                        start: if part == 0 { Accumulate::Row(bias) } else { Accumulate::Kept },
                    }
                    .run(simd);
                }
            }
        }
    }

    #[inline(always)]
    fn recur<S: Simd>(&mut self, simd: S, step: usize, gates: Gates) {
        let shape = self.shape;
        let width = 4 * S::LANES;
        let row = self.offsets[step];
        let count = self.offsets[step + 1] - self.offsets[step];
        let before = step.checked_sub(1).map(|step| self.offsets[step]);
        for block in 0..shape.blocks() {
            // SAFETY: `check` holds the sizes and that no step has more rows than the one before;
            // `before + count <= row`, so what is read of the last step is not written here.
            unsafe {
                let recurrent =
                    self.panels.as_ptr().add(block * shape.block_len() + shape.inputs() * width);
                let gates =
                    self.gates.as_mut_ptr().add((block * gates.stride + row - gates.base) * width);
                each_tile!(S, count, |at, M| {
                    let gates = gates.add(at * width);
                    let mut sum = tile::load::<S, M>(simd, gates, width);
                    let column = block * S::LANES;
                    let mut previous = None;
                    if let Some(before) = before {
                        let from = (before + at) * shape.padded;
                        let hidden = self.hidden.as_ptr().add(from);
                        let left = (hidden, shape.padded, 1);
                        sum = tile::accumulate::<S, M>(simd, sum, shape.padded, left, recurrent);
                        previous = Some(self.cells.as_ptr().add(from + column));
                    }
                    let to = (row + at) * shape.padded + column;
                    let cell = Cell {
                        previous,
                        cell: self.cells.as_mut_ptr().add(to),
                        hidden: self.hidden.as_mut_ptr().add(to),
                        stride: shape.padded,
                    };
                    cell.update::<S, M>(simd, &mut sum);
                    if self.keep {
                        tile::store::<S, M>(simd, &sum, gates, width);
                    }
                });
            }
        }
    }
}

/// The states of one tile's units; rows lie `stride` apart.
struct Cell {
    previous: Option<*const f32>,
    cell: *mut f32,
    hidden: *mut f32,
    stride: usize,
}

impl Cell {
    /// Activates the gates in place and writes the new cell states and outputs.
    ///
    /// # Safety
    /// `M` rows of `LANES` floats must be readable at `previous` and writable at the others.
    #[inline(always)]
    unsafe fn update<S: Simd, const M: usize>(self, simd: S, tile: &mut tile::Tile<S, M>) {
        for (m, [i, o, f, c]) in tile.iter_mut().enumerate() {
            *i = simd.sigmoid(*i);
            *o = simd.sigmoid(*o);
            *f = simd.sigmoid(*f);
            *c = simd.tanh(*c);
            let mut state = simd.mul(*i, *c);
            // SAFETY: the caller's promise covers row `m`.
            unsafe {
                if let Some(previous) = self.previous {
                    state = simd.fma(*f, simd.load(previous.add(m * self.stride)), state);
                }
                simd.store(self.cell.add(m * self.stride), state);
                let output = simd.mul(*o, simd.tanh(state));
                simd.store(self.hidden.add(m * self.stride), output);
            }
        }
    }
}
