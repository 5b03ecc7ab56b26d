//! `report`: the history of decisions as one page for any browser, complete in itself, or as lines
//! of JSON.

pub(super) mod account;
mod close_up;
mod page;
mod strip;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use jiff::tz::TimeZone;

use self::account::Account;
use super::context::Context;
use super::output;
use crate::agent::history::History;
use crate::agent::settings::Budget;
use crate::data::{Store, private};
use crate::error::{Failure, FailureKind, Result};
use crate::platform::clock;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Where the page goes; `report.html` in the data folder without it
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How many days back
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Open the page in the browser
    #[arg(long, conflicts_with = "json")]
    open: bool,
    /// Print the history as lines of JSON instead
    #[arg(long, conflicts_with = "file")]
    json: bool,
}

impl ReportArgs {
    /// Reads the history and writes the page.
    ///
    /// # Errors
    /// When there is no history, or the page cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        let zone = TimeZone::system();
        let now = clock::wall();
        let since = strip::day_before(now, self.days - 1, &zone);
        let store = Store::at(context.paths.data());
        let rows = History::open(&store.history())?.since(since.as_millisecond())?;
        if self.json {
            return rows.iter().try_for_each(output::json);
        }
        let account = Account::of(&rows, now.as_millisecond());
        let promised = match context.config.decision.notice_budget_h {
            Budget::Hours(hours) => Some(hours.get()),
            Budget::Eer => None,
        };
        let page = page::write(&account, &strip::ReportSpan { since, until: now, zone }, promised);
        let file = self.file.unwrap_or_else(|| store.report());
        put(&file, &page)?;
        if self.open {
            open(&file)?;
        }
        output::plain(&file.display().to_string())
    }
}

fn open(file: &Path) -> Result<()> {
    let opened = Command::new("xdg-open").arg(file).stdin(Stdio::null()).status();
    match opened {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::new(FailureKind::Unavailable, "no program here opens the page")
            .remedy(format!("Open it yourself: {}", file.display()))),
    }
}

/// Writes the page, readable by its owner only, in place of an older one.
fn put(file: &Path, page: &str) -> Result<()> {
    let write = || {
        match std::fs::remove_file(file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        private::create_file(file)?.write_all(page.as_bytes())
    };
    write().map_err(|e| Failure::io(format!("report {}", file.display()), e))
}
