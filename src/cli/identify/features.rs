//! `mousewarden identify features`: one row of numbers a session.

use std::path::PathBuf;

use clap::Args;

use super::How;
use crate::cli::{output, stdio_arrow};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::identify::{FeatureSet, SampleParams, Samples};
use crate::lab::shard::Shard;

/// Arguments of `identify features`.
#[derive(Debug, Args)]
pub(crate) struct FeaturesArgs {
    /// Folders or files of recordings
    #[arg(required_unless_present = "stdio_arrow")]
    input: Vec<PathBuf>,

    /// notebook, notebook-as-was, rich or independent
    #[arg(long, value_name = "SET", default_value = "rich")]
    features: FeatureSet,

    /// Only this part of the sessions, by the hash of their ids: 2/4 is the second of four
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,

    /// Read Arrow streams (session_id, timestamp ms, event_type, screen_x, screen_y; or file,
    /// row_group of Parquet with these columns) from standard input and answer each with one
    #[arg(long, conflicts_with = "input")]
    stdio_arrow: bool,

    #[command(flatten)]
    how: How,
}

impl FeaturesArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub(crate) fn run(self) -> Result<()> {
        if self.stdio_arrow {
            return stdio_arrow::features(self.features, self.shard);
        }
        let measure = SampleParams { set: self.features, parts: 1 };
        let samples = self.how.measure(&self.input, measure, self.shard)?;
        output::plain(table(&samples)?.trim_end())
    }
}

/// `session_id,user_id,events` and the features; the user is empty where nobody knows.
fn table(samples: &Samples) -> Result<String> {
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

fn failed(e: &dyn std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Internal, format!("writing the features as CSV: {e}"))
}
