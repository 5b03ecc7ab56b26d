//! The people of a dataset, as every command that trains on one reads them: their own sessions, cut
//! into windows. Says on stderr what was left out.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::data::formats::{Dataset, Dropped, Format, GenericParams, ReadParams, User, open};
use crate::error::{Failure, Kind, Result};
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Window, WindowParams};

/// Arguments about the dataset.
#[derive(Debug, Clone, Default, Args)]
pub struct InputArgs {
    /// The dataset's folder; without it, your own recordings
    pub folder: Option<PathBuf>,
    /// The dataset's format: gmail, balabit, sapimouse, bank, dfl
    #[arg(long, requires = "folder", conflicts_with = "layout")]
    format: Option<String>,
    /// A TOML file that describes any other format
    #[arg(long, value_name = "FILE", requires = "folder")]
    layout: Option<PathBuf>,
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
        Self { folder: Some(folder), format: Some(format), layout: None }
    }

    /// The format's name, for a model's provenance.
    ///
    /// # Errors
    /// When it is not named, or its description cannot be read.
    pub fn format(&self) -> Result<Format> {
        if let Some(path) = &self.layout {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::io(format!("layout {name}"), e))?;
            return Ok(Format::Generic(Box::new(GenericParams::from_toml(&name, &text)?)));
        }
        let unnamed = || {
            Failure::new(Kind::Config, "the dataset's format is not named")
                .remedy("Add --format NAME, or --layout FILE.")
        };
        self.format.as_deref().ok_or_else(unnamed)?.parse()
    }

    /// Opens the dataset in `folder`.
    ///
    /// # Errors
    /// When it is not there or not of the named format.
    pub fn open(&self, folder: &Path) -> Result<Dataset> {
        open(&self.format()?, &[folder.to_owned()], ReadParams::default())
    }
}

/// Everybody's windows.
///
/// # Errors
/// When a recording cannot be read.
pub fn everybody(dataset: &Dataset, params: WindowParams) -> Result<Vec<Subject>> {
    let subject = |user: &User| {
        Ok(Subject { name: user.id().to_owned(), sessions: windows_of(dataset, user, params)? })
    };
    dataset.users().iter().map(subject).collect()
}

/// One person's windows, a list a session.
///
/// # Errors
/// When a recording cannot be read.
pub fn windows_of(
    dataset: &Dataset,
    user: &User,
    params: WindowParams,
) -> Result<Vec<Vec<Window>>> {
    let (mut sessions, mut dropped) = (Vec::new(), Dropped::default());
    for session in dataset.sessions(user) {
        let session = session?;
        dropped.absorb(&session.dropped);
        if !session.events.is_empty() {
            sessions.push(cut_recording(params, session.signals()).0);
        }
    }
    for (reason, rows) in dropped.by_reason() {
        eprintln!("{}: {rows} rows left out: {}", user.id(), reason.name());
    }
    for place in dropped.places().iter().filter(|place| place.reason.is_fault()) {
        eprintln!("  {place}");
    }
    Ok(sessions)
}
