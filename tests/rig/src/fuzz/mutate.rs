//! Changes of bytes, the same for the same seed and number.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What readers have stumbled over before, and their like.
const PIECES: [&[u8]; 22] = [
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"inf",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"0.1e-400",
    b"\"",
    b"'",
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\xFF\xFE",
    b"\xEF\xBB\xBF",
    b"[[[[[[[[",
    b"{\"a\":",
    b"%E9",
];
/// A piece repeated so often is longer than any field ought to be.
const LONG: usize = 70_000;
/// No input grows beyond this, bytes.
const MOST: usize = 4 << 20;

/// Changes one input.
pub(super) struct Mutator(ChaCha8Rng);

impl Mutator {
    pub(super) fn new(seed: u64, input: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(input);
        Self(random)
    }

    pub(super) fn choose<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }

    /// The bytes with one to eight changes.
    pub(super) fn changed(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut bytes, other);
            bytes.truncate(MOST);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        let end = at + self.below((bytes.len() - at).min(64) + 1);
        match self.below(12) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, bytes[at..end].repeat(3))),
            3 => drop(bytes.splice(at..end, PIECES[self.below(PIECES.len())].to_vec())),
            4 if self.below(16) == 0 => {
                let piece = PIECES[self.below(PIECES.len())];
                bytes.splice(at..at, piece.repeat(LONG));
            }
            5 if self.below(16) == 0 => {
                let byte = self.0.random::<u8>();
                bytes.splice(at..at, std::iter::repeat_n(byte, LONG));
            }
            6 => {
                let from = self.below(other.len() + 1);
                let to = from + self.below((other.len() - from).min(256) + 1);
                bytes.splice(at..end, other[from..to].to_vec());
            }
            7 => {
                let random: Vec<u8> = (0..self.below(9)).map(|_| self.0.random::<u8>()).collect();
                bytes.splice(at..end, random);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }
}
