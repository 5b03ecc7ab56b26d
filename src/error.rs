//! The one error that leaves a module: what failed, on which thing, what to do next, and the kind
//! that becomes the exit code. Pipeline and engine know nothing of it.

use std::error::Error;
use std::fmt;

/// What kind of thing went wrong; each kind is one exit code, after BSD's sysexits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
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
}

impl Kind {
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
        }
    }
}

/// A failure with its remedy. Prints as one or two sentences: what failed, and what to do.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    what: String,
    remedy: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The result of everything that can fail outside the pipeline.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// What failed, on which thing: "model /x.onnx: 12 bytes, truncated".
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), remedy: None, source: None }
    }

    /// From an error of the operating system about a named thing; the kind follows from the error.
    pub fn io(what: impl fmt::Display, error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => Kind::NoInput,
            std::io::ErrorKind::PermissionDenied => Kind::Denied,
            _ => Kind::Io,
        };
        Self::new(kind, format!("{what}: {error}")).caused_by(error)
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
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind, and with it the exit code.
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  {remedy}"),
            None => Ok(()),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}
