//! `mousewarden identify`: who of several known people made a session. Each subcommand has its own
//! file; reading the recordings is theirs in common and lies here.

mod confusion;
mod evaluate;
mod features;
mod learner;
mod predict;
mod report;
mod train;

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::left_out;
use super::preprocess::layout::FormatArgs;
use crate::data::formats::{Dataset, Format, ReadParams};
use crate::error::Result;
use crate::lab::identify::{SampleParams, Samples};
use crate::lab::shard::Shard;

/// Arguments of `identify`.
#[derive(Debug, Args)]
pub(crate) struct IdentifyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Learn who the people of some recordings are, and write a model of them.
    Train(Box<train::IdentifyTrainArgs>),
    /// Measure how often the right one of the known people is named, on sessions held out.
    Evaluate(Box<evaluate::IdentifyEvaluateArgs>),
    /// Name the likeliest maker of each session.
    Predict(Box<predict::PredictArgs>),
    /// Print the features of each session as CSV.
    Features(Box<features::FeaturesArgs>),
}

impl IdentifyArgs {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// Whatever it failed of.
    pub(crate) fn run(self) -> Result<()> {
        match self.command {
            Command::Train(args) => args.run(),
            Command::Evaluate(args) => args.run(),
            Command::Predict(args) => args.run(),
            Command::Features(args) => args.run(),
        }
    }
}

/// Which recordings, and what is measured of them.
#[derive(Debug, Args)]
struct Input {
    /// Folders or files of recordings
    #[arg(required = true)]
    input: Vec<PathBuf>,

    #[command(flatten)]
    how: How,
}

/// How recordings are read.
#[derive(Debug, Args)]
#[command(next_help_heading = None::<&'static str>)]
struct How {
    /// Stop at the first row that cannot be read
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    format: FormatArgs,
}

impl How {
    fn format(&self) -> Result<Format> {
        if self.format.is_empty() { "bank".parse() } else { self.format.format() }
    }

    fn open(self, input: &[PathBuf]) -> Result<Dataset> {
        left_out::open(&self.format()?, input, ReadParams { strict: self.strict })
    }

    fn measure(self, input: &[PathBuf], measure: SampleParams, shard: Shard) -> Result<Samples> {
        let samples = Samples::read(&self.open(input)?, measure, shard)?;
        tell_left_out(&samples);
        Ok(samples)
    }
}

impl Input {
    fn measure(self, measure: SampleParams) -> Result<Samples> {
        self.how.measure(&self.input, measure, Shard::WHOLE)
    }
}

/// A bar over folds, hidden where stderr is no terminal.
fn fold_bar() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} fold {pos}/{len}  ~{eta}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn on_fold(bar: &ProgressBar) -> impl FnMut(usize, usize) + '_ {
    |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    }
}

/// Says on stderr what was not measured.
fn tell_left_out(samples: &Samples) {
    left_out::tell(None, &samples.dropped);
    for session in &samples.empty {
        eprintln!("session {session}: not a single readable event; left out");
    }
}
