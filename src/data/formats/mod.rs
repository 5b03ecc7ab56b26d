//! Public recordings of mouse use: one reader a format, and one that is told how a table is laid
//! out. They parse, sort by time where a format needs it and count what they leave out; no window
//! is cut here and no movement is altered.
//!
//! | format | one session is | user | time |
//! |---|---|---|---|
//! | `gmail` | what `<user>/session_k.csv` adds to the file before it | folder | ms, Unix epoch |
//! | `balabit` | a file `<user>/session_*`; those below `test_files` are claims | folder | s |
//! | `sapimouse` | a file `<user>/session_*.csv` | folder | ms since page load |
//! | `bank` | the rows of a `session_id` | column `user_id` | ms, Unix epoch |
//! | `dfl` | a file `<user>/*.CSV` | folder | ms since the recorder's start |
//! | `generic` | a file, or the rows of a column | a column, the folder or the file | by options |
//!
//! ```no_run
//! use mousewarden::data::formats::{Format, ReadParams, open};
//!
//! # fn main() -> mousewarden::error::Result<()> {
//! let dataset = open(&Format::Gmail, &["recordings/gmail".into()], ReadParams::default())?;
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
mod dataset;
mod discover;
mod dropped;
mod field;
mod generic;
mod gmail;
mod index;
mod layout;
mod table;

pub use bank::kind as bank_kind;
pub use dataset::{Dataset, Session, SessionPlan, User};
pub use dropped::{Dropped, Place, Reason};
pub use field::TimeUnit;
pub use generic::{GenericParams, UserFrom};

use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{Failure, Kind, Result};

/// Which recordings they are.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// Gmail in a browser; session files that repeat each other.
    Gmail,
    /// Balabit Mouse Dynamics Challenge: administrators over remote desktops.
    Balabit,
    /// SapiMouse: a 3-minute and a 1-minute session a user.
    Sapimouse,
    /// Sessions in a demo banking application, all users in one table.
    Bank,
    /// DFL: free use for weeks.
    Dfl,
    /// Any table, laid out as the parameters say.
    Generic(Box<GenericParams>),
}

impl Format {
    /// As `--format` calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::Balabit => "balabit",
            Self::Sapimouse => "sapimouse",
            Self::Bank => "bank",
            Self::Dfl => "dfl",
            Self::Generic(_) => "generic",
        }
    }
}

impl FromStr for Format {
    type Err = Failure;

    /// The format of a name; `generic` is none without its parameters.
    fn from_str(name: &str) -> Result<Self> {
        let named = [Self::Gmail, Self::Balabit, Self::Sapimouse, Self::Bank, Self::Dfl];
        let names = named.each_ref().map(Self::name).join(", ");
        named.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            Failure::new(Kind::Config, format!("format {name:?} is not one of {names}"))
                .remedy("Any other format needs a file that describes its layout.")
        })
    }
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
    let (layout, users) = match format {
        Format::Gmail => gmail::plan(inputs)?,
        Format::Balabit => button_state::plan_balabit(inputs)?,
        Format::Sapimouse => button_state::plan_sapimouse(inputs)?,
        Format::Dfl => button_state::plan_dfl(inputs)?,
        Format::Bank => bank::plan(inputs)?,
        Format::Generic(generic) => generic::plan(generic, inputs)?,
    };
    Dataset::new(layout, users, params)
}
