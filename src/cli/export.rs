//! `export`: copies everything that is stored about the owner into a new folder that only they can
//! read, with a list of what it is.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::context::Context;
use super::output;
use super::privacy::inventory::{self, Holding, StoredPart};
use super::privacy::size;
use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::files;
use crate::sealing;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The folder to make; it must not be there yet
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// A copied file, as the list beside the copies has it.
#[derive(Debug, Serialize)]
struct Copied {
    file: PathBuf,
    what: &'static str,
    holds: &'static str,
    bytes: u64,
    sha256: String,
}

impl ExportArgs {
    /// Copies.
    ///
    /// # Errors
    /// When the folder is there already, or something cannot be read or written.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        if self.folder.exists() {
            let what = format!("{} is there already", self.folder.display());
            return Err(Failure::new(FailureKind::Io, what).remedy("Name a folder that is not."));
        }
        private::folder(&self.folder).map_err(|e| Failure::io(self.folder.display(), e))?;
        let mut list = Vec::new();
        let all = inventory::all(&context)?;
        // A copy of the key would open what is sealed elsewhere.
        for holding in all.into_iter().filter(|holding| holding.part != StoredPart::Key) {
            list.extend(self.copy(&holding, context.paths.data())?);
        }
        self.write_list(&list)?;
        let bytes = list.iter().map(|copied| copied.bytes).sum();
        let place = self.folder.display();
        output::line(&format!("{} files, {}, in {place}", list.len(), size(bytes)))
    }

    fn copy(&self, holding: &Holding, data: &Path) -> Result<Vec<Copied>> {
        let files =
            inventory::files(&holding.path).map_err(|e| Failure::io(holding.path.display(), e))?;
        let copied = files.iter().map(|from| {
            let name = from.strip_prefix(data).map(Path::to_owned).unwrap_or_else(|_| {
                from.file_name().map(PathBuf::from).unwrap_or_else(|| "unnamed".into())
            });
            let (bytes, sha256) = copy(from, &self.folder.join(&name))?;
            Ok(Copied { file: name, what: holding.name, holds: holding.holds, bytes, sha256 })
        });
        copied.collect()
    }

    fn write_list(&self, list: &[Copied]) -> Result<()> {
        let path = self.folder.join("list.json");
        let text = serde_json::to_string_pretty(list)
            .map_err(|e| Failure::new(FailureKind::Internal, format!("writing JSON: {e}")))?;
        let write = |text: &str| private::create_file(&path)?.write_all(text.as_bytes());
        write(&(text + "\n")).map_err(|e| Failure::io(path.display(), e))
    }
}

/// Copies what a file holds, in the clear; its length and SHA-256 are those of the copy, also when the
/// agent writes on.
///
/// # Errors
/// When it cannot be read, its key is not to be had now, or the copy cannot be written.
fn copy(from: &Path, to: &Path) -> Result<(u64, String)> {
    let failed = |e| Failure::io(from.display(), e);
    let content = match sealing::content(from) {
        // What will never open is still the owner's.
        Err(failure) if failure.kind() == FailureKind::Data => {
            eprintln!("{}; it is copied as it is.", failure.first_line());
            files::read(from).map_err(failed)?
        }
        content => content?,
    };
    to.parent().map_or(Ok(()), private::folder).map_err(failed)?;
    let written = private::create_file(to).and_then(|mut file| file.write_all(&content));
    written.map_err(failed)?;
    Ok((content.len() as u64, hex::encode(Sha256::digest(&content))))
}
