//! Which windows a model has seen, as short hashes: enough to notice an evaluation on them, too
//! little to tell where anybody's pointer was.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hexadecimal digits of a window: 48 bits. Ten thousand windows tested on a model that has seen
/// ten thousand others meet one by chance once in three million evaluations.
const DIGITS: usize = 12;

/// A set of windows, known by the first 48 bits of their SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenWindows(Vec<u64>);

impl SeenWindows {
    /// How many different windows there are; 0 in files of before, which say nothing.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About every eighth window, chosen by its hash: enough to notice a person or a session.
    #[must_use]
    pub fn sample(&self) -> Self {
        Self(self.0.iter().copied().filter(|window| window % 8 == 0).collect())
    }

    /// Whether the window with this SHA-256 is one of them.
    pub fn contains(&self, sha256: &[u8; 32]) -> bool {
        self.0.binary_search(&short(sha256)).is_ok()
    }
}

impl FromIterator<[u8; 32]> for SeenWindows {
    fn from_iter<I: IntoIterator<Item = [u8; 32]>>(hashes: I) -> Self {
        sorted(hashes.into_iter().map(|sha256| short(&sha256)).collect())
    }
}

fn short(sha256: &[u8; 32]) -> u64 {
    sha256.iter().take(DIGITS / 2).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

fn sorted(mut windows: Vec<u64>) -> SeenWindows {
    windows.sort_unstable();
    windows.dedup();
    SeenWindows(windows)
}

impl Serialize for SeenWindows {
    /// One text of twelve digits a window, ascending.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = self.0.iter().map(|window| format!("{window:012x}")).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for SeenWindows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let windows: Option<Vec<u64>> = text
            .as_bytes()
            .chunks(DIGITS)
            .map(|digits| {
                let whole = digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).ok().filter(|_| whole)?;
                u64::from_str_radix(digits, 16).ok()
            })
            .collect();
        windows
            .map(sorted)
            .ok_or_else(|| D::Error::custom("not twelve hexadecimal digits a window"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(first: u8, last: u8) -> [u8; 32] {
        let mut sha256 = [0; 32];
        (sha256[0], sha256[31]) = (first, last);
        sha256
    }

    #[test]
    fn a_set_comes_back_from_its_text() {
        let seen: SeenWindows = [hash(9, 0), hash(1, 0), hash(9, 0)].into_iter().collect();
        let text = serde_json::to_string(&seen).unwrap();
        assert_eq!(text, "\"010000000000090000000000\"");
        let back: SeenWindows = serde_json::from_str(&text).unwrap();
        assert_eq!((back.len(), &back), (2, &seen));
        assert!(back.contains(&hash(9, 7)) && !back.contains(&hash(2, 0)));
    }

    #[test]
    fn a_sample_is_a_part_of_the_whole() {
        let seen: SeenWindows = (0..=255).map(|first| [first; 32]).collect();
        let sample = seen.sample();
        assert_eq!(sample.len(), 32);
        assert!(sample.contains(&[16; 32]) && !sample.contains(&[17; 32]));
    }

    #[test]
    fn a_damaged_text_is_refused() {
        for text in ["\"01\"", "\"01000000000g\"", "\"+10000000000\"", "7"] {
            assert!(serde_json::from_str::<SeenWindows>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<SeenWindows>("\"\"").unwrap().is_empty());
    }
}
