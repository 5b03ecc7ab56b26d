//! Whether enrolments that end by themselves end at the right moment: real users of a dataset enrol
//! with more and more movement, estimated as the enrolment estimates it and measured against real
//! impostors.

use std::path::PathBuf;

use clap::Args;

use super::backbone::BackboneArgs;
use mousewarden::cli::output;
use mousewarden::cli::train::input::{InputArgs, Subject, everybody};
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::enrolment::train_against_generated;
use mousewarden::lab::sufficiency::{EnrolmentEstimate, LearningCurve};
use mousewarden::lab::train::{TrainOptions, TrainingFacts};
use mousewarden::lab::trial::{Enrolment, TrialScores, enrolment};
use mousewarden::pipeline::{Window, WindowParams};

/// Arguments of `bench enough`.
#[derive(Debug, Args)]
pub struct EnoughArgs {
    /// The dataset's folder.
    folder: PathBuf,
    /// Its format.
    #[arg(long)]
    format: String,
    /// Share of an owner's windows, in order of time, that enrolment may take; the rest tests.
    #[arg(long, default_value_t = 0.65)]
    share: f64,
    /// Windows that it takes at most.
    #[arg(long, default_value_t = 640)]
    most: usize,
    /// Windows of the test at least.
    #[arg(long, default_value_t = 60)]
    test: usize,
    /// Leave out so many people, in the order of their names: those that the backbone knows.
    #[arg(long, default_value_t = 0)]
    skip: usize,
    #[command(flatten)]
    backbone: BackboneArgs,
}

/// Sizes of groups that are measured.
const SIZES: [usize; 2] = [10, 30];
/// Windows of somebody else that test.
const FROM_EACH: usize = 120;

/// One owner with so much movement.
struct Row {
    estimate: EnrolmentEstimate,
    real: [Option<f64>; 2],
    /// The enrolment would have ended here.
    ends: bool,
}

impl EnoughArgs {
    /// Runs it and prints a line for each estimate, and means.
    ///
    /// # Errors
    /// When the dataset cannot be read or a training fails.
    pub fn run(self) -> Result<()> {
        let params = WindowParams::default();
        let input = InputArgs::of(self.folder.clone(), self.format.clone());
        let people: Vec<Subject> =
            everybody(&input.open(&self.folder)?, params)?.into_iter().skip(self.skip).collect();
        let options = self.backbone.apply(TrainOptions::default())?;
        let mut owners = Vec::new();
        output::line("owner             windows  estimated n=10   real n=10   n=30")?;
        for (at, owner) in people.iter().enumerate() {
            let parts = enrolment(owner.sessions.clone(), self.share, self.most);
            if parts.test.len() < self.test {
                continue;
            }
            let others = people.iter().enumerate().filter(|(other, _)| *other != at);
            let impostors: Vec<Vec<Window>> = others
                .map(|(_, other)| other.sessions.concat().into_iter().take(FROM_EACH).collect())
                .filter(|windows: &Vec<Window>| !windows.is_empty())
                .collect();
            let about = TrainingFacts {
                subject: owner.name.clone(),
                genuine_source: self.format.clone(),
                impostor_source: "generated people".into(),
                capture: "dataset".into(),
            };
            let rows = grow(&parts, &impostors, params, (&about, &options))?;
            for row in &rows {
                output::line(&line(&owner.name, row))?;
            }
            owners.push(rows);
        }
        summary(&owners)
    }
}

/// Enrols with ever more of the windows.
fn grow(
    parts: &Enrolment,
    impostors: &[Vec<Window>],
    params: WindowParams,
    (about, options): (&TrainingFacts, &TrainOptions),
) -> Result<Vec<Row>> {
    let (mut curve, mut rows, mut ended) = (LearningCurve::default(), Vec::new(), false);
    let all: usize = parts.learn.iter().map(Vec::len).sum();
    while curve.next() <= all {
        let sessions = first(&parts.learn, curve.next());
        let windows = sessions.iter().map(Vec::len).sum();
        let bundle = train_against_generated(&sessions, params, about, options, &mut |_| {})?;
        let Some(now) = EnrolmentEstimate::of(&bundle, windows) else { break };
        curve.push(now);
        let scores = TrialScores::of_model(&bundle, &parts.test, impostors);
        let ends = !ended && curve.is_enough();
        ended |= ends;
        rows.push(Row { estimate: now, real: SIZES.map(|n| scores.eer(n)), ends });
    }
    Ok(rows)
}

/// The first so many windows, sessions kept apart.
fn first(sessions: &[Vec<Window>], windows: usize) -> Vec<Vec<Window>> {
    let mut left = windows;
    let mut taken = Vec::new();
    for session in sessions {
        let count = session.len().min(left);
        taken.push(session[..count].to_vec());
        left -= count;
    }
    taken.retain(|session| !session.is_empty());
    taken
}

fn line(name: &str, row: &Row) -> String {
    let percent =
        |rate: Option<f64>| rate.map_or("-".into(), |rate| format!("{:.1} %", 100.0 * rate));
    format!(
        "{name:<16} {:>8}  {:>14} {:>11} {:>8}{}",
        row.estimate.windows,
        percent(Some(row.estimate.point.eer.into())),
        percent(row.real[0]),
        percent(row.real[1]),
        if row.ends { "  <- enough" } else { "" }
    )
}

/// Means over the owners of whom both are known.
fn summary(owners: &[Vec<Row>]) -> Result<()> {
    if owners.iter().all(Vec::is_empty) {
        return Err(Failure::new(FailureKind::Data, "nobody has movement enough for this")
            .remedy("Lower --test, or give a larger dataset."));
    }
    let at_end = |rows: &Vec<Row>| rows.iter().find(|row| row.ends).or(rows.last()).map(|r| r.real);
    let with_all = |rows: &Vec<Row>| rows.last().map(|row| row.real);
    for (at, n) in SIZES.iter().enumerate() {
        let pairs: Vec<[f64; 2]> = owners
            .iter()
            .filter_map(|rows| Some([at_end(rows)?[at]?, with_all(rows)?[at]?]))
            .collect();
        if pairs.is_empty() {
            continue;
        }
        let mean = |side: usize| {
            100.0 * pairs.iter().map(|pair| pair[side]).sum::<f64>() / pairs.len() as f64
        };
        output::line(&format!(
            "n={n}, {} owners: EER {:.1} % where the enrolment ends, {:.1} % with all",
            pairs.len(),
            mean(0),
            mean(1)
        ))?;
    }
    let mut ends: Vec<usize> = owners
        .iter()
        .filter_map(|rows| rows.iter().find(|row| row.ends).or(rows.last()))
        .map(|row| row.estimate.windows)
        .collect();
    ends.sort_unstable();
    let stopped = owners.iter().filter(|rows| rows.iter().any(|row| row.ends)).count();
    output::line(&format!(
        "windows at the end: median {}; {stopped} of {} ended by themselves",
        ends.get(ends.len() / 2).copied().unwrap_or(0),
        owners.len()
    ))
}
