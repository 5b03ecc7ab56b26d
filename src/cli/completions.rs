//! `completions` and `manual`, for packages: what a shell completes, and the man pages, made from
//! the command line itself so that they always agree with it.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, output};
use crate::error::{Failure, Result};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the completions of a shell.
    ///
    /// # Errors
    /// When stdout is closed or its disk is full.
    pub(crate) fn run(self) -> Result<()> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "mousewarden", &mut text);
        output::plain(String::from_utf8_lossy(&text).trim_end())
    }
}

/// Arguments of `manual`.
#[derive(Debug, Args)]
pub(crate) struct ManualArgs {
    /// The folder for the pages, made if it is missing
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl ManualArgs {
    /// Writes a page for the program and one for every command that is not hidden.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(Failure::at(self.folder.display()))?;
        clap_mangen::generate_to(Cli::command(), &self.folder)
            .map_err(Failure::at(self.folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        ManualArgs { folder: folder.path().to_owned() }.run().unwrap();
        let page = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        assert!(page("mousewarden.1").contains("mousewarden\\-status(1)"));
        assert!(page("mousewarden-service-install.1").contains("dry"));
        assert!(page("mousewarden-capture-process.1").is_empty(), "hidden");
    }
}
