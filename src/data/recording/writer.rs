//! Writes a recording. What the disk refuses stays in memory and is tried again, so that a full
//! disk costs only what it has already cost; the caller decides when to flush.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{Boundary, Signal};
use crate::sealing::{self, Kind, SealedAppender};

use super::{Header, line};

/// Text that waits longer than this is written without being asked for, bytes.
const WRITE_AT: usize = 64 * 1024;
/// While the disk refuses, at most this much is kept in memory, bytes: about an hour of movement.
const KEEP_AT_MOST: usize = 8 * 1024 * 1024;

/// Where the text ends up; a file, except in tests.
trait Disk: Send {
    fn append(&mut self, text: &[u8]) -> io::Result<()>;
    /// Cuts off what a failed append left behind; `length` bytes of text were appended before.
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

impl Disk for SealedAppender {
    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        Self::append(self, text)
    }

    fn cut(&mut self, _length: u64) -> io::Result<()> {
        Self::cut(self)
    }
}

/// A new file, sealed where this process has a key.
fn disk(path: &Path) -> io::Result<Box<dyn Disk>> {
    let key = sealing::for_writing()?;
    let file = private::create_file(path)?;
    Ok(match key {
        Some(key) => Box::new(SealedAppender::begin(file, &key, Kind::Recording)?),
        None => Box::new(file),
    })
}

/// Appends signals to one recording.
pub struct RecordingWriter {
    name: String,
    disk: Box<dyn Disk>,
    /// Bytes on the disk, all of them whole lines.
    written: u64,
    waiting: String,
    /// No signal has come yet.
    starts: bool,
}

impl std::fmt::Debug for RecordingWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordingWriter").field("name", &self.name).finish_non_exhaustive()
    }
}

impl RecordingWriter {
    /// Begins a new recording, mode 0600 and sealed where this process has a key, and writes its header
    /// at once.
    ///
    /// # Errors
    /// When the file exists, cannot be made, or the disk is full; when the key is not to be had.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        let name = path.display().to_string();
        let disk = disk(path).map_err(|e| Failure::io(format!("recording {name}"), e))?;
        let mut writer = Self::over(name, disk);
        writer.waiting = header.to_text();
        writer.flush()?;
        Ok(writer)
    }

    fn over(name: String, disk: Box<dyn Disk>) -> Self {
        Self { name, disk, written: 0, waiting: String::new(), starts: true }
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

    #[test]
    fn a_full_disk_keeps_whole_lines_and_loses_nothing() {
        let disk = SmallDisk::default();
        disk.0.lock().unwrap().1 = 40;
        let mut writer = RecordingWriter::over("r".into(), Box::new(disk.clone()));
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
