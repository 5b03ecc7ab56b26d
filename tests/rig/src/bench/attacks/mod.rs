//! Presentation attacks by species, on real people as owners, through the agent's whole detector:
//! how often each is accepted, beside the owner's own movement and that of other people who do not
//! try anything. The terms are those of ISO/IEC 30107-3.

mod copies;
mod generators;
mod owner;
mod species;

use std::path::PathBuf;

use clap::Args;

use crate::people::read_people;
use mousewarden::agent::settings::DecisionChoice;
use mousewarden::error::Result;
use mousewarden::lab::metrics::wilson;
use mousewarden::lab::protocol::{Plan, Protocol, Split};
use mousewarden::lab::shard::Shard;
use mousewarden::lab::train::TrainOptions;
use mousewarden::lab::train::series::Series;
use mousewarden::model::{LoadedScorer, ScorerBackend, ScorerParams};
use mousewarden::pipeline::WindowParams;

pub(super) use copies::CopiesArgs;
use owner::{AttackedOwner, Outcome};
use species::Species;

/// Arguments of `bench attacks`.
#[derive(Debug, Args)]
pub struct AttacksArgs {
    /// Format of the dataset.
    #[arg(long)]
    format: String,
    /// Its folder.
    folder: PathBuf,
    /// At most this many owners.
    #[arg(long, default_value_t = 10)]
    owners: usize,
    /// Who learns from what and is tested on what, as `mousewarden evaluate` calls it.
    #[arg(long, default_value = "open-set")]
    protocol: String,
    /// Folder of the models; those that are missing are trained.
    #[arg(long, default_value = "attack-models")]
    models: PathBuf,
    /// Windows of a presentation.
    #[arg(long, default_value_t = 60)]
    windows: usize,
    /// Presentations of each species to each owner.
    #[arg(long, default_value_t = 4)]
    presentations: usize,
    /// Seed of split, models and attacks.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What came of all presentations of one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    presented: usize,
    accepted: usize,
    /// Without replay detection.
    accepted_without: usize,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.presented += 1;
        self.accepted += usize::from(outcome.accepted);
        self.accepted_without += usize::from(outcome.accepted_without);
    }
}

impl AttacksArgs {
    /// Runs it and prints a table in Markdown.
    ///
    /// # Errors
    /// When the dataset cannot be read or a model not be trained.
    pub fn run(self) -> Result<()> {
        let params = WindowParams::default();
        let people = read_people(&self.folder, &self.format, params)?;
        let protocol = Protocol::find(&self.protocol)?;
        let plan = protocol.plan(protocol.prepare(people, params), self.seed)?;
        let species = species::all();
        let mut tallies = vec![Tally::default(); species.len()];
        let [mut genuine, mut impostor] = [Tally::default(); 2];
        let mut owners = 0;
        for split in plan.splits.iter().take(self.owners) {
            let Some(mut owner) = self.owner(&plan, split)? else { continue };
            owners += 1;
            owner.genuine(self.presentations)?.into_iter().for_each(|one| genuine.add(one));
            owner.impostors(self.presentations)?.into_iter().for_each(|one| impostor.add(one));
            for (species, tally) in species.iter().zip(&mut tallies) {
                for number in 0..self.presentations {
                    tally.add(owner.attack(species, number as u64)?);
                }
            }
            eprintln!("{}: done", plan.people[split.owner].id);
        }
        self.print(owners, [genuine, impostor], &species, &tallies);
        Ok(())
    }

    /// An owner with a model; none with too little movement for a presentation.
    fn owner<'a>(&self, plan: &'a Plan, split: &'a Split) -> Result<Option<AttackedOwner<'a>>> {
        let scorer = ScorerParams { backend: ScorerBackend::Builtin, ..ScorerParams::default() };
        let options = TrainOptions { seed: self.seed, ..TrainOptions::default() };
        let series = Series {
            plan,
            windows: WindowParams::default(),
            source: &self.format,
            options: &options,
            folder: &self.models,
            shard: Shard::WHOLE,
        };
        let path = plan.model_path(&self.models, split);
        if !path.exists() {
            series.one(split, &|path| LoadedScorer::open(path, &scorer), &mut |_| {})?;
        }
        let (bundle, scorer) = LoadedScorer::open_bundle(&path, &scorer)?;
        let choice = DecisionChoice::default();
        let decision = choice.resolve(&bundle)?;
        let half_life = choice.notice_budget_h.half_life();
        Ok(AttackedOwner::new(plan, split, &bundle, scorer, (decision, half_life), self.windows))
    }

    fn print(
        &self,
        owners: usize,
        [genuine, impostor]: [Tally; 2],
        species: &[Species],
        tallies: &[Tally],
    ) {
        println!(
            "{owners} owners ({}, protocol {}, seed {}), {} windows a presentation, {} presentations of a \
             species to each.\n",
            self.format, self.protocol, self.seed, self.windows, self.presentations
        );
        println!(
            "| what is presented | presentations | accepted | 95 % | RIAPAR | without replay detection |"
        );
        println!("|---|---|---|---|---|---|");
        let rejected = 1.0 - share(genuine.accepted, genuine.presented);
        let rows = [("the owner (TAR)", genuine), ("another user, zero effort (FAR)", impostor)];
        for (name, tally) in rows {
            println!("{}", row(name, tally, None));
        }
        for (species, tally) in species.iter().zip(tallies) {
            println!("{}", row(&species.to_string(), *tally, Some(rejected)));
        }
    }
}

/// A line of the table; `rejected` is the share of the owner's presentations that are, for RIAPAR.
fn row(name: &str, tally: Tally, rejected: Option<f64>) -> String {
    let Tally { presented, accepted, accepted_without } = tally;
    let rate = share(accepted, presented);
    let [low, high] = wilson(rate, presented).map(|bound| 100.0 * bound);
    let relative =
        rejected.map_or("".into(), |rejected| format!("{:.1} %", 100.0 * (rate + rejected)));
    format!(
        "| {name} | {presented} | {:.1} % | {low:.1}-{high:.1} | {relative} | {:.1} % |",
        100.0 * rate,
        100.0 * share(accepted_without, presented)
    )
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
