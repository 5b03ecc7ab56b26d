//! Which ONNX Runtime libraries may be opened: those whose SHA-256 is built in, and one that the
//! configuration names with its hash. Opening a library runs its code, so it is looked at before.

use std::env::consts::{ARCH, OS};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::library::FETCH;
use crate::error::{Failure, FailureKind, Result};

/// ONNX Runtime 1.28.0 as the Python package index has it: what `fetch-onnxruntime.sh` and `cross.sh`
/// take out of its wheels.
const KNOWN: [(&str, &str, &str); 4] = [
    ("linux", "x86_64", "aa4079d18f4ea7a5f3a94d80cd4bbe0f2740436626622d64d793803a20381083"),
    ("linux", "aarch64", "23a37c2994bc273e1d59a4f49af6cba5bf1cfbc29f04907ec27df375aba50a7d"),
    ("windows", "x86_64", "14e186627f109a15f28f0b36f6e8ea07c79eac666818e63c39a9792f415bf649"),
    ("macos", "aarch64", "99909e99214e31fe2296c9f7fae5abc2eaf0145342efe8b0a6ed82e9ddb0a0a0"),
];

/// The SHA-256 of a library: 64 hexadecimal digits in small letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LibraryHash(String);

impl TryFrom<String> for LibraryHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // Tools print both; one form is compared.
        let text = text.to_lowercase();
        if text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} must be \"\" or a SHA-256: 64 hexadecimal digits"))
        }
    }
}

impl From<LibraryHash> for String {
    fn from(hash: LibraryHash) -> Self {
        hash.0
    }
}

impl LibraryHash {
    /// Of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut bytes = vec![0; 1 << 16];
        // In pieces: the library has tens of megabytes, and a small machine runs this as well.
        loop {
            match file.read(&mut bytes)? {
                0 => break,
                length => hash.update(&bytes[..length]),
            }
        }
        Ok(Self(hex::encode(hash.finalize())))
    }

    /// The first digits, and whether it is built in, for people.
    pub(crate) fn words(&self) -> String {
        let whence = if self.is_known() { "built in" } else { "named by the configuration" };
        format!("SHA-256 {}... {whence}", &self.0[..12])
    }

    fn is_known(&self) -> bool {
        // For this system alone: another one's library is no use even where it is known.
        KNOWN.iter().any(|(os, arch, hash)| (*os, *arch, *hash) == (OS, ARCH, self.0.as_str()))
    }
}

/// Makes sure that a library is one that may be opened: the one with this hash, or a known one.
///
/// # Errors
/// When it is another; the remedy says how to name it. When it cannot be read.
pub(crate) fn check(path: &Path, named: Option<&LibraryHash>) -> Result<()> {
    let name = format!("ONNX Runtime library {}", path.display());
    let found = LibraryHash::of(path).map_err(|error| Failure::io(&name, error).remedy(FETCH))?;
    let what = match named {
        // A named hash stands for its file even where that is a known one: whoever names it means
        // it.
        Some(named) if *named == found => return Ok(()),
        Some(_) => "is another than the configuration names",
        None if found.is_known() => return Ok(()),
        None => "is none that is known here, so it is not opened",
    };
    let what = format!("{name} {what}: its SHA-256 is {}", found.0);
    Err(Failure::new(FailureKind::Unavailable, what).remedy(format!(
        "{FETCH} If you trust this very file, name it with its hash under [model]: library = {:?} and \
         library_sha256 = {:?}.",
        path.display().to_string(),
        found.0
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_hash_or_a_known_one_passes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libonnxruntime.so");
        std::fs::write(&path, "a library").unwrap();
        let hash = LibraryHash::of(&path).unwrap();
        let failure = check(&path, None).unwrap_err().to_string();
        let line = format!("library_sha256 = \"{}\"", hash.0);
        assert!(failure.contains("none that is known") && failure.contains(&line), "{failure}");
        check(&path, Some(&hash)).unwrap();
        std::fs::write(&path, "a librarY").unwrap();
        let failure = check(&path, Some(&hash)).unwrap_err().to_string();
        assert!(failure.contains("another than the configuration names"), "{failure}");
        assert!(KNOWN.iter().all(|(.., known)| LibraryHash::try_from((*known).to_owned()).is_ok()));
    }

    #[test]
    fn a_hash_is_64_digits_of_any_case() {
        let hash = |text: &str| LibraryHash::try_from(text.to_owned());
        assert_eq!(hash(&"AB".repeat(32)).unwrap(), hash(&"ab".repeat(32)).unwrap());
        assert!(hash("abc").unwrap_err().contains("64 hexadecimal digits"));
        assert!(hash(&"xy".repeat(32)).is_err());
    }
}
