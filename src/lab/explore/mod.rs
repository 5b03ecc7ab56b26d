//! A look at recordings before anything is learnt from them: checks first, then each user's and
//! session's path, timeline, pauses, speeds and clicks, then features of the users beside each
//! other.
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

pub(crate) use checks::DataCheck;
pub(crate) use facts::SessionFacts;
pub(crate) use report::page;
pub(crate) use report::single_pictures;
pub(crate) use user::UserSurvey;

use crate::data::formats::Dataset;
use crate::error::Result;

/// How much is drawn. Checks, facts and distributions always cover everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExploreParams {
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
pub(crate) struct Survey {
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
pub(crate) struct SurveyProgress<'a> {
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
pub(crate) fn survey(
    dataset: &Dataset,
    format: &str,
    params: ExploreParams,
    only: &[String],
    progress: &mut dyn FnMut(SurveyProgress<'_>),
) -> Result<Survey> {
    only.iter().try_for_each(|id| dataset.find(id).map(drop))?;
    let chosen: Vec<_> = dataset
        .users()
        .iter()
        .filter(|user| only.is_empty() || only.iter().any(|id| id == user.id()))
        .collect();
    let total = chosen.iter().map(|user| user.sessions().len()).sum();
    let mut done = 0;
    let mut users = Vec::new();
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
