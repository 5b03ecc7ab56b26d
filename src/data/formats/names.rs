//! Names of users and sessions, from bytes in whatever encoding: two that differ stay different,
//! each is of bounded length and free of what a terminal would obey.

use std::ffi::OsStr;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::field::bare;
use super::number::Decimal;

/// A longer name is cut and ends in its checksum, bytes.
const NAME_MAX: usize = 240;
/// What stays of a longer one.
const KEPT: usize = 160;
/// A longer file name is cut too, bytes; file systems take 255, endings included.
const FILE_MAX: usize = 200;

/// The name that some bytes stand for. Bytes that are no UTF-8, and control characters, are written
/// as `%E9`; a `%` that would look like such an escape becomes `%25`.
pub(super) fn name(bytes: &[u8]) -> String {
    let mut name = String::new();
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        for (at, c) in valid.char_indices() {
            let looks_escaped = || c == '%' && is_escape(&valid.as_bytes()[at + 1..]);
            if is_hidden(c) || looks_escaped() {
                let mut buffer = [0; 4];
                escape(&mut name, c.encode_utf8(&mut buffer).as_bytes());
            } else {
                name.push(c);
            }
        }
        escape(&mut name, chunk.invalid());
    }
    if name.len() > NAME_MAX { shortened(&name, bytes) } else { name }
}

/// The name of a file or folder.
pub(super) fn os_name(text: &OsStr) -> String {
    name(text.as_encoded_bytes())
}

/// What the readers may call the session or user of a column's text: as it is written, or a number
/// with an exponent spelt out.
pub(crate) fn spellings(field: &[u8]) -> impl Iterator<Item = String> {
    let field = bare(field);
    let spelt = Decimal::parse(field).and_then(|number| number.spelt_out());
    std::iter::once(name(&key(field))).chain(spelt)
}

/// A key that is no longer than a name may be, from the bytes of a column.
pub(super) fn key(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() > NAME_MAX { name(bytes).into_bytes() } else { bytes.to_vec() }
}

/// What a user's file is called, without an ending; different for different users. A name may come
/// from a column of somebody's file: it must not lead out of a folder.
pub(crate) fn file_stem(id: &str) -> String {
    let mut stem = String::new();
    for (at, c) in id.char_indices() {
        let is_safe = c.is_alphanumeric() || "_-@#%…".contains(c) || (c == '.' && at > 0);
        if is_safe && !(c == '%' && looks_like_ours(&id.as_bytes()[at + 1..])) {
            stem.push(c);
        } else {
            let mut buffer = [0; 4];
            escape(&mut stem, c.encode_utf8(&mut buffer).as_bytes());
        }
    }
    if stem.len() > FILE_MAX { shortened(&stem, id.as_bytes()) } else { stem }
}

/// Whether two digits behind a `%` would be read as an escape that only a file's name has.
fn looks_like_ours(behind: &[u8]) -> bool {
    let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
    let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
    byte.is_some_and(|byte| (0x20..0x7F).contains(&byte) && byte != b'%')
}

fn shortened(name: &str, bytes: &[u8]) -> String {
    let mut end = KEPT;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let mut short = format!("{}…", &name[..end]);
    for byte in Sha256::digest(bytes).iter().take(8) {
        // Writing into a String cannot fail.
        let _ = write!(short, "{byte:02x}");
    }
    short
}

fn escape(name: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(name, "%{byte:02X}");
    }
}

/// Control characters, and marks that turn the direction of what follows.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether two digits behind a `%` would be read as an escape.
fn is_escape(behind: &[u8]) -> bool {
    let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
    let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
    byte.is_some_and(|byte| !(0x20..0x7F).contains(&byte) || byte == b'%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_are_no_utf_8_stay_different_and_readable() {
        assert_eq!(name(b"Ren\xe9"), "Ren%E9");
        assert_eq!(name(b"Ren\xe8"), "Ren%E8");
        assert_eq!(name("René".as_bytes()), "René");
        assert_eq!(name(b"Ren%E9"), "Ren%25E9");
        assert_eq!(name(b"50% of 20%20"), "50% of 20%20");
        assert_eq!(name(b"a\x1b[2Jb"), "a%1B[2Jb");
    }

    #[test]
    fn endless_names_end_in_their_checksum() {
        let (a, b) = ("x".repeat(65_536), format!("{}y", "x".repeat(65_535)));
        let [short, other] = [&a, &b].map(|text| name(text.as_bytes()));
        assert!(short.len() <= NAME_MAX && short != other, "{short}");
        assert_eq!(key(a.as_bytes()), short.into_bytes());
        assert!(name("ü".repeat(200).as_bytes()).len() <= NAME_MAX);
    }

    #[test]
    fn a_file_is_called_like_its_user_and_stays_in_its_folder() {
        assert_eq!(file_stem("user7"), "user7");
        assert_eq!(file_stem("-2416201411472988629"), "-2416201411472988629");
        assert_eq!(file_stem("Ren%E9"), "Ren%E9");
        assert_eq!(file_stem("../a b"), "%2E.%2Fa%20b");
        assert_ne!(file_stem("a b"), file_stem("a_b"));
        assert_ne!(file_stem("a b"), file_stem("a%20b"));
        let [a, b] =
            ["a", "b"].map(|end| file_stem(&name(format!("{}{end}", "ж".repeat(300)).as_bytes())));
        assert!(a != b && a.len() <= FILE_MAX);
    }

    proptest! {
        #[test]
        fn no_two_names_become_one(a in proptest::collection::vec(any::<u8>(), 0..6),
                                   b in proptest::collection::vec(any::<u8>(), 0..6)) {
            prop_assert_eq!(a == b, name(&a) == name(&b));
        }
    }
}
