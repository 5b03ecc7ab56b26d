//! The three matrix products of an LSTM on register tiles: rows times panels, and the outer
//! products that become weight gradients. Pointers only; the operations that call them have
//! checked the sizes.

use super::simd::Simd;
use super::tile::{self, each_tile};

/// What a product adds to.
#[derive(Clone, Copy)]
pub(crate) enum Accumulate {
    /// Zero.
    Zero,
    /// The same row for all, such as a bias.
    Row(*const f32),
    /// What the output holds.
    Kept,
}

/// `out[n] = start + a[n] * b`, four vectors wide. The depth is `chunks` times `depth`, each chunk
/// `a_chunk` floats after the one before; `b` is one panel for all of it.
pub(crate) struct Product {
    /// Rows of `a` and `out`.
    pub rows: usize,
    /// Elements of a row in one chunk.
    pub depth: usize,
    /// Number of chunks.
    pub chunks: usize,
    /// First row of the left side, distance of rows, distance of chunks.
    pub a: (*const f32, usize, usize),
    /// The panel.
    pub b: *const f32,
    /// First output row and distance of rows.
    pub out: (*mut f32, usize),
    /// What the sum starts from.
    pub start: Accumulate,
}

impl Product {
    /// # Safety
    /// Every row and chunk of `a`, `chunks * depth` rows of `b` and the start must be readable, all
    /// output rows writable, and the output apart from `a` and `b`.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(self, simd: S) {
        let (a, a_row, a_chunk) = self.a;
        let (out, out_row) = self.out;
        each_tile!(S, self.rows, |at, M| {
            // SAFETY: `at + M <= rows`, so the caller's promise covers this tile's rows.
            unsafe {
                let out = out.add(at * out_row);
                let mut sum = match self.start {
                    Accumulate::Zero => tile::zeros::<S, M>(simd),
                    Accumulate::Row(row) => tile::load::<S, M>(simd, row, 0),
                    Accumulate::Kept => tile::load::<S, M>(simd, out, out_row),
                };
                for chunk in 0..self.chunks {
                    let a = a.add(at * a_row + chunk * a_chunk);
                    let b = self.b.add(chunk * self.depth * 4 * S::LANES);
                    sum = tile::accumulate::<S, M>(simd, sum, self.depth, (a, a_row, 1), b);
                }
                tile::store::<S, M>(simd, &sum, out, out_row);
            }
        });
    }
}

/// Rows of `a` that meet rows of `b` in an outer product.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    /// First row of the left side.
    pub a: usize,
    /// First row of the right side.
    pub b: usize,
    /// Number of rows.
    pub count: usize,
}

/// `out[k] += sum over the segments' rows of a[row][k] * b[row]`, four vectors wide.
pub(crate) struct Outer<'a> {
    /// Which rows meet.
    pub segments: &'a [Segment],
    /// First left row and distance of rows.
    pub a: (*const f32, usize),
    /// Columns of `a`, rows of `out`.
    pub columns: usize,
    /// First right row; rows are `4 * LANES` floats apart.
    pub b: *const f32,
    /// First output row; rows are `4 * LANES` floats apart.
    pub out: *mut f32,
}

impl Outer<'_> {
    /// # Safety
    /// All segments' rows must be readable, all output rows writable and apart from both.
    #[inline(always)]
    pub(crate) unsafe fn run<S: Simd>(self, simd: S) {
        let width = 4 * S::LANES;
        let (a, a_row) = self.a;
        each_tile!(S, self.columns, |at, M| {
            // SAFETY: `at + M <= columns`, so the caller's promise covers this tile's rows.
            unsafe {
                let out = self.out.add(at * width);
                let mut sum = tile::load::<S, M>(simd, out, width);
                for segment in self.segments {
                    let a = a.add(segment.a * a_row + at);
                    let b = self.b.add(segment.b * width);
                    sum = tile::accumulate::<S, M>(simd, sum, segment.count, (a, 1, a_row), b);
                }
                tile::store::<S, M>(simd, &sum, out, width);
            }
        });
    }
}
