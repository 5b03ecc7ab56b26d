//! The vector kernels, written once against `Simd` and compiled for each instruction set; the
//! best one of the running processor is chosen at run time. This is the only place of the engine
//! with unsafe code: the operations check their slices' sizes first and use raw pointers after.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(super) mod backward;
pub(super) mod forward;
#[cfg(target_arch = "aarch64")]
mod neon;
mod peak;
mod portable;
mod product;
mod simd;
pub(super) mod slide;
mod tile;

pub(super) use product::Segment;
pub(super) use simd::Simd;

/// An instruction set that this processor has. It can only be had by detection, which is what
/// makes running an operation on it safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
    Portable(portable::Portable),
}

/// Work that is compiled for every instruction set. `run` must be `#[inline(always)]`, or else it
/// is compiled for the plain processor.
pub(super) trait Operation {
    /// What the work gives.
    type Output;

    /// Does the work with the vectors of one instruction set.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

impl Kernel {
    /// The fastest first; never empty.
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(avx512::Avx512::detect().map(Set::Avx512));
            sets.extend(avx2::Avx2::detect().map(Set::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        sets.extend(neon::Neon::detect().map(Set::Neon));
        sets.push(Set::Portable(portable::Portable));
        sets.into_iter().map(Self).collect()
    }

    /// The fastest of this processor.
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// By its name, if this processor has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::available().into_iter().find(|kernel| kernel.name() == name)
    }

    /// `avx512`, `avx2`, `neon` or `portable`.
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Set::Neon(_) => "neon",
            Set::Portable(_) => "portable",
        }
    }

    /// Floats of a vector.
    pub(super) const fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(_) => avx512::Avx512::LANES,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(_) => avx2::Avx2::LANES,
            #[cfg(target_arch = "aarch64")]
            Set::Neon(_) => neon::Neon::LANES,
            Set::Portable(_) => portable::Portable::LANES,
        }
    }

    /// Runs an operation on this instruction set.
    pub(super) fn apply<O: Operation>(self, operation: O) -> O::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(simd) => simd.enter(operation),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => simd.enter(operation),
            #[cfg(target_arch = "aarch64")]
            Set::Neon(simd) => simd.enter(operation),
            Set::Portable(simd) => operation.run(simd),
        }
    }
}

impl Default for Kernel {
    fn default() -> Self {
        Self::best()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_available_kernel_is_found_by_its_name() {
        for kernel in Kernel::available() {
            assert_eq!(Kernel::named(kernel.name()), Some(kernel));
        }
        assert_eq!(Kernel::available().last().unwrap().name(), "portable");
        assert_eq!(Kernel::named("abacus"), None);
    }
}
