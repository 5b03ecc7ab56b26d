//! The owner's head on a frozen backbone: logistic regression on final states, in the space in
//! which one person's windows scatter alike in all directions, held small by a penalty. Exact and
//! deterministic; it takes a fraction of a second.

use crate::lab::population::Features;
use crate::nn::Dense;
use crate::nn::triangle::{add_outers, backward, cholesky, forward, forward_all};

/// What is added to the scatter, as a share of its mean: directions in which nobody moves.
const FLOOR: f64 = 0.02;
/// Newton's method converges in fewer steps than this.
const STEPS: usize = 12;

/// Fits the head: 1 for the owner's windows, 0 for the others', both sides weighing alike, and so
/// each kind of others that is there. `penalty` times half the squared norm is added to the loss of
/// as many windows as the owner has.
pub(super) fn fit(genuine: &[&Features], kinds: &[&[&Features]], penalty: f64) -> Dense {
    let features = genuine[0].first().map_or(0, Vec::len);
    let others = kinds.concat();
    let grand_mean = mean(others.iter().flat_map(|rows| rows.iter()), features);
    let Some(factor) = cholesky(scatter(genuine, &others, features), features) else {
        return Dense { weight: vec![0.0; features], bias: 0.0 };
    };
    let rows = |people: &[&Features]| -> Vec<Vec<f64>> {
        let all = people.iter().flat_map(|rows| rows.iter());
        let mut rows: Vec<Vec<f64>> = all.map(|row| away(row, &grand_mean)).collect();
        forward_all(&factor, &mut rows);
        rows.iter_mut().for_each(|row| row.push(1.0));
        rows
    };
    let own = rows(genuine);
    let present = kinds.iter().filter(|kind| !kind.is_empty()).count() as f64;
    let mut sides: Vec<Weighted> = kinds
        .iter()
        .map(|kind| {
            let rows = rows(kind);
            let share = own.len() as f64 / present / rows.len().max(1) as f64;
            Weighted { rows, label: 0.0, share }
        })
        .collect();
    sides.push(Weighted { rows: own, label: 1.0, share: 1.0 });
    let mut weight = newton(&sides, features + 1, penalty);
    let mut bias = weight.pop().unwrap_or(0.0);
    backward(&factor, &mut weight);
    bias -= weight.iter().zip(&grand_mean).map(|(w, c)| w * c).sum::<f64>();
    Dense { weight: weight.iter().map(|w| *w as f32).collect(), bias: bias as f32 }
}

/// Rows of one label that weigh `share` each.
struct Weighted {
    rows: Vec<Vec<f64>>,
    label: f64,
    share: f64,
}

fn mean<'a>(rows: impl Iterator<Item = &'a Vec<f32>>, features: usize) -> Vec<f64> {
    let mut sum = vec![0.0; features];
    let mut count = 0.0f64;
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
        count += 1.0;
    }
    sum.iter().map(|sum| sum / count.max(1.0)).collect()
}

/// A row as it lies from a place.
fn away(row: &[f32], place: &[f64]) -> Vec<f64> {
    row.iter().zip(place).map(|(x, c)| f64::from(*x) - c).collect()
}

/// How windows of one person scatter around their own mean, `[F, F]`.
fn scatter(genuine: &[&Features], impostor: &[&Features], features: usize) -> Vec<f64> {
    let mut sum = vec![0.0; features * features];
    let mut count = 0.0f64;
    for rows in impostor.iter().chain(genuine) {
        let own_mean = mean(rows.iter(), features);
        let rows: Vec<Vec<f64>> = rows.iter().map(|row| away(row, &own_mean)).collect();
        add_outers(&mut sum, &rows, &vec![1.0; rows.len()]);
        count += rows.len() as f64;
    }
    sum.iter_mut().for_each(|x| *x /= count.max(1.0));
    let trace: f64 = (0..features).map(|i| sum[i * features + i]).sum();
    let floor = FLOOR * trace / features.max(1) as f64 + 1e-9;
    (0..features).for_each(|i| sum[i * features + i] += floor);
    sum
}

/// Newton's method for the penalised logistic loss; the last column is the bias, unpenalised.
fn newton(sides: &[Weighted], size: usize, penalty: f64) -> Vec<f64> {
    let mut weight = vec![0.0; size];
    for _ in 0..STEPS {
        let mut slope: Vec<f64> = weight.iter().map(|w| penalty * w).collect();
        let mut curve = vec![0.0; size * size];
        (0..size).for_each(|i| curve[i * size + i] = penalty);
        (slope[size - 1], curve[size * size - 1]) = (0.0, 1e-9);
        for Weighted { rows, label, share } in sides {
            let mut by = Vec::with_capacity(rows.len());
            for row in rows {
                let logit: f64 = row.iter().zip(&weight).map(|(x, w)| x * w).sum();
                let p = 1.0 / (1.0 + (-logit).exp());
                slope.iter_mut().zip(row).for_each(|(s, x)| *s += share * (p - label) * x);
                by.push(share * p * (1.0 - p));
            }
            add_outers(&mut curve, rows, &by);
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

    fn person(random: &mut Random, grand_mean: [f64; 3], count: usize) -> Features {
        let row = |_| {
            let wide = random.normal(0.0, 5.0);
            let near: [f64; 2] = std::array::from_fn(|_| random.normal(0.0, 0.3));
            vec![
                (grand_mean[0] + wide) as f32,
                (grand_mean[1] + near[0]) as f32,
                (grand_mean[2] + near[1]) as f32,
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
        let head = fit(&[&owner], &[&others.iter().collect::<Vec<_>>()], 1.0);
        let score = |row: &Vec<f32>| {
            row.iter().zip(&head.weight).map(|(x, w)| x * w).sum::<f32>() + head.bias
        };
        assert!(owner.iter().filter(|row| score(row) > 0.0).count() >= 39);
        let wrong = others.iter().flatten().filter(|row| score(row) > 0.0).count();
        assert!(wrong < 10, "{wrong}");
        assert!(head.weight[0].abs() < 0.1 * head.weight[1].abs(), "{head:?}");
    }
}
