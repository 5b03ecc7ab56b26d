//! The owner's head on a trunk that is left as it is: logistic regression on final states, in the
//! space in which one person's windows scatter alike in all directions, held small by a penalty.
//! Exact and without chance; it takes a fraction of a second. The trunk is never changed.

use crate::nn::Dense;

/// What is added to the scatter, as a share of its mean: directions in which nobody moves.
const FLOOR: f64 = 0.02;
/// Newton's method converges in fewer steps than this.
const STEPS: usize = 12;

/// Final states of windows, a list a person.
pub(super) type Features = Vec<Vec<f32>>;

/// Fits the head: 1 for the owner's windows, 0 for the others', both sides weighing alike.
/// `penalty` times half the squared norm is added to the loss of as many windows as the owner has.
pub(super) fn fit(genuine: &[&Features], impostor: &[&Features], penalty: f64) -> Dense {
    let features = genuine[0].first().map_or(0, Vec::len);
    let centre = mean(impostor.iter().flat_map(|rows| rows.iter()), features);
    let scatter = scatter(genuine, impostor, features);
    let Some(factor) = cholesky(scatter, features) else {
        return Dense { weight: vec![0.0; features], bias: 0.0 };
    };
    let rows = |people: &[&Features]| -> Vec<Vec<f64>> {
        let whiten = |row: &Vec<f32>| {
            let mut row: Vec<f64> =
                row.iter().zip(&centre).map(|(x, c)| f64::from(*x) - c).collect();
            forward(&factor, &mut row);
            row.push(1.0);
            row
        };
        people.iter().flat_map(|rows| rows.iter()).map(whiten).collect()
    };
    let mut weight = newton(&rows(genuine), &rows(impostor), penalty);
    let mut bias = weight.pop().unwrap_or(0.0);
    backward(&factor, &mut weight);
    bias -= weight.iter().zip(&centre).map(|(w, c)| w * c).sum::<f64>();
    Dense { weight: weight.iter().map(|w| *w as f32).collect(), bias: bias as f32 }
}

fn mean<'a>(rows: impl Iterator<Item = &'a Vec<f32>>, features: usize) -> Vec<f64> {
    let (mut sum, mut count) = (vec![0.0; features], 0.0f64);
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
        count += 1.0;
    }
    sum.iter().map(|sum| sum / count.max(1.0)).collect()
}

/// How windows of one person scatter around their own mean, `[F, F]`.
fn scatter(genuine: &[&Features], impostor: &[&Features], features: usize) -> Vec<f64> {
    let mut sum = vec![0.0; features * features];
    let mut count = 0.0f64;
    for rows in impostor.iter().chain(genuine) {
        let centre = mean(rows.iter(), features);
        for row in rows.iter() {
            let row: Vec<f64> = row.iter().zip(&centre).map(|(x, c)| f64::from(*x) - c).collect();
            add_outer(&mut sum, &row, 1.0);
        }
        count += rows.len() as f64;
    }
    sum.iter_mut().for_each(|x| *x /= count.max(1.0));
    let trace: f64 = (0..features).map(|i| sum[i * features + i]).sum();
    let floor = FLOOR * trace / features.max(1) as f64 + 1e-9;
    (0..features).for_each(|i| sum[i * features + i] += floor);
    sum
}

/// Adds `by * row row'` to the lower triangle.
fn add_outer(matrix: &mut [f64], row: &[f64], by: f64) {
    for (i, (line, x)) in matrix.chunks_exact_mut(row.len()).zip(row).enumerate() {
        let x = x * by;
        line[..=i].iter_mut().zip(row).for_each(|(sum, y)| *sum += x * y);
    }
}

/// The lower factor of a symmetric matrix of which the lower triangle is given; none when it is
/// not positive.
fn cholesky(mut matrix: Vec<f64>, size: usize) -> Option<Vec<f64>> {
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

/// Solves `L x = row` in place.
fn forward(factor: &[f64], row: &mut [f64]) {
    let size = row.len();
    for i in 0..size {
        let known: f64 = (0..i).map(|k| factor[i * size + k] * row[k]).sum();
        row[i] = (row[i] - known) / factor[i * size + i];
    }
}

/// Solves `L' x = row` in place.
fn backward(factor: &[f64], row: &mut [f64]) {
    let size = row.len();
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|k| factor[k * size + i] * row[k]).sum();
        row[i] = (row[i] - known) / factor[i * size + i];
    }
}

/// Newton's method for the penalised logistic loss; the last column is the bias, unpenalised.
fn newton(genuine: &[Vec<f64>], impostor: &[Vec<f64>], penalty: f64) -> Vec<f64> {
    let size = genuine.first().or(impostor.first()).map_or(1, Vec::len);
    let other = genuine.len() as f64 / impostor.len().max(1) as f64;
    let mut weight = vec![0.0; size];
    for _ in 0..STEPS {
        let mut slope: Vec<f64> = weight.iter().map(|w| penalty * w).collect();
        let mut curve = vec![0.0; size * size];
        (0..size).for_each(|i| curve[i * size + i] = penalty);
        (slope[size - 1], curve[size * size - 1]) = (0.0, 1e-9);
        for (rows, label, share) in [(genuine, 1.0, 1.0), (impostor, 0.0, other)] {
            for row in rows {
                let logit: f64 = row.iter().zip(&weight).map(|(x, w)| x * w).sum();
                let p = 1.0 / (1.0 + (-logit).exp());
                slope.iter_mut().zip(row).for_each(|(s, x)| *s += share * (p - label) * x);
                add_outer(&mut curve, row, share * p * (1.0 - p));
            }
        }
        let Some(factor) = cholesky(curve, size) else { break };
        forward(&factor, &mut slope);
        backward(&factor, &mut slope);
        weight.iter_mut().zip(&slope).for_each(|(w, s)| *w -= s);
        if slope.iter().all(|s| s.abs() < 1e-6) {
            break;
        }
    }
    weight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::random::Random;

    fn person(random: &mut Random, centre: [f64; 3], count: usize) -> Features {
        let row = |_| {
            let wide = random.normal(0.0, 5.0);
            let near: [f64; 2] = std::array::from_fn(|_| random.normal(0.0, 0.3));
            vec![
                (centre[0] + wide) as f32,
                (centre[1] + near[0]) as f32,
                (centre[2] + near[1]) as f32,
            ]
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn it_tells_the_owner_apart_where_people_differ_and_not_where_windows_do() {
        let mut random = Random::new(1, 1);
        let owner = person(&mut random, [0.0, 1.0, 0.0], 40);
        let others: Vec<Features> =
            (0..20).map(|n| person(&mut random, [0.0, -1.0, f64::from(n % 5)], 30)).collect();
        let head = fit(&[&owner], &others.iter().collect::<Vec<_>>(), 1.0);
        let score = |row: &Vec<f32>| {
            row.iter().zip(&head.weight).map(|(x, w)| x * w).sum::<f32>() + head.bias
        };
        assert!(owner.iter().filter(|row| score(row) > 0.0).count() >= 39);
        let wrong = others.iter().flatten().filter(|row| score(row) > 0.0).count();
        assert!(wrong < 10, "{wrong}");
        assert!(head.weight[0].abs() < 0.1 * head.weight[1].abs(), "{head:?}");
    }

    #[test]
    fn solving_is_multiplying_undone() {
        let factor = cholesky(vec![4.0, 0.0, 2.0, 5.0], 2).unwrap();
        let mut x = vec![8.0, 9.0];
        forward(&factor, &mut x);
        backward(&factor, &mut x);
        assert!((4.0 * x[0] + 2.0 * x[1] - 8.0).abs() < 1e-12);
        assert!((2.0 * x[0] + 5.0 * x[1] - 9.0).abs() < 1e-12);
    }
}
