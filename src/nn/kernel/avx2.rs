//! 256-bit vectors with fused multiply-add: tiles of 3 rows by 4 vectors in 12 of 16 registers.

use std::arch::x86_64::*;

use super::Operation;
use super::simd::Simd;

/// Proof that the processor has the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, if the running processor and system have them.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    /// Runs an operation compiled for these instructions.
    pub(crate) fn enter<O: Operation>(self, operation: O) -> O::Output {
        // SAFETY: `self` exists, so `detect` has found every feature that `run` enables.
        unsafe { run(self, operation) }
    }
}

#[target_feature(enable = "avx2,fma")]
fn run<O: Operation>(simd: Avx2, operation: O) -> O::Output {
    operation.run(simd)
}

// SAFETY of every block below: `self` proves the instructions; memory is the caller's promise.
impl Simd for Avx2 {
    type V = __m256;
    const LANES: usize = 8;
    const ROWS: usize = 3;

    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(at) }
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f32, v: __m256) {
        unsafe { _mm256_storeu_ps(at, v) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_div_ps(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn clamp(self, x: __m256, limit: f32) -> __m256 {
        unsafe { _mm256_max_ps(_mm256_min_ps(x, _mm256_set1_ps(limit)), _mm256_set1_ps(-limit)) }
    }
}
