//! `purge`: removes what is stored about the owner, as far as the inventory knows it, and names
//! every file.
//!
//! # Invariants
//! A running agent is never pulled the ground from under its feet.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::context::{Context, socket};
use super::keys;
use super::output;
use super::privacy::inventory::{self, Holding, StoredPart};
use super::privacy::size;
use crate::agent::control::{self, ControlRequest};
use crate::agent::instance;
use crate::agent::saved;
use crate::error::{Failure, FailureKind, Result};

/// Arguments of `purge`.
#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// What goes
    #[arg(value_enum)]
    what: PurgeTarget,
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

/// What goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PurgeTarget {
    /// The recordings of your enrolments; the model stays
    Recordings,
    /// The recordings by the running agent
    Watched,
    /// History of decisions, journal and metrics
    History,
    /// The model; the agent cannot watch without it
    Model,
    /// All of these and the configuration
    Everything,
}

impl PurgeTarget {
    fn takes(self, part: StoredPart) -> bool {
        match self {
            Self::Recordings => part == StoredPart::Recordings,
            Self::Watched => part == StoredPart::Watched,
            Self::History => matches!(part, StoredPart::History | StoredPart::Metrics),
            Self::Model => part == StoredPart::Model,
            Self::Everything => true,
        }
    }
}

impl PurgeArgs {
    /// Removes it, after asking.
    ///
    /// # Errors
    /// When an agent runs, the person says no, or a file cannot be removed.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        let purge = Purge { what: self.what, dry_run: self.dry_run };
        purge.perform(&context, self.yes)
    }
}

/// A removal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purge {
    /// What goes.
    pub what: PurgeTarget,
    /// Whether it is only listed.
    pub dry_run: bool,
}

impl Purge {
    /// Lists what goes, asks unless `agreed`, and removes it.
    ///
    /// # Errors
    /// As [`PurgeArgs::run`].
    pub(super) fn perform(self, context: &Context, agreed: bool) -> Result<()> {
        let holdings: Vec<_> = inventory::all(context)?
            .into_iter()
            .filter(|holding| self.what.takes(holding.part) && holding.files > 0)
            .collect();
        if holdings.is_empty() {
            return output::line("Nothing of that is stored.");
        }
        for holding in &holdings {
            let Holding { name, path, files, bytes, .. } = holding;
            let count = if *files == 1 { "1 file".into() } else { format!("{files} files") };
            let path = path.display();
            output::line(&format!("  remove  {path} ({name}: {count}, {})", size(*bytes)))?;
        }
        if self.dry_run {
            return output::line("Nothing was removed.");
        }
        refuse_while_running(context)?;
        if !agreed && !asked()? {
            return output::line("Nothing was removed.");
        }
        // The key goes with the last file that needs it.
        let things = holdings.iter().filter(|holding| holding.part != StoredPart::Key);
        things.map(|holding| &holding.path).try_for_each(|path| remove(path))?;
        forget_session(context);
        keys::forget_unused(context)?;
        forget_folders(context);
        output::line("Removed. Backups and snapshots of your disk may still hold copies.")
    }
}

fn refuse_while_running(context: &Context) -> Result<()> {
    let paths = &context.paths;
    if instance::holder(&paths.enrol_lock()).is_some() {
        return Err(Failure::new(
            FailureKind::Busy,
            "an enrolment is going on and writes to these files",
        )
        .remedy("End it first, with Ctrl-C or by its icon."));
    }
    let answer = control::ask(&socket(paths), &ControlRequest::Status);
    let is_silent = answer.is_err_and(|failure| failure.kind() == FailureKind::Unavailable);
    if is_silent && instance::holder(&paths.data_lock()).is_none() {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Busy, "mousewarden is running and writes to these files")
        .remedy("`mousewarden stop` first."))
}

fn asked() -> Result<bool> {
    if !io::stdin().is_terminal() {
        let what = "nobody can be asked whether to remove this";
        return Err(Failure::new(FailureKind::Unavailable, what).remedy("Say --yes."));
    }
    eprint!("Remove this for good? [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|e| Failure::io("reading your answer", e))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(|e| Failure::io(path.display(), e))?;
    // What the database keeps beside itself while it is open, or after a crash.
    for tail in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(tail);
        let _ = fs::remove_file(beside);
    }
    Ok(())
}

/// Removes what an agent that has ended left behind for its session.
fn forget_session(context: &Context) {
    let paths = &context.paths;
    let state = paths.runtime().join(saved::NAME);
    let locks = [paths.data_lock(), paths.enrol_lock(), paths.lock(), state];
    locks.iter().for_each(|lock| drop(fs::remove_file(lock)));
}

/// Removes the folders in which nothing is left.
fn forget_folders(context: &Context) {
    let paths = &context.paths;
    // Whatever else lies there is not ours.
    let below = ["watched/recordings", "watched", "recordings"];
    let below = below.map(|name| paths.data().join(name));
    for folder in below.iter().map(PathBuf::as_path).chain([paths.runtime(), paths.data()]) {
        let _ = fs::remove_dir(folder);
    }
    // A configuration that the person named may lie in a folder of theirs.
    if let Some(folder) = paths.config().parent().filter(|_| !paths.config_named()) {
        let _ = fs::remove_dir(folder);
    }
}
