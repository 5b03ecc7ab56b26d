//! `preprocess`: recordings to perception windows, one array file a user, and a summary as table or
//! JSON.

pub(super) mod layout;
mod table;

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{left_out, output, stdio_arrow};
use crate::data::formats::{Dataset, Dropped, ReadParams, User};
use crate::data::npz::write_whole;
use crate::error::{Failure, FailureKind, Result};
use crate::lab::preprocess::{
    Output, PreprocessParams, PreprocessProgress, UserSummary, preprocess,
};
use crate::lab::shard::Shard;
use crate::pipeline::WindowParams;

/// The summary's name in the output folder.
const SUMMARY: &str = "summary.json";

/// Arguments of `preprocess`.
#[derive(Debug, Args)]
pub(crate) struct PreprocessArgs {
    /// Folders or files of recordings
    #[arg(required_unless_present = "stdio_arrow")]
    input: Vec<PathBuf>,

    /// Folder for `<user>.npz` and `summary.json`; made if missing
    #[arg(long, value_name = "DIR", default_value = "preprocessed")]
    out: PathBuf,

    /// Write Parquet tables instead of arrays, a row a window
    #[cfg(feature = "columnar")]
    #[arg(long)]
    parquet: bool,

    /// Only this user; may be given several times
    #[arg(long, allow_hyphen_values = true)]
    user: Vec<String>,

    /// Only this part of the users, by the hash of their names: 2/4 is the second of four
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,

    /// Read Arrow streams (session_id, timestamp ms, event_type, screen_x, screen_y; or file,
    /// row_group of Parquet with these columns) from standard input and answer each with the
    /// windows of its sessions
    #[arg(long, conflicts_with_all = ["input", "all_events", "iqr_filter", "pad"])]
    stdio_arrow: bool,

    /// Count clicks and the wheel as steps too, as the research did; the agent never does
    #[arg(long)]
    all_events: bool,

    /// Drop windows with fewer steps
    #[arg(long, value_name = "N", default_value_t = WindowParams::default().min_steps)]
    min_steps: usize,

    /// A pause of this many milliseconds ends a window
    #[arg(long, value_name = "MS", default_value_t = WindowParams::default().pause_ms)]
    pause_ms: u32,

    /// A longer window is continued in the next one
    #[arg(long, value_name = "N", default_value_t = WindowParams::default().max_steps)]
    max_steps: usize,

    /// Thin out positions closer together than this many milliseconds; 0 keeps all
    #[arg(long, value_name = "MS", default_value_t = 0)]
    thin_ms: u32,

    /// Drop windows whose length lies beyond 1.5 interquartile ranges (Tukey)
    #[arg(long)]
    iqr_filter: bool,

    /// Pad to this many steps instead of the longest window of the user
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pad: usize,

    /// Stop at the first row that cannot be read
    #[arg(long)]
    strict: bool,

    /// Print the summary as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    format: layout::FormatArgs,
}

impl PreprocessArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings cannot be read or the windows cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        let params = self.params();
        params.windows.validate().map_err(|wrong| Failure::new(FailureKind::Usage, wrong))?;
        if self.stdio_arrow {
            return stdio_arrow::windows(params.windows, self.shard);
        }
        let format = self.format.format()?;
        let bar = progress_bar();
        let dataset = left_out::open(&format, &self.input, ReadParams { strict: self.strict })?;
        let mut show = |progress: PreprocessProgress<'_>| {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(progress.user.to_owned());
        };
        let users = match in_shard(&dataset, self.shard, &self.user) {
            Some(chosen) => preprocess(&dataset, &params, &chosen, &self.out, &mut show)?,
            None => Vec::new(),
        };
        bar.finish_and_clear();
        let json = summary_json(&params, &users)?;
        let path = self.out.join(self.shard.file_name(SUMMARY));
        // Whether it could be written or not, the work is done and is shown.
        let written = write_whole(&path, json.as_bytes());
        if self.json { output::plain(&json) } else { output::line(&table::table(&users)) }?;
        let mut dropped = Dropped::default();
        users.iter().for_each(|user| dropped.absorb(user.left_out()));
        left_out::tell(None, &dropped);
        written?;
        require_events(&users, &dropped)
    }

    const fn params(&self) -> PreprocessParams {
        PreprocessParams {
            windows: WindowParams {
                pause_ms: self.pause_ms,
                min_steps: self.min_steps,
                max_steps: self.max_steps,
                thin_ms: self.thin_ms,
            },
            all_events: self.all_events,
            iqr_filter: self.iqr_filter,
            pad: self.pad,
            output: self.output(),
        }
    }

    #[cfg(feature = "columnar")]
    const fn output(&self) -> Output {
        if self.parquet { Output::Parquet } else { Output::Npz }
    }

    #[cfg(not(feature = "columnar"))]
    #[expect(clippy::unused_self, reason = "the other build asks it")]
    const fn output(&self) -> Output {
        Output::Npz
    }
}

/// Recordings without a single event are no success, whatever they hold; a part without a user is.
fn require_events(users: &[UserSummary], dropped: &Dropped) -> Result<()> {
    let rows: u64 = users.iter().map(|user| user.rows).sum();
    if users.is_empty() || users.iter().any(|user| user.events > 0) {
        return Ok(());
    }
    if rows == 0 {
        return Err(Failure::new(FailureKind::Data, "the recordings hold no row at all")
            .remedy("Look at the files: are they empty, or cut short behind their first line?"));
    }
    let none =
        if rows == 1 { "its only row is no".into() } else { format!("none of {rows} rows is a") };
    let first = dropped.places().first().map_or_else(String::new, |place| format!(": {place}"));
    Err(Failure::new(FailureKind::Data, format!("{none} mouse event{first}"))
        .remedy("The counts above say why; another --format, --event or --code may read them."))
}

/// The users of a part, an empty list for all; `None` where the part holds none.
fn in_shard(dataset: &Dataset, shard: Shard, wanted: &[String]) -> Option<Vec<String>> {
    if shard == Shard::WHOLE {
        return Some(wanted.to_vec());
    }
    let ids = dataset.users().iter().map(User::id);
    let chosen: Vec<String> = ids
        .filter(|id| wanted.is_empty() || wanted.iter().any(|one| one == id))
        .filter(|id| shard.takes(id))
        .map(str::to_owned)
        .collect();
    (!chosen.is_empty()).then_some(chosen)
}

fn progress_bar() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} sessions  {eta} left  {msg}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn summary_json(params: &PreprocessParams, users: &[UserSummary]) -> Result<String> {
    let summary = serde_json::json!({ "params": params, "users": users });
    let text = serde_json::to_string_pretty(&summary)
        .map_err(|e| Failure::new(FailureKind::Internal, format!("the summary as JSON: {e}")))?;
    Ok(text)
}
