//! `config`: prints the defaults, checks a file, shows where things lie.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{context, output};
use crate::config::Config;
use crate::error::{Failure, FailureKind, Result};
use crate::platform::lock::command;

/// The defaults with their explanations.
const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Arguments of `config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print every key with its default and what it means
    Default,
    /// Say whether a file is right (without FILE: the one in force)
    Check {
        /// The file
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Show where configuration, data, lock and socket lie
    Paths,
}

impl ConfigArgs {
    /// Does it.
    ///
    /// # Errors
    /// When a file is wrong or cannot be read.
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            What::Default => output::plain(EXAMPLE.trim_end()),
            What::Check { file } => check(file),
            What::Paths => paths(),
        }
    }
}

fn check(file: Option<PathBuf>) -> Result<()> {
    let file = match file {
        Some(file) => file,
        None => context::paths()?.config().to_owned(),
    };
    let config = Config::read(&file)?;
    let command = &config.lock.command;
    if !command.is_empty() {
        command::find(command).map_err(|why| {
            Failure::new(FailureKind::Config, format!("{}: lock.command: {why}", file.display()))
                .remedy("Install it, or name a program that is there; `mousewarden doctor` looks.")
        })?;
    }
    output::line(&format!("{}: right", file.display()))
}

fn paths() -> Result<()> {
    let paths = context::paths()?;
    for (name, path) in [
        ("config", paths.config().to_owned()),
        ("data", paths.data().to_owned()),
        ("model", paths.data().join("owner.onnx")),
        ("journal", paths.data().join("journal.jsonl")),
        ("recordings", paths.data().join("recordings")),
        ("keys", paths.keys().to_owned()),
        ("lock", paths.data_lock()),
        ("socket", paths.socket()),
    ] {
        output::line(&format!("{name:<10} {}", path.display()))?;
    }
    Ok(())
}
