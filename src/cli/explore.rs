//! `explore`: looks at recordings, prints the checks and writes one page of pictures.

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::WIDEST;
use super::preprocess::layout::FormatArgs;
use super::{left_out, output};
use crate::data::formats::{Dropped, ReadParams};
use crate::data::npz::{check_writable, write_whole};
use crate::error::{Failure, FailureKind, Result, printable};
use crate::lab::explore::{self, DataCheck, ExploreParams, Survey, SurveyProgress};
use crate::lab::plot::Raster;

/// The page's name in the output folder.
const PAGE: &str = "explore.html";
/// Places that are printed for each check; the page and the JSON have more.
const PLACES: usize = 3;

/// Arguments of `explore`.
#[derive(Debug, Args)]
pub(crate) struct ExploreArgs {
    /// Folders or files of recordings
    #[arg(required = true)]
    input: Vec<PathBuf>,

    /// Folder for `explore.html`; made if missing, readable by you alone
    #[arg(long, value_name = "DIR", default_value = "explored")]
    out: PathBuf,

    /// Only this user; may be given several times
    #[arg(long, allow_hyphen_values = true)]
    user: Vec<String>,

    /// Users that are drawn; the checks cover all
    #[arg(long, value_name = "N", default_value_t = ExploreParams::default().users)]
    users: usize,

    /// Sessions drawn for each user
    #[arg(long, value_name = "N", default_value_t = ExploreParams::default().sessions)]
    sessions: usize,

    /// Events drawn on a session's path
    #[arg(long, value_name = "N", default_value_t = ExploreParams::default().events,
          value_parser = at_least_two)]
    events: usize,

    /// Also write every picture as an SVG file of its own
    #[arg(long)]
    svg: bool,

    /// Also write every picture as a PNG file of its own; in builds with the feature png
    #[arg(long)]
    png: bool,

    /// Stop at the first row that cannot be read
    #[arg(long)]
    strict: bool,

    /// Print the checks as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    format: FormatArgs,
}

fn at_least_two(text: &str) -> std::result::Result<usize, String> {
    match text.parse::<usize>() {
        Ok(count) if count >= 2 => Ok(count),
        _ => Err("a path needs at least 2 events".into()),
    }
}

impl ExploreArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings cannot be read or the page cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        let params =
            ExploreParams { users: self.users, sessions: self.sessions, events: self.events };
        let format = self.format.format()?;
        // Before the work, which would be in vain in a build without PNG.
        let raster = self.png.then(Raster::new).transpose()?;
        let dataset = left_out::open(&format, &self.input, ReadParams { strict: self.strict })?;
        check_writable(&self.out)?;
        let bar = progress_bar();
        let mut show = |progress: SurveyProgress<'_>| {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(progress.user.to_owned());
        };
        let survey = explore::survey(&dataset, format.name(), params, &self.user, &mut show)?;
        bar.finish_and_clear();
        let page = self.out.join(PAGE);
        let written = write_whole(&page, explore::page(&survey).html().as_bytes());
        // Whether the page could be written or not, the work is done and is shown.
        tell(&survey.checks(), self.json)?;
        let mut dropped = Dropped::default();
        survey.users.iter().for_each(|user| dropped.absorb(&user.dropped));
        left_out::tell(None, &dropped);
        written?;
        let pictures = write_pictures(&self.out, &survey, self.svg, raster.as_ref())?;
        eprintln!("mousewarden: wrote {}", page.display());
        if pictures > 0 {
            eprintln!("mousewarden: wrote {pictures} pictures to {}", self.out.display());
        }
        Ok(())
    }
}

/// Every picture as a file of its own, in the wished formats; how many files.
fn write_pictures(
    out: &Path,
    survey: &Survey,
    svg: bool,
    raster: Option<&Raster>,
) -> Result<usize> {
    if !svg && raster.is_none() {
        return Ok(0);
    }
    let drawings = explore::single_pictures(survey);
    for drawing in &drawings {
        let path = |extension| out.join(format!("{}.{extension}", drawing.name));
        if svg {
            write_whole(&path("svg"), drawing.picture.standalone().as_bytes())?;
        }
        if let Some(raster) = raster {
            write_whole(&path("png"), &raster.png(&drawing.picture)?)?;
        }
    }
    Ok(drawings.len() * (usize::from(svg) + usize::from(raster.is_some())))
}

fn tell(checks: &[DataCheck], json: bool) -> Result<()> {
    if json {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "checks": checks }))
            .map_err(|e| Failure::new(FailureKind::Internal, format!("the checks as JSON: {e}")))?;
        return output::plain(&text);
    }
    let widest = checks.iter().map(|check| check.name.len()).max().unwrap_or(0).min(WIDEST);
    for check in checks {
        let verdict = if check.ok { "ok  " } else { "LOOK" };
        let line = format!("{verdict}  {:widest$}  {}", check.name, check.found);
        output::line(&printable(&line))?;
        for place in check.places.iter().take(PLACES) {
            output::line(&printable(&format!("      {place}")))?;
        }
        if check.places.len() > PLACES {
            output::line("      and more: see the page")?;
        }
    }
    Ok(())
}

fn progress_bar() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} sessions  {eta} left  {msg}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
