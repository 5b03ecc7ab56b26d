//! Recordings of mouse use by others: one reader a format, one registry, and a reader that is told
//! how a table is laid out. They parse, put a session in order and say what they left out and why.
//! `.gz` and `.zip` are read like the files and folders in them.
//!
//! | format | one session is | user | time |
//! |---|---|---|---|
//! | `gmail` | what `<user>/session_k.csv` adds to the file before it | folder | ms, Unix epoch |
//! | `balabit` | a file `<user>/session_*`; those below `test_files` are claims | folder | s |
//! | `sapimouse` | a file `<user>/session_*.csv` | folder | ms since page load |
//! | `bank` | the rows of a `session_id` | column `user_id` | ms, Unix epoch |
//! | `dfl` | a file `<user>/*.CSV` | folder | ms since the recorder's start |
//! | `pynput` | a log or table of a script around pynput | folder, or a column | found out |
//! | `jspsych` | an export with mouse tracking, CSV or JSON; a trial is a part | column, or folder | ms |
//! | `psychopy` | an export with lists of the mouse; a trial is a part | column, or folder | s |
//! | `mousetrap` | wide, long and OpenSesame tables; a trial is a part | column, or folder | ms |
//! | `mousetracker` | a file `.mt`; a trial is a part | folder | ms |
//! | `kharagpur` | a text log of `MM, x, y, ms` | folder | ms after the row before |
//! | `jsonl` | objects in JSON, in lines or in an array | folder, or a key | found out |
//! | `generic` | a file, or the rows of a column | a column, the folder or the file | by options |
//!
//! ```no_run
//! use mousewarden::data::formats::{ReadParams, open};
//!
//! # fn main() -> mousewarden::error::Result<()> {
//! let dataset = open(&"gmail".parse()?, &["recordings/gmail".into()], ReadParams::default())?;
//! for user in dataset.users() {
//!     for session in dataset.sessions(user) {
//!         let session = session?;
//!         println!("{} {}: {} events", user.id(), session.id, session.events.len());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! One session is in memory at a time. A format whose sessions are rows of one table (`bank`, and
//! `generic` with a session or user column) is read twice: the first pass notes where the rows of
//! each session lie. Its index holds one entry for each run of rows of one session, so a file that
//! is grouped by session, or nearly so, costs next to nothing; a file in entirely random order
//! costs 24 bytes a row.

mod bank;
mod button_state;
mod cause;
mod cells;
mod clock;
mod dataset;
mod discover;
mod dropped;
mod field;
mod foreign;
mod generic;
mod gmail;
mod index;
mod json;
mod jsonl;
mod jspsych;
mod kharagpur;
mod layout;
mod lines;
mod logger;
mod mousetracker;
mod mousetrap;
mod names;
mod namesakes;
mod number;
mod passed;
mod psychopy;
mod pynput;
mod read;
mod registry;
mod rows;
mod shortened;
mod source;
mod space;
mod table;
mod unpack;
mod widths;
mod wrapped;

#[cfg(feature = "columnar")]
pub(crate) use bank::kind as bank_kind;
pub use dataset::{Dataset, RecordedSession};
pub(crate) use dataset::{SessionPlan, User};
pub use dropped::DropReason;
pub(crate) use dropped::{Dropped, RowLocation, Warning};
pub use field::TimeUnit;
pub use generic::{GenericParams, UserFrom};
pub(crate) use names::{file_stem, spellings};

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use self::discover::FoundFiles;
use self::passed::Passed;
use self::registry::Reader;
use self::source::Source;
use self::table::NoLayoutFits;
use crate::error::{Failure, FailureKind, Result};

/// The formats that have a name, in the order of help and messages: a new one is a file with its
/// reader, its lines in this file and a fixture with its test.
static READERS: &[Reader] = &[
    gmail::READER,
    button_state::BALABIT,
    button_state::SAPIMOUSE,
    bank::READER,
    button_state::DFL,
    pynput::READER,
    jspsych::READER,
    psychopy::READER,
    mousetrap::READER,
    mousetracker::READER,
    kharagpur::READER,
    jsonl::READER,
];

/// Which recordings they are.
#[derive(Debug, Clone)]
pub struct Format(Which);

#[derive(Debug, Clone)]
enum Which {
    Named(&'static Reader),
    /// Any table, laid out as the parameters say.
    Generic(Box<GenericParams>),
}

/// What a format is called that is described by parameters.
pub(crate) const GENERIC: &str = "generic";

impl Format {
    /// Tables that are laid out as the parameters say.
    pub fn generic(params: GenericParams) -> Self {
        Self(Which::Generic(Box::new(params)))
    }

    /// As `--format` calls it.
    pub const fn name(&self) -> &'static str {
        match &self.0 {
            Which::Named(reader) => reader.name,
            Which::Generic(_) => GENERIC,
        }
    }

    /// The names of all formats that need no parameters.
    pub fn names() -> impl Iterator<Item = &'static str> {
        READERS.iter().map(|reader| reader.name)
    }
}

impl FromStr for Format {
    type Err = Failure;

    /// The format of a name; `generic` is none without its parameters.
    fn from_str(name: &str) -> Result<Self> {
        let found = READERS.iter().find(|reader| reader.name == name);
        found.map(|reader| Self(Which::Named(reader))).ok_or_else(|| {
            let names = Self::names().collect::<Vec<_>>().join(", ");
            Failure::new(FailureKind::Usage, format!("format {name:?} is not one of {names}"))
                .remedy(
                    "Any other table: --format generic, and options that say how it is laid out.",
                )
        })
    }
}

/// So many of a thing, in words: "1 row", "2 rows".
fn counted(count: u64, thing: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{end}")
}

/// How strictly recordings are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadParams {
    /// A row that cannot be read is an error instead of a count.
    pub strict: bool,
}

/// Finds the sessions of all users below the inputs, which are files or folders. No event is read
/// yet, but what repeats and which rows belong together is known afterwards.
///
/// # Errors
/// When an input is missing, holds no such recordings, has another header, was damaged by a
/// spreadsheet, or names a user under two spellings.
pub fn open(format: &Format, inputs: &[PathBuf], params: ReadParams) -> Result<Dataset> {
    let FoundFiles { sources, passed } = match &format.0 {
        Which::Named(reader) => discover::files(inputs, &reader.wanted)?,
        Which::Generic(_) => discover::files(inputs, &discover::is_text)?,
    };
    if sources.is_empty() {
        return Err(nothing(format, inputs, &passed));
    }
    let users = match &format.0 {
        Which::Named(reader) => {
            let layouts: Vec<_> = (reader.layouts)().into_iter().map(Arc::new).collect();
            (reader.plan)(sources, &layouts)
        }
        Which::Generic(generic) => generic::plan(generic, sources),
    };
    let users = users.map_err(naming_the_format)?;
    let notes = passed.note().into_iter().chain(namesakes::namesakes(&users));
    let notes = notes.chain(passed.note_of_links());
    let notes = notes.chain(generic::unread_users(&users)).collect();
    Dataset::new(users, params, notes)
}

/// The failure with another format named, if the file is of one.
fn naming_the_format(failure: Failure) -> Failure {
    let cause = std::error::Error::source(&failure).and_then(|one| one.downcast_ref());
    let remedy = cause.and_then(|cause: &NoLayoutFits| {
        let names = registry::that_reads(&cause.source)?;
        Some(cause.remedy(&format!("It looks like --format {names}.")))
    });
    remedy.into_iter().fold(failure, Failure::remedy)
}

/// The failure of inputs without a recording; what lies there instead is named.
fn nothing(format: &Format, inputs: &[PathBuf], passed: &Passed) -> Failure {
    const USUAL: &str = "Give the folder that holds the recordings, and its --format.";
    const ENDINGS: &str = "Recordings are known by their endings: .csv, .tsv, .txt and .log of \
                           tables, each also as .gz or in a .zip. A file that is named itself is \
                           always read.";
    let inputs = inputs.iter().map(|input| passed::shown(input)).collect::<Vec<_>>().join(", ");
    let there = passed.list().map_or_else(String::new, |list| format!("; what is there: {list}"));
    let usual = if there.is_empty() { USUAL } else { ENDINGS };
    let remedy =
        passed.first().and_then(|path| reader_of(path, format)).unwrap_or_else(|| usual.into());
    Failure::new(FailureKind::NoInput, format!("{inputs}: no recording of this format{there}"))
        .remedy(remedy)
}

/// What reads a file that was found, if it is known.
fn reader_of(path: &Path, format: &Format) -> Option<String> {
    if let Some(remedy) = foreign::by_whole_ending(&path.to_string_lossy()) {
        return Some(remedy.to_owned());
    }
    let names = registry::that_reads(&Source::file(path.to_owned()))?;
    if matches!(format.0, Which::Named(reader) if reader.name == names) {
        return Some(
            "It holds recordings of this format, but its name ends otherwise: name the file itself."
                .into(),
        );
    }
    Some(format!("It looks like --format {names}."))
}
