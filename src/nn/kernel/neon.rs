//! 128-bit vectors of 64-bit ARM: tiles of 6 rows by 4 vectors in 24 of 32 registers.

use std::arch::aarch64::*;

use super::Operation;
use super::simd::Simd;

/// Proof that the processor has the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Neon(());

impl Neon {
    /// The proof, if the running processor and system have them.
    pub(crate) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }

    /// Runs an operation compiled for these instructions.
    pub(crate) fn enter<O: Operation>(self, operation: O) -> O::Output {
        // SAFETY: `self` exists, so `detect` has found the feature that `run` enables.
        unsafe { run(self, operation) }
    }
}

#[target_feature(enable = "neon")]
fn run<O: Operation>(simd: Neon, operation: O) -> O::Output {
    operation.run(simd)
}

// SAFETY of every block below: `self` proves the instructions; memory is the caller's promise.
impl Simd for Neon {
    type V = float32x4_t;
    const LANES: usize = 4;
    const ROWS: usize = 6;

    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> float32x4_t {
        unsafe { vld1q_f32(at) }
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f32, v: float32x4_t) {
        unsafe { vst1q_f32(at, v) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        unsafe { vdupq_n_f32(x) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn div(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vdivq_f32(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn clamp(self, x: float32x4_t, limit: f32) -> float32x4_t {
        unsafe { vmaxq_f32(vminq_f32(x, vdupq_n_f32(limit)), vdupq_n_f32(-limit)) }
    }
}
