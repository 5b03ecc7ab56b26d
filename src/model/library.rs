//! Where an ONNX Runtime library may lie and what a file claims to be, read from its header before
//! the system's loader may touch it.
//!
//! # Invariants
//! A bare name is never searched for: the system's own search path finds libraries that others put
//! there.

use std::env::consts::{ARCH, OS};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Failure, FailureKind, Result};
use crate::files;

/// File names of the library on this system, the version that is shipped first.
// By full version first: a link without one may lead to another release.
pub fn library_names() -> &'static [&'static str] {
    match OS {
        "macos" => &["libonnxruntime.1.28.0.dylib", "libonnxruntime.dylib"],
        "windows" => &["onnxruntime.dll"],
        _ => &["libonnxruntime.so.1.28.0", "libonnxruntime.so.1", "libonnxruntime.so"],
    }
}

/// Folders in which a library that came with the program lies: beside the executable, in `lib`
/// beside it, in `../lib/mousewarden`. The folder of the user's data comes after these.
pub fn folders_beside(executable: &Path) -> Vec<PathBuf> {
    // A relative executable path depends on the working folder, which anybody may choose.
    let Some(folder) = executable.parent().filter(|folder| folder.is_absolute()) else {
        return Vec::new();
    };
    let mut folders = vec![folder.to_path_buf(), folder.join("lib")];
    folders.extend(folder.parent().map(|above| above.join("lib").join("mousewarden")));
    folders
}

/// The libraries in the given folders, in their order. Relative folders are passed over.
pub(crate) fn candidates(folders: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
    let absolute = folders.iter().filter(|folder| folder.is_absolute());
    absolute
        .flat_map(|folder| library_names().iter().map(move |name| folder.join(name)))
        // Links are followed here and examined later, by what they lead to.
        .filter(|path| path.is_file())
}

/// None of the folders holds a library.
pub(crate) fn nowhere(folders: &[PathBuf]) -> Failure {
    let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let places = if folders.is_empty() { "no folder at all".into() } else { folders.join(", ") };
    Failure::new(FailureKind::Unavailable, format!("no ONNX Runtime library; looked in {places}"))
        .remedy(FETCH)
}

/// Looks at a file and says why it cannot be a library for this machine, if so.
///
/// # Errors
/// When the path is relative, there is no such file, it is junk, cut short, or for another system
/// or processor.
pub(crate) fn examine(path: &Path) -> Result<()> {
    let name = format!("ONNX Runtime library {}", path.display());
    if !path.is_absolute() {
        return refuse(&name, FailureKind::Config, "is not given by an absolute path");
    }
    if path.exists() && !path.is_file() {
        return refuse(&name, FailureKind::Unavailable, "is not a file");
    }
    // Regular files only: a pipe in its place would keep the loader waiting for ever.
    let opened = files::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.map_err(|error| Failure::io(&name, error).remedy(FETCH))?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| Failure::io(&name, error))?;
    match Image::of(&head) {
        None => refuse(&name, FailureKind::Unavailable, "is not a library at all"),
        Some(image) if (image.os, image.arch) != (OS, ARCH) => {
            let os = image.os;
            let arch = image.arch;
            refuse(
                &name,
                FailureKind::Unavailable,
                &format!("is for {arch} {os}, this is {ARCH} {OS}"),
            )
        }
        Some(image) if image.end > metadata.len() => {
            let has = metadata.len();
            let needs = image.end;
            refuse(
                &name,
                FailureKind::Unavailable,
                &format!("is truncated: {has} of at least {needs} bytes"),
            )
        }
        Some(_) => Ok(()),
    }
}

fn refuse(name: &impl std::fmt::Display, kind: FailureKind, what: &str) -> Result<()> {
    Err(Failure::new(kind, format!("{name} {what}")).remedy(FETCH))
}

/// What to do when there is no usable library.
pub(crate) const FETCH: &str = "Fetch one with `fetch-onnxruntime.sh FOLDER`, which lies in installers/linux and, with a \
     package, in /usr/lib/mousewarden (on Windows: lay onnxruntime.dll of 1.28.0 beside \
     mousewarden.exe), and name it as `library` in the configuration, or set backend = \"builtin\".";

/// Where packages put the script that fetches a library.
const PACKAGED: &str = "/usr/lib/mousewarden/fetch-onnxruntime.sh";

/// What brings a library into a folder.
pub(crate) fn how_to_fetch(folder: &Path) -> String {
    let folder = folder.display();
    match OS {
        "windows" => format!("lay onnxruntime.dll of 1.28.0 into {folder}"),
        _ if Path::new(PACKAGED).is_file() => format!("{PACKAGED} {folder}"),
        _ => format!("installers/linux/fetch-onnxruntime.sh {folder}"),
    }
}

/// Enough of a file for its header and the table of its segments.
// Section tables lie at the end; program headers lie within the first pages.
const HEAD_BYTES: u64 = 64 << 10;

const OTHER: &str = "another processor on";

/// What the header of a library says.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    os: &'static str,
    arch: &'static str,
    /// The file must be at least this long; 0 where that is not known.
    end: u64,
}

impl Image {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x7f, b'E', b'L', b'F', 2, 1, ..] => Self::elf(head),
            [0xcf, 0xfa, 0xed, 0xfe, ..] => Self::mach(head),
            [b'M', b'Z', ..] => Self::pe(head),
            // 32-bit ELF is a library, but none that this process could load.
            [0x7f, b'E', b'L', b'F', ..] => Some(Self { os: "linux", arch: OTHER, end: 0 }),
            _ => None,
        }
    }

    /// 64-bit little-endian ELF; the segments say how long the file must be. A shorter one would
    /// kill the process with SIGBUS while the system maps it.
    fn elf(head: &[u8]) -> Option<Self> {
        let arch = match number(head, 18, 2)? {
            62 => "x86_64",
            183 => "aarch64",
            _ => OTHER,
        };
        let table = number(head, 32, 8)?;
        let size = number(head, 54, 2)?;
        let count = number(head, 56, 2)?;
        let mut end = 0;
        // Checked sums: a forged header must end in a refusal and not in an overflow.
        for index in 0..count {
            let segment = head.get(usize::try_from(table.checked_add(index * size)?).ok()?..)?;
            end = end.max(number(segment, 8, 8)?.checked_add(number(segment, 32, 8)?)?);
        }
        Some(Self { os: "linux", arch, end })
    }

    fn mach(head: &[u8]) -> Option<Self> {
        let arch = match number(head, 4, 4)? {
            0x0100_0007 => "x86_64",
            0x0100_000c => "aarch64",
            _ => OTHER,
        };
        Some(Self { os: "macos", arch, end: 0 })
    }

    fn pe(head: &[u8]) -> Option<Self> {
        let header = head.get(usize::try_from(number(head, 60, 4)?).ok()?..)?;
        // "PE" and two zeros, where the DOS header points to.
        if number(header, 0, 4)? != 0x4550 {
            return None;
        }
        let arch = match number(header, 4, 2)? {
            0x8664 => "x86_64",
            0xaa64 => "aarch64",
            _ => OTHER,
        };
        Some(Self { os: "windows", arch, end: 0 })
    }
}

/// A little-endian number of `size` bytes at `at`.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    Some(field.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The header of a file: bytes at offsets, zeros elsewhere.
    fn head(fields: &[(usize, &[u8])]) -> Vec<u8> {
        let mut head = vec![0; 256];
        for (at, bytes) in fields {
            head[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        head
    }

    #[test]
    fn headers_of_every_system_are_told_apart() {
        let elf = head(&[(0, b"\x7fELF\x02\x01"), (18, &[183, 0])]);
        let image = Image::of(&elf).unwrap();
        assert_eq!((image.os, image.arch), ("linux", "aarch64"));
        let mach = head(&[(0, &[0xcf, 0xfa, 0xed, 0xfe]), (4, &[0x0c, 0, 0, 1])]);
        let image = Image::of(&mach).unwrap();
        assert_eq!((image.os, image.arch), ("macos", "aarch64"));
        let pe = head(&[(0, b"MZ"), (60, &[128]), (128, b"PE\0\0\x64\x86")]);
        let image = Image::of(&pe).unwrap();
        assert_eq!((image.os, image.arch), ("windows", "x86_64"));
        assert_eq!(Image::of(&head(&[(0, b"\x7fELF\x01\x01")])).unwrap().arch, OTHER);
        assert_eq!(Image::of(b"#!/bin/sh"), None);
    }

    #[test]
    fn the_places_beside_the_program_are_absolute_and_in_order() {
        let root = std::path::absolute("/opt/warden").unwrap();
        let folders = folders_beside(&root.join("bin").join("mousewarden"));
        let expected = [&["bin"][..], &["bin", "lib"], &["lib", "mousewarden"]];
        let below = |names: &[&str]| root.join(names.iter().collect::<PathBuf>());
        assert_eq!(folders, expected.map(below));
        assert_eq!(folders_beside(Path::new("mousewarden")), Vec::<PathBuf>::new());
        assert_eq!(candidates(&[PathBuf::from(".")]).count(), 0);
    }

    proptest! {
        #[test]
        fn no_header_ends_the_process(kind in 0..3_usize, tail: [u8; 32], rest: Vec<u8>) {
            let magic: &[u8] = [&b"\x7fELF\x02\x01"[..], b"MZ", b"\xcf\xfa\xed\xfe"][kind];
            let _ = Image::of(&[magic, &tail, &tail, &rest].concat());
        }
    }
}
