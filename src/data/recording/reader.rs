//! A recording, signal by signal. Bad lines are named with file and line and the reading goes on
//! behind them, if the caller likes.

use std::io::{self, BufRead, Read};
use std::path::Path;

use crate::error::{Failure, FailureKind, Result};
use crate::files;
use crate::pipeline::Signal;
use crate::sealing::{self, Kind, TextInput};

use super::{Header, line};

/// A longer line is no signal, bytes.
const LINE_MAX: usize = 4096;

/// An iterator over the signals of one recording, in the file's order.
#[derive(Debug)]
pub struct RecordingReader<R = TextInput> {
    name: String,
    input: R,
    header: Header,
    line: u64,
    torn: u64,
    bytes: Vec<u8>,
}

impl RecordingReader {
    /// Opens a recording, sealed or in the clear, and reads its header.
    ///
    /// # Errors
    /// When it cannot be read or does not open, is no recording, or is one of another version.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Failure::new(
                FailureKind::NoInput,
                format!("recording {name}: a folder, not a file"),
            )
            .remedy("Name one file in it."));
        }
        let called = format!("recording {name}");
        let file = files::open(path).map_err(|e| Failure::io(&called, e))?;
        let text = sealing::open_text(&called, Kind::Recording, file)?;
        RecordingReader::new(name, text)
    }
}

impl<R: BufRead> RecordingReader<R> {
    /// Reads from anything; `name` stands in the errors.
    ///
    /// # Errors
    /// Like [`RecordingReader::open`].
    pub fn new(name: impl Into<String>, mut input: R) -> Result<Self> {
        let name = name.into();
        let mut lines: [String; 4] = Default::default();
        let mut bytes = Vec::new();
        for line in &mut lines {
            read_line(&mut input, &mut bytes).map_err(|e| unreadable(&name, e))?;
            *line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
        }
        let header = Header::parse(&name, &lines)?;
        Ok(Self { name, input, header, line: 4, torn: 0, bytes })
    }

    /// What the recording says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many torn lines were left out so far: 0, or 1 once the end is reached.
    pub(crate) const fn torn(&self) -> u64 {
        self.torn
    }

    fn bad_line(&self, wrong: &str) -> Failure {
        Failure::new(FailureKind::Data, format!("{}:{}: {wrong}", self.name, self.line))
            .remedy("Delete that line, or the recording.")
    }
}

impl<R: BufRead> Iterator for RecordingReader<R> {
    type Item = Result<Signal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line += 1;
        match read_line(&mut self.input, &mut self.bytes) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(unreadable(&self.name, error))),
        }
        let Some(line) = self.bytes.strip_suffix(b"\n") else {
            self.torn += 1;
            return None;
        };
        if line.len() >= LINE_MAX {
            return Some(Err(self.bad_line("a line that is longer than any signal")));
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line).map_err(|_| "not text".to_owned());
        Some(text.and_then(line::parse).map_err(|wrong| self.bad_line(&wrong)))
    }
}

/// Reads a line with its break and keeps no more of it than a signal may have; how long it was.
fn read_line(input: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<usize> {
    into.clear();
    let mut length = input.take(LINE_MAX as u64).read_until(b'\n', into)?;
    while length >= LINE_MAX && into.last() != Some(&b'\n') {
        let block = input.fill_buf()?;
        if block.is_empty() {
            break;
        }
        let end = block.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(block.len(), |end| end + 1);
        input.consume(used);
        length += used;
        if end.is_some() {
            into.push(b'\n');
        }
    }
    Ok(length)
}

fn unreadable(name: &str, error: std::io::Error) -> Failure {
    Failure::io(format!("recording {name}"), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Boundary, Timestamp};

    const HEAD: &str =
        "#mousewarden-recording 1\n#capture test\n#started 12\nat_us,what,x,y\n0,start,,\n";

    fn reader(text: &str) -> RecordingReader<&[u8]> {
        RecordingReader::new("r.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn a_torn_last_line_is_counted_and_left_out() {
        // Torn between the digits of y: it would still parse, as another position.
        let text = format!("{HEAD}8000,move,640,41");
        let mut reader = reader(&text);
        let signals: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
        let at = Timestamp::from_micros(0);
        assert_eq!(signals, [Signal::Boundary { at, kind: Boundary::Start }]);
        assert_eq!(reader.torn(), 1);
    }

    #[test]
    fn a_bad_line_is_named_and_reading_goes_on() {
        let text = format!("{HEAD}8000,move,640\n9000,move,1,2\n");
        let items: Vec<_> = reader(&text).collect();
        assert_eq!(items.len(), 3);
        let said = items[1].as_ref().unwrap_err().to_string();
        assert!(said.contains("r.csv:6:"), "{said}");
        assert!(items[2].is_ok());
    }

    #[test]
    fn an_endless_line_costs_itself_and_no_line_is_quoted_in_full() {
        let zeros = "\0".repeat(512);
        let text = format!("{HEAD}{zeros}\n{}\n9000,move,1,2\n", "x".repeat(3 * LINE_MAX));
        let items: Vec<_> = reader(&text).collect();
        assert_eq!(items.len(), 4);
        for item in &items[1..3] {
            let said = item.as_ref().unwrap_err().to_string();
            assert!(said.len() < 200, "{said}");
        }
        assert!(items[3].is_ok());
        let bytes = [HEAD.as_bytes(), b"8000,mo\xffve,1,2\n9000,move,1,2\n"].concat();
        let items: Vec<_> = RecordingReader::new("r.csv", bytes.as_slice()).unwrap().collect();
        assert!(items[1].as_ref().unwrap_err().to_string().contains("r.csv:6: not text"));
        assert!(items[2].is_ok());
    }

    #[test]
    fn a_folder_is_named_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let said = RecordingReader::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("a folder, not a file"), "{said}");
    }

    #[test]
    fn foreign_files_and_other_versions_are_refused() {
        let foreign = RecordingReader::new("x", &b"a,b\n1,2\n"[..]).unwrap_err();
        assert_eq!(foreign.kind(), FailureKind::Data);
        let newer = HEAD.replace("recording 1", "recording 2");
        let newer = RecordingReader::new("x", newer.as_bytes()).unwrap_err();
        assert!(newer.to_string().contains("version 2"), "{newer}");
    }
}
