//! `fleet`: the exported histories of many machines on one page: how much of the time was watched, how
//! many false alarms were promised and how many there were, where it went worst, and when. Reads the
//! lines that `report --json`, `run --json` and `[journal]` write; asks nobody.

mod history;
mod page;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::Args;

use self::history::MachineAccount;
use super::output;
use crate::data::npz::{check_file_writable, write_whole};
use crate::error::{Failure, FailureKind, Result};

/// Arguments of `fleet`.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// Histories as lines of JSON, one a machine, `.gz` too; or folders of them
    #[arg(required = true, value_name = "FILE")]
    input: Vec<PathBuf>,
    /// Where the page goes
    #[arg(long, value_name = "FILE", default_value = "fleet.html")]
    out: PathBuf,
    /// Hours at the desk for one false notice, as the machines are configured
    #[arg(long, value_name = "HOURS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    budget: u32,
    /// Print the sums as JSON too
    #[arg(long)]
    json: bool,
}

impl FleetArgs {
    /// Reads all histories and writes the page.
    ///
    /// # Errors
    /// When there is none, none holds an event, or the page cannot be written.
    pub fn run(self) -> Result<()> {
        let mut files = Vec::new();
        for path in &self.input {
            collect(path, &mut files)?;
        }
        files.sort();
        files.dedup();
        check_file_writable(&self.out)?;
        let (machines, refused) = read_all(&files);
        for failure in &refused {
            eprintln!("mousewarden: warning: {failure}");
        }
        if machines.is_empty() {
            return Err(Failure::new(FailureKind::Data, "no file holds a history").remedy(
                "Export one on each machine with `mousewarden report --json`, and name the files.",
            ));
        }
        let fleet = page::Fleet { machines, unreadable: refused.len(), budget_h: self.budget };
        let written = write_whole(&self.out, fleet.page().as_bytes());
        if self.json {
            output::json(&fleet.sums())?;
        } else {
            output::line(&fleet.sentence())?;
            output::plain(&self.out.display().to_string())?;
        }
        written
    }
}

/// The files at or below a path; below, those that end like histories.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.metadata().map_err(|e| failed(path, e))?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(|e| failed(path, e))? {
        let entry = entry.map_err(|e| failed(path, e))?.path();
        let name = entry.to_string_lossy();
        let is_history = [".jsonl", ".json", ".jsonl.gz", ".json.gz"];
        if entry.is_dir() || is_history.iter().any(|ending| name.ends_with(ending)) {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

/// Every history, one in memory for each core; those that cannot be read apart.
fn read_all(files: &[PathBuf]) -> (Vec<MachineAccount>, Vec<Failure>) {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::with_capacity(files.len()));
    let cores = thread::available_parallelism().map_or(1, usize::from).min(files.len().max(1));
    let work = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let account = MachineAccount::read(file);
            found.lock().unwrap_or_else(PoisonError::into_inner).push(account);
        }
    };
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    let mut machines = Vec::new();
    let mut refused = Vec::new();
    for account in found.into_inner().unwrap_or_else(PoisonError::into_inner) {
        match account {
            Ok(account) => machines.push(account),
            Err(failure) => refused.push(failure),
        }
    }
    machines.sort_by(|a: &MachineAccount, b| a.name.cmp(&b.name));
    refused.sort_by_key(ToString::to_string);
    (machines, refused)
}

fn failed(path: &Path, error: std::io::Error) -> Failure {
    Failure::io(format!("history {}", path.display()), error)
}
