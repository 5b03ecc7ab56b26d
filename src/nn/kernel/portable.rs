//! Vectors of four floats for every processor, as the compiler sees fit, in tiles small enough for
//! sixteen registers.

use super::simd::Simd;

/// Needs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Portable;

/// Four lanes.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Four([f32; 4]);

macro_rules! lanes {
    ($($operand:ident),*; $result:expr) => {{
        let lane = |i: usize| { $(let $operand = $operand.0[i];)* $result };
        Four([lane(0), lane(1), lane(2), lane(3)])
    }};
}

impl Simd for Portable {
    type V = Four;
    const LANES: usize = 4;
    const ROWS: usize = 2;

    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> Four {
        // SAFETY: the caller promises four readable floats; an array needs a float's alignment.
        Four(unsafe { *at.cast::<[f32; 4]>() })
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f32, v: Four) {
        // SAFETY: the caller promises four writable floats.
        unsafe { *at.cast::<[f32; 4]>() = v.0 }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Four {
        Four([x; 4])
    }

    #[inline(always)]
    fn add(self, a: Four, b: Four) -> Four {
        lanes!(a, b; a + b)
    }

    #[inline(always)]
    fn sub(self, a: Four, b: Four) -> Four {
        lanes!(a, b; a - b)
    }

    #[inline(always)]
    fn mul(self, a: Four, b: Four) -> Four {
        lanes!(a, b; a * b)
    }

    #[inline(always)]
    fn div(self, a: Four, b: Four) -> Four {
        lanes!(a, b; a / b)
    }

    // Not `mul_add`: without the instruction that is a call into the mathematics library.
    #[inline(always)]
    fn fma(self, a: Four, b: Four, c: Four) -> Four {
        lanes!(a, b, c; a * b + c)
    }

    // Comparisons instead of `f32::clamp`, which would keep the compiler from using min and max.
    #[inline(always)]
    fn clamp(self, x: Four, limit: f32) -> Four {
        let low = lanes!(x; if x < limit { x } else { limit });
        lanes!(low; if low > -limit { low } else { -limit })
    }
}
