//! Presentation attacks by species, on real people as owners, through the agent's whole detector:
//! how often each is accepted, beside the owner's own movement and that of other people who do not
//! try anything. The terms are those of ISO/IEC 30107-3.

mod copies;
mod evenness;
mod generators;
mod learnt;
mod owner;
mod results;
mod search;
mod species;

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::people::read_people;
use mousewarden::agent::settings::DecisionChoice;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::protocol::{Plan, Protocol, Split};
use mousewarden::lab::shard::Shard;
use mousewarden::lab::train::TrainOptions;
use mousewarden::lab::train::series::Series;
use mousewarden::model::{LoadedScorer, ScorerBackend, ScorerParams};
use mousewarden::pipeline::WindowParams;

pub(super) use copies::CopiesArgs;
pub(super) use evenness::EvennessArgs;
use owner::AttackedOwner;
use results::{OwnerTallies, Results, Tally};
use species::Species;

/// Arguments of `bench attacks`.
#[derive(Debug, Args)]
pub struct AttacksArgs {
    /// The sets of people: NAME=FORMAT:FOLDER.
    #[arg(required = true)]
    sets: Vec<PeopleSet>,
    /// At most this many owners of a set.
    #[arg(long, default_value_t = 20)]
    owners: usize,
    /// Who learns from what and is tested on what, as `mousewarden evaluate` calls it.
    #[arg(long, default_value = "open-set")]
    protocol: String,
    /// Folder of the models, a folder a set; those that are missing are trained.
    #[arg(long, default_value = "attack-models")]
    models: PathBuf,
    /// Windows of a presentation.
    #[arg(long, default_value_t = 60)]
    windows: usize,
    /// Presentations of each species to each owner.
    #[arg(long, default_value_t = 10)]
    presentations: usize,
    /// Presentations of each owner's own movement, and of others', at most.
    #[arg(long, default_value_t = 100)]
    genuine: usize,
    /// Seed of split, models and attacks.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// File for the counts of each owner.
    #[arg(long)]
    results: Option<PathBuf>,
}

/// A set of people, and its name in the table.
#[derive(Debug, Clone)]
struct PeopleSet {
    name: String,
    format: String,
    folder: PathBuf,
}

impl FromStr for PeopleSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(name, rest)| {
            rest.split_once(':').map(|(format, folder)| (name, format, folder))
        });
        let (name, format, folder) = parts.ok_or("not NAME=FORMAT:FOLDER")?;
        Ok(Self { name: name.into(), format: format.into(), folder: folder.into() })
    }
}

impl AttacksArgs {
    /// Runs it, prints a table in Markdown, and writes the counts of each owner.
    ///
    /// # Errors
    /// When a set cannot be read, a model not be trained, or the file not be written.
    pub fn run(self) -> Result<()> {
        let species = species::all();
        let arguments = &self;
        let presented = species.as_slice();
        let attacked: Vec<Result<Vec<OwnerTallies>>> = std::thread::scope(|scope| {
            let sets = arguments.sets.iter();
            let at_work: Vec<_> =
                sets.map(|set| scope.spawn(move || arguments.attacked(set, presented))).collect();
            at_work.into_iter().map(|set| set.join().unwrap_or_else(|_| Err(broken()))).collect()
        });
        let owners: Vec<Vec<OwnerTallies>> = attacked.into_iter().collect::<Result<_>>()?;
        let owners: Vec<OwnerTallies> = owners.into_iter().flatten().collect();
        let tools = (0..species.len()).filter(|at| species[*at].is_tool()).collect();
        let results = Results {
            made_by: format!("mousewarden-rig {}", env!("CARGO_PKG_VERSION")),
            command: self.command(),
            seed: self.seed,
            windows: self.windows,
            species: species.iter().map(ToString::to_string).collect(),
            tools,
            owners,
            rows: Vec::new(),
        }
        .with_rows();
        println!("`{}`, {} owners.\n", results.command, results.owners.len());
        results.print();
        let Some(path) = &self.results else { return Ok(()) };
        let text = serde_json::to_string(&results)
            .map_err(|e| Failure::new(FailureKind::Internal, e.to_string()))?;
        std::fs::write(path, text + "\n").map_err(|e| Failure::io(path.display(), e))
    }

    /// The command that gives these figures again.
    fn command(&self) -> String {
        let sets = self.sets.iter().map(|set| {
            let folder = set.folder.file_name().unwrap_or_default().to_string_lossy();
            format!(" {}={}:FOLDER/{folder}", set.name, set.format)
        });
        format!(
            "mousewarden-rig bench attacks{} --owners {} --protocol {} --windows {} --presentations {} --genuine {} --seed {}",
            sets.collect::<String>(),
            self.owners,
            self.protocol,
            self.windows,
            self.presentations,
            self.genuine,
            self.seed
        )
    }

    /// What came of the attacks on the people of a set.
    fn attacked(&self, set: &PeopleSet, species: &[Species]) -> Result<Vec<OwnerTallies>> {
        let params = WindowParams::default();
        let people = read_people(&set.folder, &set.format, params)?;
        let protocol = Protocol::find(&self.protocol)?;
        let plan = protocol.plan(protocol.prepare(people, params), self.seed)?;
        let mut owners = Vec::new();
        for split in plan.splits.iter().take(self.owners) {
            let Some(mut owner) = self.owner(set, &plan, split)? else { continue };
            let genuine = Tally::of(owner.genuine(self.genuine)?);
            let zero_effort = Tally::of(owner.impostors(self.genuine)?);
            let mut tallies = Vec::with_capacity(species.len());
            for one in species {
                let outcomes: Result<Vec<_>> = (0..self.presentations as u64)
                    .map(|number| owner.attack(one, number))
                    .collect();
                tallies.push(Tally::of(outcomes?));
            }
            owners.push(OwnerTallies {
                set: set.name.clone(),
                genuine,
                zero_effort,
                species: tallies,
            });
            eprintln!("{}, {}: done", set.name, plan.people[split.owner].id);
        }
        Ok(owners)
    }

    /// An owner with a model; none with too little movement for a presentation.
    fn owner<'a>(
        &self,
        set: &PeopleSet,
        plan: &'a Plan,
        split: &'a Split,
    ) -> Result<Option<AttackedOwner<'a>>> {
        let scorer = ScorerParams { backend: ScorerBackend::Builtin, ..ScorerParams::default() };
        let options = TrainOptions { seed: self.seed, ..TrainOptions::default() };
        let folder = self.models.join(&set.name);
        let series = Series {
            plan,
            windows: WindowParams::default(),
            source: &set.format,
            options: &options,
            folder: &folder,
            shard: Shard::WHOLE,
        };
        let path = plan.model_path(&folder, split);
        if !path.exists() {
            series.one(split, &|path| LoadedScorer::open(path, &scorer), &mut |_| {})?;
        }
        let (bundle, scorer) = LoadedScorer::open_bundle(&path, &scorer)?;
        let choice = DecisionChoice::default();
        let decision = choice.resolve(&bundle)?;
        let half_life = choice.notice_budget_h.half_life();
        Ok(AttackedOwner::new(plan, split, &bundle, scorer, (decision, half_life), self.windows))
    }
}

fn broken() -> Failure {
    Failure::new(FailureKind::Internal, "the attacks on a set broke off")
}
