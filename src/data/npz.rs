//! Writes numpy's `.npz`: a zip of `.npy` arrays, stored uncompressed, readable with `numpy.load`.
//! A file is whole or not there; its owner alone may read it. Knows nothing of windows.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::private;
use crate::error::{Failure, Result};

/// A zip's offsets have 32 bits.
const BYTES_MAX: u64 = u32::MAX as u64;
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// 1 January 1980: the same arrays always give the same bytes.
const DATE: u16 = 0x21;
/// A local header's bytes before the checksum.
const BEFORE_CRC: u64 = 14;

/// A type of array elements, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
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

#[derive(Debug)]
struct Entry {
    name: String,
    offset: u64,
    size: u64,
    crc: u32,
}

/// An archive that is being written beside its place.
#[derive(Debug)]
pub struct NpzWriter {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
    entries: Vec<Entry>,
}

impl NpzWriter {
    /// Begins an archive; a folder that is missing is made, closed to others.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn create(path: &Path) -> Result<Self> {
        let failed = |e| Failure::io(format!("writing {}", path.display()), e);
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        make_folder(folder)?;
        let file = NamedTempFile::new_in(folder).map_err(failed)?;
        let out = BufWriter::with_capacity(256 * 1024, file);
        Ok(Self { path: path.to_owned(), out, entries: Vec::new() })
    }

    /// Appends an array; `fill` writes its elements, in C order, little-endian.
    ///
    /// # Errors
    /// When the disk refuses, the archive exceeds 4 GiB, or `fill` wrote another number of bytes.
    pub fn array(
        &mut self,
        name: &str,
        element: Element,
        shape: &[usize],
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        let (head, size) = (npy_header(element, shape), element_bytes(element, shape));
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
    pub fn finish(mut self) -> Result<()> {
        let path = self.path.clone();
        let failed = |e| Failure::io(format!("writing {}", path.display()), e);
        self.directory().map_err(failed)?;
        let file = self.out.into_inner().map_err(|e| failed(e.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|e| failed(e.error))?;
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
        let mut entry = Entry { name: format!("{name}.npy"), offset, size, crc: 0 };
        self.out.write_all(&entry.local())?;
        let mut counted = Counted { out: &mut self.out, crc: !0, bytes: 0 };
        fill(&mut counted)?;
        let (crc, bytes) = (!counted.crc, counted.bytes);
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
        let count = self.entries.len() as u16;
        let mut end = Vec::new();
        put32(&mut end, &[END, 0]);
        put16(&mut end, &[count, count]);
        put32(&mut end, &[size as u32, from as u32]);
        put16(&mut end, &[0]);
        self.out.write_all(&end)
    }

    fn failed(&self, error: io::Error) -> Failure {
        Failure::io(format!("writing {}", self.path.display()), error)
    }
}

impl Entry {
    fn local(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put32(&mut bytes, &[LOCAL]);
        self.shared(&mut bytes);
        bytes.extend(self.name.as_bytes());
        bytes
    }

    fn central(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put32(&mut bytes, &[CENTRAL]);
        put16(&mut bytes, &[20]);
        self.shared(&mut bytes);
        put16(&mut bytes, &[0, 0, 0]);
        put32(&mut bytes, &[0, self.offset as u32]);
        bytes.extend(self.name.as_bytes());
        bytes
    }

    /// Version 2.0, no flags, stored, time and date, checksum, sizes, lengths of name and extra.
    fn shared(&self, bytes: &mut Vec<u8>) {
        put16(bytes, &[20, 0, 0, 0, DATE]);
        put32(bytes, &[self.crc, self.size as u32, self.size as u32]);
        put16(bytes, &[self.name.len() as u16, 0]);
    }
}

fn put16(bytes: &mut Vec<u8>, values: &[u16]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put32(bytes: &mut Vec<u8>, values: &[u32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
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
    put16(&mut head, &[text.len() as u16]);
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
    private::create_folder(folder)
        .map_err(|e| Failure::io(format!("folder {}", folder.display()), e))
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
        let step =
            |crc: u32, byte: &u8| (crc >> 8) ^ CRC[((crc ^ u32::from(*byte)) & 255) as usize];
        self.crc = bytes.iter().fold(self.crc, step);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// CRC-32 of zip and Ethernet, a byte at a time.
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let (mut value, mut bit) = (i as u32, 0);
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
};

/// A nameless file in a folder, gone when it is closed.
///
/// # Errors
/// When nothing can be written there.
pub fn scratch(folder: &Path) -> Result<File> {
    make_folder(folder)?;
    tempfile::tempfile_in(folder)
        .map_err(|e| Failure::io(format!("a temporary file in {}", folder.display()), e))
}

/// Writes any other file whole or not at all, readable by its owner only.
///
/// # Errors
/// When the disk refuses.
pub fn write_whole(path: &Path, text: &[u8]) -> Result<()> {
    let failed = |e| Failure::io(format!("writing {}", path.display()), e);
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn the_checksum_is_that_of_zip() {
        let crc = b"123456789"
            .iter()
            .fold(!0u32, |crc, byte| (crc >> 8) ^ CRC[((crc ^ u32::from(*byte)) & 255) as usize]);
        assert_eq!(!crc, 0xCBF4_3926);
    }

    #[test]
    fn a_header_is_padded_and_says_the_shape() {
        let head = npy_header(Element::F32, &[7, 3]);
        assert_eq!(head.len() % 64, 0);
        let text = String::from_utf8_lossy(&head[10..]).into_owned();
        assert!(text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (7, 3,), }"));
    }

    #[test]
    fn an_archive_that_is_not_finished_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut writer = NpzWriter::create(&path).unwrap();
        let failure = writer.array("a", Element::I8, &[2], |out| out.write_all(&[1])).unwrap_err();
        assert_eq!(failure.kind(), Kind::Io);
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
