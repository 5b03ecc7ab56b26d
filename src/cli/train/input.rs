//! The people of a dataset, as every command that trains on one reads them: their own sessions, cut
//! into windows. Says on stderr what was left out.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::left_out;
use crate::cli::preprocess::layout::FormatArgs;
use crate::data::formats::{Dataset, Dropped, Format, ReadParams, User};
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Window, WindowParams};

/// Arguments about the dataset.
#[derive(Debug, Clone, Default, Args)]
pub struct InputArgs {
    /// The dataset's folder; without it, your own recordings
    pub folder: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

/// One person of a dataset.
#[derive(Debug, Clone)]
pub struct Subject {
    /// As the dataset calls them.
    pub name: String,
    /// Their windows, a list a session, in order of time.
    pub sessions: Vec<Vec<Window>>,
}

impl InputArgs {
    /// A dataset that other arguments name.
    pub const fn of(folder: PathBuf, format: String) -> Self {
        Self { folder: Some(folder), format: FormatArgs::named(format) }
    }

    /// The format.
    ///
    /// # Errors
    /// When it is not named, its description cannot be read, or there is nothing to be read by it.
    pub fn format(&self) -> Result<Format> {
        self.format.format()
    }

    /// Refuses a format without recordings.
    ///
    /// # Errors
    /// When a format is named, but no folder.
    pub fn check(&self) -> Result<()> {
        if self.folder.is_some() || self.format.is_empty() {
            return Ok(());
        }
        Err(Failure::new(FailureKind::Usage, "a format is named, but no folder of recordings")
            .remedy("Name the folder too, or leave the format out for your own recordings."))
    }

    /// Opens the dataset in `folder`.
    ///
    /// # Errors
    /// When it is not there or not of the named format.
    pub fn open(&self, folder: &Path) -> Result<Dataset> {
        left_out::open(&self.format()?, &[folder.to_owned()], ReadParams::default())
    }
}

/// Everybody's windows.
///
/// # Errors
/// When a recording cannot be read.
pub fn everybody(dataset: &Dataset, params: WindowParams) -> Result<Vec<Subject>> {
    dataset
        .users()
        .iter()
        .map(|user| {
            Ok(Subject { name: user.id().to_owned(), sessions: windows_of(dataset, user, params)? })
        })
        .collect()
}

/// One person's windows, a list a session.
///
/// # Errors
/// When a recording cannot be read.
pub(crate) fn windows_of(
    dataset: &Dataset,
    user: &User,
    params: WindowParams,
) -> Result<Vec<Vec<Window>>> {
    let mut sessions = Vec::new();
    let mut dropped = Dropped::default();
    for session in dataset.sessions(user) {
        let session = session?;
        dropped.absorb(&session.dropped);
        if !session.events.is_empty() {
            sessions.push(cut_recording(params, session.signals()).0);
        }
    }
    left_out::tell(Some(user.id()), &dropped);
    Ok(sessions)
}
