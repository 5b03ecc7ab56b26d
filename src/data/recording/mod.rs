//! Our own log of signals: a text file that a person can read, appendable, and safe to tear. The
//! caller says when a recording started.
//!
//! ```text
//! #mousewarden-recording 1
//! #capture x11-rdev
//! #started 1751871600
//! at_us,what,x,y
//! 0,start,,
//! 8013,move,640,412
//! 16002,press-left,640,412
//! ```
//!
//! `at_us` is microseconds since an origin of the stream's own, `what` an event or a boundary,
//! `x` and `y` pixels. A last line without its line break was torn by a crash: it is counted and
//! left out, and cut off when the recording is continued.

mod line;
mod reader;
mod writer;

pub(in crate::data) use line::parse_kind;
pub use reader::RecordingReader;
pub use writer::RecordingWriter;

use crate::error::{Failure, FailureKind};

/// The version of the format that this build writes; it reads this one only.
pub(crate) const VERSION: u32 = 1;

const MAGIC: &str = "#mousewarden-recording ";
const CAPTURE: &str = "#capture ";
const STARTED: &str = "#started ";
const COLUMNS: &str = "at_us,what,x,y";

/// What a recording says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What captured it ("x11-rdev"); one line.
    pub capture: String,
    /// When it was begun, seconds of the Unix epoch.
    pub started_unix_s: i64,
}

impl Header {
    /// The four lines that open a recording.
    fn to_text(&self) -> String {
        let capture = self.capture.replace(['\n', '\r'], " ");
        format!(
            "{MAGIC}{VERSION}\n{CAPTURE}{capture}\n{STARTED}{}\n{COLUMNS}\n",
            self.started_unix_s
        )
    }

    /// Reads the four lines back; `name` is the file's, for the error.
    fn parse(name: &str, lines: &[String; 4]) -> Result<Self, Failure> {
        let version = field(name, lines, 0, MAGIC)?;
        if version != VERSION.to_string() {
            return Err(Failure::new(
                FailureKind::Data,
                format!("{name}: recording of version {version}, this build reads {VERSION}"),
            )
            .remedy("Use the version of mousewarden that recorded it."));
        }
        let capture = field(name, lines, 1, CAPTURE)?.to_owned();
        let started_unix_s =
            field(name, lines, 2, STARTED)?.parse().map_err(|_| foreign(name, 3))?;
        field(name, lines, 3, COLUMNS)?;
        Ok(Self { capture, started_unix_s })
    }
}

fn field<'a>(
    name: &str,
    lines: &'a [String; 4],
    i: usize,
    prefix: &str,
) -> Result<&'a str, Failure> {
    lines[i].strip_prefix(prefix).ok_or_else(|| foreign(name, i + 1))
}

fn foreign(name: &str, line: usize) -> Failure {
    Failure::new(FailureKind::Data, format!("{name}:{line}: not the header of a recording"))
        .remedy("Give a file that mousewarden recorded; other formats need --format.")
}
