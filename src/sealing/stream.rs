//! Text that is sealed while it grows, and read back as text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use super::fault::{KeyFault, SealFault};
use super::format::{CHUNK_HEAD, ChunkHead, HEADER, SealHeader, is_sealed};
use super::key::Key;
use super::key_id::KeyId;
use super::kind::Kind;

/// No chunk of a text is longer, bytes.
const LONGEST: usize = 16 << 20;
/// Text that is sealed at once where a whole file is sealed, bytes.
const AT_ONCE: usize = 1 << 16;

/// What is read of a chunk that a crash has torn: a line without its break, which readers count and
/// leave out as they do in the clear.
const TORN: &[u8] = b"torn";

/// A file to which sealed chunks are added.
pub(crate) struct SealedAppender {
    file: File,
    key: Key,
    header: SealHeader,
    chunks: u64,
    /// Bytes of the header and of whole chunks.
    whole: u64,
}

impl SealedAppender {
    /// Begins an empty file.
    ///
    /// # Errors
    /// When it cannot be written, or the system has no random numbers.
    pub(crate) fn begin(mut file: File, key: &Key, kind: Kind) -> io::Result<Self> {
        let header = SealHeader::new(key, kind).map_err(unsealed)?;
        file.write_all(&header.bytes)?;
        Ok(Self { file, key: key.clone(), header, chunks: 0, whole: HEADER as u64 })
    }

    /// Adds text; what a failure leaves behind is for [`Self::cut`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn append(&mut self, text: &[u8]) -> io::Result<()> {
        // A text that waited for a full disk may be longer than a reader takes at once.
        for part in text.chunks(LONGEST / 2) {
            let chunk = self.header.chunk(&self.key, self.chunks, false, part);
            let chunk = chunk.map_err(unsealed)?;
            self.file.write_all(&chunk)?;
            self.chunks += 1;
            self.whole += chunk.len() as u64;
        }
        Ok(())
    }

    /// Cuts off half a chunk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.whole)?;
        self.file.seek(SeekFrom::Start(self.whole)).map(drop)
    }
}

/// Seals the rest of a text into an empty file.
///
/// # Errors
/// When either file refuses.
pub fn seal_text(mut from: impl BufRead, into: File, key: &Key, kind: Kind) -> io::Result<File> {
    let mut appender = SealedAppender::begin(into, key, kind)?;
    let mut text = Vec::new();
    loop {
        text.clear();
        if from.by_ref().take(AT_ONCE as u64).read_to_end(&mut text)? == 0 {
            return Ok(appender.file);
        }
        appender.append(&text)?;
    }
}

/// The text of a file, whether it is sealed or in the clear.
#[derive(Debug)]
pub struct TextInput(Input);

#[derive(Debug)]
enum Input {
    Clear(BufReader<File>),
    Sealed(Box<SealedText>),
}

impl TextInput {
    /// The text of this file; `find` gives the key of a sealed one.
    ///
    /// # Errors
    /// When it cannot be read, is sealed as another kind, or its key is not to be had.
    pub(crate) fn of(
        file: File,
        kind: Kind,
        find: impl FnOnce(KeyId) -> Result<Key, KeyFault>,
    ) -> io::Result<Result<Self, SealFault>> {
        let mut file = BufReader::new(file);
        if !is_sealed(file.fill_buf()?) {
            return Ok(Ok(Self(Input::Clear(file))));
        }
        let mut head = Vec::new();
        file.by_ref().take(HEADER as u64).read_to_end(&mut head)?;
        Ok(SealHeader::of(&head, kind).and_then(|header| {
            let key = find(header.key).map_err(|fault| SealFault::Key(header.key, fault))?;
            let text = SealedText { file, key, header, chunks: 0, text: Vec::new(), read: 0 };
            Ok(Self(Input::Sealed(Box::new(text))))
        }))
    }
}

impl Read for TextInput {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Input::Clear(file) => file.read(into),
            Input::Sealed(text) => text.read(into),
        }
    }
}

impl BufRead for TextInput {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match &mut self.0 {
            Input::Clear(file) => file.fill_buf(),
            Input::Sealed(text) => text.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match &mut self.0 {
            Input::Clear(file) => file.consume(amount),
            Input::Sealed(text) => text.consume(amount),
        }
    }
}

#[derive(Debug)]
struct SealedText {
    file: BufReader<File>,
    key: Key,
    header: SealHeader,
    chunks: u64,
    text: Vec<u8>,
    read: usize,
}

impl SealedText {
    /// The next chunk; nothing at the end.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.file.by_ref().take(CHUNK_HEAD as u64).read_to_end(&mut head)?;
        if head.is_empty() {
            return Ok(Vec::new());
        }
        if head.len() < CHUNK_HEAD {
            return Ok(TORN.to_vec());
        }
        let Some(head) = ChunkHead::of(&head).filter(|head| head.length <= LONGEST) else {
            return Err(changed());
        };
        let mut sealed = Vec::new();
        self.file.by_ref().take(head.length as u64).read_to_end(&mut sealed)?;
        if sealed.len() < head.length {
            return Ok(TORN.to_vec());
        }
        let text = self.header.text(&self.key, self.chunks, &head, &sealed);
        self.chunks += 1;
        text.map_err(|_| changed())
    }
}

impl Read for SealedText {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(into)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for SealedText {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read >= self.text.len() {
            self.text = self.next()?;
            self.read = 0;
        }
        Ok(&self.text[self.read..])
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
    }
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, SealFault::Changed.to_string())
}

fn unsealed(fault: KeyFault) -> io::Error {
    io::Error::other(fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    struct Sealed {
        folder: tempfile::TempDir,
        key: Key,
    }

    impl Sealed {
        fn with(parts: &[&[u8]]) -> Self {
            let sealed = Self { folder: tempfile::tempdir().unwrap(), key: Key::random().unwrap() };
            let file = File::create_new(sealed.path()).unwrap();
            let mut appender = SealedAppender::begin(file, &sealed.key, Kind::Recording).unwrap();
            parts.iter().for_each(|part| appender.append(part).unwrap());
            sealed
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("recording.csv")
        }

        fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
            let file = File::open(path).unwrap();
            let mut input =
                TextInput::of(file, Kind::Recording, |_| Ok(self.key.clone())).unwrap().unwrap();
            let mut text = Vec::new();
            input.read_to_end(&mut text).map(|_| text)
        }
    }

    #[test]
    fn what_grew_in_parts_is_read_as_one_and_torn_ends_are_lines_without_an_end() {
        let sealed = Sealed::with(&[b"one\n", b"", b"two\n", b"three\n"]);
        assert_eq!(sealed.read(&sealed.path()).unwrap(), b"one\ntwo\nthree\n");
        let bytes = fs::read(sealed.path()).unwrap();
        for end in HEADER..bytes.len() {
            fs::write(sealed.path(), &bytes[..end]).unwrap();
            let text = sealed.read(&sealed.path()).unwrap();
            let whole = text.strip_suffix(b"torn").unwrap_or(&text);
            assert!(b"one\ntwo\nthree\n".starts_with(whole) && whole.len() < 14, "{end}");
            assert!(whole.is_empty() || whole.ends_with(b"\n"), "{end}");
        }
    }

    #[test]
    fn chunks_that_are_changed_swapped_or_left_out_are_noticed() {
        let sealed = Sealed::with(&[b"one\n", b"two\n"]);
        let bytes = fs::read(sealed.path()).unwrap();
        let (header, chunks) = bytes.split_at(HEADER);
        let (first, second) = chunks.split_at(chunks.len() / 2);
        for damaged in [[header, second, first].concat(), [header, second].concat()] {
            fs::write(sealed.path(), damaged).unwrap();
            assert_eq!(sealed.read(&sealed.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        let mut changed = bytes.clone();
        changed[HEADER + CHUNK_HEAD] ^= 1;
        fs::write(sealed.path(), changed).unwrap();
        assert!(sealed.read(&sealed.path()).is_err());
    }

    #[test]
    fn a_whole_text_is_sealed_as_it_is_and_one_in_the_clear_is_read_too() {
        let sealed = Sealed::with(&[]);
        let text: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let clear = sealed.folder.path().join("clear");
        fs::write(&clear, &text).unwrap();
        assert_eq!(sealed.read(&clear).unwrap(), text);
        let file = File::create(sealed.path()).unwrap();
        seal_text(text.as_slice(), file, &sealed.key, Kind::Recording).unwrap();
        assert_eq!(sealed.read(&sealed.path()).unwrap(), text);
        assert!(!fs::read(sealed.path()).unwrap().windows(64).any(|part| text.starts_with(part)));
    }
}
