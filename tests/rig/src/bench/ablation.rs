//! `bench ablation`: whether oversampling or synthesis helps on a dataset's people, as one table.
//! Long runs can be broken off: every trial is kept in a file, and the same command goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use indicatif::HumanDuration;
use serde::{Deserialize, Serialize};

use mousewarden::cli::output;
use mousewarden::cli::train::InputArgs;
use mousewarden::data::npz::write_whole;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::protocol::{EnrolmentLength, Plan, Protocol, Split, read_users};
use mousewarden::lab::train::ablation::{
    MeanFigure, Trial, VARIANTS, Variant, VariantRow, protocol, trial, verdict,
};
use mousewarden::lab::train::{BackboneChoice, TrainOptions};
use mousewarden::pipeline::WindowParams;
use mousewarden::platform::stopwatch::Stopwatch;

/// Arguments of `bench ablation`.
#[derive(Debug, Args)]
pub struct AblationArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Where trials are kept; the same command with the same file goes on
    #[arg(long, value_name = "FILE")]
    trials: PathBuf,
    /// Cut every owner's training part to so many minutes of movement, a table each; each length
    /// keeps its trials in a file of its own beside the one named
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=600))]
    minutes: Vec<u32>,
    /// Seeds 1 to this
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Units of each direction of both recurrences
    #[arg(long, default_value_t = 32)]
    units: usize,
    /// Passes at most
    #[arg(long, default_value_t = 12)]
    epochs: usize,
    /// Passes without gain after which a training stops
    #[arg(long, default_value_t = 4)]
    patience: usize,
    /// Threads
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// End after so many more trials
    #[arg(long)]
    most: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The file of trials.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// What they have in common; another setting needs another file.
    setting: String,
    trials: Vec<Trial>,
    /// Seconds of training.
    seconds: f64,
}

impl AblationArgs {
    /// Trains what is missing and prints the table.
    ///
    /// # Errors
    /// When the recordings cannot be read, a training breaks down, or the file of trials is
    /// another setting's.
    pub fn run(self) -> Result<()> {
        let usual = protocol()?;
        if self.minutes.is_empty() {
            let rows = self.rows(&usual, &self.trials)?;
            return if self.json { output::json(&rows) } else { Ok(()) };
        }
        let mut by_minutes = BTreeMap::new();
        for minutes in &self.minutes {
            let file = self.trials.with_extension(format!("{minutes}min.json"));
            by_minutes.insert(
                minutes,
                self.rows(&usual.enrolled_for(EnrolmentLength::Minutes(*minutes)), &file)?,
            );
        }
        if self.json { output::json(&by_minutes) } else { Ok(()) }
    }

    /// The rows by these rules, with the trials of this file; shows them as a table unless JSON is
    /// wanted.
    fn rows(&self, rules: &Protocol, file: &Path) -> Result<Vec<VariantRow>> {
        let mut kept = self.kept(rules, file)?;
        let mut left = self.most.unwrap_or(usize::MAX);
        let mut owners = String::new();
        for seed in 1..=self.seeds {
            let plan = self.plan(rules, seed)?;
            let (own, out) = (plan.splits.len(), plan.left_out.len());
            owners = format!("{own} owners, {out} left out");
            for split in &plan.splits {
                for variant in &VARIANTS {
                    if left > 0 && !kept.has(&plan, split, variant) {
                        self.add(&mut kept, &plan, split, variant)?;
                        kept.write(file)?;
                        left -= 1;
                    }
                }
            }
        }
        let rows = verdict(&kept.trials);
        if !self.json {
            let head = format!("{}: {owners}; {}", rules.name, kept.setting);
            output::line(&format!("{head}\n{}", table(&rows)))?;
        }
        Ok(rows)
    }

    fn add(&self, kept: &mut Kept, plan: &Plan, split: &Split, variant: &Variant) -> Result<()> {
        let start = Stopwatch::start();
        let Some(trial) = trial(plan, split, variant, &self.options())? else { return Ok(()) };
        let wall = start.lap().wall;
        kept.seconds += wall.as_secs_f64();
        let each = kept.seconds / (kept.trials.len() + 1) as f64;
        let all = self.seeds as usize * plan.splits.len() * VARIANTS.len();
        let left = all.saturating_sub(kept.trials.len() + 1);
        eprintln!(
            "{}/{all} {} seed {} {}: {} passes, AUC {:.3}, {:.1} s, about {} left",
            kept.trials.len() + 1,
            trial.user,
            trial.seed,
            trial.variant,
            trial.epochs,
            trial.figures.auc,
            wall.as_secs_f64(),
            HumanDuration(Duration::from_secs_f64(each * left as f64))
        );
        kept.trials.push(trial);
        Ok(())
    }

    fn options(&self) -> TrainOptions {
        TrainOptions {
            backbone: BackboneChoice::Random,
            hidden: [self.units; 2],
            epochs: self.epochs,
            patience: self.patience,
            threads: self.threads,
            ..TrainOptions::default()
        }
    }

    fn plan(&self, rules: &Protocol, seed: u64) -> Result<Plan> {
        let params = WindowParams::default();
        let dataset = self.input.open(self.folder()?)?;
        let (people, _) = read_users(&dataset, params, &mut |_, _| {})?;
        rules.plan(rules.prepare(people, params), seed)
    }

    fn folder(&self) -> Result<&Path> {
        let unnamed =
            || Failure::new(FailureKind::Config, "no dataset is named").remedy("Add its folder.");
        self.input.folder.as_deref().ok_or_else(unnamed)
    }

    fn kept(&self, rules: &Protocol, file: &Path) -> Result<Kept> {
        let setting = format!(
            "{}, {} + {} units, at most {} epochs (patience {}), protocol {}",
            self.input.format()?.name(),
            self.units,
            self.units,
            self.epochs,
            self.patience,
            &rules.sha256()[..12]
        );
        let Ok(text) = std::fs::read(file) else {
            return Ok(Kept { setting, ..Kept::default() });
        };
        match serde_json::from_slice::<Kept>(&text) {
            Ok(kept) if kept.setting == setting => Ok(kept),
            _ => {
                let what = format!("{}: trials of another setting", file.display());
                Err(Failure::new(FailureKind::Config, what)
                    .remedy("Name another file with --trials."))
            }
        }
    }
}

impl Kept {
    fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|e| Failure::new(FailureKind::Internal, format!("trials as JSON: {e}")))?;
        write_whole(file, &text)
    }

    fn has(&self, plan: &Plan, split: &Split, variant: &Variant) -> bool {
        let user = &plan.people[split.owner].id;
        let same = |t: &Trial| t.user == *user && t.seed == plan.seed && t.variant == variant.name;
        self.trials.iter().any(same)
    }
}

fn table(rows: &[VariantRow]) -> String {
    let heads = ["AUC", "EER n=1 %", "EER n=10 %", "EER n=30 %", "FAR/FRR n=10 %"];
    let mut lines = vec![line("mean over users (spread)", "trials", heads.map(str::to_owned))];
    for row in rows {
        let [auc, one, ten, thirty, far, frr] = &row.figures;
        let rate =
            |m: &Option<MeanFigure>| m.map_or("-".into(), |m| format!("{:.1}", 100.0 * m.mean));
        let carried = format!("{} / {}", rate(far), rate(frr));
        let [one, ten, thirty] = [one, ten, thirty].map(|m| mean(m, 100.0, 1));
        let cells = [mean(auc, 1.0, 3), one, ten, thirty, carried];
        lines.push(line(row.variant, &row.trials.to_string(), cells));
    }
    lines.push("difference to neither in points, user by user [95 % interval over users]:".into());
    for row in rows.iter().skip(1) {
        let [auc, one, ten, thirty, ..] = row.figures.each_ref().map(gain);
        lines.push(line(row.variant, "", [auc, one, ten, thirty, String::new()]));
    }
    lines.join("\n")
}

fn line(name: &str, trials: &str, cells: [String; 5]) -> String {
    let cells: String = cells.iter().map(|cell| format!(" {cell:>21}")).collect();
    format!("{name:28} {trials:>6}{cells}").trim_end().to_owned()
}

fn mean(figure: &Option<MeanFigure>, scale: f64, digits: usize) -> String {
    figure.map_or("-".into(), |m| {
        format!("{:.digits$} ({:.digits$})", scale * m.mean, scale * m.spread)
    })
}

fn gain(figure: &Option<MeanFigure>) -> String {
    figure.map_or("-".into(), |m| {
        let [low, high] = m.gain_interval.map(|end| 100.0 * end);
        format!("{:+.1} [{low:+.1}, {high:+.1}]", 100.0 * m.gain)
    })
}
