//! Convolutions over time as products in place: rows lie one behind the other, so that the inputs
//! of one output, a few neighbouring rows, are one run of floats, and neighbouring runs overlap.

use super::product::{Accumulate, Outer, Product, Segment};
use super::simd::Simd;
use super::{Kernel, Operation};

/// Sizes of a convolution over rows, as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlideSizes {
    /// Floats of an input row.
    pub width: usize,
    /// Neighbouring rows that one output sees.
    pub kernel: usize,
    /// Floats of an output row: a multiple of `4 * lanes`.
    pub columns: usize,
}

impl SlideSizes {
    /// Floats that one output sees.
    pub(crate) const fn depth(&self) -> usize {
        self.width * self.kernel
    }

    /// Floats of the weights: panels of `4 * lanes` columns, `depth` rows each.
    pub(crate) const fn panels(&self) -> usize {
        self.depth() * self.columns
    }

    /// Where the weight from input `row` of the run to output `column` lies.
    pub(crate) const fn place(&self, lanes: usize, row: usize, column: usize) -> usize {
        let panel = 4 * lanes;
        (column / panel * self.depth() + row) * panel + column % panel
    }
}

impl Kernel {
    /// Output columns as they are stored.
    pub(crate) const fn columns(self, outputs: usize) -> usize {
        outputs.next_multiple_of(4 * self.lanes())
    }
}

/// `out[r] = bias + run[r] * panels`, where `run[r]` starts at input row `r`.
pub(crate) struct Slide<'a> {
    /// Sizes.
    pub sizes: SlideSizes,
    /// `[rows + kernel - 1, width]`.
    pub input: &'a [f32],
    /// Weights.
    pub panels: &'a [f32],
    /// `[columns]`, or empty.
    pub bias: &'a [f32],
    /// `[rows, columns]`.
    pub out: &'a mut [f32],
}

impl Operation for Slide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let SlideSizes { width, kernel, columns } = self.sizes;
        let rows = self.out.len() / columns;
        let panel = 4 * S::LANES;
        assert!(columns.is_multiple_of(panel) && self.panels.len() >= self.sizes.panels());
        assert!(rows == 0 || self.input.len() >= (rows + kernel - 1) * width);
        assert!(self.bias.is_empty() || self.bias.len() >= columns);
        for block in 0..columns / panel {
            let at = block * panel;
            // SAFETY: the sizes are checked above; `at + panel <= columns`.
            unsafe {
                let start = if self.bias.is_empty() {
                    Accumulate::Zero
                } else {
                    Accumulate::Row(self.bias.as_ptr().add(at))
                };
                let product = Product {
                    rows,
                    depth: self.sizes.depth(),
                    chunks: 1,
                    a: (self.input.as_ptr(), width, 0),
                    b: self.panels.as_ptr().add(block * self.sizes.depth() * panel),
                    out: (self.out.as_mut_ptr().add(at), columns),
                    start,
                };
                product.run(simd);
            }
        }
    }
}

/// `grads += sum over rows of run[r]^T * slopes[r]`.
pub(crate) struct SlideWeights<'a> {
    /// Sizes.
    pub sizes: SlideSizes,
    /// `[rows + kernel - 1, width]`.
    pub input: &'a [f32],
    /// Gradient of the outputs, `[rows, columns]`.
    pub slopes: &'a [f32],
    /// Room for one panel of slopes, `[rows, 4 * lanes]`.
    pub scratch: &'a mut [f32],
    /// Gradient of the weights; added to.
    pub grads: &'a mut [f32],
}

impl Operation for SlideWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let SlideSizes { width, kernel, columns } = self.sizes;
        let rows = self.slopes.len() / columns;
        let panel = 4 * S::LANES;
        assert!(columns.is_multiple_of(panel) && self.grads.len() >= self.sizes.panels());
        assert!(rows == 0 || self.input.len() >= (rows + kernel - 1) * width);
        assert!(self.scratch.len() >= rows * panel);
        for block in 0..columns / panel {
            let slopes = self.slopes.chunks_exact(columns);
            for (to, from) in self.scratch.chunks_exact_mut(panel).zip(slopes) {
                to.copy_from_slice(&from[block * panel..(block + 1) * panel]);
            }
            // SAFETY: the sizes are checked above.
            unsafe {
                let outer = Outer {
                    segments: &[Segment { a: 0, b: 0, count: rows }],
                    a: (self.input.as_ptr(), width),
                    columns: self.sizes.depth(),
                    b: self.scratch.as_ptr(),
                    out: self.grads.as_mut_ptr().add(block * self.sizes.depth() * panel),
                };
                outer.run(simd);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, key: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7 + key) % 11) as f32 - 5.0).collect()
    }

    #[test]
    fn every_kernel_slides_and_gathers_as_the_definition_does() {
        for kernel in Kernel::available() {
            let columns = kernel.columns(70);
            let sizes = SlideSizes { width: 3, kernel: 5, columns };
            let (rows, depth) = (13, sizes.depth());
            let input = numbers((rows + 4) * 3, 1);
            let (panels, bias) = (numbers(sizes.panels(), 2), numbers(columns, 3));
            let mut out = vec![0.0; rows * columns];
            kernel.apply(Slide {
                sizes,
                input: &input,
                panels: &panels,
                bias: &bias,
                out: &mut out,
            });
            let mut grads = vec![0.0; sizes.panels()];
            let mut scratch = vec![0.0; rows * 4 * kernel.lanes()];
            let (slopes, scratch) = (numbers(rows * columns, 4), &mut scratch[..]);
            let slide =
                SlideWeights { sizes, input: &input, slopes: &slopes, scratch, grads: &mut grads };
            kernel.apply(slide);
            for column in [0, 1, 69, columns - 1] {
                let weight = |k| panels[sizes.place(kernel.lanes(), k, column)];
                let run = |row: usize| &input[row * 3..row * 3 + depth];
                for row in [0, 12] {
                    let sum: f32 = run(row).iter().enumerate().map(|(k, x)| x * weight(k)).sum();
                    assert_eq!(out[row * columns + column], bias[column] + sum);
                }
                for k in [0, 7, depth - 1] {
                    let sum: f32 =
                        (0..rows).map(|row| run(row)[k] * slopes[row * columns + column]).sum();
                    assert_eq!(grads[sizes.place(kernel.lanes(), k, column)], sum);
                }
            }
        }
    }
}
