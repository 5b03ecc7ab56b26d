//! The register tile: a few rows by four vectors of accumulators that stay in registers over a
//! whole depth. Every product of the engine ends here. Each row sums in the order of the depth,
//! whatever the other rows of the tile are: that is why a score is the same in every batch.

use super::simd::Simd;

/// `M` rows of four vectors.
pub(crate) type Tile<S, const M: usize> = [[<S as Simd>::V; 4]; M];

/// Zeros.
#[inline(always)]
pub(crate) fn zeros<S: Simd, const M: usize>(simd: S) -> Tile<S, M> {
    [[simd.splat(0.0); 4]; M]
}

/// Reads a tile whose rows lie `stride` apart.
///
/// # Safety
/// `M` rows of `4 * LANES` floats must be readable.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd, const M: usize>(
    simd: S,
    at: *const f32,
    stride: usize,
) -> Tile<S, M> {
    let mut tile = zeros::<S, M>(simd);
    for (m, row) in tile.iter_mut().enumerate() {
        for (g, v) in row.iter_mut().enumerate() {
            // SAFETY: the caller's promise covers row `m`, vector `g`.
            *v = unsafe { simd.load(at.add(m * stride + g * S::LANES)) };
        }
    }
    tile
}

/// Writes a tile whose rows lie `stride` apart.
///
/// # Safety
/// `M` rows of `4 * LANES` floats must be writable.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd, const M: usize>(
    simd: S,
    tile: &Tile<S, M>,
    at: *mut f32,
    stride: usize,
) {
    for (m, row) in tile.iter().enumerate() {
        for (g, &v) in row.iter().enumerate() {
            // SAFETY: the caller's promise covers row `m`, vector `g`.
            unsafe { simd.store(at.add(m * stride + g * S::LANES), v) };
        }
    }
}

/// `tile[m] += sum over k of a[m * row + k * step] * b[k]`, with `b` rows of `4 * LANES` floats.
///
/// # Safety
/// All those elements of `a` for `k < depth`, and `depth` rows of `b`, must be readable.
#[inline(always)]
pub(crate) unsafe fn accumulate<S: Simd, const M: usize>(
    simd: S,
    mut tile: Tile<S, M>,
    depth: usize,
    (a, row, step): (*const f32, usize, usize),
    b: *const f32,
) -> Tile<S, M> {
    let mut x = [simd.splat(0.0); M];
    for k in 0..depth {
        // SAFETY: `k < depth`; the caller's promise covers these elements.
        unsafe {
            for (m, x) in x.iter_mut().enumerate() {
                *x = simd.splat(*a.add(m * row + k * step));
            }
            // One vector of `b` at a time: with all four, 3 rows would not fit 16 registers.
            for g in 0..4 {
                let b = simd.load(b.add((k * 4 + g) * S::LANES));
                for (acc, &x) in tile.iter_mut().zip(&x) {
                    acc[g] = simd.fma(x, b, acc[g]);
                }
            }
        }
    }
    tile
}

/// Cuts `$rows` rows into tiles of nearly equal height, at most `ROWS`, and runs the body for each
/// with `$at` as its first row and `$M` as its height, a constant.
macro_rules! each_tile {
    ($S:ident, $rows:expr, |$at:ident, $M:ident| $body:block) => {{
        let rows: usize = $rows;
        let mut $at = 0;
        while $at < rows {
            let left = rows - $at;
            let height = left.div_ceil(left.div_ceil($S::ROWS));
            $crate::kernel::tile::each_tile!(@arms $S, height, $M, $body);
            $at += height;
        }
    }};
    (@arms $S:ident, $height:ident, $M:ident, $body:block) => {
        // The guards fold away the heights that this instruction set never asks for.
        match $height {
            1 => { const $M: usize = 1; $body }
            2 if $S::ROWS >= 2 => { const $M: usize = 2; $body }
            3 if $S::ROWS >= 3 => { const $M: usize = 3; $body }
            4 if $S::ROWS >= 4 => { const $M: usize = 4; $body }
            5 if $S::ROWS >= 5 => { const $M: usize = 5; $body }
            6 if $S::ROWS >= 6 => { const $M: usize = 6; $body }
            _ => unreachable!("a tile is never higher than ROWS, and ROWS is at most 6"),
        }
    };
}
pub(super) use each_tile;
