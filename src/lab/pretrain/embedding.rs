//! The embedding of a backbone: the directions of what it sees in which people differ most against
//! how one person's own stretches of work differ, found from a cohort by linear discriminants (Rao
//! 1948) with the shift between stretches as part of the noise, and how embeddings lie among users.
//! Only moments of the whole cohort are kept.

use crate::lab::eigen;
use crate::nn::Linear;
use crate::nn::triangle::{add_outer, backward, cholesky, forward};
use crate::pipeline::EmbeddingCovariance;

/// Windows that count as one stretch of work.
const STRETCH: usize = 20;
/// Stretches of one person on one device that count, so that the busiest don't rule the cohort.
const MOST_STRETCHES: usize = 40;
/// Noise is that of groups of this many windows.
const GROUP: f64 = 10.0;
/// Added to the noise and to the variance between people, as shares of that within a stretch: few
/// people are known, and new ones differ in every direction a little.
const FLOORS: [f64; 2] = [0.001, 0.02];

/// What a backbone sees of one person: windows in order of time, a list a device.
pub(super) type Views = Vec<Vec<Vec<f32>>>;

/// The projection to the embedding, and how they lie among people.
pub(super) struct Embedding {
    /// From what was seen of a window.
    pub(super) map: Linear,
    pub(super) covariance: EmbeddingCovariance,
}

/// The best `most` directions; none where none are wanted, there are fewer than three people, or
/// nobody has two stretches.
pub(super) fn fit(people: &[Views], most: usize) -> Option<Embedding> {
    let moments = (most > 0).then(|| Moments::of(people)).flatten()?;
    let size = moments.mean.len();
    let rows = moments.directions(most.min(size))?;
    let [between_user, between_session, within_session] =
        [&moments.between_user, &moments.between_session, &moments.within_session]
            .map(|matrix| variances(&rows, matrix));
    let floored = between_user.iter().zip(&within_session).map(|(b, w)| (b + FLOORS[1] * w) as f32);
    Some(Embedding {
        map: Linear {
            weight: rows.iter().flatten().map(|x| *x as f32).collect(),
            bias: rows.iter().map(|row| -dot(row, &moments.mean) as f32).collect(),
        },
        covariance: EmbeddingCovariance {
            between_user: floored.collect(),
            between_session: single(&between_session),
            within_session: single(&within_session),
        },
    })
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| x.max(0.0) as f32).collect()
}

fn variances(rows: &[Vec<f64>], matrix: &[f64]) -> Vec<f64> {
    rows.iter().map(|row| dot(row, &times(matrix, row))).collect()
}

/// One linear map behind another.
pub(super) fn behind(last: &Linear, first: &Linear) -> Linear {
    let inner = first.count().max(1);
    let width = first.weight.len() / inner;
    let mut weight = Vec::with_capacity(last.count() * width);
    for row in last.weight.chunks_exact(inner) {
        let mut sum = vec![0.0_f64; width];
        for (by, below) in row.iter().zip(first.weight.chunks_exact(width)) {
            sum.iter_mut().zip(below).for_each(|(s, x)| *s += f64::from(*by) * f64::from(*x));
        }
        weight.extend(sum.iter().map(|x| *x as f32));
    }
    Linear { weight, bias: last.apply(&first.bias) }
}

/// Mean, and covariances with both triangles, of a cohort; every person weighs about alike.
struct Moments {
    mean: Vec<f64>,
    /// Of people's means.
    between_user: Vec<f64>,
    /// Of the means of one person's stretches on one device, less what single windows scatter.
    between_session: Vec<f64>,
    /// Of windows in their stretch.
    within_session: Vec<f64>,
}

impl Moments {
    fn of(people: &[Views]) -> Option<Self> {
        let size = people.iter().flatten().flatten().next()?.len();
        let means: Vec<Vec<f64>> =
            people.iter().map(|views| mean(views.iter().flatten(), size)).collect();
        let grand_mean = mean(&means, size);
        let mut between_user = Covariance::new(size);
        means.iter().for_each(|mean| between_user.add(mean, &grand_mean));
        between_user.free(1);
        let mut within_session = Covariance::new(size);
        let mut between_session = Covariance::new(size);
        for windows in people.iter().flatten() {
            let stretches: Vec<_> = stretches(windows).collect();
            let session_means: Vec<Vec<f64>> =
                stretches.iter().map(|stretch| mean(stretch.iter(), size)).collect();
            for (stretch, grand_mean) in stretches.iter().zip(&session_means) {
                stretch.iter().for_each(|row| within_session.add(row, grand_mean));
                within_session.free(1);
            }
            let whole = mean(&session_means, size);
            session_means.iter().for_each(|grand_mean| between_session.add(grand_mean, &whole));
            between_session.free(usize::from(!session_means.is_empty()));
        }
        let between_user = between_user.whole()?;
        let within_session = within_session.whole()?;
        let by_chance = within_session.iter().map(|w| w / STRETCH as f64);
        let rest =
            between_session.whole()?.into_iter().zip(by_chance).map(|(s, w)| s - w).collect();
        (people.len() > 2).then(|| Self {
            mean: grand_mean,
            between_user,
            between_session: positive(rest, size),
            within_session,
        })
    }

    /// Simultaneous diagonalisation of what differs between people against the noise of a group:
    /// rows in which the noise has a variance of 1, the most telling first.
    fn directions(&self, most: usize) -> Option<Vec<Vec<f64>>> {
        let size = self.mean.len();
        let trace: f64 = (0..size).map(|i| self.within_session[i * size + i]).sum();
        let mut noise: Vec<f64> = self
            .within_session
            .iter()
            .zip(&self.between_session)
            .map(|(w, s)| w / GROUP + s)
            .collect();
        (0..size).for_each(|i| noise[i * size + i] += FLOORS[0] * trace / size as f64);
        let factor = cholesky(noise, size)?;
        let mut whitened = self.between_user.clone();
        for _ in 0..2 {
            whitened.chunks_exact_mut(size).for_each(|row| forward(&factor, row));
            whitened = turned(&whitened, size);
        }
        Some(
            eigen::symmetric(whitened, size)
                .into_iter()
                .take(most)
                .map(|found| {
                    let mut row = found.vector;
                    backward(&factor, &mut row);
                    row
                })
                .collect(),
        )
    }
}

/// A sum of outer products, and how many of them were free.
struct Covariance {
    lower: Vec<f64>,
    count: usize,
    size: usize,
}

impl Covariance {
    fn new(size: usize) -> Self {
        Self { lower: vec![0.0; size * size], count: 0, size }
    }

    fn add<T: Copy + Into<f64>>(&mut self, row: &[T], grand_mean: &[f64]) {
        let away: Vec<f64> = row.iter().zip(grand_mean).map(|(x, c)| (*x).into() - c).collect();
        add_outer(&mut self.lower, &away, 1.0);
        self.count += 1;
    }

    /// A mean was taken from the rows themselves.
    const fn free(&mut self, session_means: usize) {
        self.count = self.count.saturating_sub(session_means);
    }

    /// Both triangles; none of fewer than two rows.
    fn whole(self) -> Option<Vec<f64>> {
        let Self { lower, count, size } = self;
        let at = |i: usize, j: usize| lower[i.max(j) * size + i.min(j)] / count as f64;
        (count > 0).then(|| {
            (0..size).flat_map(|i| (0..size).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect()
        })
    }
}

/// Whole stretches of one person on one device, at most [`MOST_STRETCHES`], spread over all.
fn stretches(windows: &[Vec<f32>]) -> impl Iterator<Item = &[Vec<f32>]> {
    let count = windows.len() / STRETCH;
    let every = count.div_ceil(MOST_STRETCHES).max(1);
    windows.chunks_exact(STRETCH).step_by(every)
}

/// The same matrix without directions of negative variance.
fn positive(matrix: Vec<f64>, size: usize) -> Vec<f64> {
    let mut whole = vec![0.0; size * size];
    for found in eigen::symmetric(matrix, size).iter().take_while(|found| found.value > 0.0) {
        for (line, x) in whole.chunks_exact_mut(size).zip(&found.vector) {
            let x = found.value * x;
            line.iter_mut().zip(&found.vector).for_each(|(sum, y)| *sum += x * y);
        }
    }
    whole
}

fn mean<'a, T: Copy + Into<f64> + 'a>(
    rows: impl IntoIterator<Item = &'a Vec<T>>,
    size: usize,
) -> Vec<f64> {
    let mut sum = vec![0.0; size];
    let mut count = 0_usize;
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += (*x).into());
        count += 1;
    }
    sum.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
    sum
}

fn turned(matrix: &[f64], size: usize) -> Vec<f64> {
    (0..size)
        .flat_map(|i| (0..size).map(move |j| (i, j)))
        .map(|(i, j)| matrix[j * size + i])
        .collect()
}

fn times(matrix: &[f64], row: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(row.len()).map(|line| dot(line, row)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::random::Random;

    /// People who differ in the first number by 2, whose stretches differ in the second by 3, and
    /// whose windows scatter by 1 in all three; turned, so that no axis tells.
    fn users() -> Vec<Views> {
        let mut random = Random::new(4, 4);
        let mut person = |_| {
            let who = random.normal(0.0, 2.0);
            let mut device = |_| {
                let mut windows = Vec::new();
                for _ in 0..6 {
                    let between_session = random.normal(0.0, 3.0);
                    for _ in 0..STRETCH {
                        let [a, b, c] = [who, between_session, 0.0]
                            .map(|grand_mean| random.normal(grand_mean, 1.0) as f32);
                        windows.push(vec![5.0 + a + b, a - b + c, c - b]);
                    }
                }
                windows
            };
            (0..2).map(&mut device).collect()
        };
        (0..200).map(&mut person).collect()
    }

    #[test]
    fn the_first_dimension_is_what_tells_people_apart() {
        let Embedding { map, covariance } = fit(&users(), 2).unwrap();
        assert_eq!((map.count(), covariance.dimensions()), (2, 2));
        // The noise of ten windows, and the little that is added, have a variance of 1.
        for at in 0..2 {
            let noise = covariance.within_session[at] / 10.0 + covariance.between_session[at];
            assert!(noise > 0.9 && noise < 1.001, "{noise}");
        }
        let expected = 4.0 / 0.1;
        assert!((covariance.between_user[0] / expected - 1.0).abs() < 0.3, "{covariance:?}");
        assert!(
            covariance.between_session[0] < 0.1 && covariance.between_user[1] < 0.5,
            "{covariance:?}"
        );
        // Moving along what shifts changes the first dimension little, along who it is a lot.
        let at = |row: [f32; 3]| map.apply(&row)[0];
        let [who, between_session] = [[1.0, 1.0, 0.0], [1.0, -1.0, -1.0]]
            .map(|by: [f32; 3]| (at([5.0 + by[0], by[1], by[2]]) - at([5.0, 0.0, 0.0])).abs());
        assert!(who > 20.0 * between_session, "{who} {between_session}");
    }

    #[test]
    fn too_few_people_have_no_embedding() {
        assert!(fit(&users()[..2], 2).is_none());
        assert!(fit(&[], 2).is_none() && fit(&users(), 0).is_none());
        let short: Vec<Views> = users().iter().map(|v| vec![v[0][..STRETCH].to_vec()]).collect();
        assert!(fit(&short, 2).is_none());
    }

    #[test]
    fn two_maps_are_one() {
        let first = Linear { weight: vec![1.0, 2.0, 0.5, -1.0, 0.0, 3.0], bias: vec![1.0, -2.0] };
        let last = Linear { weight: vec![2.0, 1.0], bias: vec![0.25] };
        let row = [0.5, 1.5, -1.0];
        assert_eq!(behind(&last, &first).apply(&row), last.apply(&first.apply(&row)));
    }
}
