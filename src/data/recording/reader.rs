//! Reads a recording signal by signal. Bad lines are named with file and line and the reading goes
//! on behind them, if the caller likes; nothing is repaired and nothing is invented.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::error::{Failure, Kind, Result};
use crate::pipeline::Signal;

use super::{Header, line};

/// An iterator over the signals of one recording, in the file's order.
#[derive(Debug)]
pub struct RecordingReader<R = BufReader<File>> {
    name: String,
    input: R,
    header: Header,
    line: u64,
    torn: u64,
    text: String,
}

impl RecordingReader {
    /// Opens a recording and reads its header.
    ///
    /// # Errors
    /// When it cannot be read, is no recording, or is one of another version.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| Failure::io(format!("recording {name}"), e))?;
        RecordingReader::new(name, BufReader::new(file))
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
        for line in &mut lines {
            input.read_line(line).map_err(|e| unreadable(&name, e))?;
            line.truncate(line.trim_end_matches(['\n', '\r']).len());
        }
        let header = Header::parse(&name, &lines)?;
        Ok(Self { name, input, header, line: 4, torn: 0, text: String::new() })
    }

    /// What the recording says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many torn lines were left out so far: 0, or 1 once the end is reached.
    pub const fn torn(&self) -> u64 {
        self.torn
    }

    fn bad_line(&self, wrong: &str) -> Failure {
        Failure::new(Kind::Data, format!("{}:{}: {wrong}", self.name, self.line))
            .remedy("Delete that line, or the recording.")
    }
}

impl<R: BufRead> Iterator for RecordingReader<R> {
    type Item = Result<Signal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.text.clear();
        self.line += 1;
        match self.input.read_line(&mut self.text) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(unreadable(&self.name, error))),
        }
        let Some(text) = self.text.strip_suffix('\n') else {
            self.torn += 1;
            return None;
        };
        let parsed = line::parse(text.strip_suffix('\r').unwrap_or(text));
        Some(parsed.map_err(|wrong| self.bad_line(&wrong)))
    }
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
    fn foreign_files_and_other_versions_are_refused() {
        let foreign = RecordingReader::new("x", &b"a,b\n1,2\n"[..]).unwrap_err();
        assert_eq!(foreign.kind(), Kind::Data);
        let newer = HEAD.replace("recording 1", "recording 2");
        let newer = RecordingReader::new("x", newer.as_bytes()).unwrap_err();
        assert!(newer.to_string().contains("version 2"), "{newer}");
    }
}
