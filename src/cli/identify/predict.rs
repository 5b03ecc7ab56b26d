//! `mousewarden identify predict`: names the likeliest maker of each session.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Input;
use super::learner::scorer;
use crate::cli::output;
use crate::data::relabel::{Names, relabel};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::identify::{Named, predict, wanted};
use crate::model::LoadedIdentifier;

/// Arguments of `identify predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A model that `identify train` wrote
    #[arg(long, value_name = "FILE", default_value = "people.onnx")]
    model: PathBuf,

    /// Write the recording (bank format, one file) with the user of every row, in its order
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "Predicted_mouse.csv")]
    out: Option<PathBuf>,

    /// Add a column with the probability to that file
    #[arg(long, requires = "out")]
    probability: bool,

    /// Print the answers as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    input: Input,
}

/// One line of the answer as JSON; the keys stay as they are.
#[derive(Debug, Serialize)]
struct Line<'a> {
    session_id: &'a str,
    user_id: &'a str,
    probability: f32,
    second: &'a str,
    unsure: bool,
}

impl<'a> Line<'a> {
    fn of(one: &'a Named) -> Self {
        let Named { session, user, probability, second, unsure, .. } = one;
        let probability = *probability;
        let unsure = *unsure;
        Self { session_id: session, user_id: user, probability, second, unsure }
    }
}

impl PredictArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the model or the recordings cannot be used, or the file cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        let mut model = LoadedIdentifier::open(&self.model, &scorer())?;
        let measure = wanted(model.identifier())?;
        let table = self.table()?;
        let samples = self.input.measure(measure)?;
        let answers = predict(&samples, &mut model)?;
        if let (Some(from), Some(out)) = (table, &self.out) {
            let names: Names = answers
                .iter()
                .map(|one| (one.session.clone(), (one.user.clone(), one.probability)))
                .collect();
            let copied = relabel(&from, out, &names, self.probability)?;
            eprintln!("{}: {} rows", out.display(), copied.rows);
            if copied.nameless > 0 {
                eprintln!(
                    "{} of them belong to no session that could be measured",
                    copied.nameless
                );
            }
        }
        tell(&answers, &model);
        print(&answers, self.json)
    }

    /// The one table that is copied, if any is.
    fn table(&self) -> Result<Option<PathBuf>> {
        if self.out.is_none() {
            return Ok(None);
        }
        match &self.input.input[..] {
            [one] if one.is_file() || !one.exists() => Ok(Some(one.clone())),
            _ => Err(Failure::new(
                FailureKind::Config,
                "--out copies one table, and this is not one file",
            )
            .remedy("Name a single CSV file, or leave --out away.")),
        }
    }
}

fn print(answers: &[Named], json: bool) -> Result<()> {
    let lines: Vec<Line<'_>> = answers.iter().map(Line::of).collect();
    if json {
        return output::json(&lines);
    }
    output::plain("session_id,user_id,probability,second,unsure")?;
    lines.iter().try_for_each(|line| {
        let Line { session_id, user_id, probability, second, unsure } = line;
        output::plain(&format!("{session_id},{user_id},{probability:.4},{second},{unsure}"))
    })
}

/// What a reader should know before believing the answers.
fn tell(answers: &[Named], model: &LoadedIdentifier) {
    let bar = model.identifier().provenance.unsure_below;
    let unsure: Vec<&Named> = answers.iter().filter(|one| one.unsure).collect();
    if !unsure.is_empty() {
        eprintln!("unsure of {} of {} sessions (below {bar:.2}):", unsure.len(), answers.len());
    }
    for one in unsure {
        let Named { session, user, probability, second, .. } = one;
        eprintln!("  {session}: {user} with {probability:.2}, else {second}");
    }
    let labels = &model.identifier().labels;
    let recorded: Vec<&Named> = answers.iter().filter(|one| one.recorded.is_some()).collect();
    let right = recorded.iter().filter(|one| one.recorded.as_ref() == Some(&one.user)).count();
    let impostors = recorded
        .iter()
        .filter(|one| one.recorded.as_ref().is_some_and(|user| !labels.contains(user)))
        .count();
    if !recorded.is_empty() {
        eprintln!("{right} of {} sessions are as the recording says", recorded.len());
    }
    if impostors > 0 {
        eprintln!(
            "{impostors} of them were made by people whom the model does not know; each went to \
             whoever is most like them"
        );
    }
}
