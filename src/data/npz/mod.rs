//! Writes numpy's `.npz`: a zip of `.npy` arrays, stored uncompressed, readable with `numpy.load`.
//! The file appears whole, for its owner alone.

mod zip;

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use self::zip::ArchiveFile;
use super::private;
use crate::error::{Failure, FailureKind, Result};

/// A zip's offsets have 32 bits.
const BYTES_MAX: u64 = u32::MAX as u64;
/// A local header's bytes before the checksum.
const BEFORE_CRC: u64 = 14;

/// A type of array elements, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    /// `float32`
    F32,
    /// `int8`
    I8,
    /// `int32`
    I32,
    /// `int64`
    I64,
    /// Text of at most so many characters, UTF-32.
    Text(usize),
}

impl Element {
    fn descr(self) -> String {
        match self {
            Self::F32 => "<f4".into(),
            Self::I8 => "|i1".into(),
            Self::I32 => "<i4".into(),
            Self::I64 => "<i8".into(),
            Self::Text(characters) => format!("<U{characters}"),
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::I8 => 1,
            Self::I64 => 8,
            Self::Text(characters) => 4 * characters,
        }
    }
}

/// An archive that is being written beside its place.
#[derive(Debug)]
pub(crate) struct NpzWriter {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
    entries: Vec<ArchiveFile>,
}

impl NpzWriter {
    /// Begins an archive; a folder that is missing is made, closed to others.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let out = BufWriter::with_capacity(256 * 1024, beside(path)?);
        Ok(Self { path: path.to_owned(), out, entries: Vec::new() })
    }

    /// Appends an array; `fill` writes its elements, in C order, little-endian.
    ///
    /// # Errors
    /// When the disk refuses, the archive exceeds 4 GiB, or `fill` wrote another number of bytes.
    pub(crate) fn array(
        &mut self,
        name: &str,
        element: Element,
        shape: &[usize],
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        let head = npy_header(element, shape);
        let size = element_bytes(element, shape);
        let size = head.len() as u64 + size;
        let written = self.append(name, size, |out| {
            out.write_all(&head)?;
            fill(out)
        });
        written.map_err(|e| self.failed(e))
    }

    /// Completes the archive and puts it in its place.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn finish(mut self) -> Result<()> {
        let path = self.path.clone();
        self.directory().map_err(Failure::at(format_args!("writing {}", path.display())))?;
        let file = self
            .out
            .into_inner()
            .map_err(|e| Failure::io(format!("writing {}", path.display()), e.into_error()))?;
        file.as_file()
            .sync_all()
            .map_err(Failure::at(format_args!("writing {}", path.display())))?;
        file.persist(&path)
            .map_err(|e| Failure::io(format!("writing {}", path.display()), e.error))?;
        Ok(())
    }

    fn append(
        &mut self,
        name: &str,
        size: u64,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let offset = self.out.stream_position()?;
        if offset + size > BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 4 GiB"));
        }
        let mut entry = ArchiveFile { name: format!("{name}.npy"), offset, size, crc: 0 };
        self.out.write_all(&entry.local())?;
        let mut counted = Counted { out: &mut self.out, crc: !0, bytes: 0 };
        fill(&mut counted)?;
        let crc = !counted.crc;
        let bytes = counted.bytes;
        if bytes != size {
            return Err(io::Error::other(format!("{name}: {bytes} bytes instead of {size}")));
        }
        entry.crc = crc;
        self.out.seek(SeekFrom::Start(offset + BEFORE_CRC))?;
        self.out.write_all(&crc.to_le_bytes())?;
        self.out.seek(SeekFrom::End(0))?;
        self.entries.push(entry);
        Ok(())
    }

    fn directory(&mut self) -> io::Result<()> {
        let from = self.out.stream_position()?;
        for entry in &self.entries {
            self.out.write_all(&entry.central())?;
        }
        let size = self.out.stream_position()? - from;
        let end = zip::end(self.entries.len() as u16, size as u32, from as u32);
        self.out.write_all(&end)
    }

    fn failed(&self, error: io::Error) -> Failure {
        Failure::io(format!("writing {}", self.path.display()), error)
    }
}

/// The header of the `.npy` format, version 1.0, padded to a multiple of 64 bytes.
fn npy_header(element: Element, shape: &[usize]) -> Vec<u8> {
    let lengths: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let descr = element.descr();
    let mut text = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}",
        lengths.trim_end()
    );
    let padding = (64 - (10 + text.len() + 1) % 64) % 64;
    text.extend(std::iter::repeat_n(' ', padding));
    text.push('\n');
    let mut head = b"\x93NUMPY\x01\x00".to_vec();
    head.extend((text.len() as u16).to_le_bytes());
    head.extend(text.into_bytes());
    head
}

fn element_bytes(element: Element, shape: &[usize]) -> u64 {
    shape.iter().fold(element.bytes() as u64, |bytes, length| bytes.saturating_mul(*length as u64))
}

/// A folder that was there before keeps its rights; it may be anybody's.
fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    private::folder(folder).map_err(|e| Failure::io(format!("folder {}", folder.display()), e))
}

/// An empty file beside the place that it is to take as a whole; a folder that is missing is made.
pub(super) fn beside(path: &Path) -> Result<NamedTempFile> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    make_folder(folder)?;
    NamedTempFile::new_in(folder).map_err(|e| Failure::io(format!("writing {}", path.display()), e))
}

/// Counts and sums up what passes through.
struct Counted<'a> {
    out: &'a mut BufWriter<NamedTempFile>,
    crc: u32,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        self.crc = zip::checksum(self.crc, bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A nameless file in a folder, gone when it is closed.
///
/// # Errors
/// When nothing can be written there.
pub fn scratch(folder: &Path) -> Result<File> {
    make_folder(folder)?;
    tempfile::tempfile_in(folder)
        .map_err(|e| Failure::io(format!("a temporary file in {}", folder.display()), e))
}

/// Whether a file can be written into a folder, which need not be there yet; leaves nothing behind.
/// Asked before work whose outcome goes there.
///
/// # Errors
/// When nothing can be written there.
pub(crate) fn check_writable(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let there = folder.ancestors().find(|ancestor| ancestor.exists() || ancestor.is_symlink());
    let there = there.unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    if !there.is_dir() {
        let what = format!("{}: a file, not a folder", there.display());
        return Err(Failure::new(FailureKind::Io, what).remedy("Name another place for it."));
    }
    tempfile::tempfile_in(there).map(drop).map_err(|error| {
        Failure::io(format!("folder {}", there.display()), error)
            .remedy("Nothing can be written there: name another place, or make room.")
    })
}

/// Whether a file can be written at a place, by the same measure: its folder takes files, and it is no
/// folder itself.
///
/// # Errors
/// When nothing can be written there.
pub fn check_file_writable(path: &Path) -> Result<()> {
    let names_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if path.is_dir() || names_folder || path.file_name().is_none() {
        let what = format!("{}: a folder, not a file", path.display());
        return Err(Failure::new(FailureKind::Io, what).remedy("Name a file in it."));
    }
    check_writable(path.parent().unwrap_or(Path::new(".")))
}

/// Writes any other file whole or not at all, readable by its owner only.
///
/// # Errors
/// When the disk refuses.
pub fn write_whole(path: &Path, text: &[u8]) -> Result<()> {
    let mut file = beside(path)?;
    file.write_all(text)
        .and_then(|()| file.as_file().sync_all())
        .map_err(Failure::at(format_args!("writing {}", path.display())))?;
    file.persist(path).map_err(|e| Failure::io(format!("writing {}", path.display()), e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_padded_and_says_the_shape() {
        let head = npy_header(Element::F32, &[7, 3]);
        assert_eq!(head.len() % 64, 0);
        let text = String::from_utf8_lossy(&head[10..]).into_owned();
        assert!(text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3,), }"));
    }

    #[test]
    fn a_place_is_looked_at_without_leaving_anything() {
        let folder = tempfile::tempdir().unwrap();
        check_writable(&folder.path().join("not/there/yet")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(folder.path().join("file"), "").unwrap();
        let failure = check_writable(&folder.path().join("file/below")).unwrap_err();
        assert!(failure.to_string().contains("not a folder"), "{failure}");
    }

    #[test]
    fn an_archive_that_is_not_finished_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut writer = NpzWriter::create(&path).unwrap();
        let failure = writer.array("a", Element::I8, &[2], |out| out.write_all(&[1])).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Io);
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
