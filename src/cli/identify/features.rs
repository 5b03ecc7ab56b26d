//! `mousewarden identify features`: one row of numbers a session. Learns nothing.

use clap::Args;

use super::Input;
use crate::cli::output;
use crate::error::{Failure, Kind, Result};
use crate::lab::identify::{FeatureSet, Samples};
use crate::lab::shard::Shard;

/// Arguments of `identify features`.
#[derive(Debug, Args)]
pub struct FeaturesArgs {
    #[command(flatten)]
    input: Input,

    /// notebook, notebook-as-was, rich or independent
    #[arg(long, value_name = "SET", default_value = "rich", value_parser = set)]
    features: FeatureSet,

    /// Only this part of the sessions, by the hash of their ids: 2/4 is the second of four
    #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = shard)]
    shard: Shard,
}

pub(super) fn set(text: &str) -> Result<FeatureSet> {
    text.parse()
}

pub(super) fn shard(text: &str) -> Result<Shard> {
    text.parse()
}

impl FeaturesArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn run(self) -> Result<()> {
        let samples = self.input.measure(self.features, self.shard)?;
        output::line(table(&samples)?.trim_end())
    }
}

/// `session_id,user_id,events` and the features; the user is empty where nobody knows.
fn table(samples: &Samples) -> Result<String> {
    let failed = |e: &dyn std::fmt::Display| {
        Failure::new(Kind::Internal, format!("writing the features as CSV: {e}"))
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["session_id".to_owned(), "user_id".into(), "events".into()];
    header.extend(samples.set.names());
    writer.write_record(&header).map_err(|e| failed(&e))?;
    for row in &samples.rows {
        let mut record =
            vec![row.session.clone(), row.user.clone().unwrap_or_default(), row.events.to_string()];
        record.extend(row.values.iter().map(f64::to_string));
        writer.write_record(&record).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}
