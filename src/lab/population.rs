//! Real users as a pretrained backbone sees them: how a cohort's means differ and how one person's
//! windows scatter, as two normal distributions, and impostors drawn from them. Only those moments
//! are kept of anybody.

use super::random::Random;
use crate::model::Population;
use crate::nn::triangle::{add_outer, cholesky, offset_product};

/// What is added to a covariance, as a share of its mean variance, so that few people still span
/// every direction a little.
const FLOOR: f64 = 0.01;

/// Final states of windows, a list a person.
pub(super) type Features = Vec<Vec<f32>>;

/// The moments of these people; none with fewer than three, or without windows.
pub(super) fn fit(people: &[Features]) -> Option<Population> {
    let size = people.first()?.first()?.len();
    let means: Vec<Vec<f64>> = people.iter().map(|rows| mean(rows, size)).collect();
    if means.len() < 3 {
        return None;
    }
    let mut grand_mean = vec![0.0; size];
    let count = means.len() as f64;
    means
        .iter()
        .for_each(|mean| grand_mean.iter_mut().zip(mean).for_each(|(c, m)| *c += m / count));
    let mut between_user = vec![0.0; size * size];
    let mut within_session = vec![0.0; size * size];
    for (rows, mean) in people.iter().zip(&means) {
        add_outer(&mut between_user, &away(mean, &grand_mean), 1.0 / (count - 1.0));
        for row in rows {
            let row: Vec<f64> = row.iter().copied().map(f64::from).collect();
            add_outer(&mut within_session, &away(&row, mean), 1.0 / (count * rows.len() as f64));
        }
    }
    Some(Population {
        mean: grand_mean.iter().map(|x| *x as f32).collect(),
        between_user: factor(between_user, size)?,
        within_session: factor(within_session, size)?,
    })
}

fn away(row: &[f64], from: &[f64]) -> Vec<f64> {
    row.iter().zip(from).map(|(x, c)| x - c).collect()
}

/// `windows` windows of each of `people` impostors.
pub(super) fn draw(
    population: &Population,
    people: usize,
    windows: usize,
    seed: u64,
) -> Vec<Features> {
    let mut random = Random::new(seed, 0x909);
    let mut person = || -> Features {
        let user_mean = around(&population.mean, &population.between_user, &mut random);
        (0..windows).map(|_| around(&user_mean, &population.within_session, &mut random)).collect()
    };
    (0..people).map(|_| person()).collect()
}

fn mean(rows: &[Vec<f32>], size: usize) -> Vec<f64> {
    let mut sum = vec![0.0; size];
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x) / rows.len() as f64);
    }
    sum
}

/// The lower factor, its rows up to the diagonal.
fn factor(mut matrix: Vec<f64>, size: usize) -> Option<Vec<f32>> {
    let trace: f64 = (0..size).map(|i| matrix[i * size + i]).sum();
    let floor = FLOOR * trace / size as f64 + 1e-9;
    (0..size).for_each(|i| matrix[i * size + i] += floor);
    let factor = cholesky(matrix, size)?;
    Some(
        (0..size).flat_map(|i| factor[i * size..=i * size + i].iter().map(|x| *x as f32)).collect(),
    )
}

/// A draw around a mean.
fn around(grand_mean: &[f32], factor: &[f32], random: &mut Random) -> Vec<f32> {
    let noise: Vec<f32> = grand_mean.iter().map(|_| random.normal(0.0, 1.0) as f32).collect();
    offset_product(grand_mean, factor, &noise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_has_the_moments_that_were_fitted() {
        let mut random = Random::new(1, 2);
        let mut person = |_| -> Features {
            let grand_mean = [random.normal(0.2, 0.2), random.normal(0.0, 0.05)];
            let row = |_: usize| grand_mean.map(|c| random.normal(c, 0.1) as f32).to_vec();
            (0..40).map(row).collect()
        };
        let people: Vec<Features> = (0..300).map(&mut person).collect();
        let population = fit(&people).unwrap();
        let drawn = fit(&draw(&population, 300, 40, 5)).unwrap();
        assert!((drawn.mean[0] - 0.2).abs() < 0.05, "{drawn:?}");
        for (a, b) in [
            (&drawn.between_user, &population.between_user),
            (&drawn.within_session, &population.within_session),
        ] {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.03), "{a:?} {b:?}");
        }
        assert_eq!(draw(&population, 2, 3, 5), draw(&population, 2, 3, 5));
        assert!(fit(&people[..2]).is_none());
    }
}
