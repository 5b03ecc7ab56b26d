//! Weights of one LSTM direction in the order in which the kernels read them. A block holds `lanes`
//! units with their four gates side by side, `4 * lanes` columns; its rows are the inputs, the
//! recurrent units and the bias. Units are padded with zeros to whole tiles; padding stays zero
//! through training because its activations and its gradients stay zero.

use super::network::LstmWeights;

/// Sizes of one direction of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PanelShape {
    /// Floats of a vector.
    pub lanes: usize,
    /// The input comes as this many separate row buffers.
    pub parts: usize,
    /// Real features of a part.
    pub part: usize,
    /// Features of a part as it is stored.
    pub part_padded: usize,
    /// Real units.
    pub hidden: usize,
    /// Units as they are stored: a multiple of `4 * lanes`.
    pub padded: usize,
}

impl PanelShape {
    /// The first layer: three inputs in one part.
    pub(crate) fn first(hidden: usize, lanes: usize) -> Self {
        let padded = hidden.next_multiple_of(4 * lanes);
        Self { lanes, parts: 1, part: 3, part_padded: 3, hidden, padded }
    }

    /// A layer above `below`: its two directions are the two parts.
    pub(crate) fn above(below: &Self, hidden: usize) -> Self {
        let Self { lanes, hidden: part, padded: part_padded, .. } = *below;
        Self {
            lanes,
            parts: 2,
            part,
            part_padded,
            hidden,
            padded: hidden.next_multiple_of(4 * lanes),
        }
    }

    /// What the pointers of a kernel with so many floats a vector rely on: whole vectors, and rows
    /// of the steps, which `offsets` part, that never grow in number.
    ///
    /// # Panics
    /// When it does not hold.
    pub(crate) fn check(&self, lanes: usize, offsets: &[usize]) {
        assert_eq!(self.lanes, lanes);
        assert_eq!(self.padded % self.width(), 0);
        assert!(self.parts <= 2);
        assert!(offsets.windows(2).all(|pair| pair[0] <= pair[1]));
        // Rows of a step are a prefix of those of the step before: kernels walk pointers by that.
        assert!(offsets.windows(3).all(|t| t[2] - t[1] <= t[1] - t[0]));
        assert_eq!(offsets.first().copied().unwrap_or(0), 0);
    }

    /// Columns of a block.
    pub(crate) const fn width(&self) -> usize {
        4 * self.lanes
    }

    /// Blocks of a direction.
    pub(crate) const fn blocks(&self) -> usize {
        self.padded / self.lanes
    }

    /// Stored input features.
    pub(crate) const fn inputs(&self) -> usize {
        self.parts * self.part_padded
    }

    /// Rows of a block: inputs, recurrent units, bias.
    pub(crate) const fn rows(&self) -> usize {
        self.inputs() + self.padded + 1
    }

    /// Floats of a block.
    pub(crate) const fn block_len(&self) -> usize {
        self.rows() * self.width()
    }

    /// Floats of all blocks.
    pub(crate) const fn panel_len(&self) -> usize {
        self.blocks() * self.block_len()
    }

    /// Where row `row` of gate `gate` (i, o, f, c) of unit `unit` lies.
    const fn place(&self, row: usize, gate: usize, unit: usize) -> usize {
        let block = unit / self.lanes;
        let lane = unit % self.lanes;
        block * self.block_len() + row * self.width() + gate * self.lanes + lane
    }

    const fn input_row(&self, input: usize) -> usize {
        input / self.part * self.part_padded + input % self.part
    }

    /// Copies canonical weights into panels; padding is left alone.
    pub(crate) fn pack(&self, weights: &LstmWeights, panels: &mut [f32]) {
        let inputs = self.parts * self.part;
        for column in 0..4 * self.hidden {
            let gate = column / self.hidden;
            let unit = column % self.hidden;
            for input in 0..inputs {
                // Padding columns stay as they are: zero from the start, and zero ever after.
                panels[self.place(self.input_row(input), gate, unit)] =
                    weights.w[column * inputs + input];
            }
            for k in 0..self.hidden {
                panels[self.place(self.inputs() + k, gate, unit)] =
                    weights.r[column * self.hidden + k];
            }
            panels[self.place(self.rows() - 1, gate, unit)] = weights.b[column];
        }
    }

    /// Canonical weights from panels.
    pub(crate) fn unpack(&self, panels: &[f32]) -> LstmWeights {
        let inputs = self.parts * self.part;
        let columns = 4 * self.hidden;
        let mut weights =
            LstmWeights { w: Vec::new(), r: Vec::new(), b: Vec::with_capacity(columns) };
        for column in 0..columns {
            let gate = column / self.hidden;
            let unit = column % self.hidden;
            let at = |row| panels[self.place(row, gate, unit)];
            weights.w.extend((0..inputs).map(|input| at(self.input_row(input))));
            weights.r.extend((0..self.hidden).map(|k| at(self.inputs() + k)));
            weights.b.push(at(self.rows() - 1));
        }
        weights
    }

    /// Floats of the transposed recurrent rows.
    pub(crate) const fn recurrent_len(&self) -> usize {
        self.padded * 4 * self.padded
    }

    /// Transposes `count` rows from `first` (a multiple of the width each) of all blocks: panels of
    /// `width` such rows as columns, with all blocks' columns as rows.
    #[inline(always)]
    pub(crate) fn transpose(&self, panels: &[f32], first: usize, count: usize, out: &mut [f32]) {
        let width = self.width();
        let tiles = out.chunks_exact_mut(width * width);
        for (tile, out) in tiles.enumerate().take(count / width * self.blocks()) {
            let panel = tile / self.blocks();
            let block = tile % self.blocks();
            let from = block * self.block_len() + (first + panel * width) * width;
            // Tile by tile, so that both sides of the copy stay in the cache.
            let rows = &panels[from..from + width * width];
            for (column, out) in out.chunks_exact_mut(width).enumerate() {
                for (out, row) in out.iter_mut().zip(rows.chunks_exact(width)) {
                    *out = row[column];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(shape: &PanelShape) -> LstmWeights {
        let count = |n: usize, from: usize| (from..from + n).map(|i| i as f32).collect::<Vec<_>>();
        let columns = 4 * shape.hidden;
        LstmWeights {
            w: count(columns * shape.parts * shape.part, 1),
            r: count(columns * shape.hidden, 10_000),
            b: count(columns, 20_000),
        }
    }

    #[test]
    fn unpacking_gives_back_what_was_packed() {
        for lanes in [4, 8, 16] {
            let first = PanelShape::first(5, lanes);
            for shape in [first, PanelShape::above(&first, 18)] {
                let weights = numbered(&shape);
                let mut panels = vec![0.0; shape.panel_len()];
                shape.pack(&weights, &mut panels);
                assert_eq!(shape.unpack(&panels), weights);
            }
        }
    }

    #[test]
    fn transposed_rows_are_the_columns() {
        let shape = PanelShape::above(&PanelShape::first(5, 4), 18);
        let mut panels = vec![0.0; shape.panel_len()];
        shape.pack(&numbered(&shape), &mut panels);
        let mut out = vec![0.0; shape.recurrent_len()];
        shape.transpose(&panels, shape.inputs(), shape.padded, &mut out);
        let width = shape.width();
        for (row, gate, unit) in [(0, 0, 0), (3, 2, 5), (17, 1, 17)] {
            let (block, lane) = (unit / 4, unit % 4);
            let panel = row / width * shape.blocks() * width * width;
            let k = block * width + gate * 4 + lane;
            assert_eq!(
                out[panel + k * width + row % width],
                panels[shape.place(shape.inputs() + row, gate, unit)]
            );
        }
    }
}
