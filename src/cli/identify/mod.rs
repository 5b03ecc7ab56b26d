//! `mousewarden identify`: who of several known people made a session. Each subcommand has its own
//! file; reading the recordings is theirs in common and lies here.

mod features;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::preprocess::layout::LayoutArgs;
use crate::data::formats::{Dataset, Format, ReadParams, open};
use crate::error::Result;
use crate::lab::identify::{FeatureSet, Samples};
use crate::lab::shard::Shard;

/// Arguments of `identify`.
#[derive(Debug, Args)]
pub struct IdentifyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the features of each session as CSV.
    Features(Box<features::FeaturesArgs>),
}

impl IdentifyArgs {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// Whatever it failed of.
    pub fn run(self) -> Result<()> {
        match self.command {
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

    /// Which recordings they are: gmail, balabit, sapimouse, bank, dfl, generic
    #[arg(long, default_value = "bank")]
    format: String,

    /// Stop at the first row that cannot be read
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    layout: LayoutArgs,
}

impl Input {
    fn open(self) -> Result<Dataset> {
        let format = match self.format.as_str() {
            "generic" => Format::Generic(Box::new(self.layout.params()?)),
            name => name.parse()?,
        };
        open(&format, &self.input, ReadParams { strict: self.strict })
    }

    fn measure(self, set: FeatureSet, shard: Shard) -> Result<Samples> {
        let samples = Samples::read(&self.open()?, set, shard)?;
        tell_left_out(&samples);
        Ok(samples)
    }
}

/// Says on stderr what was not measured.
fn tell_left_out(samples: &Samples) {
    for (reason, rows) in samples.dropped.by_reason() {
        eprintln!("{rows} rows left out: {}", reason.name());
    }
    for place in samples.dropped.places().iter().filter(|place| place.reason.is_fault()) {
        eprintln!("  {place}");
    }
    for session in &samples.empty {
        eprintln!("session {session}: not a single readable event; left out");
    }
}
