//! What `open` found: users, their sessions, and the way to read one session at a time. Holds file
//! names and places, never more than one session's events.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ReadParams;
use super::dropped::{Dropped, Place, Reason};
use super::layout::{Fault, Layout, Row};
use super::table::{Rows, Span, Table};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::event::sort_recording;
use crate::pipeline::{Boundary, MouseEvent, Signal, Timestamp};

/// Recordings of several users.
#[derive(Debug)]
pub struct Dataset {
    layout: Layout,
    users: Vec<User>,
    params: ReadParams,
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
    pub(super) pieces: Vec<Piece>,
    pub(super) genuine: Option<bool>,
    pub(super) repeated: u64,
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
pub(super) struct Piece {
    pub table: Arc<Table>,
    pub span: Span,
}

/// One session, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Whose it is, or is claimed to be.
    pub user: String,
    /// Unique within its user.
    pub id: String,
    /// Whether the user made it; `None` where the dataset doesn't say.
    pub genuine: Option<bool>,
    /// In the order of time.
    pub events: Vec<MouseEvent>,
    /// Rows of its files: events and dropped ones, headers not counted.
    pub rows: u64,
    /// Events that stood behind a later one in the file, before they were put in order.
    pub backwards: u64,
    /// What was left out.
    pub dropped: Dropped,
}

impl Session {
    /// The time of the first event, in microseconds since the format's origin.
    pub fn start(&self) -> Option<Timestamp> {
        self.events.first().map(|event| event.at)
    }

    /// The session as the pipeline takes it: a start, then the events.
    pub fn signals(&self) -> impl Iterator<Item = Signal> + '_ {
        let start = self.start().map(|at| Signal::Boundary { at, kind: Boundary::Start });
        start.into_iter().chain(self.events.iter().copied().map(Signal::Mouse))
    }
}

impl Dataset {
    pub(super) fn new(layout: Layout, users: Vec<User>, params: ReadParams) -> Result<Self> {
        check_spelling(&users)?;
        Ok(Self { layout, users, params })
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
            Failure::new(Kind::NoInput, format!("nobody is called {id:?} in these recordings"))
                .remedy(format!("Among their {count} users are: {}.", some.join(", ")))
        })
    }

    /// A user's own sessions, each read when it is asked for.
    pub fn sessions<'a>(&'a self, user: &'a User) -> impl Iterator<Item = Result<Session>> + 'a {
        user.sessions.iter().map(|plan| self.read(user, plan))
    }

    /// Reads one session.
    ///
    /// # Errors
    /// When its files cannot be read, were damaged by a spreadsheet, or, if reading is strict, at
    /// the first row that is not understood.
    pub fn read(&self, user: &User, plan: &SessionPlan) -> Result<Session> {
        let mut session = Session {
            user: user.id.clone(),
            id: plan.id.clone(),
            genuine: plan.genuine,
            events: Vec::new(),
            rows: plan.repeated,
            backwards: 0,
            dropped: Dropped::default(),
        };
        session.dropped.add(Reason::Repeated, plan.repeated);
        for piece in &plan.pieces {
            self.read_piece(piece, &mut session)?;
        }
        let pairs = session.events.windows(2);
        session.backwards = pairs.filter(|pair| pair[1].at < pair[0].at).count() as u64;
        sort_recording(&mut session.events);
        Ok(session)
    }

    fn read_piece(&self, piece: &Piece, session: &mut Session) -> Result<()> {
        let mut rows = piece.table.rows(piece.span)?;
        while let Some(record) = rows.next()? {
            let row = Row { record, places: &piece.table.places };
            match self.layout.decode.event(&row) {
                Ok(event) => session.events.push(event),
                Err(_) if piece.table.is_header(record) => continue,
                Err(fault) => self.leave_out(fault, &piece.table, &rows, &mut session.dropped)?,
            }
            session.rows += 1;
        }
        Ok(())
    }

    fn leave_out(
        &self,
        fault: Fault,
        table: &Table,
        rows: &Rows<'_>,
        dropped: &mut Dropped,
    ) -> Result<()> {
        let at = |wrong: &str| format!("{}:{}: {wrong}", table.path.display(), rows.line());
        match fault {
            Fault::Damaged(wrong) => Err(damaged(at(&wrong))),
            Fault::Drop(reason, wrong) if self.params.strict && reason.is_fault() => {
                Err(Failure::new(Kind::Data, at(&wrong))
                    .remedy("Mend the row, or read without --strict."))
            }
            Fault::Drop(reason, wrong) => {
                dropped.add(reason, 1);
                let (file, line) = (table.path.clone(), rows.line());
                dropped.name(reason, || Place { file, line, reason, wrong });
                Ok(())
            }
        }
    }
}

/// The failure of a file that a spreadsheet saved.
pub(super) fn damaged(what: String) -> Failure {
    Failure::new(Kind::Data, what).remedy("Use the original file; what was rounded is lost.")
}

/// One user under two names would be taught as the owner and as a stranger.
fn check_spelling(users: &[User]) -> Result<()> {
    let mut spellings = BTreeMap::new();
    for user in users {
        let other = spellings.insert(user.id.trim().to_lowercase(), &user.id);
        if let Some(other) = other {
            let what = format!("users {other:?} and {:?}: one label under two spellings", user.id);
            return Err(Failure::new(Kind::Data, what).remedy("Rename one of them."));
        }
    }
    Ok(())
}
