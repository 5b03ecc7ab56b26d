//! Writes a recording. What the disk refuses stays in memory and is tried again, so that a full
//! disk costs only what it has already cost; the caller decides when to flush.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{Boundary, Signal};

use super::{Header, RecordingReader, line};

/// Text that waits longer than this is written without being asked for, bytes.
const WRITE_AT: usize = 64 * 1024;
/// While the disk refuses, at most this much is kept in memory, bytes: about an hour of movement.
const KEEP_AT_MOST: usize = 8 * 1024 * 1024;

/// Where the text ends up; a file, except in tests.
trait Disk: Send {
    fn append(&mut self, text: &[u8]) -> io::Result<()>;
    /// Cuts off what a failed append left behind.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Disk for File {
    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        self.write_all(text)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }
}

/// Appends signals to one recording.
pub struct RecordingWriter {
    name: String,
    disk: Box<dyn Disk>,
    /// Bytes on the disk, all of them whole lines.
    written: u64,
    waiting: String,
    /// A continued recording must not join what came before.
    starts: bool,
}

impl std::fmt::Debug for RecordingWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordingWriter").field("name", &self.name).finish_non_exhaustive()
    }
}

impl RecordingWriter {
    /// Begins a new recording, mode 0600, and writes its header at once.
    ///
    /// # Errors
    /// When the file exists, cannot be made, or the disk is full.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        let name = path.display().to_string();
        let file =
            private::create_file(path).map_err(|e| Failure::io(format!("recording {name}"), e))?;
        let mut writer = Self::over(name, Box::new(file), 0);
        writer.waiting = header.to_text();
        writer.flush()?;
        Ok(writer)
    }

    /// Continues a recording behind its last whole line; a torn line is cut off.
    ///
    /// # Errors
    /// When the file cannot be opened or is no recording of this version.
    pub fn append(path: &Path) -> Result<Self> {
        RecordingReader::open(path)?;
        let name = path.display().to_string();
        let whole = || -> io::Result<(File, u64)> {
            let mut file = OpenOptions::new().read(true).write(true).open(path)?;
            let length = length_of_whole_lines(&mut file)?;
            file.cut(length)?;
            Ok((file, length))
        };
        let (file, length) = whole().map_err(|e| Failure::io(format!("recording {name}"), e))?;
        Ok(Self::over(name, Box::new(file), length))
    }

    fn over(name: String, disk: Box<dyn Disk>, written: u64) -> Self {
        Self { name, disk, written, waiting: String::new(), starts: true }
    }

    /// Adds a signal; it reaches the disk with the next flush at the latest. The first signal is
    /// preceded by a `Start` of the same time unless it is one.
    ///
    /// # Errors
    /// When the disk refuses. The signal is kept for the next flush, except when so much waits
    /// already that memory would run over: then it is refused, and the message says so.
    pub fn push(&mut self, signal: &Signal) -> Result<()> {
        if self.waiting.len() >= KEEP_AT_MOST {
            self.flush()?;
        }
        let start = Signal::Boundary { at: signal.at(), kind: Boundary::Start };
        if std::mem::take(&mut self.starts) && *signal != start {
            line::write(&mut self.waiting, &start);
        }
        line::write(&mut self.waiting, signal);
        if self.waiting.len() >= WRITE_AT { self.flush() } else { Ok(()) }
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// When the disk refuses; nothing is lost, a later flush tries again.
    pub fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.disk.append(self.waiting.as_bytes()) {
            // Half a line must not be followed by its own repetition.
            let cut = self.disk.cut(self.written);
            return Err(self.refused(&error, cut.is_ok()));
        }
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    fn refused(&self, error: &io::Error, clean: bool) -> Failure {
        let lines = self.waiting.lines().count();
        let what = format!("recording {}: {error}; {lines} lines wait in memory", self.name);
        let remedy = match (clean, self.waiting.len() >= KEEP_AT_MOST) {
            (false, _) => "The file may end in a torn line, which reading survives.",
            (true, true) => {
                "Memory for it has run out, newer movement is refused: free some space."
            }
            (true, false) => "Free some space: they are written as soon as there is room.",
        };
        Failure::new(FailureKind::Io, what).remedy(remedy)
    }
}

impl Drop for RecordingWriter {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; callers that care have flushed.
        let _ = self.flush();
    }
}

fn length_of_whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = [0u8; 4096];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let block = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{MouseEvent, MouseKind, Timestamp};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct SmallDisk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Disk for SmallDisk {
        fn append(&mut self, text: &[u8]) -> io::Result<()> {
            let mut disk = self.0.lock().unwrap();
            let room = disk.1 - disk.0.len();
            let fits = text.len().min(room);
            disk.0.extend_from_slice(&text[..fits]);
            if fits < text.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            self.0.lock().unwrap().0.truncate(length as usize);
            Ok(())
        }
    }

    fn moved(i: i64) -> Signal {
        let at = Timestamp::from_millis(i);
        Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x: i as f64, y: 2.5 })
    }

    fn header() -> Header {
        Header { capture: "test".into(), started_unix_s: 7 }
    }

    fn read(path: &Path) -> Vec<Signal> {
        RecordingReader::open(path).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_full_disk_keeps_whole_lines_and_loses_nothing() {
        let disk = SmallDisk::default();
        disk.0.lock().unwrap().1 = 40;
        let mut writer = RecordingWriter::over("r".into(), Box::new(disk.clone()), 0);
        writer.push(&moved(1)).unwrap();
        writer.flush().unwrap();
        let before = disk.0.lock().unwrap().0.clone();
        writer.push(&moved(2)).unwrap();
        writer.push(&moved(3)).unwrap();
        let failure = writer.flush().unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Io);
        assert_eq!(disk.0.lock().unwrap().0, before);
        disk.0.lock().unwrap().1 = 4000;
        writer.flush().unwrap();
        let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
        assert_eq!(text, "1000,start,,\n1000,move,1,2.5\n2000,move,2,2.5\n3000,move,3,2.5\n");
    }

    #[test]
    fn a_torn_recording_is_continued_without_its_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let mut writer = RecordingWriter::create(&path, &header()).unwrap();
        writer.push(&moved(1)).unwrap();
        drop(writer);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"5000,mov").unwrap();
        let mut writer = RecordingWriter::append(&path).unwrap();
        writer.push(&moved(2)).unwrap();
        drop(writer);
        let start = |i| Signal::Boundary { at: Timestamp::from_millis(i), kind: Boundary::Start };
        assert_eq!(read(&path), [start(1), moved(1), start(2), moved(2)]);
    }

    #[test]
    fn an_existing_recording_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        drop(RecordingWriter::create(&path, &header()).unwrap());
        assert_eq!(RecordingWriter::create(&path, &header()).unwrap_err().kind(), FailureKind::Io);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        drop(RecordingWriter::create(&path, &header()).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
