//! `mousewarden train`: a model from the owner's recordings or from a folder of a public dataset.
//! Shows progress and what to expect; the training itself is the laboratory's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::data::Store;
use crate::data::formats::{Dataset, Dropped, Format, GenericParams, ReadParams, User, open};
use crate::error::{Failure, Kind, Result};
use crate::lab::enrolment::{impostors, own_movement};
use crate::lab::train::{About, Progress, TrainOptions, train_owner, write_checked};
use crate::model::{Bundle, LoadedScorer, OperatingPoint, ScorerParams, folders_beside};
use crate::paths::Paths;
use crate::pipeline::window::cut_recording;
use crate::pipeline::{Window, WindowParams};

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// The dataset's folder; without it, your own recordings.
    #[arg(requires = "user")]
    folder: Option<PathBuf>,
    /// The dataset's format: gmail, balabit, sapimouse, bank, dfl.
    #[arg(long, requires = "folder", conflicts_with = "mapping")]
    format: Option<String>,
    /// A TOML file that describes any other format.
    #[arg(long, requires = "folder")]
    mapping: Option<PathBuf>,
    /// Whose model to train, by the dataset's id.
    #[arg(long, requires = "folder")]
    user: Option<String>,
    /// Whom to learn against.
    #[arg(long, value_enum, default_value_t = Impostors::Generated)]
    impostors: Impostors,
    /// Where to write the model; for your own recordings, the place where the agent looks for it.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Seed of every random choice.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Train a small model in seconds.
    #[arg(long)]
    quick: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Impostors {
    /// People made up by the program, moving on the owner's device.
    Generated,
    /// The dataset's other users.
    Others,
}

struct Task {
    sessions: Vec<Vec<Window>>,
    cohort: Vec<Vec<Window>>,
    about: About,
    out: PathBuf,
}

impl TrainArgs {
    /// The model of the owner's recordings, written to `out`.
    pub(super) fn own(out: PathBuf, quick: bool) -> Self {
        let impostors = Impostors::Generated;
        let (folder, format, mapping, user) = (None, None, None, None);
        Self { folder, format, mapping, user, impostors, out: Some(out), seed: 1, quick }
    }

    /// Trains, checks and writes the model, and says what to expect of it.
    ///
    /// # Errors
    /// When there is too little movement, the input cannot be read, or the model cannot be written.
    pub fn run(self) -> Result<()> {
        let params = WindowParams::default();
        let task = match &self.folder {
            Some(folder) => self.dataset_task(folder, params)?,
            None => self.own_task(params)?,
        };
        let bundle = train(&task, params, &self.options())?;
        let probes = task.sessions.concat();
        write_checked(&bundle, &task.out, &probes, |path| LoadedScorer::open(path, &scorer()))?;
        eprintln!("The model is {}.", task.out.display());
        println!("{}", expectation(&bundle));
        Ok(())
    }

    fn options(&self) -> TrainOptions {
        let usual = if self.quick { TrainOptions::demo() } else { TrainOptions::default() };
        TrainOptions { seed: self.seed, ..usual }
    }

    fn own_task(&self, params: WindowParams) -> Result<Task> {
        if self.impostors == Impostors::Others {
            let what = "your own recordings hold nobody else";
            return Err(Failure::new(Kind::Config, what)
                .remedy("Use --impostors generated, or name a dataset's folder."));
        }
        let store = Store::open(Paths::from_environment()?.data())?;
        let own = own_movement(&store, params)?;
        for bad in &own.bad_lines {
            eprintln!("left out: {bad}");
        }
        Ok(Task {
            cohort: impostors(&own.sessions, params, self.seed)?,
            about: About {
                subject: "owner".into(),
                genuine_source: "own recording".into(),
                impostor_source: "generated people".into(),
                capture: own.capture,
            },
            sessions: own.sessions,
            out: self.out.clone().unwrap_or_else(|| store.model()),
        })
    }

    fn dataset_task(&self, folder: &Path, params: WindowParams) -> Result<Task> {
        let format = self.format()?;
        let user = self.user.as_deref().unwrap_or_default();
        let dataset = open(&format, &[folder.to_owned()], ReadParams::default())?;
        let sessions = windows_of(&dataset, dataset.find(user)?, params)?;
        let (cohort, source) = match self.impostors {
            Impostors::Generated => {
                (impostors(&sessions, params, self.seed)?, "generated people".to_owned())
            }
            Impostors::Others => {
                let cohort = others(&dataset, user, params)?;
                let source = format!("{}, {} users", format.name(), cohort.len());
                (cohort, source)
            }
        };
        Ok(Task {
            sessions,
            cohort,
            about: About {
                subject: user.to_owned(),
                genuine_source: format.name().to_owned(),
                impostor_source: source,
                capture: format!("dataset {}", format.name()),
            },
            out: self.out.clone().unwrap_or_else(|| format!("{user}.onnx").into()),
        })
    }

    fn format(&self) -> Result<Format> {
        if let Some(path) = &self.mapping {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::io(format!("mapping {name}"), e))?;
            return Ok(Format::Generic(Box::new(GenericParams::from_toml(&name, &text)?)));
        }
        let unnamed = || {
            Failure::new(Kind::Config, "the dataset's format is not named")
                .remedy("Add --format NAME, or --mapping FILE.")
        };
        self.format.as_deref().ok_or_else(unnamed)?.parse()
    }
}

/// One person's windows, a list a session; says on stderr what was left out.
fn windows_of(dataset: &Dataset, user: &User, params: WindowParams) -> Result<Vec<Vec<Window>>> {
    let (mut sessions, mut dropped) = (Vec::new(), Dropped::default());
    for session in dataset.sessions(user) {
        let session = session?;
        dropped.absorb(&session.dropped);
        if !session.events.is_empty() {
            sessions.push(cut_recording(params, session.signals()).0);
        }
    }
    for (reason, rows) in dropped.by_reason() {
        eprintln!("{}: {rows} rows left out: {}", user.id(), reason.name());
    }
    for place in dropped.places().iter().filter(|place| place.reason.is_fault()) {
        eprintln!("  {place}");
    }
    Ok(sessions)
}

fn others(dataset: &Dataset, user: &str, params: WindowParams) -> Result<Vec<Vec<Window>>> {
    let strangers = dataset.users().iter().filter(|other| other.id() != user);
    strangers.map(|other| Ok(windows_of(dataset, other, params)?.concat())).collect()
}

fn scorer() -> ScorerParams {
    let search = std::env::current_exe().map(|exe| folders_beside(&exe)).unwrap_or_default();
    ScorerParams { search, ..ScorerParams::default() }
}

fn train(task: &Task, params: WindowParams, options: &TrainOptions) -> Result<Bundle> {
    let bar = ProgressBar::new(options.epochs as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} pass {pos}/{len}  {msg}  ~{eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    let mut show = |progress: Progress| match progress {
        Progress::Split { genuine, impostor } => bar.println(format!(
            "Learning from {} of your windows and {} of others, calibrating on {} and {}.",
            genuine[0], impostor[0], genuine[2], impostor[2]
        )),
        Progress::Epoch { epoch, loss, auc, .. } => {
            bar.set_position(epoch as u64);
            bar.set_message(format!("loss {loss:.3}, AUC {auc:.3}"));
        }
        Progress::Calibrating => bar.set_message("measuring thresholds"),
    };
    let bundle = train_owner(&task.sessions, &task.cohort, params, &task.about, options, &mut show);
    bar.finish_and_clear();
    bundle
}

/// What to expect, a line a group size.
fn expectation(bundle: &Bundle) -> String {
    let mut lines = vec![format!(
        "{:>8} {:>10} {:>22} {:>22}",
        "windows", "movement", "strangers accepted", "you rejected"
    )];
    let percent = |rate: f32, interval: [f32; 2]| {
        let [low, high] = interval.map(|bound| bound * 100.0);
        format!("{:.1} % ({low:.1}-{high:.1})", rate * 100.0)
    };
    let line = |point: &OperatingPoint| {
        let chosen = if point.windows == bundle.default_group { "  <- used" } else { "" };
        format!(
            "{:>8} {:>8.1} s {:>22} {:>22}{chosen}",
            point.windows,
            point.movement_s,
            percent(point.far, point.far_interval),
            percent(point.frr, point.frr_interval)
        )
    };
    lines.extend(bundle.operating_points.iter().map(line));
    lines.push("In brackets: where the true rate lies with 95 % confidence.".into());
    lines.push(format!(
        "Strangers are here: {}, and your own movement in other styles. Real ones are more often \
         accepted.",
        bundle.provenance.impostor_source
    ));
    lines.join("\n")
}
