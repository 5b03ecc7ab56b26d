//! `mousewarden train`: a model from the owner's recordings or from a folder of a public dataset.
//! Shows progress and what to expect; the training itself is the laboratory's.

mod all_users;
mod choices;
pub mod input;
mod progress;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use self::all_users::AllUsers;
pub(super) use self::choices::BackboneName;
use self::choices::ChoiceArgs;
pub use self::input::InputArgs;
use self::input::everybody;
use self::progress::{TrainingBar, expectation};
use super::context::Context;
use super::keys;
use crate::data::Store;
use crate::data::npz::{check_file_writable, check_writable};
use crate::error::{Failure, FailureKind, Result};
use crate::lab::enrolment::{impostors, own_movement};
use crate::lab::shard::Shard;
use crate::lab::train::{
    TrainingFacts, TrainingRequest, WriteModel, train_owner, write_checked, write_curve,
};
use crate::model::{Bundle, LoadedScorer, ScorerParams, folders_beside};
use crate::pipeline::{Window, WindowParams};

/// Arguments of `train`.
#[derive(Debug, Default, Args)]
pub(crate) struct TrainArgs {
    /// Whose model to train, by the dataset's id
    #[arg(long, value_name = "ID", requires = "folder", allow_hyphen_values = true)]
    user: Option<String>,
    /// A model for every user of the dataset; goes on after an interruption
    #[arg(long, requires_all = ["folder", "out"], conflicts_with_all = ["user", "impostors"])]
    all_users: bool,
    /// Who learns from what and is tested on what: open-set, seed, ... or a TOML file of your own
    #[arg(long, value_name = "NAME", requires = "all_users", default_value = "open-set")]
    protocol: String,
    /// Only this part of the users, by the hash of their names: 2/4 is the second of four. Parts
    /// may share --out; the same command without --shard then keeps their models and sums everybody
    /// up
    #[arg(long, value_name = "I/N", requires = "all_users", default_value_t)]
    shard: Shard,
    /// The closed set of the research: impostors that the model has learnt against (protocol
    /// `seed`)
    #[arg(long, requires = "all_users", conflicts_with = "protocol")]
    closed_set: bool,
    /// Whom to learn against
    #[arg(long, value_enum, default_value_t)]
    impostors: Impostors,
    /// Where to write the model (for your own recordings by default where the agent looks for it);
    /// with --all-users the folder for PROTOCOL/seed-SEED/USER.onnx
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Draw everybody's learning curves into curves.html beside the models
    #[arg(long, requires = "all_users")]
    curves: bool,
    /// Print the summary of --all-users as JSON
    #[arg(long, requires = "all_users")]
    json: bool,
    #[command(flatten)]
    choices: ChoiceArgs,
    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Impostors {
    /// People made up by the program, moving on the owner's device
    #[default]
    Generated,
    /// The dataset's other users
    Others,
}

/// One model to be made.
struct Task {
    sessions: Vec<Vec<Window>>,
    cohort: Vec<Vec<Window>>,
    about: TrainingFacts,
    out: PathBuf,
    /// In the clear; sealed in the owner's own folder.
    write: WriteModel,
}

impl TrainArgs {
    /// The model of the owner's recordings, written to `out`.
    pub(super) fn own(out: PathBuf) -> Self {
        Self { out: Some(out), ..Self::default() }
    }

    /// Trains, checks and writes the model, and says what to expect of it.
    ///
    /// # Errors
    /// When there is too little movement, the input cannot be read, or the model cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        self.input.check()?;
        if let Some(out) = &self.out {
            if self.all_users { check_writable(out) } else { check_file_writable(out) }?;
        }
        if let (true, Some(folder), Some(out)) = (self.all_users, &self.input.folder, &self.out) {
            return self.everybody(out).run(folder);
        }
        let params = WindowParams::default();
        let task = match &self.input.folder {
            Some(folder) => self.dataset_task(folder, params)?,
            None => self.own_task(params)?,
        };
        let bundle = self.train(&task, params)?;
        eprintln!("The model is {}.", task.out.display());
        super::output::line(&expectation(&bundle))
    }

    fn everybody<'a>(&'a self, out: &'a Path) -> AllUsers<'a> {
        let protocol = if self.closed_set { "seed" } else { &self.protocol };
        let input = &self.input;
        let choices = &self.choices;
        let curves = self.curves;
        let shard = self.shard;
        let json = self.json;
        AllUsers { input, choices, protocol, out, curves, shard, json }
    }

    fn own_task(&self, params: WindowParams) -> Result<Task> {
        if self.impostors == Impostors::Others {
            let what = "your own recordings hold nobody else";
            return Err(Failure::new(FailureKind::Config, what)
                .remedy("Use --impostors generated, or name a dataset's folder."));
        }
        let context = Context::load()?;
        let store = Store::open(context.paths.data())?;
        let out = self.out.clone().unwrap_or_else(|| store.model());
        let is_sealed = out == store.model() && !context.policy.fixes_model();
        if is_sealed {
            keys::ready(&context);
        }
        let own = own_movement(&store, params)?;
        for bad in &own.bad_lines {
            eprintln!("left out: {bad}");
        }
        Ok(Task {
            cohort: impostors(&own.sessions, params, self.choices.seed())?,
            about: TrainingFacts {
                subject: "owner".into(),
                genuine_source: "own recording".into(),
                impostor_source: "generated people".into(),
                capture: own.capture,
            },
            sessions: own.sessions,
            out,
            write: if is_sealed { Bundle::write_sealed } else { Bundle::write },
        })
    }

    fn dataset_task(&self, folder: &Path, params: WindowParams) -> Result<Task> {
        let Some(user) = self.user.as_deref() else {
            return Err(Failure::new(FailureKind::Usage, "a dataset, but nobody of it is named")
                .remedy("Add --user ID, or --all-users."));
        };
        let format = self.input.format()?.name();
        let dataset = self.input.open(folder)?;
        let sessions = input::windows_of(&dataset, dataset.find(user)?, params)?;
        let (cohort, impostor_source) = match self.impostors {
            Impostors::Generated => {
                (impostors(&sessions, params, self.choices.seed())?, "generated people".to_owned())
            }
            Impostors::Others => {
                let others = everybody(&dataset, params)?.into_iter().filter(|p| p.name != user);
                let cohort: Vec<_> = others.map(|person| person.sessions.concat()).collect();
                let source = format!("{format}, {} users", cohort.len());
                (cohort, source)
            }
        };
        let about = TrainingFacts {
            subject: user.to_owned(),
            genuine_source: format.to_owned(),
            impostor_source,
            capture: format!("dataset {format}"),
        };
        let out = self.out.clone().unwrap_or_else(|| format!("{user}.onnx").into());
        Ok(Task { sessions, cohort, about, out, write: Bundle::write })
    }

    fn train(&self, task: &Task, windows: WindowParams) -> Result<Bundle> {
        let options = self.choices.options(self.impostors == Impostors::Generated)?;
        let request = TrainingRequest {
            sessions: &task.sessions,
            cohort: &task.cohort,
            windows,
            about: &task.about,
            options: &options,
        };
        let mut show = TrainingBar::begin(options.epochs, "your");
        let trained = train_owner(&request, &mut |progress| show.tell(progress));
        let epochs = show.end();
        let bundle = trained?;
        let probes = task.sessions.concat();
        let kept = (task.out.as_path(), task.write);
        write_checked(&bundle, kept, &probes, |path| LoadedScorer::open(path, &scorer()))?;
        write_curve(&task.out, &epochs)?;
        Ok(bundle)
    }
}

fn scorer() -> ScorerParams {
    let search = std::env::current_exe().map(|exe| folders_beside(&exe)).unwrap_or_default();
    ScorerParams { search, ..ScorerParams::default() }
}
