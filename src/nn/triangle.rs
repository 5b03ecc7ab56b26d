//! Symmetric matrices by their lower triangle, row-major in double precision: sums of outer
//! products, Cholesky's factor and the solutions it gives.

/// Adds `by * row row'` to the lower triangle.
pub fn add_outer(matrix: &mut [f64], row: &[f64], by: f64) {
    for (i, (line, x)) in matrix.chunks_exact_mut(row.len()).zip(row).enumerate() {
        let x = x * by;
        line[..=i].iter_mut().zip(row).for_each(|(sum, y)| *sum += x * y);
    }
}

/// The lower factor of a symmetric matrix of which the lower triangle is given; none when it is
/// not positive.
pub fn cholesky(mut matrix: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    for i in 0..size {
        for j in 0..=i {
            let products = (0..j).map(|k| matrix[i * size + k] * matrix[j * size + k]);
            let rest = matrix[i * size + j] - products.sum::<f64>();
            matrix[i * size + j] = if i > j {
                rest / matrix[j * size + j]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    Some(matrix)
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

    #[test]
    fn packed_rows_multiply_as_their_matrix_does() {
        let product = offset_product(&[1.0, -1.0], &[2.0, 3.0, 4.0], &[10.0, 100.0]);
        assert_eq!(product, [21.0, 429.0]);
    }
}
