//! A look at recordings before anything is learnt from them: checks first, then each user's and
//! session's path, timeline, pauses, speeds and clicks, then features of the users beside each
//! other. Nothing is cut into windows and nothing is judged.
//!
//! One session is in memory at a time; what is kept of it is a row of facts and, for the sessions
//! that will be drawn, a thinned trace.

mod checks;
mod compare;
mod facts;
mod kind;
mod path;
mod report;
mod spread;
mod timeline;
mod trace;
mod user;

pub use checks::DataCheck;
pub use facts::SessionFacts;
pub use kind::EventType;
pub use path::legend;
pub use report::{Drawing, page, single_pictures};
pub use user::UserSurvey;

use crate::data::formats::{Dataset, User};
use crate::error::Result;

/// How much is drawn. Checks, facts and distributions always cover everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExploreParams {
    /// Users with a section and pictures.
    pub users: usize,
    /// Sessions drawn for each of them.
    pub sessions: usize,
    /// Events drawn of a session's path; beyond, positions close to the one before are left out.
    pub events: usize,
}

impl Default for ExploreParams {
    fn default() -> Self {
        Self { users: 20, sessions: 6, events: 700 }
    }
}

/// What was found in recordings.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// As `--format` calls it.
    pub format: String,
    /// How much was to be drawn.
    pub params: ExploreParams,
    /// In the order of the dataset.
    pub users: Vec<UserSurvey>,
    /// Sessions that only claim to be a user's; they are counted and not looked at.
    pub claims: usize,
}

/// How far a survey is.
#[derive(Debug, Clone, Copy)]
pub struct SurveyProgress<'a> {
    /// Whose session was read last.
    pub user: &'a str,
    /// Sessions read.
    pub done: usize,
    /// Sessions in all.
    pub total: usize,
}

/// Reads all sessions of the users in `only`, or of all users if it names none.
///
/// # Errors
/// When `only` names nobody, or a recording cannot be read.
pub fn survey(
    dataset: &Dataset,
    format: &str,
    params: ExploreParams,
    only: &[String],
    progress: &mut dyn FnMut(SurveyProgress<'_>),
) -> Result<Survey> {
    only.iter().try_for_each(|id| dataset.find(id).map(drop))?;
    let wanted = |user: &&User| only.is_empty() || only.iter().any(|id| id == user.id());
    let chosen: Vec<_> = dataset.users().iter().filter(wanted).collect();
    let total = chosen.iter().map(|user| user.sessions().len()).sum();
    let (mut done, mut users) = (0, Vec::new());
    for (place, user) in chosen.iter().enumerate() {
        let drawn = if place < params.users { params.sessions } else { 0 };
        let mut found = UserSurvey::new(user.id());
        for session in dataset.sessions(user) {
            found.add(&session?, drawn, params.events);
            done += 1;
            progress(SurveyProgress { user: user.id(), done, total });
        }
        users.push(found);
    }
    let claims = chosen.iter().map(|user| user.claims().len()).sum();
    Ok(Survey { format: format.to_owned(), params, users, claims })
}
