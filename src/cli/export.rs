//! `export`: copies everything that is stored about the owner into a new folder that only they can
//! read, with a list of what it is.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::context::Context;
use super::output;
use super::privacy::inventory::{self, Holding};
use super::privacy::size;
use crate::data::private;
use crate::error::{Failure, FailureKind, Result};
use crate::files;

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
        for holding in inventory::all(&context)? {
            list.extend(self.copy(&holding, context.paths.data())?);
        }
        self.write_list(&list)?;
        let bytes = list.iter().map(|copied| copied.bytes).sum();
        let place = self.folder.display();
        output::line(&format!("{} files, {}, in {place}", list.len(), size(bytes)))
    }

    fn copy(&self, holding: &Holding, data: &Path) -> Result<Vec<Copied>> {
        let failed = |path: &Path, e| Failure::io(path.display(), e);
        let files = inventory::files(&holding.path).map_err(|e| failed(&holding.path, e))?;
        let copied = files.iter().map(|from| {
            let name = from.strip_prefix(data).map(Path::to_owned).unwrap_or_else(|_| {
                from.file_name().map(PathBuf::from).unwrap_or_else(|| "unnamed".into())
            });
            let (bytes, sha256) =
                copy(from, &self.folder.join(&name)).map_err(|e| failed(from, e))?;
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

/// Copies a file; its length and SHA-256 are those of the copy, also when the agent writes on.
fn copy(from: &Path, to: &Path) -> io::Result<(u64, String)> {
    to.parent().map_or(Ok(()), private::folder)?;
    io::copy(&mut files::open(from)?, &mut private::create_file(to)?)?;
    let copy = files::read(to)?;
    let digest = Sha256::digest(&copy);
    Ok((copy.len() as u64, digest.iter().map(|byte| format!("{byte:02x}")).collect()))
}
