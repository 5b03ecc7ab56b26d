//! What is asked of the embedding: of several people two groups of windows each, from two stretches
//! of time, that are to find each other. The prototypical loss (Snell, Swersky and Zemel 2017) both
//! ways; it teaches how people differ, so its embedding carries over to new ones.

/// A batch of pairs of groups of windows, a pair a person.
#[derive(Debug, Clone, Copy)]
pub struct PairBatch<'a> {
    /// Raw steps, `(dx px, dy px, dt ms)`: a person's first group, then their second, person by
    /// person. What goes beyond whole pairs is ignored.
    pub sequences: &'a [&'a [[f32; 3]]],
    /// Windows of a first and of a second group; 0 counts as 1.
    pub sizes: [usize; 2],
}

impl PairBatch<'_> {
    fn sizes(&self) -> [usize; 2] {
        self.sizes.map(|size| size.max(1))
    }

    fn people(&self) -> usize {
        self.sequences.len() / self.sizes().iter().sum::<usize>()
    }

    /// How many windows there are in whole pairs.
    pub(super) fn windows(&self) -> usize {
        self.people() * self.sizes().iter().sum::<usize>()
    }

    /// The mean over people of `-ln softmax(-|b - a|^2)` at their own pair, half over all first
    /// groups `a`, half over all second groups `b`, and its slopes. A group is the mean of its
    /// windows' embeddings; rows of `embeddings` and `slopes` are `count` numbers long.
    pub(super) fn loss(&self, embeddings: &[f32], count: usize, slopes: &mut [f32]) -> f64 {
        let people = self.people();
        let [firsts, seconds] = self.means(embeddings, count);
        let squares = Square::of(people, |i, j| {
            let both = seconds[i * count..][..count].iter().zip(&firsts[j * count..][..count]);
            -both.map(|(b, a)| (b - a) * (b - a)).sum::<f64>()
        });
        let (by_second, to_rows) = squares.cross_entropy();
        let (by_first, to_columns) = squares.turned().cross_entropy();
        let mut to_means = [vec![0.0; people * count], vec![0.0; people * count]];
        for i in 0..people {
            for j in 0..people {
                let slope = to_rows.at(i, j) + to_columns.at(j, i);
                for k in 0..count {
                    let by = slope * (seconds[i * count + k] - firsts[j * count + k]);
                    to_means[0][j * count + k] += by;
                    to_means[1][i * count + k] -= by;
                }
            }
        }
        self.hand_down(&to_means, count, slopes);
        0.5 * (by_first + by_second)
    }

    /// The group of each row: which person's, and whether it is their second.
    fn group(&self, row: usize) -> (usize, usize) {
        let [first, second] = self.sizes();
        (row / (first + second), usize::from(row % (first + second) >= first))
    }

    /// Mean embeddings of all first and of all second groups, `[people, count]` each.
    fn means(&self, embeddings: &[f32], count: usize) -> [Vec<f64>; 2] {
        let mut means = [0, 1].map(|_| vec![0.0; self.people() * count]);
        for (row, values) in embeddings.chunks_exact(count).enumerate().take(self.windows()) {
            let (person, which) = self.group(row);
            let share = 1.0 / self.sizes()[which] as f64;
            let mean = &mut means[which][person * count..][..count];
            mean.iter_mut().zip(values).for_each(|(mean, x)| *mean += share * f64::from(*x));
        }
        means
    }

    /// From the slopes of the groups' means to those of the windows.
    fn hand_down(&self, to_means: &[Vec<f64>; 2], count: usize, slopes: &mut [f32]) {
        for (row, slopes) in slopes.chunks_exact_mut(count).enumerate().take(self.windows()) {
            let (person, which) = self.group(row);
            let share = 1.0 / self.sizes()[which] as f64;
            let to_mean = &to_means[which][person * count..][..count];
            slopes.iter_mut().zip(to_mean).for_each(|(slope, by)| *slope = (share * by) as f32);
        }
    }
}

/// Numbers of everybody against everybody.
struct Square {
    size: usize,
    values: Vec<f64>,
}

impl Square {
    fn of(size: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        Self {
            size,
            values: (0..size)
                .flat_map(|i| (0..size).map(move |j| (i, j)))
                .map(|(i, j)| value(i, j))
                .collect(),
        }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.size + j]
    }

    fn turned(&self) -> Self {
        Self::of(self.size, |i, j| self.at(j, i))
    }

    /// Of logits: the mean over rows of the softmax' cross-entropy with the diagonal, and its
    /// slopes.
    fn cross_entropy(&self) -> (f64, Self) {
        let share = 1.0 / self.size.max(1) as f64;
        let mut slopes = Self { size: self.size, values: self.values.clone() };
        let mut total = 0.0;
        for (i, row) in slopes.values.chunks_exact_mut(self.size.max(1)).enumerate() {
            let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let own = row[i] - highest;
            row.iter_mut().for_each(|z| *z = (*z - highest).exp());
            let sum: f64 = row.iter().sum();
            total += share * (sum.ln() - own);
            row.iter_mut().for_each(|p| *p *= share / sum);
            row[i] -= share;
        }
        (total, slopes)
    }
}
