//! How a ragged batch lies in memory: sequences sorted by length, longest first, and stored step by
//! step, closely packed. Row `(t, s)` is `offsets[t] + s`; every step's rows are a prefix of the
//! step before. The backward direction counts its steps from each sequence's own end, so that both
//! directions share one shape and kernels do with plain loops.

use std::cmp::Reverse;

use super::network::Conditioning;

/// The shape of a packed batch.
#[derive(Debug, Default)]
pub(crate) struct Packing {
    /// Sorted position to position in the caller's batch.
    order: Vec<usize>,
    /// Steps of each sequence, descending.
    lengths: Vec<usize>,
    /// First row of each step, and the number of rows at the end.
    offsets: Vec<usize>,
    /// Row `(t, s)` to row `(length - 1 - t, s)`; its own inverse.
    reversed: Vec<u32>,
}

impl Packing {
    /// Lays out sequences of the given lengths; equal lengths keep their order.
    pub(crate) fn pack(&mut self, lengths: impl Iterator<Item = usize>) {
        self.lengths.clear();
        self.lengths.extend(lengths);
        self.order.clear();
        self.order.extend(0..self.lengths.len());
        // The index settles ties: an unstable sort alone could differ between versions of the
        // library.
        self.order.sort_unstable_by_key(|&i| (Reverse(self.lengths[i]), i));
        self.lengths.sort_unstable_by_key(|&length| Reverse(length));
        self.place();
    }

    fn place(&mut self) {
        self.offsets.clear();
        self.offsets.push(0);
        let mut row = 0;
        let mut alive = self.lengths.len();
        for step in 0..self.lengths.first().copied().unwrap_or(0) {
            // Lengths descend, so whoever is too short for a step is at the end.
            while self.lengths[alive - 1] <= step {
                alive -= 1;
            }
            row += alive;
            self.offsets.push(row);
        }
        self.reversed.clear();
        for step in 0..self.steps() {
            for s in 0..self.count(step) {
                // Both reading orders have the same counts a step, because each counts from its own
                // end.
                self.reversed.push((self.offsets[self.lengths[s] - 1 - step] + s) as u32);
            }
        }
    }

    /// Number of sequences, empty ones included.
    pub(crate) fn sequences(&self) -> usize {
        self.lengths.len()
    }

    /// Steps of the longest sequence.
    pub(crate) fn steps(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Valid steps of all sequences together.
    pub(crate) fn rows(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Sequences that are longer than `step`.
    pub(crate) fn count(&self, step: usize) -> usize {
        self.offsets[step + 1] - self.offsets[step]
    }

    /// First row of each step, and the number of rows.
    pub(crate) fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// A row's place when its sequence is read from the other end.
    pub(crate) fn reversed(&self) -> &[u32] {
        &self.reversed
    }

    /// Sorted position to the caller's.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    /// The row of sequence `s` (sorted) at its last step; none for an empty sequence.
    pub(crate) fn last_row(&self, s: usize) -> Option<usize> {
        self.lengths[s].checked_sub(1).map(|step| self.offsets[step] + s)
    }

    /// Conditions the sequences into rows of three, in both reading orders.
    pub(crate) fn inputs(
        &self,
        sequences: &[&[[f32; 3]]],
        scaling: &Conditioning,
        rows: &mut [Vec<f32>; 2],
    ) {
        // Grown but never cleared: every row is written below.
        rows.iter_mut().for_each(|rows| rows.resize(3 * self.rows(), 0.0));
        for (s, &at) in self.order.iter().enumerate() {
            for (raw, &offset) in sequences[at].iter().zip(&self.offsets) {
                let row = offset + s;
                let values = scaling.apply(*raw);
                for (rows, row) in rows.iter_mut().zip([row, self.reversed[row] as usize]) {
                    rows[3 * row..3 * row + 3].copy_from_slice(&values);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_dense_and_reversal_is_its_own_inverse() {
        let mut packing = Packing::default();
        packing.pack([2, 5, 1, 5, 0].into_iter());
        assert_eq!(packing.order(), [1, 3, 0, 2, 4]);
        assert_eq!(packing.offsets(), [0, 4, 7, 9, 11, 13]);
        assert_eq!((packing.rows(), packing.steps(), packing.sequences()), (13, 5, 5));
        assert_eq!(packing.last_row(2), Some(6));
        assert_eq!(packing.last_row(4), None);
        for (row, &back) in packing.reversed().iter().enumerate() {
            assert_eq!(packing.reversed()[back as usize] as usize, row);
        }
    }

    #[test]
    fn nothing_packs_to_nothing() {
        let mut packing = Packing::default();
        packing.pack([].into_iter());
        assert_eq!((packing.rows(), packing.steps()), (0, 0));
    }

    #[test]
    fn backward_inputs_start_at_each_sequences_end() {
        let (long, short) = ([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]], [[3.0, 0.0, 0.0]]);
        let mut packing = Packing::default();
        packing.pack([1, 2].into_iter());
        let mut rows = [vec![], vec![]];
        packing.inputs(&[&short, &long], &Conditioning::IDENTITY, &mut rows);
        let first =
            |rows: &[f32]| rows.iter().step_by(3).map(|x| x.sinh().round()).collect::<Vec<_>>();
        assert_eq!(first(&rows[0]), [1.0, 3.0, 2.0]);
        assert_eq!(first(&rows[1]), [2.0, 3.0, 1.0]);
    }
}
