//! A counter-based generator: the n-th number of a key is a pure function of both. For simulation,
//! unfit for secrets.

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection of 64 bits.
pub(crate) fn mix64(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Wellons' `lowbias32`: a bijection of 32 bits that vectorises.
// 32 bits, because vectors of 64-bit products are slow or missing below AVX-512.
#[inline(always)]
pub(crate) fn mix32(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// The numbers of one key in order.
pub(crate) struct RandomStream {
    key: u64,
    next: u64,
}

impl RandomStream {
    /// The stream of a seed; `purpose` keeps streams of one seed apart.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        // Mixed twice, or neighbouring seeds and purposes would give overlapping streams.
        Self { key: mix64(seed ^ mix64(purpose)), next: 0 }
    }

    /// Uniform on the open interval (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.next += 1;
        // SplitMix64's increment, as a counter: the n-th number needs none of those before it.
        let bits = mix64(self.key.wrapping_add(self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        // 53 bits are what a double holds; the half keeps 0 out, whose logarithm is infinite.
        ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        // Only the cosine is used: keeping the sine for the next call would be a state.
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_fit_their_distributions() {
        let mut stream = RandomStream::new(7, 1);
        let count = 20_000;
        let (mut sum, mut normal, mut square) = (0.0, 0.0, 0.0);
        for _ in 0..count {
            sum += stream.uniform();
            let z = stream.normal();
            normal += z;
            square += z * z;
        }
        let count = f64::from(count);
        assert!((sum / count - 0.5).abs() < 0.01);
        assert!((normal / count).abs() < 0.03);
        assert!((square / count - 1.0).abs() < 0.04);
    }

    #[test]
    fn purposes_and_seeds_give_different_streams() {
        let first = |seed, purpose| RandomStream::new(seed, purpose).uniform().to_bits();
        assert_ne!(first(1, 1), first(1, 2));
        assert_ne!(first(1, 1), first(2, 1));
        assert_eq!(first(1, 1), first(1, 1));
    }
}
