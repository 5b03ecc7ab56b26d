//! The one error that leaves a module: what failed, on which thing, what to do next, and the kind
//! that becomes the exit code.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What kind of thing went wrong; each kind is one exit code, after BSD's sysexits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The input's content is wrong: a recording, a model.
    Data,
    /// The input does not exist or cannot be read.
    NoInput,
    /// What the command needs is not there: a display, a bus, a library.
    Unavailable,
    /// There is no display, or none whose mouse may be watched; starting again mends nothing.
    NoDisplay,
    /// A fault of this program.
    Internal,
    /// Writing or reading failed half-way: a full disk.
    Io,
    /// Somebody else holds it: another instance. Trying again later may work.
    Busy,
    /// The system refuses access.
    Denied,
    /// The configuration is wrong.
    Config,
    /// The command was called with arguments that cannot be.
    Usage,
}

impl FailureKind {
    /// The process exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Data => 65,
            Self::NoInput => 66,
            Self::NoDisplay => 68,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::Io => 74,
            Self::Busy => 75,
            Self::Denied => 77,
            Self::Config => 78,
            Self::Usage => 2,
        }
    }
}

/// A failure with its remedy. Prints as one or two sentences: what failed, and what to do.
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
    what: String,
    remedy: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The result of everything that can fail outside the pipeline.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// What failed, without the remedy.
    pub(crate) fn first_line(&self) -> String {
        self.to_string().lines().next().unwrap_or_default().to_owned()
    }

    /// What failed, on which thing: "model /x.onnx: 12 bytes, truncated".
    pub fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), remedy: None, source: None }
    }

    /// As [`Failure::io`], for `map_err`.
    pub(crate) fn at(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::io(what, error)
    }

    /// From an error of the operating system about a named thing; the kind follows from the error.
    pub fn io(what: impl fmt::Display, error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => FailureKind::NoInput,
            std::io::ErrorKind::PermissionDenied => FailureKind::Denied,
            _ => FailureKind::Io,
        };
        let remedy = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Some("Free some space there.")
            }
            std::io::ErrorKind::FileTooLarge => Some(
                "Free some space there, or raise the limit on the size of files (`ulimit -f`).",
            ),
            std::io::ErrorKind::ReadOnlyFilesystem => {
                Some("Nothing can be written there: name another place.")
            }
            _ => None,
        };
        let failure = Self::new(kind, format!("{what}: {error}")).caused_by(error);
        remedy.into_iter().fold(failure, Self::remedy)
    }

    /// What to do next, as a sentence.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The error underneath, kept for the log; its text must already be part of `what` if the
    /// person needs it.
    #[must_use]
    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind, and with it the exit code.
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.what))?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  {}", printable(remedy)),
            None => Ok(()),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

/// A text that may come from a file or its name, with control characters (and marks that turn the
/// direction of text) written out, line breaks aside: a terminal would obey them.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut plain = String::new();
    for c in text.chars() {
        if is_hidden(c) { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain.into()
}
