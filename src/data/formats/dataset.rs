//! What `open` found: users, their sessions, and the way to read one session at a time. One
//! session's events are in memory, of the others names and places.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ReadParams;
use super::dropped::Dropped;
use super::read::Reading;
use super::table::{LineSpan, Table};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::{Boundary, MouseEvent, Signal, Timestamp};

/// Recordings of several users.
#[derive(Debug)]
pub struct Dataset {
    users: Vec<User>,
    params: ReadParams,
    notes: Vec<String>,
}

/// One user of a dataset.
#[derive(Debug)]
pub struct User {
    pub(super) id: String,
    pub(super) sessions: Vec<SessionPlan>,
    pub(super) claims: Vec<SessionPlan>,
}

impl User {
    /// As the dataset calls them: a folder's name or a column's text, never a number made of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the dataset says is this user's own, in the order of time or of the files' numbers.
    pub fn sessions(&self) -> &[SessionPlan] {
        &self.sessions
    }

    /// Sessions that only claim to be this user's: test files, labelled or not. Never to be
    /// learnt from as the user's own.
    pub fn claims(&self) -> &[SessionPlan] {
        &self.claims
    }
}

/// Where one session lies.
#[derive(Debug, Clone)]
pub struct SessionPlan {
    pub(super) id: String,
    pub(super) pieces: Vec<FileRange>,
    pub(super) genuine: Option<bool>,
    pub(super) repeated: u64,
    /// Whether it is all of its file.
    pub(super) is_file: bool,
}

impl SessionPlan {
    /// Unique within its user.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the user made it; `None` where the dataset doesn't say.
    pub const fn genuine(&self) -> Option<bool> {
        self.genuine
    }
}

/// A stretch of a file that belongs to a session.
#[derive(Debug, Clone)]
pub(super) struct FileRange {
    pub table: Arc<Table>,
    pub span: LineSpan,
}

/// One session, read.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSession {
    /// Whose it is, or is claimed to be.
    pub user: String,
    /// Unique within its user.
    pub id: String,
    /// Whether the user made it; `None` where the dataset doesn't say.
    pub genuine: Option<bool>,
    /// In the order of time. A part whose clock was set back, or began anew, follows a second
    /// behind the part before it.
    pub events: Vec<MouseEvent>,
    /// Where such parts begin.
    pub(super) cuts: Vec<usize>,
    /// Rows of its files: events and dropped ones, headers not counted.
    pub rows: u64,
    /// Events that stood behind a later one in the file, before they were put in order.
    pub backwards: u64,
    /// What was left out.
    pub dropped: Dropped,
}

impl RecordedSession {
    /// The time of the first event, in microseconds since the format's origin.
    pub fn start(&self) -> Option<Timestamp> {
        self.events.first().map(|event| event.at)
    }

    /// Stretches of one clock; no movement goes on from one into the next.
    pub fn parts(&self) -> impl Iterator<Item = &[MouseEvent]> {
        parts(&self.events, &self.cuts)
    }

    /// The session as the pipeline takes it: of each part a start, then the events.
    pub fn signals(&self) -> impl Iterator<Item = Signal> + '_ {
        self.parts().flat_map(|part| {
            let at = part.first().map(|event| event.at);
            let start = at.map(|at| Signal::Boundary { at, kind: Boundary::Start });
            start.into_iter().chain(part.iter().copied().map(Signal::Mouse))
        })
    }
}

/// Events up to and from each cut.
pub(super) fn parts<'a>(
    events: &'a [MouseEvent],
    cuts: &'a [usize],
) -> impl Iterator<Item = &'a [MouseEvent]> {
    let begins = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([events.len()]);
    begins.zip(ends).map(|(begin, end)| &events[begin..end]).filter(|part| !part.is_empty())
}

impl Dataset {
    pub(super) fn new(users: Vec<User>, params: ReadParams, notes: Vec<String>) -> Result<Self> {
        check_spelling(&users)?;
        Ok(Self { users, params, notes })
    }

    /// What to know before anything is read: files that no reader took, folders of one name that
    /// count as one user.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The users in natural order: `user2` before `user10`.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The user of an id.
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The user of an id that somebody asked for.
    ///
    /// # Errors
    /// When nobody is called so; names a few who are there.
    pub fn find(&self, id: &str) -> Result<&User> {
        self.user(id).ok_or_else(|| {
            let some: Vec<&str> = self.users.iter().map(User::id).take(8).collect();
            let count = self.users.len();
            Failure::new(
                FailureKind::NoInput,
                format!("nobody is called {id:?} in these recordings"),
            )
            .remedy(format!("Among their {count} users are: {}.", some.join(", ")))
        })
    }

    /// A user's own sessions, each read when it is asked for.
    pub fn sessions<'a>(
        &'a self,
        user: &'a User,
    ) -> impl Iterator<Item = Result<RecordedSession>> + 'a {
        user.sessions.iter().map(|plan| self.read(user, plan))
    }

    /// Reads one session.
    ///
    /// # Errors
    /// When its files cannot be read, have lost digits, or are rows of which most are none, or, if
    /// reading is strict, at the first row that is not understood.
    pub fn read(&self, user: &User, plan: &SessionPlan) -> Result<RecordedSession> {
        let mut reading = Reading::new(self.params.strict, plan.repeated);
        for piece in &plan.pieces {
            reading.piece(piece)?;
        }
        let told = reading.finish(plan)?;
        Ok(RecordedSession {
            user: user.id.clone(),
            id: plan.id.clone(),
            genuine: plan.genuine,
            events: told.events,
            cuts: told.cuts,
            rows: told.rows,
            backwards: told.backwards,
            dropped: told.dropped,
        })
    }
}

/// One user under two names would be taught as the owner and as an impostor.
fn check_spelling(users: &[User]) -> Result<()> {
    let mut spellings = BTreeMap::new();
    for user in users {
        let other = spellings.insert(user.id.trim().to_lowercase(), &user.id);
        if let Some(other) = other {
            let what = format!("users {other:?} and {:?}: one label under two spellings", user.id);
            return Err(Failure::new(FailureKind::Data, what).remedy("Rename one of them."));
        }
    }
    Ok(())
}
