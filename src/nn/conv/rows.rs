//! Where the ticks of a batch lie: one window behind the other, with empty rows before, between and
//! after them, so that a convolution at a window's edge reads zeros.

use std::ops::Range;

/// The layout of a batch.
#[derive(Debug, Default)]
pub(crate) struct BatchRows {
    gap: usize,
    ranges: Vec<Range<usize>>,
    total: usize,
}

impl BatchRows {
    /// Lays out windows of these lengths with `gap` empty rows around each.
    pub(crate) fn lay(&mut self, lengths: impl Iterator<Item = usize>, gap: usize) {
        self.gap = gap;
        self.total = gap;
        self.ranges.clear();
        for length in lengths {
            self.ranges.push(self.total..self.total + length);
            self.total += length + gap;
        }
    }

    /// Each window's rows.
    pub(crate) fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// All rows, the empty ones among them.
    pub(crate) const fn total(&self) -> usize {
        self.total
    }

    /// Rows that belong to a window.
    pub(crate) fn used(&self) -> usize {
        self.ranges.iter().map(Range::len).sum()
    }

    /// The rows in which a convolution that sees `half` rows to each side has outputs, and those
    /// that it reads.
    pub(crate) const fn seen(&self, half: usize) -> (Range<usize>, Range<usize>) {
        let outputs = self.gap..self.total - self.gap;
        (outputs.start..outputs.end, outputs.start - half..outputs.end + half)
    }

    /// Zeros in every empty row of `values`, whose rows are `width` long.
    pub(crate) fn clear_gaps(&self, values: &mut [f32], width: usize) {
        let mut from = 0;
        for range in &self.ranges {
            values[from * width..range.start * width].fill(0.0);
            from = range.end;
        }
        values[from * width..self.total * width].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_apart_and_gaps_are_cleared() {
        let mut rows = BatchRows::default();
        rows.lay([2, 0, 1].into_iter(), 2);
        assert_eq!(rows.ranges(), [2..4, 6..6, 8..9]);
        assert_eq!((rows.total(), rows.used(), rows.seen(1)), (11, 3, (2..9, 1..10)));
        let mut values = vec![1.0; 11];
        rows.clear_gaps(&mut values, 1);
        assert_eq!(values.iter().sum::<f32>(), 3.0);
        assert_eq!((values[2], values[3], values[8]), (1.0, 1.0, 1.0));
    }
}
