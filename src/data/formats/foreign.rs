//! What a file is that is something else than a table: told by its first bytes, with what to do
//! about it.

/// Bytes of a file that are enough to know it.
pub(super) const HEAD: usize = 512;

/// Something that cannot be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    pub what: &'static str,
    pub remedy: &'static str,
}

/// Compressed files are told by their ending too, where they stand beside recordings.
const COMPRESSED: [(&str, &str); 8] = [
    (".xz", "xz"),
    (".zst", "zstd"),
    (".bz2", "bzip2"),
    (".lz4", "lz4"),
    (".7z", "7-Zip"),
    (".rar", "RAR"),
    (".tar", "tar"),
    (".z", "compress"),
];

const UNPACK: &str = "Unpack it first; of compressed files only .gz and .zip are read.";
const EXPORT: &str = "Save the recording as CSV.";

const KNOWN: [(&[u8], &str, &str); 21] = [
    (b"\xFD7zXZ\0", "compressed by xz", UNPACK),
    (b"\x28\xB5\x2F\xFD", "compressed by zstd", UNPACK),
    (b"BZh", "compressed by bzip2", UNPACK),
    (b"\x04\x22\x4D\x18", "compressed by lz4", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x1F\x9D", "compressed by compress", UNPACK),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook or other Office file", EXPORT),
    (b"PAR1", "a Parquet file", "Save it as CSV, or see --stdio-arrow."),
    (b"\x89HDF", "an HDF5 file", EXPORT),
    (b"SQLite format 3", "an SQLite database", EXPORT),
    (b"MATLAB 5.0", "a MATLAB file", EXPORT),
    (b"RDX", "an R workspace", EXPORT),
    (b"\x80\x04\x95", "a Python pickle", EXPORT),
    (b"\x93NUMPY", "a numpy array", EXPORT),
    (b"ARROW1", "an Arrow file", EXPORT),
    (b"%PDF", "a PDF document", EXPORT),
    (b"\x89PNG", "a picture", "Give a recording."),
    (b"<!DOCTYPE html", "a web page", "Download the file itself."),
    (b"<html", "a web page", "Download the file itself."),
    (
        b"version https://git-lfs.github.com/spec",
        "a pointer of Git LFS, not the file",
        "Fetch it: git lfs pull.",
    ),
];

/// What the first bytes of a file say; `None` of text.
pub(super) fn of(head: &[u8]) -> Option<Foreign> {
    let known = KNOWN.iter().find(|(magic, ..)| head.starts_with(magic));
    if let Some((_, what, remedy)) = known {
        return Some(Foreign { what, remedy });
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(Foreign { what: "a tar archive", remedy: UNPACK });
    }
    let is_utf_16 = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    if is_utf_16 || (zeros > 0 && zeros * 5 >= head.len() * 2 && zeros * 5 <= head.len() * 3) {
        return Some(Foreign { what: "text in UTF-16", remedy: "Save it as UTF-8." });
    }
    let binary = Foreign { what: "not text", remedy: "Give a recording that is text." };
    (zeros > 0).then_some(binary)
}

/// The compression that a name's ending tells, and the name without it.
pub(super) fn by_ending(name: &str) -> Option<(&'static str, &str)> {
    let lower = name.to_ascii_lowercase();
    let (ending, what) = COMPRESSED.iter().find(|(ending, _)| lower.ends_with(ending))?;
    Some((what, &name[..name.len() - ending.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_first_bytes() {
        let what = |head: &[u8]| of(head).map(|foreign| foreign.what);
        assert_eq!(what(b"BZh91AY"), Some("compressed by bzip2"));
        assert_eq!(what(b"\xFF\xFEt\0i\0"), Some("text in UTF-16"));
        assert_eq!(what(b"t\0i\0m\0e\0,\0"), Some("text in UTF-16"));
        assert_eq!(what(b"time\x00\x01\x02,x,y\nlong enough"), Some("not text"));
        assert_eq!(what(b"time,x,y\n1,2,3\n"), None);
        assert_eq!(what(b""), None);
    }

    #[test]
    fn compressed_files_are_told_by_their_ending() {
        assert_eq!(by_ending("a.csv.XZ"), Some(("xz", "a.csv")));
        assert_eq!(by_ending("a.csv"), None);
    }
}
