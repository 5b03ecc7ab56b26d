//! Symmetric matrices by their lower triangle, row-major in double precision: sums of outer
//! products, Cholesky's factor and the solutions it gives.

use crate::kernel::{Kernel, Operation, Simd};

/// Rows whose outer products are added at once: a sum is read and written once for all of them.
const ROWS: usize = 4;
/// Right-hand sides that are solved at once.
// Sixteen doubles are two lines, and two vectors of the widest kernel.
const SIDES: usize = 16;

/// Adds `by * row row'` of each row to the lower triangle, in their order: the sums are, to the last bit,
/// those of one row after the other.
pub fn add_outers(matrix: &mut [f64], rows: &[Vec<f64>], by: &[f64]) {
    // Slices first, so that the inner loop checks no vector.
    let rows: Vec<(&[f64], f64)> = rows.iter().map(Vec::as_slice).zip(by.iter().copied()).collect();
    Kernel::best().apply(OuterProducts { matrix, rows: &rows });
}

/// The same of one row.
pub fn add_outer(matrix: &mut [f64], row: &[f64], by: f64) {
    add_some(matrix, [(row, by)]);
}

struct OuterProducts<'a> {
    matrix: &'a mut [f64],
    rows: &'a [(&'a [f64], f64)],
}

impl Operation for OuterProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let (several, rest) = self.rows.as_chunks::<ROWS>();
        several.iter().for_each(|rows| add_some(self.matrix, *rows));
        // One after another for the rest, in the same order: the last bit does not depend on how
        // many there were.
        rest.iter().for_each(|row| add_some(self.matrix, [*row]));
    }
}

#[inline(always)]
fn add_some<const N: usize>(matrix: &mut [f64], rows: [(&[f64], f64); N]) {
    let size = rows[0].0.len();
    for (i, line) in matrix.chunks_exact_mut(size).enumerate() {
        let factors = rows.map(|(row, by)| row[i] * by);
        // Only up to the diagonal: the upper triangle is its mirror.
        let rows = rows.map(|(row, _)| &row[..=i]);
        for (j, sum) in line[..=i].iter_mut().enumerate() {
            *sum = (0..N).fold(*sum, |sum, n| sum + factors[n] * rows[n][j]);
        }
    }
}

/// The lower factor of a symmetric matrix of which the lower triangle is given; none when it is
/// not positive.
pub fn cholesky(matrix: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    Kernel::best().apply(Cholesky { matrix, size })
}

struct Cholesky {
    matrix: Vec<f64>,
    size: usize,
}

impl Operation for Cholesky {
    type Output = Option<Vec<f64>>;

    /// Column by column on the transposed matrix, so that neighbours in memory are independent.
    #[inline(always)]
    fn run<S: Simd>(mut self, _: S) -> Option<Vec<f64>> {
        let size = self.size;
        transpose_lower(&mut self.matrix, size);
        let mut known = vec![0.0; size];
        for column in 0..size {
            let (done, rest) = self.matrix.split_at_mut(column * size);
            let known = &mut known[column..];
            known.fill(0.0);
            for row in done.chunks_exact(size) {
                let factor = row[column];
                known.iter_mut().zip(&row[column..]).for_each(|(sum, x)| *sum += x * factor);
            }
            let values = &mut rest[column..size];
            values.iter_mut().zip(&*known).for_each(|(value, known)| *value -= known);
            // NaN apart, because it passes every comparison as false: a matrix with one is not
            // positive either.
            if values[0].is_nan() || values[0] <= 0.0 {
                return None;
            }
            let diagonal = values[0].sqrt();
            values[0] = diagonal;
            values[1..].iter_mut().for_each(|value| *value /= diagonal);
        }
        transpose_lower(&mut self.matrix, size);
        Some(self.matrix)
    }
}

/// Swaps the lower and the upper triangle.
fn transpose_lower(matrix: &mut [f64], size: usize) {
    for row in 0..size {
        (0..row).for_each(|column| matrix.swap(row * size + column, column * size + row));
    }
}

/// `offset + L x`, with the rows of `L` up to the diagonal one after the other.
///
/// # Panics
/// When the rows are fewer than `offset` has numbers, or `x` is shorter.
pub fn offset_product(offset: &[f32], packed_rows: &[f32], x: &[f32]) -> Vec<f32> {
    let mut result = offset.to_vec();
    let mut begin = 0;
    for (i, sum) in result.iter_mut().enumerate() {
        let row = &packed_rows[begin..=begin + i];
        begin += i + 1;
        *sum += row.iter().zip(x).map(|(l, x)| l * x).sum::<f32>();
    }
    result
}

/// Solves `L x = row` in place.
pub fn forward(factor: &[f64], row: &mut [f64]) {
    let size = row.len();
    for i in 0..size {
        let known: f64 = (0..i).map(|k| factor[i * size + k] * row[k]).sum();
        row[i] = (row[i] - known) / factor[i * size + i];
    }
}

/// Solves `L x = row` in place for each row, as [`forward`] would.
pub fn forward_all(factor: &[f64], rows: &mut [Vec<f64>]) {
    Kernel::best().apply(Forward { factor, rows });
}

struct Forward<'a> {
    factor: &'a [f64],
    rows: &'a mut [Vec<f64>],
}

impl Operation for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let size = self.rows.first().map_or(0, Vec::len);
        let mut side_by_side = vec![[0.0; SIDES]; size];
        for rows in self.rows.chunks_mut(SIDES) {
            for (n, row) in rows.iter().enumerate() {
                // One right-hand side alone waits for each division; sixteen side by side fill the
                // vectors.
                side_by_side.iter_mut().zip(row).for_each(|(values, x)| values[n] = *x);
            }
            solve_lower(self.factor, &mut side_by_side);
            for (n, row) in rows.iter_mut().enumerate() {
                row.iter_mut().zip(&side_by_side).for_each(|(x, values)| *x = values[n]);
            }
        }
    }
}

#[inline(always)]
fn solve_lower(factor: &[f64], sides: &mut [[f64; SIDES]]) {
    let size = sides.len();
    for (i, line) in factor.chunks_exact(size).enumerate() {
        let mut known = [0.0; SIDES];
        for (by, values) in line[..i].iter().zip(&*sides) {
            known.iter_mut().zip(values).for_each(|(sum, x)| *sum += by * x);
        }
        sides[i].iter_mut().zip(known).for_each(|(x, known)| *x = (*x - known) / line[i]);
    }
}

/// Solves `L' x = row` in place.
pub fn backward(factor: &[f64], row: &mut [f64]) {
    let size = row.len();
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|k| factor[k * size + i] * row[k]).sum();
        row[i] = (row[i] - known) / factor[i * size + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solving_is_multiplying_undone() {
        let factor = cholesky(vec![4.0, 0.0, 2.0, 5.0], 2).unwrap();
        let mut x = vec![8.0, 9.0];
        forward(&factor, &mut x);
        backward(&factor, &mut x);
        assert!((4.0 * x[0] + 2.0 * x[1] - 8.0).abs() < 1e-12);
        assert!((2.0 * x[0] + 5.0 * x[1] - 9.0).abs() < 1e-12);
    }

    /// Numbers that look random.
    fn drawn(count: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    /// Cholesky's factor as its definition has it.
    fn defined(mut matrix: Vec<f64>, size: usize) -> Vec<f64> {
        for i in 0..size {
            for j in 0..=i {
                let products = (0..j).map(|k| matrix[i * size + k] * matrix[j * size + k]);
                let rest = matrix[i * size + j] - products.sum::<f64>();
                matrix[i * size + j] =
                    if i > j { rest / matrix[j * size + j] } else { rest.sqrt() };
            }
        }
        matrix
    }

    #[test]
    fn many_at_once_are_one_after_the_other_to_the_last_bit() {
        for size in [1, 3, 16, 37] {
            let rows: Vec<Vec<f64>> = (0..23).map(|n| drawn(size, 7 + n)).collect();
            let by: Vec<f64> = (0..23).map(|n| 0.1 + f64::from(n)).collect();
            let mut one_by_one = vec![0.0; size * size];
            rows.iter().zip(&by).for_each(|(row, by)| add_outer(&mut one_by_one, row, *by));
            let mut together = vec![0.0; size * size];
            add_outers(&mut together, &rows, &by);
            assert_eq!(together, one_by_one, "{size}");
            (0..size).for_each(|i| together[i * size + i] += 1.0);
            let factor = cholesky(together.clone(), size).unwrap();
            assert_eq!(factor, defined(together, size), "{size}");
            let mut solved = rows.clone();
            forward_all(&factor, &mut solved);
            let mut alone = rows;
            alone.iter_mut().for_each(|row| forward(&factor, row));
            assert_eq!(solved, alone, "{size}");
        }
    }

    #[test]
    fn what_is_not_positive_has_no_factor() {
        assert!(cholesky(vec![1.0, 0.0, 2.0, 1.0], 2).is_none());
        assert!(cholesky(vec![f64::NAN], 1).is_none());
    }

    #[test]
    fn packed_rows_multiply_as_their_matrix_does() {
        let product = offset_product(&[1.0, -1.0], &[2.0, 3.0, 4.0], &[10.0, 100.0]);
        assert_eq!(product, [21.0, 429.0]);
    }
}
