//! What is asked of the embedding: whose window is this, and, of a few windows of one person
//! together, whose are these? Logits are linear in the embedding, so that those of a group are the
//! mean of its windows', made surer by the root of their number.

use std::ops::Range;

/// A batch of groups of windows, each group one person's on one device. Groups are equally large;
/// what goes beyond the shortest slice is ignored.
#[derive(Debug, Clone, Copy)]
pub struct GroupBatch<'a> {
    /// Raw steps, `(dx px, dy px, dt ms)`, the groups one behind the other.
    pub sequences: &'a [&'a [[f32; 3]]],
    /// Windows of a group, at least one.
    pub size: usize,
    /// The class of each group.
    pub classes: &'a [usize],
    /// The classes that each group is told from, its own among them.
    pub among: &'a [Range<usize>],
}

impl GroupBatch<'_> {
    /// Whole groups whose class lies in its range.
    pub(super) fn groups(&self) -> usize {
        let most = self.sequences.len() / self.size.max(1);
        let fits = |(class, among): &(&usize, &Range<usize>)| among.contains(class);
        self.classes.iter().zip(self.among).take(most).take_while(fits).count()
    }

    /// Mean cross-entropy of the windows plus that of the groups, and its slopes. Rows of `logits`
    /// and `slopes` are `count` classes long.
    pub(super) fn loss(&self, logits: &[f32], count: usize, slopes: &mut [f32]) -> f64 {
        let groups = self.groups();
        let root = (self.size as f32).sqrt();
        let share = 1.0 / groups.max(1) as f32;
        let mut total = 0.0;
        let mut together = vec![0.0; count];
        slopes.fill(0.0);
        for group in 0..groups {
            let (class, among) = (self.classes[group], self.among[group].clone());
            let place = class - among.start;
            let rows = group * self.size..(group + 1) * self.size;
            together.fill(0.0);
            for row in rows.clone() {
                let logits = &logits[row * count..][among.clone()];
                let slopes = &mut slopes[row * count..][among.clone()];
                total += softmax(logits, place, share / self.size as f32, slopes);
                together.iter_mut().zip(logits).for_each(|(sum, z)| *sum += z / root);
            }
            let mut shared = vec![0.0; among.len()];
            total += softmax(&together[..among.len()], place, share / root, &mut shared)
                * f64::from(root);
            for row in rows {
                let slopes = &mut slopes[row * count..][among.clone()];
                slopes.iter_mut().zip(&shared).for_each(|(slope, shared)| *slope += shared);
            }
        }
        total
    }
}

/// Cross-entropy of one softmax times `weight`; its slopes are written.
fn softmax(logits: &[f32], class: usize, weight: f32, slopes: &mut [f32]) -> f64 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    slopes.iter_mut().zip(logits).for_each(|(p, z)| *p = (z - highest).exp());
    let sum: f32 = slopes.iter().sum();
    slopes.iter_mut().for_each(|p| *p *= weight / sum);
    slopes[class] -= weight;
    f64::from(weight) * f64::from(sum.ln() + highest - logits[class])
}
