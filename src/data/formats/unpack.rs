//! Compressed recordings: gzip, and the members of a zip archive, unpacked into one nameless file
//! that is gone when the reading ends. Zip by PKWARE's APPNOTE 6.3: the directory at the end says
//! all.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use super::names;
use super::passed::{Passed, names_document};
use super::source::{Source, failed};
use crate::error::{Failure, FailureKind, Result};
use crate::files;

pub(super) const GZIP: &[u8] = b"\x1F\x8B";
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

const CENTRAL: u32 = 0x0201_4b50;
const END: &[u8] = b"PK\x05\x06";
/// The end of a directory without and with the longest comment, bytes.
const END_BYTES: u64 = 22;
const END_MAX: u64 = END_BYTES + 65_535;
/// A field that says: see the extra field.
const BEHIND: u32 = u32::MAX;
/// A directory that is larger belongs to no set of recordings, bytes.
const DIRECTORY_MAX: u64 = 256 * 1024 * 1024;

/// Where compressed recordings are unpacked to.
#[derive(Debug, Default)]
pub(super) struct UnpackFile(Option<Arc<Mutex<File>>>);

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    name: Vec<u8>,
    method: u16,
    is_encrypted: bool,
    packed: u64,
    offset: u64,
}

impl UnpackFile {
    /// The one file in a gzip file.
    pub(crate) fn gzip(&mut self, path: &Path, shown: PathBuf) -> Result<Source> {
        let file = files::open(path).map_err(|e| failed(path, e))?;
        self.add(path, shown, MultiGzDecoder::new(BufReader::new(file)))
    }

    /// The members of an archive that are wanted by the last part of their name, packed by gzip or
    /// not, as files of a folder that is called like the archive.
    pub fn zip(
        &mut self,
        path: &Path,
        wanted: &dyn Fn(&str) -> bool,
        passed: &mut Passed,
    ) -> Result<Vec<Source>> {
        let mut file = files::open(path).map_err(|e| failed(path, e))?;
        let members = directory(&mut file).map_err(|e| damaged(path, &e))?;
        if members.iter().any(|member| member.name == b"[Content_Types].xml") {
            let what = format!("{}: an Excel workbook or other Office file", path.display());
            return Err(Failure::new(FailureKind::Data, what).remedy("Save the table as CSV."));
        }
        let mut found = Vec::new();
        for member in members {
            let Some(shown) = shown(path, &member.name) else { continue };
            let name = last_name(&shown);
            let is_packed = name.to_ascii_lowercase().ends_with(".gz");
            let is_wanted = wanted(&name) || is_packed && wanted(&name[..name.len() - 3]);
            if is_wanted && !names_document(&shown) {
                found.push(self.member(path, &mut file, &member, shown)?);
            } else {
                passed.add(shown);
            }
        }
        Ok(found)
    }

    fn member(
        &mut self,
        path: &Path,
        file: &mut File,
        member: &Member,
        shown: PathBuf,
    ) -> Result<Source> {
        if member.is_encrypted {
            return Err(refused(&shown, "encrypted"));
        }
        let bytes = content(file, member).map_err(|e| damaged(path, &e))?;
        let bytes: Box<dyn Read> = match member.method {
            0 => Box::new(bytes),
            8 => Box::new(DeflateDecoder::new(BufReader::new(bytes))),
            other => {
                let why = format!("packed by method {other}, which is not deflate");
                return Err(refused(&shown, &why));
            }
        };
        // By its first bytes: whoever packs a folder of .gz files gets both around each.
        let mut bytes = BufReader::new(bytes);
        let is_gzip = bytes.fill_buf().map_err(|e| damaged(&shown, &e))?.starts_with(GZIP);
        if is_gzip {
            self.add(path, shown, MultiGzDecoder::new(bytes))
        } else {
            self.add(path, shown, bytes)
        }
    }

    fn add(&mut self, path: &Path, shown: PathBuf, mut bytes: impl Read) -> Result<Source> {
        let pool = match &self.0 {
            Some(pool) => Arc::clone(pool),
            None => Arc::new(Mutex::new(tempfile::tempfile().map_err(|one| full(path, one))?)),
        };
        self.0 = Some(Arc::clone(&pool));
        let stretch = {
            let mut file = pool.lock().unwrap_or_else(PoisonError::into_inner);
            let from = file.seek(SeekFrom::End(0)).map_err(|one| full(path, one))?;
            let mut block = vec![0; 64 * 1024];
            let mut to = from;
            loop {
                match bytes.read(&mut block) {
                    Ok(0) => break [from, to],
                    Ok(read) => {
                        file.write_all(&block[..read]).map_err(|one| full(path, one))?;
                        to += read as u64;
                    }
                    Err(error) => return Err(damaged(&shown, &error)),
                }
            }
        };
        Ok(Source::unpacked(shown, &pool, stretch))
    }
}

fn full(path: &Path, e: io::Error) -> Failure {
    Failure::io(format!("unpacking {}", path.display()), e)
        .remedy("Free some space in the folder for temporary files, or name another in TMPDIR.")
}

fn refused(shown: &Path, why: &str) -> Failure {
    Failure::new(FailureKind::Data, format!("{}: {why}", shown.display()))
        .remedy("Unpack the archive yourself and give the folder.")
}

fn damaged(path: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureKind::Data, format!("{}: damaged or cut short: {error}", path.display()))
        .remedy("Fetch the file again, or move it away.")
}

/// The last part of a name.
fn last_name(shown: &Path) -> String {
    shown.file_name().map(names::os_name).unwrap_or_default()
}

/// How a member is called; `None` of a folder, and of what a system hides. A name never leads out
/// of the archive.
fn shown(path: &Path, name: &[u8]) -> Option<PathBuf> {
    let parts = name.split(|byte| matches!(byte, b'/' | b'\\'));
    let parts: Vec<String> = parts.map(names::name).filter(|part| !part.is_empty()).collect();
    let is_hidden = parts.iter().any(|part| part.starts_with('.') || part == "__MACOSX");
    let is_folder = name.last().is_none_or(|byte| matches!(byte, b'/' | b'\\'));
    (!parts.is_empty() && !is_hidden && !is_folder)
        .then(|| parts.iter().fold(path.to_owned(), |a, b| a.join(b)))
}

/// The members that the directory names.
fn directory(file: &mut File) -> io::Result<Vec<Member>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail = length.min(END_MAX);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = vec![0; tail as usize];
    file.read_exact(&mut bytes)?;
    let end = bytes.windows(END.len()).rposition(|four| four == END).ok_or_else(no_directory)?;
    let end = Fields(&bytes[end..]);
    let size = u64::from(end.u32(12)?);
    let from = u64::from(end.u32(16)?);
    if size > DIRECTORY_MAX || from.saturating_add(size) > length {
        return Err(no_directory());
    }
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = vec![0; size as usize];
    file.read_exact(&mut bytes)?;
    let mut members = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (member, length) = entry(&Fields(rest))?;
        members.push(member);
        rest = rest.get(length..).ok_or_else(no_directory)?;
    }
    Ok(members)
}

fn entry(entry: &Fields<'_>) -> io::Result<(Member, usize)> {
    if entry.u32(0)? != CENTRAL {
        return Err(no_directory());
    }
    let [name, extra, comment] = [entry.u16(28)?, entry.u16(30)?, entry.u16(32)?].map(usize::from);
    let mut member = Member {
        name: entry.0.get(46..46 + name).ok_or_else(no_directory)?.to_vec(),
        method: entry.u16(10)?,
        is_encrypted: entry.u16(8)? & 1 == 1,
        packed: u64::from(entry.u32(20)?),
        offset: u64::from(entry.u32(42)?),
    };
    let sizes = [entry.u32(24)?, entry.u32(20)?, entry.u32(42)?];
    if sizes.contains(&BEHIND) {
        let extra = entry.0.get(46 + name..46 + name + extra).ok_or_else(no_directory)?;
        member.read_large(extra, sizes)?;
    }
    Ok((member, 46 + name + extra + comment))
}

impl Member {
    /// Sizes beyond 4 GiB stand in an extra field, only those that did not fit.
    fn read_large(&mut self, mut extra: &[u8], [size, packed, offset]: [u32; 3]) -> io::Result<()> {
        while extra.len() >= 4 {
            let fields = Fields(extra);
            let kind = fields.u16(0)?;
            let length = usize::from(fields.u16(2)?);
            if kind == 1 {
                let mut at = 4 + if size == BEHIND { 8 } else { 0 };
                if packed == BEHIND {
                    self.packed = fields.u64(at)?;
                    at += 8;
                }
                if offset == BEHIND {
                    self.offset = fields.u64(at)?;
                }
                return Ok(());
            }
            extra = extra.get(4 + length..).unwrap_or_default();
        }
        Err(no_directory())
    }
}

/// The packed bytes of a member, which stand behind its own header.
fn content(file: &mut File, member: &Member) -> io::Result<impl Read + use<>> {
    file.seek(SeekFrom::Start(member.offset))?;
    let mut header = [0; 30];
    file.read_exact(&mut header)?;
    let header = Fields(&header);
    if !header.0.starts_with(ZIP) {
        return Err(no_directory());
    }
    let skip = u64::from(header.u16(26)?) + u64::from(header.u16(28)?);
    let mut own = file.try_clone()?;
    own.seek(SeekFrom::Start(member.offset + 30 + skip))?;
    Ok(own.take(member.packed))
}

fn no_directory() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it has no readable list of its files")
}

/// Numbers at their places, little-endian.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(&self, at: usize) -> io::Result<u16> {
        self.bytes(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> io::Result<u32> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> io::Result<u64> {
        self.bytes(at).map(u64::from_le_bytes)
    }

    fn bytes<const N: usize>(&self, at: usize) -> io::Result<[u8; N]> {
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or_else(no_directory)
    }
}
