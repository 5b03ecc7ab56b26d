//! A dataset's people as protocols see them: sessions of windows, cut as the agent cuts.

use crate::data::formats::{Dataset, Dropped, RecordedSession as Recorded};
use crate::error::Result;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Window, WindowParams};

/// Somebody and all that is known of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProtocolUser {
    /// As the dataset calls them.
    pub id: String,
    /// Their own sessions, in the order of time.
    pub sessions: Vec<SessionWindows>,
    /// Labelled sessions of the dataset's test files that claim to be theirs.
    pub claims: Vec<SessionWindows>,
}

/// One session's windows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionWindows {
    /// Unique within its person.
    pub id: String,
    /// Whether the person made it; only a claim can be another's.
    pub genuine: bool,
    /// In the order of time; may be empty.
    pub windows: Vec<Window>,
}

impl ProtocolUser {
    /// Windows of all own sessions.
    pub fn windows(&self) -> usize {
        self.sessions.iter().map(|session| session.windows.len()).sum()
    }
}

/// Reads and cuts everybody; `progress` is told who is being read, and of how many. What was left
/// out comes back too.
///
/// # Errors
/// When a recording cannot be read.
pub fn read_users(
    dataset: &Dataset,
    params: WindowParams,
    progress: &mut dyn FnMut(&str, usize),
) -> Result<(Vec<ProtocolUser>, Dropped)> {
    let mut dropped = Dropped::default();
    let mut cut = |session: Recorded| {
        dropped.absorb(&session.dropped);
        let (windows, _) = if session.events.is_empty() {
            Default::default()
        } else {
            cut_recording(params, session.signals())
        };
        SessionWindows { id: session.id, genuine: session.genuine != Some(false), windows }
    };
    let mut people = Vec::new();
    for user in dataset.users() {
        progress(user.id(), dataset.users().len());
        let own: Result<Vec<_>> = dataset.sessions(user).map(|s| Ok(cut(s?))).collect();
        let labelled = user.claims().iter().filter(|plan| plan.genuine().is_some());
        let claims: Result<Vec<_>> =
            labelled.map(|plan| Ok(cut(dataset.read(user, plan)?))).collect();
        people.push(ProtocolUser { id: user.id().to_owned(), sessions: own?, claims: claims? });
    }
    Ok((people, dropped))
}
