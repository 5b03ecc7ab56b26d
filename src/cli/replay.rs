//! `replay`: the verdicts that the agent would have given on a recording, bit for bit.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::output;
use crate::agent::event::Event;
use crate::agent::replay::replay;
use crate::data::RecordingReader;
use crate::error::{Result, printable};
use crate::pipeline::Verdict;
use crate::platform::capture::description::{Capture, Unknown};

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// The model to judge by, instead of the configured one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Journal lines (without their stamps) instead of text
    #[arg(long)]
    json: bool,
}

impl ReplayArgs {
    /// Prints the verdicts.
    ///
    /// # Errors
    /// When recording or model cannot be used.
    pub(crate) fn run(self) -> Result<()> {
        let reader = RecordingReader::open(&self.recording)?;
        let judge = Context::load()?.judge(self.model.as_deref())?;
        let capture = reader.header().capture.clone();
        if let Some(unknown) = judge.profile().lacks(&Capture::parse(&capture)) {
            let what = match unknown {
                Unknown::Backend => "back end",
                Unknown::Pointer => "mouse",
                Unknown::Screens => "resolution",
            };
            eprintln!(
                "mousewarden: the agent would judge none of this: the model does not know its {what} \
                 ({}). The verdicts below are those it would give all the same.",
                printable(&capture)
            );
        }
        replay(judge, reader, |verdict: &Verdict| {
            if self.json {
                output::json(&Event::Verdict(*verdict))
            } else {
                output::line(&text(verdict))
            }
        })
    }
}

fn text(verdict: &Verdict) -> String {
    let judgement = &verdict.judgement;
    let grouped = judgement.grouped.map_or("  -  ".into(), |mean| format!("{mean:.3}"));
    let action = judgement.action.map_or(String::new(), |action| format!("  -> {action}"));
    format!(
        "{:>10.3} s  {:>3} steps  {:>6.3} s  score {:.3}  trust {grouped}  {}{action}",
        verdict.at.micros() as f64 / 1e6,
        verdict.window.steps,
        verdict.window.movement().as_secs_f64(),
        verdict.score.get(),
        judgement.decision,
    )
}
