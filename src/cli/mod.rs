//! One file a command: each holds its arguments and its `run`. Only this layer knows the terminal,
//! the environment, the paths and the configuration.

pub(crate) mod adaptation;
pub(crate) mod capture_process;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod enroll;
pub mod evaluate;
pub mod explore;
pub mod export;
mod first_hours;
#[cfg(feature = "history")]
pub mod fleet;
mod groups;
pub mod guard;
pub mod identify;
pub mod inspect;
mod keys;
mod left_out;
pub mod output;
pub(crate) mod pause;
pub(crate) mod preprocess;
pub(crate) mod privacy;
pub(crate) mod purge;
pub(crate) mod replay;
#[cfg(feature = "history")]
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod service;
pub(crate) mod status;
mod stdio_arrow;
pub(crate) mod stop;
pub mod train;
mod unknown_owner;
#[cfg(feature = "watch")]
pub(crate) mod watch;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Result;

/// Learns how you move the mouse and notices within seconds when somebody else has taken it over.
#[derive(Debug, Parser)]
#[command(name = "mousewarden", version, propagate_version = true)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Record how you move the mouse, then train the model; takes the options of `enroll`
    #[arg(long)]
    enroll: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the mouse (what `mousewarden` does without a command).
    Run(run::RunArgs),
    /// Record how you move the mouse, then train the model (also `--enroll`).
    #[command(visible_alias = "enrol")]
    Enroll(enroll::EnrollArgs),
    /// Show what the running agent sees.
    Status(status::StatusArgs),
    /// Watch the running agent in the terminal, live.
    #[cfg(feature = "watch")]
    Watch(watch::WatchArgs),
    /// Make a page of the history: scores, alarms, false alarms, when it watched.
    #[cfg(feature = "history")]
    Report(report::ReportArgs),
    /// Look away for a while.
    Pause(pause::PauseArgs),
    /// End a pause.
    Resume(resume::ResumeArgs),
    /// End the running agent.
    Stop(stop::StopArgs),
    /// Show what was learnt since the enrolment, and take it back.
    Adaptation(adaptation::AdaptationArgs),
    /// List the mice and screens that count as yours, and forget one.
    Devices(devices::DevicesArgs),
    /// Look at everything that the agent needs, and say what mends it.
    Doctor(doctor::DoctorArgs),
    /// Start the agent with every session, or no longer.
    Service(service::ServiceArgs),
    /// Say what is stored about you, where, for how long, and who can read it.
    Privacy(privacy::PrivacyArgs),
    /// Copy everything that is stored about you into a folder.
    Export(export::ExportArgs),
    /// Remove what is stored about you.
    Purge(purge::PurgeArgs),
    /// Print the default configuration, check a file, show where things lie.
    Config(config::ConfigArgs),
    /// Print the verdicts that the agent would have given on a recording.
    Replay(replay::ReplayArgs),
    /// Tell which of several known people made a session.
    Identify(identify::IdentifyArgs),
    /// Show what a model file says of itself.
    Inspect(inspect::InspectArgs),
    /// Train a model from your recordings, or from a dataset.
    Train(Box<train::TrainArgs>),
    /// Look at recordings: checks, paths, timelines and features on one page.
    Explore(Box<explore::ExploreArgs>),
    /// Measure models on people and sessions unknown to them, beside baselines.
    Evaluate(Box<evaluate::EvaluateArgs>),
    /// Turn public recordings into windows to train on.
    Preprocess(Box<preprocess::PreprocessArgs>),
    /// Sum up the exported histories of many machines on one page.
    #[cfg(feature = "history")]
    Fleet(fleet::FleetArgs),
    /// Print what a shell completes.
    Completions(completions::CompletionsArgs),
    /// Write the man pages into a folder.
    #[command(hide = true)]
    Manual(completions::ManualArgs),
    /// Hold the mouse hook for the process that started this one.
    #[command(hide = true)]
    CaptureProcess(capture_process::CaptureProcessArgs),
    /// Lock when the process that started this one is killed during a countdown.
    #[command(hide = true)]
    Guard(guard::GuardArgs),
}

impl Cli {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// What is wrong with it, or the help that it asks for.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut words: Vec<_> = words.into_iter().collect();
        // `--enroll` is the command as well, so that both take the same options.
        if words.get(1).is_some_and(|word| word == "--enroll") {
            words[1] = "enroll".into();
        }
        let matches = groups::grouped(Self::command()).try_get_matches_from(words)?;
        Self::from_arg_matches(&matches)
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Whatever the command failed of; `main` prints it and exits with its code.
    pub fn run(self) -> Result<()> {
        let command = match (self.command, self.enroll) {
            (Some(command), _) => command,
            (None, true) => Command::Enroll(enroll::EnrollArgs::default()),
            (None, false) => Command::Run(run::RunArgs::default()),
        };
        keys::serve();
        match command {
            Command::Adaptation(args) => args.run(),
            Command::Preprocess(args) => args.run(),
            Command::Completions(args) => args.run(),
            Command::Config(args) => args.run(),
            Command::Devices(args) => args.run(),
            Command::Doctor(args) => args.run(),
            Command::Enroll(args) => args.run(),
            Command::Explore(args) => args.run(),
            #[cfg(feature = "history")]
            Command::Fleet(args) => args.run(),
            Command::Identify(args) => args.run(),
            Command::Export(args) => args.run(),
            Command::Guard(args) => args.run(),
            Command::Evaluate(args) => args.run(),
            Command::Inspect(args) => args.run(),
            Command::Manual(args) => args.run(),
            Command::Pause(args) => args.run(),
            Command::Privacy(args) => args.run(),
            Command::Purge(args) => args.run(),
            Command::Replay(args) => args.run(),
            #[cfg(feature = "history")]
            Command::Report(args) => args.run(),
            Command::Resume(args) => args.run(),
            Command::Run(args) => args.run(),
            Command::CaptureProcess(args) => args.run(),
            Command::Service(args) => args.run(),
            Command::Status(args) => args.run(),
            Command::Stop(args) => args.run(),
            Command::Train(args) => args.run(),
            #[cfg(feature = "watch")]
            Command::Watch(args) => args.run(),
        }
    }
}
