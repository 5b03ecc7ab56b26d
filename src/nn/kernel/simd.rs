//! What the kernels need of an instruction set, and the activations built from it. Tanh and sigmoid
//! are the same rational function everywhere, so that kernels differ by rounding only.

/// Vectors of one instruction set. A value of an implementing type is the proof that the processor
/// has it.
pub(crate) trait Simd: Copy {
    /// A vector of `LANES` floats.
    type V: Copy;
    /// Floats of a vector.
    const LANES: usize;
    /// Rows of a register tile that is four vectors wide.
    const ROWS: usize;

    /// # Safety
    /// `at` must be valid for reading `LANES` floats.
    unsafe fn load(self, at: *const f32) -> Self::V;
    /// # Safety
    /// `at` must be valid for writing `LANES` floats.
    unsafe fn store(self, at: *mut f32, v: Self::V);
    /// The number in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// Lane by lane `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// Lane by lane `a - b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// Lane by lane `a * b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// Lane by lane `a / b`, to within two units in the last place.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// Lane by lane `a * b + c`.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `x` limited to `-limit..=limit`.
    fn clamp(self, x: Self::V, limit: f32) -> Self::V;

    /// Hyperbolic tangent: the rational 13/6 minimax approximation of Eigen (`ptanh`), within 4
    /// units in the last place.
    #[inline(always)]
    fn tanh(self, x: Self::V) -> Self::V {
        let x = self.clamp(x, 7.905_311);
        let square = self.mul(x, x);
        let p = self.fma(square, self.splat(-2.760_768_5e-16), self.splat(2.000_188e-13));
        let p = self.fma(p, square, self.splat(-8.604_672e-11));
        let p = self.fma(p, square, self.splat(5.122_297_2e-8));
        let p = self.fma(p, square, self.splat(1.485_722_4e-5));
        let p = self.fma(p, square, self.splat(6.372_619_4e-4));
        let p = self.fma(p, square, self.splat(4.893_524_4e-3));
        let q = self.fma(square, self.splat(1.198_258_4e-6), self.splat(1.185_347e-4));
        let q = self.fma(q, square, self.splat(2.268_434_6e-3));
        let q = self.fma(q, square, self.splat(4.893_525e-3));
        self.div(self.mul(p, x), q)
    }

    /// `1 / (1 + exp(-x))` as `0.5 + 0.5 tanh(x / 2)`.
    #[inline(always)]
    fn sigmoid(self, x: Self::V) -> Self::V {
        let half = self.splat(0.5);
        self.fma(self.tanh(self.mul(x, half)), half, half)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kernel, Operation};
    use super::*;

    struct Activations([f32; 16]);

    impl Operation for Activations {
        type Output = [[f32; 16]; 2];

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let mut out = [[0.0; 16]; 2];
            for at in (0..16).step_by(S::LANES) {
                // SAFETY: `LANES` divides 16, so every vector lies inside its array.
                unsafe {
                    let x = simd.load(self.0.as_ptr().add(at));
                    simd.store(out[0].as_mut_ptr().add(at), simd.tanh(x));
                    simd.store(out[1].as_mut_ptr().add(at), simd.sigmoid(x));
                }
            }
            out
        }
    }

    #[test]
    fn activations_are_within_a_few_units_in_the_last_place() {
        for kernel in Kernel::available() {
            for step in 0..4000_i32 {
                let x = (step - 2000) as f32 * 0.01;
                let [tanh, sigmoid] = kernel.apply(Activations([x; 16]));
                let exact = f64::from(x);
                let error = (f64::from(tanh[3]) - exact.tanh()).abs();
                assert!(error <= 4e-7 * exact.tanh().abs() + 1e-12, "tanh {x}: {error:e}");
                let error = (f64::from(sigmoid[3]) - 1.0 / (1.0 + (-exact).exp())).abs();
                assert!(error < 3e-7, "sigmoid {x}: {error:e}");
            }
        }
    }
}
