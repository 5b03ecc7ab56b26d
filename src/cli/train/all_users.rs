//! `train --all-users`: everybody's model by a protocol, with a bar for the whole series, a line a
//! user and a table at the end that says who lacks a model and what they need.

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::choices::ChoiceArgs;
use super::input::InputArgs;
use super::scorer;
use crate::cli::output::WIDEST;
use crate::cli::{left_out, output};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::protocol::{LearnFrom, Plan, Protocol, read_users};
use crate::lab::shard::Shard;
use crate::lab::train::series::{Outcome, Series, SeriesStep, Summary};
use crate::lab::train::{TrainOptions, TrainingProgress};
use crate::model::LoadedScorer;
use crate::pipeline::WindowParams;
use crate::platform::signals;
use crate::platform::stopwatch::Stopwatch;

/// Exit code of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// What the series needs of the command line.
pub(super) struct AllUsers<'a> {
    pub(super) input: &'a InputArgs,
    pub(super) choices: &'a ChoiceArgs,
    pub(super) protocol: &'a str,
    pub(super) out: &'a Path,
    pub(super) curves: bool,
    pub(super) shard: Shard,
    pub(super) json: bool,
}

impl AllUsers<'_> {
    /// Trains everybody and prints the table.
    ///
    /// # Errors
    /// When the recordings cannot be read or nothing can be written, and at the end when somebody
    /// has no model.
    pub(super) fn run(&self, folder: &Path) -> Result<()> {
        let protocol = Protocol::find(self.protocol)?;
        let generated = protocol.impostors.learn_from == LearnFrom::Generated;
        let options = self.choices.options(generated)?;
        leave_on_interrupt()?;
        eprintln!("Protocol {}: {}.", protocol.name, protocol.about);
        let windows = WindowParams::default();
        let plan = self.plan(&protocol, folder, windows)?;
        let source = self.input.format()?.name();
        let options = &options;
        let folder = self.out;
        let shard = self.shard;
        let series = Series { plan: &plan, windows, source, options, folder, shard };
        let mut meter = Meter::new(&plan, options);
        let summary =
            series.train(|path| LoadedScorer::open(path, &scorer()), &mut |step| meter.tell(step));
        meter.bar.finish_and_clear();
        let summary = summary?;
        if self.curves {
            eprintln!("The learning curves are {}.", series.draw_curves(&summary)?.display());
        }
        if self.json {
            output::json(&summary)?
        } else {
            output::line(&table(&summary))?
        }
        require_all(&summary)
    }

    fn plan(&self, protocol: &Protocol, folder: &Path, windows: WindowParams) -> Result<Plan> {
        let dataset = self.input.open(folder)?;
        let (people, dropped) = read_users(&dataset, windows, &mut |_, _| {})?;
        left_out::tell(None, &dropped);
        let mut plan = protocol.plan(protocol.prepare(people, windows), self.choices.seed())?;
        let people = &plan.people;
        plan.splits.retain(|split| self.shard.takes(&people[split.owner].id));
        plan.left_out.retain(|one| self.shard.takes(&one.user));
        Ok(plan)
    }
}

/// Nothing half-written can be left: files are renamed into place when they are whole.
fn leave_on_interrupt() -> Result<()> {
    signals::listen(|_| {
        eprintln!("\nInterrupted. Whoever is done stays done; the same command goes on from here.");
        std::process::exit(INTERRUPTED);
    })
}

/// The bar: a tick an epoch, so that the time left is known.
struct Meter {
    start: Stopwatch,
    bar: ProgressBar,
    epochs: u64,
    number: u64,
    of: u64,
}

impl Meter {
    fn new(plan: &Plan, options: &TrainOptions) -> Self {
        let of = plan.splits.len() as u64;
        let epochs = options.epochs as u64;
        let style = ProgressStyle::with_template("{bar:30} {msg}  ~{eta} left");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = if stderr().is_terminal() {
            ProgressBar::new(of * epochs).with_style(style)
        } else {
            ProgressBar::hidden()
        };
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { start: Stopwatch::start(), bar, epochs, number: 0, of }
    }

    fn tell(&mut self, step: SeriesStep<'_>) {
        match step {
            SeriesStep::Begins { user, number } => {
                self.number = number as u64;
                self.bar.set_message(format!("{number}/{} {user}", self.of));
            }
            SeriesStep::Training(TrainingProgress::Epoch(epoch)) => {
                self.bar.set_position((self.number - 1) * self.epochs + epoch.number as u64);
                self.bar.set_message(format!(
                    "{}/{} epoch {}/{}  loss {:.3}  AUC {:.3}",
                    self.number,
                    self.of,
                    epoch.number,
                    epoch.of,
                    epoch.training_loss,
                    epoch.validation_auc
                ));
            }
            SeriesStep::Training(_) => {}
            SeriesStep::Ended(outcome) => self.ended(outcome),
        }
    }

    /// As if the others took as long as those who are done.
    fn left(&self) -> Duration {
        let left = (self.of - self.number) as f64 / self.number as f64;
        self.start.lap().wall.mul_f64(left)
    }

    fn ended(&self, outcome: &Outcome) {
        self.bar.set_position(self.number * self.epochs);
        let left = if self.number < self.of {
            format!(", about {} left", HumanDuration(self.left()))
        } else {
            String::new()
        };
        let what = match (outcome.state, outcome.validation_auc) {
            ("kept", _) => "is there already, made of the same windows in the same way".to_owned(),
            ("trained", Some(auc)) => format!("trained, {} epochs, AUC {auc:.3}", outcome.epochs),
            ("trained", None) => "trained".to_owned(),
            _ => format!("no model: {}", outcome.why.as_deref().unwrap_or_default()),
        };
        let line = format!("{}/{} {}: {what}{left}", self.number, self.of, outcome.user);
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

/// One line a user.
fn table(summary: &Summary) -> String {
    let width = summary.users.iter().map(|user| user.user.chars().count()).max().unwrap_or(0);
    let width = width.max("user".len()).min(WIDEST);
    let head = format!(
        "{:width$}  {:8} {:>14} {:>14} {:>6} {:>6} {:>4} {:>6}",
        "user", "model", "own windows", "others'", "epochs", "AUC", "n", "EER %"
    );
    let row = |outcome: &Outcome| {
        let auc = outcome.validation_auc.map_or("-".into(), |auc| format!("{auc:.3}"));
        match (&outcome.why, &outcome.expected) {
            (None, Some(point)) => format!(
                "{:width$}  {:8} {:>14} {:>14} {:>6} {auc:>6} {:>4} {:>6.1}",
                outcome.user,
                outcome.state,
                counts(outcome.genuine_windows),
                counts(outcome.impostor_windows),
                outcome.epochs,
                point.windows,
                100.0 * point.eer
            ),
            (why, _) => {
                let why = why.as_deref().unwrap_or_default().replace('\n', "");
                format!("{:width$}  {:8} {why}", outcome.user, outcome.state)
            }
        }
    };
    let rows = summary.users.iter().map(row);
    let note = "Windows: learnt from + calibrated on. AUC: validation part of training; n, EER: what \
                the trainer expects, by its own calibration. `mousewarden evaluate` tests.";
    std::iter::once(head).chain(rows).chain([note.to_owned()]).collect::<Vec<_>>().join("\n")
}

fn counts([learnt, calibrates]: [usize; 2]) -> String {
    format!("{learnt} + {calibrates}")
}

fn require_all(summary: &Summary) -> Result<()> {
    let missing: Vec<&str> = summary.missing().map(|outcome| outcome.user.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what = format!(
        "{} of {} users have no model: {}",
        missing.len(),
        summary.users.len(),
        missing.join(", ")
    );
    Err(Failure::new(FailureKind::Data, what)
        .remedy("The table says what each of them needs; the others' models are done."))
}
