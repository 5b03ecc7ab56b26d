//! One part of a job that several processes share: who takes what follows from the name of the
//! thing alone, so that processes divide it among them by themselves.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::error::{Failure, FailureKind};

/// Part `index` of `of`, written `1/4` to `4/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Shard {
    /// Everything: the only part of one.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Whether this part takes the session or user of this name. Every name belongs to exactly one
    /// of the parts, the same one on every machine and in every version: the first eight bytes of
    /// its SHA-256, little-endian, modulo the number of parts.
    pub fn takes(self, name: &str) -> bool {
        let digest = Sha256::digest(name.as_bytes());
        let first =
            digest.iter().take(8).rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        first % self.of == self.index
    }

    /// The name of a file of this part, so that parts may share a folder: of `summary.json` the
    /// second of four writes `summary-2-of-4.json`; the whole keeps the name.
    pub fn file_name(self, name: &str) -> String {
        let part = format!("{}-of-{}", self.index + 1, self.of);
        match name.rsplit_once('.') {
            _ if self == Self::WHOLE => name.to_owned(),
            Some((stem, extension)) => format!("{stem}-{part}.{extension}"),
            None => format!("{name}-{part}"),
        }
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}

impl FromStr for Shard {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let parsed = text.split_once('/').and_then(|(index, of)| {
            let index: u64 = index.parse().ok()?;
            let of: u64 = of.parse().ok()?;
            (1..=of).contains(&index).then(|| Self { index: index - 1, of })
        });
        parsed.ok_or_else(|| {
            Failure::new(FailureKind::Config, format!("{text:?} is not a part of a job"))
                .remedy("Write I/N with I from 1 to N: the second of four is 2/4.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_belongs_to_exactly_one_part() {
        for of in [1, 2, 7] {
            let parts: Vec<Shard> =
                (1..=of).map(|index| format!("{index}/{of}").parse().unwrap()).collect();
            let mut sizes = vec![0; parts.len()];
            for name in (0..500).map(|i| format!("session_{i}")) {
                let takers: Vec<_> = (0..parts.len()).filter(|&p| parts[p].takes(&name)).collect();
                assert_eq!(takers.len(), 1, "{name} of {of}");
                sizes[takers[0]] += 1;
            }
            assert!(sizes.iter().all(|&size| size > 250 / of), "{sizes:?}");
        }
    }

    #[test]
    fn parts_write_files_of_their_own() {
        let part: Shard = "2/4".parse().unwrap();
        assert_eq!(part.file_name("summary.json"), "summary-2-of-4.json");
        assert_eq!(Shard::WHOLE.file_name("summary.json"), "summary.json");
    }

    #[test]
    fn the_division_never_changes() {
        let part = |text: &str| text.parse::<Shard>().unwrap();
        let third: Vec<usize> =
            (0..12).filter(|i| part("3/3").takes(&format!("session_{i}"))).collect();
        assert_eq!(third, EXPECTED_THIRD);
    }

    /// By `int.from_bytes(sha256(name).digest()[:8], "little") % 3 == 2` in Python.
    const EXPECTED_THIRD: [usize; 3] = [3, 7, 8];

    #[test]
    fn what_is_no_part_is_refused_with_an_example() {
        for text in ["", "3", "0/4", "5/4", "1/0", "a/b", "-1/2", "1/2/3"] {
            let refused = text.parse::<Shard>().unwrap_err().to_string();
            assert!(refused.contains("2/4"), "{text}: {refused}");
        }
        assert_eq!("2/4".parse::<Shard>().unwrap().to_string(), "2/4");
        assert!(Shard::default().takes("anybody"));
    }
}
