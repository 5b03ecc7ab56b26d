//! Multiply-adds alone, to find out what the processor could do at best: the engine's speed is
//! judged against it.

use super::simd::Simd;
use super::{Kernel, Operation};

/// Independent chains: more than latency times units of any processor, fewer than its registers.
const CHAINS: usize = 12;

struct Chains {
    rounds: u32,
    factor: f32,
}

impl Operation for Chains {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let factor = simd.splat(self.factor);
        let mut sums = [simd.splat(1.0); CHAINS];
        // Arithmetic on values that differ, or else the compiler would do it once for all chains.
        for (chain, sum) in sums.iter_mut().enumerate() {
            *sum = simd.splat(self.factor * (chain + 1) as f32);
        }
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = simd.fma(*sum, factor, factor);
            }
        }
        let mut total = sums[0];
        for &sum in &sums[1..] {
            total = simd.add(total, sum);
        }
        let mut lanes = [0.0; 16];
        // SAFETY: no instruction set has more than sixteen lanes.
        unsafe { simd.store(lanes.as_mut_ptr(), total) };
        lanes.iter().sum()
    }
}

impl Kernel {
    /// Runs `rounds` rounds of independent multiply-adds from registers; gives the number of
    /// floating-point operations done (two each) and a result that depends on all of them.
    /// `factor` should be below 1, and not known when this is compiled.
    pub fn multiply_add(self, rounds: u32, factor: f32) -> (u64, f32) {
        let result = self.apply(Chains { rounds, factor });
        (u64::from(rounds) * (2 * CHAINS * self.lanes()) as u64, result)
    }
}
