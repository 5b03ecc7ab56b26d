//! `adaptation`: what the agent has learnt since the enrolment, version by version, and the way
//! back.

use std::fs;
use std::io;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::Context;
use super::output;
use crate::agent::model_versions::{ModelVersions, Version};
use crate::data::Store;
use crate::error::{Failure, FailureKind, Result};
use crate::model::Bundle;
use crate::pipeline::adaptation::REACH;

/// Arguments of `adaptation`.
#[derive(Debug, Args)]
pub(crate) struct AdaptationArgs {
    #[command(subcommand)]
    way: Option<Way>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Way {
    /// Take back everything after a version; 0 is the enrolment
    Rollback {
        /// Its number
        number: u32,
    },
    /// Take back everything, even if the file is damaged
    Forget,
}

/// A version as it is printed.
#[derive(Debug, Serialize)]
struct Row<'a> {
    version: u32,
    at: &'a str,
    drift: f64,
}

impl<'a> Row<'a> {
    fn of(version: &'a Version) -> Self {
        Self { version: version.number, at: &version.at, drift: version.drift }
    }
}

impl AdaptationArgs {
    /// Lists the versions, or takes some back; a running agent follows at once.
    ///
    /// # Errors
    /// When there is no model or no such version, or the file cannot be read or written.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        match self.way {
            None => self.list(&adaptation(&context)?),
            Some(Way::Rollback { number }) => {
                adaptation(&context)?.roll_back(number)?;
                context.reload_agent();
                output::line(&match number {
                    0 => "Back at the enrolment.".into(),
                    number => format!("Back at version {number}."),
                })
            }
            Some(Way::Forget) => forget(&context),
        }
    }

    fn list(&self, adaptation: &ModelVersions) -> Result<()> {
        let rows: Vec<Row<'_>> = adaptation.versions().iter().map(Row::of).collect();
        if self.json {
            return output::json(&rows);
        }
        let Some(last) = rows.last() else {
            return output::line("No adaptation since the enrolment.");
        };
        output::line("version  adapted               from the enrolment")?;
        for Row { version, at, drift } in &rows {
            output::line(&format!("{version:>7}  {at:<20}  {drift:.2} of at most {REACH}"))?;
        }
        output::line(&format!(
            "Version {} is in force. (Two people are 1.4 apart on the average.)",
            last.version
        ))?;
        if adaptation.now().is_some_and(Version::is_at_the_end) {
            output::line(
                "It is as far as learning may lead. Where alarms are still false, enrol on another day too: \
                 mousewarden --enroll --again",
            )
        } else {
            Ok(())
        }
    }
}

fn adaptation(context: &Context) -> Result<ModelVersions> {
    let model = context.own_model()?;
    let Some(anchor) = Bundle::read(&model)?.owner_model else {
        let what =
            format!("model {} does not judge by embeddings, so it learns nothing", model.display());
        return Err(
            Failure::new(FailureKind::Config, what).remedy("Enrol again: mousewarden --enroll.")
        );
    };
    ModelVersions::open(&Store::at(context.paths.data()).adaptation(), &model, &anchor)
}

fn forget(context: &Context) -> Result<()> {
    let path = Store::at(context.paths.data()).adaptation();
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::io(path.display(), error));
        }
        _ => context.reload_agent(),
    }
    output::line("Back at the enrolment.")
}
