//! Eigenvalues and eigenvectors of a symmetric matrix in double precision, by Jacobi's rotations.

/// Sweeps over all pairs at most; ten settle matrices of some hundred rows.
const SWEEPS: usize = 30;
/// Settled when what is left beside the diagonal is this small against it, squared.
const SETTLED: f64 = 1e-24;

/// An eigenvalue and its eigenvector of length 1.
#[derive(Debug, Clone)]
pub(super) struct Eigen {
    pub(super) value: f64,
    pub(super) vector: Vec<f64>,
}

/// Of a matrix of which both triangles are given, the largest value first. The cyclic method of
/// Jacobi (Golub and Van Loan, Matrix Computations, 8.5).
pub(super) fn symmetric(mut matrix: Vec<f64>, size: usize) -> Vec<Eigen> {
    let mut vectors: Vec<Vec<f64>> =
        (0..size).map(|i| (0..size).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    for _ in 0..SWEEPS {
        if beside_diagonal(&matrix, size) <= SETTLED {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut matrix, &mut vectors, [p, q]);
            }
        }
    }
    let value = |i: usize| matrix[i * size + i];
    let mut found: Vec<Eigen> = vectors
        .into_iter()
        .enumerate()
        .map(|(i, vector)| Eigen { value: value(i), vector })
        .collect();
    found.sort_by(|a, b| b.value.total_cmp(&a.value));
    found
}

/// The sum of squares beside the diagonal over that of all.
fn beside_diagonal(matrix: &[f64], size: usize) -> f64 {
    let mut beside = 0.0;
    let mut all = 0.0;
    for (at, x) in matrix.iter().enumerate() {
        all += x * x;
        if at / size != at % size {
            beside += x * x;
        }
    }
    if all > 0.0 { beside / all } else { 0.0 }
}

/// Turns rows and columns `p` and `q` so that their common entry becomes 0.
fn rotate(matrix: &mut [f64], vectors: &mut [Vec<f64>], [p, q]: [usize; 2]) {
    let size = vectors.len();
    let common = matrix[p * size + q];
    if common == 0.0 {
        return;
    }
    let half = (matrix[q * size + q] - matrix[p * size + p]) / (2.0 * common);
    let tangent = half.signum() / (half.abs() + half.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let turn = |a: &mut f64, b: &mut f64| {
        let x = *a;
        let y = *b;
        *a = cosine * (x - tangent * y);
        *b = cosine * (y + tangent * x);
    };
    for row in matrix.chunks_exact_mut(size) {
        let (left, right) = row.split_at_mut(q);
        turn(&mut left[p], &mut right[0]);
    }
    let (above, below) = matrix.split_at_mut(q * size);
    let rows = above[p * size..(p + 1) * size].iter_mut().zip(&mut below[..size]);
    rows.for_each(|(a, b)| turn(a, b));
    let (above, below) = vectors.split_at_mut(q);
    above[p].iter_mut().zip(&mut below[0]).for_each(|(a, b)| turn(a, b));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_give_the_matrix_back() {
        let size = 7;
        let entry = |i: usize, j: usize| ((i * j + i + j) as f64 * 1.7).sin() + (i + j) as f64;
        let matrix: Vec<f64> = (0..size * size).map(|at| entry(at / size, at % size)).collect();
        let found = symmetric(matrix.clone(), size);
        assert!(found.is_sorted_by(|a, b| a.value >= b.value));
        for (at, expected) in matrix.iter().enumerate() {
            let (i, j) = (at / size, at % size);
            let back: f64 = found.iter().map(|e| e.value * e.vector[i] * e.vector[j]).sum();
            assert!((back - expected).abs() < 1e-9, "{i} {j}: {back} {expected}");
        }
        let plain = symmetric(vec![1.0, 0.0, 0.0, 3.0], 2);
        assert_eq!((plain[0].value, plain[1].value), (3.0, 1.0));
    }
}
