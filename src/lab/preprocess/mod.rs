//! Recordings to perception windows: one array file a user, and a summary that says what became of
//! every row. Cuts as the agent does; the terminal is the caller's business.

mod all_events;
mod lengths;
#[cfg(feature = "columnar")]
mod rows;
mod spool;
mod summary;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use summary::{Quartiles, UserSummary};

use self::spool::Spool;
use crate::data::formats::{Dataset, RecordedSession, SessionPlan, User, file_stem};
use crate::data::npz::check_writable;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::event::Micros;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Steps, Timestamp, WindowParams};

/// What the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// Arrays, padded with zeros.
    #[default]
    Npz,
    /// A table, a row a window, its steps as lists.
    #[cfg(feature = "columnar")]
    Parquet,
}

impl Output {
    const fn ending(self) -> &'static str {
        match self {
            Self::Npz => "npz",
            #[cfg(feature = "columnar")]
            Self::Parquet => "parquet",
        }
    }
}

/// How recordings become windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreprocessParams {
    /// How movement is cut.
    #[serde(flatten)]
    pub windows: WindowParams,
    /// Clicks and the wheel are steps too, as in the notebooks of the research; the agent never
    /// cuts so.
    pub all_events: bool,
    /// Leave out windows whose length is more than 1.5 interquartile ranges away from the quartiles
    /// of their user.
    pub iqr_filter: bool,
    /// Pad all windows with zeros to this many steps; 0: to the longest of their user.
    pub pad: usize,
    /// What the files are.
    pub output: Output,
}

impl Default for PreprocessParams {
    fn default() -> Self {
        let windows = WindowParams { thin_ms: 0, ..WindowParams::default() };
        Self { windows, all_events: false, iqr_filter: false, pad: 0, output: Output::Npz }
    }
}

/// One window on its way to the file.
#[derive(Debug, Clone, PartialEq)]
struct Cut {
    started_at: Timestamp,
    movement: Micros,
    steps: Steps,
}

/// How far it is, after each session.
#[derive(Debug, Clone, Copy)]
pub struct PreprocessProgress<'a> {
    /// Whose session it was.
    pub user: &'a str,
    /// Sessions read.
    pub done: usize,
    /// Sessions in all.
    pub total: usize,
}

/// Writes `<out>/<user>.npz` for each user, or for the users of `only` if it names any; sessions
/// that merely claim to be a user's go to `<user>.claims.npz`. A table ends in `.parquet` and has
/// the columns of `data::parquet`, a feature. Arrays: `windows` float32
/// `[N, T, 3]` (dx px, dy px, dt ms, zeros behind the end), `lengths` int32 `[N]`, `session` int32
/// `[N]` (index into the next two), `session_names` text `[S]`, `genuine` int8 `[S]` (1 yes, 0 no,
/// -1 unknown), `start_us` int64 `[N]`. One session is in memory at a time, and 24 bytes a window.
///
/// # Errors
/// When a recording cannot be read, nothing can be written, or `only` names nobody.
pub fn preprocess(
    dataset: &Dataset,
    params: &PreprocessParams,
    only: &[String],
    out: &Path,
    progress: &mut dyn FnMut(PreprocessProgress<'_>),
) -> Result<Vec<UserSummary>> {
    params.windows.validate().map_err(|wrong| Failure::new(FailureKind::Usage, wrong))?;
    if params.pad > 0 && params.output != Output::Npz {
        return Err(Failure::new(FailureKind::Usage, "--pad: a table has no padding")
            .remedy("Omit it, or write arrays."));
    }
    let users = chosen(dataset, only)?;
    check_writable(out)?;
    let total = users.iter().map(|user| user.sessions().len() + user.claims().len()).sum();
    let mut done = 0;
    let mut summaries = Vec::new();
    let mut count = |user: &User| {
        done += 1;
        progress(PreprocessProgress { user: user.id(), done, total });
    };
    for user in users {
        for (plans, is_claim) in [(user.sessions(), false), (user.claims(), true)] {
            if plans.is_empty() {
                continue;
            }
            let part = Part { dataset, user, plans, is_claim };
            summaries.push(part.write(params, out, &mut || count(user))?);
        }
    }
    Ok(summaries)
}

fn chosen<'a>(dataset: &'a Dataset, only: &[String]) -> Result<Vec<&'a User>> {
    only.iter().try_for_each(|id| dataset.find(id).map(drop))?;
    Ok(dataset
        .users()
        .iter()
        .filter(|user| only.is_empty() || only.iter().any(|id| id == user.id()))
        .collect())
}

fn file_name(user: &User, is_claim: bool, output: Output) -> PathBuf {
    let claims = if is_claim { ".claims" } else { "" };
    PathBuf::from(format!("{}{claims}.{}", file_stem(user.id()), output.ending()))
}

/// A user's own sessions, or those claimed to be.
struct Part<'a> {
    dataset: &'a Dataset,
    user: &'a User,
    plans: &'a [SessionPlan],
    is_claim: bool,
}

impl Part<'_> {
    fn write(
        &self,
        params: &PreprocessParams,
        out: &Path,
        read: &mut dyn FnMut(),
    ) -> Result<UserSummary> {
        let mut summary = UserSummary::new(self.user.id(), self.is_claim);
        let mut spool = Spool::new(out)?;
        for plan in self.plans {
            let session = self.dataset.read(self.user, plan)?;
            spool.begin(&session);
            for cut in cut(&session, params) {
                spool.push(&cut)?;
            }
            summary.add(&session);
            read();
        }
        let kept = lengths::kept(&spool.lengths(), params.iqr_filter);
        summary.close(&spool, &kept);
        let name = file_name(self.user, self.is_claim, params.output);
        let path = out.join(&name);
        match params.output {
            Output::Npz => spool.write(&path, &kept, params.pad)?,
            #[cfg(feature = "columnar")]
            Output::Parquet => rows::write(spool, &path, &kept)?,
        }
        summary.file = name;
        Ok(summary)
    }
}

fn cut(session: &RecordedSession, params: &PreprocessParams) -> Vec<Cut> {
    if params.all_events {
        return session.parts().flat_map(|part| all_events::cut(part, &params.windows)).collect();
    }
    let (windows, _) = cut_recording(params.windows, session.signals());
    let cut = windows.iter().map(|window| Cut {
        started_at: window.started_at(),
        movement: window.movement(),
        steps: Steps::from(window),
    });
    cut.collect()
}
