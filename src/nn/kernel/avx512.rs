//! 512-bit vectors: tiles of 6 rows by 4 vectors in 24 of 32 registers.

use std::arch::x86_64::*;

use super::Operation;
use super::simd::Simd;

/// Proof that the processor has the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof, if the running processor and system have them.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma"))
        .then_some(Self(()))
    }

    /// Runs an operation compiled for these instructions.
    pub(crate) fn enter<O: Operation>(self, operation: O) -> O::Output {
        // SAFETY: `self` exists, so `detect` has found every feature that `run` enables.
        unsafe { run(self, operation) }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn run<O: Operation>(simd: Avx512, operation: O) -> O::Output {
    operation.run(simd)
}

// SAFETY of every block below: `self` proves the instructions; memory is the caller's promise.
impl Simd for Avx512 {
    type V = __m512;
    const LANES: usize = 16;
    const ROWS: usize = 6;

    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(at) }
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f32, v: __m512) {
        unsafe { _mm512_storeu_ps(at, v) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }

    // An estimate of 14 bits and one step of Newton each for reciprocal and quotient: a 512-bit
    // division would occupy its unit for sixteen cycles.
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        unsafe {
            let estimate = _mm512_rcp14_ps(b);
            let error = _mm512_fnmadd_ps(b, estimate, _mm512_set1_ps(1.0));
            let reciprocal = _mm512_fmadd_ps(estimate, error, estimate);
            let quotient = _mm512_mul_ps(a, reciprocal);
            _mm512_fmadd_ps(_mm512_fnmadd_ps(b, quotient, a), reciprocal, quotient)
        }
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn clamp(self, x: __m512, limit: f32) -> __m512 {
        unsafe { _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(limit)), _mm512_set1_ps(-limit)) }
    }
}
