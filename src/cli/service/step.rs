//! What an installation consists of, as values: a plan that can be shown before it is carried out.
//! A step that has been done already is said to be so and passed over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::output;
use crate::data::private;
use crate::error::{Failure, Result};
use crate::files;
use crate::platform::service;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InstallStep {
    /// A file with this text.
    Write {
        /// Where.
        path: PathBuf,
        /// What.
        text: String,
    },
    /// A symbolic link.
    Link {
        /// Where.
        path: PathBuf,
        /// To what.
        to: PathBuf,
    },
    /// A folder that only its owner may open.
    Folder(PathBuf),
    /// A file that goes.
    Remove(PathBuf),
    /// A call of a tool of the system: program and arguments.
    Call(Vec<String>),
}

impl InstallStep {
    pub(super) fn call(words: &[&str]) -> Self {
        Self::Call(words.iter().map(ToString::to_string).collect())
    }

    pub(super) fn systemctl(arguments: &[&str]) -> Self {
        Self::call(&[&["systemctl", "--user"], arguments].concat())
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Write { path, text } => files::read_to_string(path).is_ok_and(|old| old == *text),
            Self::Link { path, to } => fs::read_link(path).is_ok_and(|old| old == *to),
            Self::Folder(path) => path.is_dir(),
            Self::Remove(path) => path.symlink_metadata().is_err(),
            Self::Call(_) => false,
        }
    }

    fn verb(&self) -> &'static str {
        match self {
            Self::Write { .. } => "write",
            Self::Folder(_) => "make",
            Self::Link { .. } => "link",
            Self::Remove(_) => "remove",
            Self::Call(_) => "run",
        }
    }

    fn object(&self) -> String {
        match self {
            Self::Write { path, .. } | Self::Folder(path) | Self::Remove(path) => {
                path.display().to_string()
            }
            Self::Link { path, to } => format!("{} -> {}", path.display(), to.display()),
            Self::Call(words) => words.join(" "),
        }
    }

    fn perform(&self) -> Result<()> {
        match self {
            Self::Write { path, text } => write(path, text).map_err(|e| failed(path, e)),
            Self::Link { path, to } => link(path, to).map_err(|e| failed(path, e)),
            Self::Folder(path) => private::folder(path).map_err(|e| failed(path, e)),
            Self::Remove(path) => fs::remove_file(path).map_err(|e| failed(path, e)),
            Self::Call(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                service::call(&words).map(drop)
            }
        }
    }
}

/// Does the steps in their order, and names each.
///
/// # Errors
/// At the first that cannot be done; doing all of them again is harmless.
pub(super) fn perform(steps: &[InstallStep], dry_run: bool) -> Result<()> {
    for step in steps {
        let done = step.is_done();
        let verb = if done { "there" } else { step.verb() };
        output::line(&format!("  {verb:<7} {}", step.object()))?;
        if !done && !dry_run {
            step.perform()?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, text)
}

fn link(path: &Path, to: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    service::symlink(to, path)
}

fn failed(path: &Path, error: io::Error) -> Failure {
    Failure::io(path.display(), error)
}
