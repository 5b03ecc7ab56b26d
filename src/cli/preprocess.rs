//! `preprocess`: recordings to perception windows, one array file a user, and a summary as table or
//! JSON. Cuts nothing itself.

use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::output;
use crate::data::formats::{Format, GenericParams, ReadParams, TimeUnit, UserFrom, open};
use crate::data::npz::write_whole;
use crate::error::{Failure, Kind, Result};
use crate::lab::preprocess::{PreprocessParams, Progress, Quartiles, UserSummary, preprocess};
use crate::pipeline::WindowParams;

/// The summary's name in the output folder.
const SUMMARY: &str = "summary.json";

/// Arguments of `preprocess`.
#[derive(Debug, Args)]
pub struct PreprocessArgs {
    /// Which recordings they are
    #[arg(long, value_enum)]
    format: FormatName,

    /// Folders or files of recordings
    #[arg(required = true)]
    input: Vec<PathBuf>,

    /// Folder for `<user>.npz` and `summary.json`; made if missing
    #[arg(long)]
    out: PathBuf,

    /// Only this user; may be given several times
    #[arg(long, allow_hyphen_values = true)]
    user: Vec<String>,

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
    layout: LayoutArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    Gmail,
    Balabit,
    Sapimouse,
    Bank,
    Dfl,
    Generic,
}

/// How the tables of `--format generic` are laid out; options win over the file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of --format generic")]
struct LayoutArgs {
    /// TOML file with these options as keys (`time_unit = "s"`), and a table [events]
    #[arg(long, value_name = "FILE")]
    layout: Option<PathBuf>,

    /// Between columns: one character, or `tab`
    #[arg(long, value_name = "CHAR")]
    separator: Option<String>,

    /// The first row holds data; columns are numbers from 1
    #[arg(long)]
    no_header: bool,

    /// Column of the time
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,

    /// s, ms, us, ns or iso8601
    #[arg(long, value_name = "UNIT", value_parser = time_unit)]
    time_unit: Option<TimeUnit>,

    /// Column of the horizontal position
    #[arg(long, value_name = "COLUMN")]
    x: Option<String>,

    /// Column of the vertical position
    #[arg(long, value_name = "COLUMN")]
    y: Option<String>,

    /// Column of both, such as `[1044, 731]`
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["x", "y"])]
    position: Option<String>,

    /// Column of the event's code; without it all rows are moves
    #[arg(long, value_name = "COLUMN")]
    event: Option<String>,

    /// What a code means: move, drag, wheel, press-left, release-left, ... or ignore
    #[arg(long = "code", value_name = "CODE=EVENT", allow_hyphen_values = true, value_parser = code)]
    codes: Vec<(String, String)>,

    /// Column of the user; without it the folder is the user
    #[arg(long, value_name = "COLUMN")]
    user_column: Option<String>,

    /// Without a user column the file's name is the user
    #[arg(long, conflicts_with = "user_column")]
    user_from_file: bool,

    /// Column of the session; without it a file is one
    #[arg(long, value_name = "COLUMN")]
    session_column: Option<String>,
}

fn time_unit(text: &str) -> std::result::Result<TimeUnit, String> {
    serde_json::from_value(text.into()).map_err(|_| "one of s, ms, us, ns, iso8601".to_owned())
}

fn code(text: &str) -> std::result::Result<(String, String), String> {
    let (code, event) = text.rsplit_once('=').ok_or("not of the form CODE=EVENT")?;
    Ok((code.to_owned(), event.to_owned()))
}

impl LayoutArgs {
    fn params(self) -> Result<GenericParams> {
        let mut params = match &self.layout {
            None => GenericParams::default(),
            Some(path) => {
                let name = path.display().to_string();
                let text = fs::read_to_string(path)
                    .map_err(|e| Failure::io(format!("layout {name}"), e))?;
                GenericParams::from_toml(&name, &text)?
            }
        };
        let set = |field: &mut String, value: Option<String>| {
            *field = value.unwrap_or_else(|| std::mem::take(field));
        };
        set(&mut params.separator, self.separator);
        set(&mut params.time, self.time);
        set(&mut params.x, self.x);
        set(&mut params.y, self.y);
        params.header &= !self.no_header;
        params.time_unit = self.time_unit.unwrap_or(params.time_unit);
        params.position = self.position.or(params.position);
        params.event = self.event.or(params.event);
        params.user = self.user_column.or(params.user);
        params.session = self.session_column.or(params.session);
        params.events.extend(self.codes);
        if self.user_from_file {
            params.user_from = UserFrom::File;
        }
        Ok(params)
    }
}

impl PreprocessArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings cannot be read or the windows cannot be written.
    pub fn run(self) -> Result<()> {
        let params = self.params();
        params.windows.validate().map_err(|wrong| Failure::new(Kind::Config, wrong))?;
        let format = match self.format {
            FormatName::Gmail => Format::Gmail,
            FormatName::Balabit => Format::Balabit,
            FormatName::Sapimouse => Format::Sapimouse,
            FormatName::Bank => Format::Bank,
            FormatName::Dfl => Format::Dfl,
            FormatName::Generic => Format::Generic(self.layout.params()?),
        };
        let bar = progress_bar();
        let dataset = open(&format, &self.input, ReadParams { strict: self.strict })?;
        let mut show = |progress: Progress<'_>| {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(progress.user.to_owned());
        };
        let users = preprocess(&dataset, &params, &self.user, &self.out, &mut show)?;
        bar.finish_and_clear();
        let json = summary_json(&params, &users)?;
        write_whole(&self.out.join(SUMMARY), json.as_bytes())?;
        if self.json {
            return output::line(&json);
        }
        output::line(&table(&users))?;
        tell_faults(&users);
        Ok(())
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
        }
    }
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
        .map_err(|e| Failure::new(Kind::Internal, format!("the summary as JSON: {e}")))?;
    Ok(text)
}

/// One line a user, and one for all.
fn table(users: &[UserSummary]) -> String {
    let heads = ["user", "sessions", "events", "dropped", "windows", "steps q1/med/q3", "seconds"];
    let mut rows = vec![heads.map(str::to_owned).into_iter().chain(["minutes".into()]).collect()];
    rows.extend(users.iter().map(row));
    rows.push(total(users));
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|row: &Vec<String>| row[i].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let pad = |(i, cell): (usize, &String)| match i {
            0 => format!("{cell:<0$}", widths[i]),
            _ => format!("{cell:>0$}", widths[i]),
        };
        row.iter().enumerate().map(pad).collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(user: &UserSummary) -> Vec<String> {
    let name = if user.claims { format!("{} (claims)", user.user) } else { user.user.clone() };
    let steps = |q: Quartiles| format!("{:.0}/{:.0}/{:.0}", q.q1, q.median, q.q3);
    let dropped: u64 = user.dropped.values().sum();
    vec![
        name,
        user.sessions.to_string(),
        user.events.to_string(),
        dropped.to_string(),
        user.windows.to_string(),
        user.steps.map_or_else(|| "-".into(), steps),
        user.seconds.map_or_else(|| "-".into(), |q| format!("{:.2}", q.median)),
        format!("{:.1}", user.movement_min),
    ]
}

fn total(users: &[UserSummary]) -> Vec<String> {
    let sum = |value: fn(&UserSummary) -> u64| users.iter().map(value).sum::<u64>().to_string();
    let minutes: f64 = users.iter().map(|user| user.movement_min).sum();
    vec![
        "all".into(),
        sum(|user| user.sessions as u64),
        sum(|user| user.events),
        sum(|user| user.dropped.values().sum()),
        sum(|user| user.windows as u64),
        String::new(),
        String::new(),
        format!("{minutes:.1}"),
    ]
}

/// Why rows were left out, and where the first faulty ones stand.
fn tell_faults(users: &[UserSummary]) {
    let mut reasons = std::collections::BTreeMap::new();
    for (reason, rows) in users.iter().flat_map(|user| &user.dropped) {
        *reasons.entry(*reason).or_insert(0) += rows;
    }
    for (reason, rows) in reasons {
        eprintln!("mousewarden: {rows} rows left out: {}", reason.name());
    }
    let faults = users.iter().flat_map(|user| &user.places).filter(|p| p.reason.is_fault());
    for place in faults.take(10) {
        eprintln!("mousewarden: {place}");
    }
}
