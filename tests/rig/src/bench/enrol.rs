//! Enrols real users of a public dataset one after another and shows how well impostors would be
//! noticed, beside a baseline that knows time steps only.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::backbone::BackboneArgs;
use crate::people::{read_people, sessions_of};
use mousewarden::error::Result;
use mousewarden::lab::synthesis::Device;
use mousewarden::lab::synthesis::cohort;
use mousewarden::lab::train::{TrainOptions, TrainingFacts, TrainingRequest, train_owner};
use mousewarden::lab::trial::{TimeOnly, TrialScores, enrolment, on_device};
use mousewarden::pipeline::{Window, WindowParams};

/// Arguments of `bench enrol`.
#[derive(Debug, Args)]
pub struct EnrolArgs {
    /// Format of the dataset.
    #[arg(long)]
    format: String,
    /// Its folder.
    folder: PathBuf,
    /// At most this many owners.
    #[arg(long, default_value_t = 10)]
    owners: usize,
    /// At most this many windows of an owner for enrolment.
    #[arg(long, default_value_t = 500)]
    windows: usize,
    /// Share of an owner's windows for enrolment.
    #[arg(long, default_value_t = 0.65)]
    share: f64,
    /// Generated impostors.
    #[arg(long, default_value_t = 60)]
    people: usize,
    /// Hidden units.
    #[arg(long)]
    hidden: Option<usize>,
    /// Impostors made of the owner's movement.
    #[arg(long)]
    style_transferred: Option<usize>,
    /// Dropout.
    #[arg(long)]
    dropout: Option<f32>,
    /// Epochs at most.
    #[arg(long)]
    epochs: Option<usize>,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    backbone: BackboneArgs,
    /// Only describe the movement of real and of synthetic users.
    #[arg(long)]
    describe: bool,
    /// Only train against synthetic users.
    #[arg(long)]
    generated_only: bool,
}

const SIZES: [usize; 5] = [1, 5, 10, 20, 30];
/// Owners with fewer windows than this are left out.
const FEWEST: usize = 100;

impl EnrolArgs {
    /// Runs it and prints a table.
    ///
    /// # Errors
    /// When the dataset cannot be read or a training fails.
    pub fn run(self) -> Result<()> {
        let params = WindowParams::default();
        let people: Vec<RealPerson> = read_people(&self.folder, &self.format, params)?
            .into_iter()
            .map(|user| RealPerson { name: user.id.clone(), sessions: sessions_of(user) })
            .collect();
        if self.describe {
            describe(&people, params, self.seed);
            return Ok(());
        }
        let mut table = Table::default();
        let owners = people.iter().enumerate().filter(|(_, p)| p.count() >= FEWEST);
        for (i, owner) in owners.take(self.owners) {
            let others: Vec<Vec<Window>> = people
                .iter()
                .enumerate()
                .filter(|(j, _)| *j != i)
                .map(|(_, other)| other.sessions.concat())
                .filter(|windows| !windows.is_empty())
                .collect();
            self.owner(owner, &others, params, &mut table)?;
        }
        table.print();
        Ok(())
    }

    fn owner(
        &self,
        owner: &RealPerson,
        others: &[Vec<Window>],
        params: WindowParams,
        table: &mut Table,
    ) -> Result<()> {
        let parts = enrolment(owner.sessions.clone(), self.share, self.windows);
        let Some(device) = Device::from_windows(&parts.learn.concat()) else { return Ok(()) };
        let count: usize = parts.learn.iter().map(Vec::len).sum();
        let each = (count * 10).div_ceil(self.people).max(10);
        let most = |windows: &[Window]| windows.iter().take(90).cloned().collect::<Vec<_>>();
        let half =
            |odd: usize| others.iter().skip(odd).step_by(2).map(|w| most(w)).collect::<Vec<_>>();
        // Half of the others may be learnt from, the other half only tests.
        let (known, impostors) = (half(0), half(1));
        let moved = on_device(&device, params, &impostors);
        let generated = cohort::generated(&device, params, self.people, each, self.seed);
        let options = self.backbone.apply(self.options())?;
        let plain = TrainOptions { style_transferred: 0, ..options.clone() };
        let mut cohorts = vec![("generated", generated, options)];
        if !self.generated_only {
            cohorts.push(("others on device", on_device(&device, params, &known), plain.clone()));
            cohorts.push(("others", known, plain));
        }
        // Sampling leaves traces of its own: where others are sampled anew, so is the owner.
        let again = on_device(&device, params, std::slice::from_ref(&parts.test)).concat();
        let learn_again = on_device(&device, params, &parts.learn);
        for (name, cohort, options) in cohorts {
            let learn = if name == "others on device" { &learn_again } else { &parts.learn };
            let about = TrainingFacts {
                subject: owner.name.clone(),
                genuine_source: self.format.clone(),
                impostor_source: name.into(),
                capture: "dataset".into(),
            };
            let request = TrainingRequest {
                sessions: learn,
                cohort: &cohort,
                windows: params,
                about: &about,
                options: &options,
            };
            let bundle = train_owner(&request, &mut |_| {})?;
            let times = TimeOnly::fit(learn.iter().flatten(), cohort.iter().flatten());
            let tests = [("raw", &parts.test, &impostors), ("on device", &again, &moved)];
            for (tested, genuine, impostors) in tests {
                let scores = TrialScores::of_model(&bundle, genuine, impostors);
                table.add(format!("{name} / {tested}"), &scores, &bundle.operating_points);
                let scores = TrialScores::of_time(&times, genuine, impostors);
                table.add(format!("{name} / {tested}, dt only"), &scores, &[]);
            }
            let calibrated: Vec<String> = bundle
                .operating_points
                .iter()
                .map(|p| format!("{}:{:.0}", p.windows, p.eer * 100.0))
                .collect();
            eprintln!(
                "{} {name}: {count} windows, {} passes, calibrated {}",
                owner.name,
                bundle.provenance.epochs,
                calibrated.join(" ")
            );
        }
        Ok(())
    }

    fn options(&self) -> TrainOptions {
        let usual = TrainOptions::default();
        TrainOptions {
            hidden: self.hidden.map_or(usual.hidden, |hidden| [hidden; 2]),
            style_transferred: self.style_transferred.unwrap_or(usual.style_transferred),
            dropout: self.dropout.unwrap_or(usual.dropout),
            epochs: self.epochs.unwrap_or(usual.epochs),
            seed: self.seed,
            ..usual
        }
    }
}

struct RealPerson {
    name: String,
    sessions: Vec<Vec<Window>>,
}

impl RealPerson {
    fn count(&self) -> usize {
        self.sessions.iter().map(Vec::len).sum()
    }
}

fn describe(people: &[RealPerson], params: WindowParams, seed: u64) {
    use mousewarden::lab::kinematics;
    let (mut real, mut made) = (Vec::new(), Vec::new());
    for (i, person) in people.iter().enumerate().filter(|(_, p)| p.count() >= 50) {
        let windows = person.sessions.concat();
        let Some(device) = Device::from_windows(&windows) else { continue };
        real.extend(kinematics::of(&windows));
        for one in cohort::generated(&device, params, 3, 100, seed.wrapping_add(i as u64)) {
            made.extend(kinematics::of(&one));
        }
    }
    println!("{:24} {:>30} {:>30}", "10, 50, 90 % of people", "real", "generated");
    for (i, name) in kinematics::NAMES.iter().enumerate() {
        let row = |people: &[[f64; 13]]| {
            let at = |q| kinematics::quantile(people.iter().map(|p| p[i]).collect(), q);
            format!("{:9.3} {:9.3} {:9.3}", at(0.1), at(0.5), at(0.9))
        };
        println!("{name:24} {:>30} {:>30}", row(&real), row(&made));
    }
}

#[derive(Default)]
struct Table(BTreeMap<String, Vec<Row>>);

struct Row {
    auc: Option<f64>,
    eer: [Option<f64>; 5],
    carried: [Option<[f64; 2]>; 5],
}

impl Table {
    fn add(
        &mut self,
        name: String,
        scores: &TrialScores,
        points: &[mousewarden::model::OperatingPoint],
    ) {
        let carried = SIZES.map(|n| {
            let point = points.iter().find(|point| point.windows == n)?;
            scores.rates(n, point.threshold).map(|rates| [rates.far, rates.frr])
        });
        let row = Row { auc: scores.auc(), eer: SIZES.map(|n| scores.eer(n)), carried };
        self.0.entry(name).or_default().push(row);
    }

    fn print(&self) {
        println!(
            "mean over owners: AUC; EER %, and FAR/FRR % at the carried threshold, for n = {SIZES:?}"
        );
        for (name, rows) in &self.0 {
            let auc = mean(rows.iter().filter_map(|row| row.auc))
                .map_or("-".into(), |auc| format!("{auc:.3}"));
            print!("{name:36} {:3} {auc}", rows.len());
            for i in 0..SIZES.len() {
                let eer = percent(rows.iter().filter_map(|row| row.eer[i]));
                let side =
                    |s: usize| percent(rows.iter().filter_map(|row| Some(row.carried[i]?[s])));
                print!(" | {eer:>5} ({:>4}/{:>4})", side(0), side(1));
            }
            println!();
        }
    }
}

/// None of nothing.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// A mean rate for a cell of the table; a dash where nothing was measured.
fn percent(rates: impl Iterator<Item = f64>) -> String {
    mean(rates).map_or("-".into(), |rate| format!("{:.1}", 100.0 * rate))
}
