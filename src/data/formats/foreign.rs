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
const LOST: &str = "Fetch the file again, or move it away.";
/// Fewer zeros in a row are no hole.
const HOLE_MIN: usize = 8;
const EXPORT: &str = "Save the recording as CSV.";

const KNOWN: [(&[u8], &str, &str); 26] = [
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
    (b"<?xml", "an XML document", EXPORT),
    (b"{\\rtf", "a text with formatting (RTF)", EXPORT),
    (b"PK\x05\x06", "an empty zip archive", "Fetch the archive again."),
    (b"PK\x07\x08", "a part of a zip archive", "Join the parts into one archive first."),
    (b"\x1F\x8B", "compressed by gzip twice", "Unpack it once; .gz is read."),
    (
        b"version https://git-lfs.github.com/spec",
        "a pointer of Git LFS, not the file",
        "Fetch it: git lfs pull.",
    ),
];

/// What the first bytes of a file say; `None` of text.
pub(super) fn of(head: &[u8]) -> Option<Foreign> {
    let text = head.trim_ascii_start();
    let known = KNOWN.iter().find(|(magic, ..)| {
        head.starts_with(magic) || magic[0] == b'<' && starts_with_letters(text, magic)
    });
    if let Some((_, what, remedy)) = known {
        return Some(Foreign { what, remedy });
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(Foreign { what: "a tar archive", remedy: UNPACK });
    }
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    if zeros > 0 && zeros == head.len() {
        return Some(Foreign { what: "nothing but zero bytes, as after a crash", remedy: LOST });
    }
    if let Some(what) = wide_text(head) {
        return Some(Foreign { what, remedy: "Save it as UTF-8." });
    }
    let binary = Foreign { what: "not text", remedy: "Give a recording that is text." };
    (zeros > 0 && !is_text_with_a_hole(head)).then_some(binary)
}

/// Whether a text starts so, in capitals or small letters.
fn starts_with_letters(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// The encoding of text that takes two or four bytes a letter: its zeros all stand in the same
/// places of each group.
fn wide_text(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\xFF\xFE\0\0") || head.starts_with(b"\0\0\xFE\xFF") {
        return Some("text in UTF-32");
    }
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Some("text in UTF-16");
    }
    if is_wide(head, 4) {
        return Some("text in UTF-32");
    }
    is_wide(head, 2).then_some("text in UTF-16")
}

/// Whether all places but one of each group of bytes are nearly always zero.
fn is_wide(head: &[u8], group: usize) -> bool {
    (0..group).filter(|place| is_mostly_zero(head, group, *place)).count() == group - 1
}

fn is_mostly_zero(head: &[u8], group: usize, place: usize) -> bool {
    let count = head.iter().skip(place).step_by(group).count();
    let zeros = head.iter().skip(place).step_by(group).filter(|byte| **byte == 0).count();
    count >= 4 && zeros * 10 >= count * 9
}

/// Whether zeros stand in one stretch only, as a crash leaves them, and all else is text.
fn is_text_with_a_hole(head: &[u8]) -> bool {
    let first = head.iter().position(|byte| *byte == 0).unwrap_or(0);
    let last = head.iter().rposition(|byte| *byte == 0).unwrap_or(0);
    let is_one = head[first..=last].iter().all(|byte| *byte == 0);
    first > 0
        && last - first + 1 >= HOLE_MIN
        && is_one
        && head[..first]
            .iter()
            .chain(&head[last + 1..])
            .all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
}

/// The compression that a name's ending tells, and the name without it.
pub(super) fn by_ending(name: &str) -> Option<(&'static str, &str)> {
    let lower = name.to_ascii_lowercase();
    let (ending, what) = COMPRESSED.iter().find(|(ending, _)| lower.ends_with(ending))?;
    Some((what, &name[..name.len() - ending.len()]))
}

/// What to do about an archive, or a file that another program writes tables into, by its ending.
pub(super) fn by_whole_ending(name: &str) -> Option<&'static str> {
    const ARCHIVES: [&str; 8] =
        [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tbz2", ".7z", ".rar"];
    const TABLES: [&str; 12] = [
        ".xlsx", ".xls", ".ods", ".sav", ".mat", ".rds", ".rdata", ".parquet", ".h5", ".hdf5",
        ".sqlite", ".pkl",
    ];
    let lower = name.to_ascii_lowercase();
    if ARCHIVES.iter().any(|ending| lower.ends_with(ending)) {
        return Some("Unpack the archive, and give the folder.");
    }
    TABLES.iter().any(|ending| lower.ends_with(ending)).then_some("Save the recordings as CSV.")
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
        assert_eq!(what(&[0; 512]), Some("nothing but zero bytes, as after a crash"));
        let wide: Vec<u8> = b"time,x,y\n".iter().flat_map(|byte| [*byte, 0, 0, 0]).collect();
        assert_eq!(what(&wide), Some("text in UTF-32"));
        assert_eq!(what(b"\n  <!doctype HTML><html>"), Some("a web page"));
        assert_eq!(what(b"<?xml version=\"1.0\"?><a/>"), Some("an XML document"));
        assert_eq!(what(b"PK\x05\x06\0\0"), Some("an empty zip archive"));
    }

    #[test]
    fn a_hole_that_a_crash_left_is_no_other_kind_of_file() {
        let hole =
            |zeros: usize| [b"time,x,y\n1,2,3\n", &vec![0; zeros][..], b"\n2,3,4\n"].concat();
        for zeros in [8, 24, 400] {
            assert_eq!(of(&hole(zeros)), None, "{zeros}");
        }
        assert_eq!(of(&hole(1)).map(|foreign| foreign.what), Some("not text"));
    }

    #[test]
    fn compressed_files_are_told_by_their_ending() {
        assert_eq!(by_ending("a.csv.XZ"), Some(("xz", "a.csv")));
        assert_eq!(by_ending("a.csv"), None);
    }
}
