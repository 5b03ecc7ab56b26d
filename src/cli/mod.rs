//! One file a command: each holds its arguments and its `run`. Only this layer knows the terminal,
//! the environment, the paths and the configuration.

pub mod bench;
pub mod config;
pub mod context;
pub mod demo;
pub mod doctor;
pub mod enroll;
pub mod identify;
pub mod inspect;
pub mod output;
pub mod pause;
pub mod preprocess;
pub mod pretrain;
pub mod replay;
pub mod resume;
pub mod run;
pub mod sensor;
pub mod status;
pub mod stop;
pub mod train;

use clap::{Parser, Subcommand};

use crate::error::Result;

/// Learns how you move the mouse and notices within seconds when somebody else has taken it over.
#[derive(Debug, Parser)]
#[command(name = "mousewarden", version, propagate_version = true)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Record how you move the mouse, then train the model
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
    /// Look away for a while.
    Pause(pause::PauseArgs),
    /// End a pause.
    Resume(resume::ResumeArgs),
    /// End the running agent.
    Stop(stop::StopArgs),
    /// Watch the whole thing work: a person enrols, works, and a stranger takes the mouse.
    Demo(demo::DemoArgs),
    /// Look at everything that the agent needs, and say what mends it.
    Doctor(doctor::DoctorArgs),
    /// Print the default configuration, check a file, show where things lie.
    Config(config::ConfigArgs),
    /// Print the verdicts that the agent would have given on a recording.
    Replay(replay::ReplayArgs),
    /// Tell which of several known people made a session.
    Identify(identify::IdentifyArgs),
    /// Show what a model file says of itself.
    Inspect(inspect::InspectArgs),
    /// Train a model from your recordings, or from a dataset.
    Train(train::TrainArgs),
    /// Turn public recordings into windows to train on.
    Preprocess(Box<preprocess::PreprocessArgs>),
    /// Make the start of every owner's training (onnx/start.onnx).
    #[command(hide = true)]
    Pretrain(pretrain::PretrainArgs),
    /// Measure parts of this program on this machine.
    #[command(hide = true)]
    Bench(bench::BenchArgs),
    /// Hold the mouse hook for the process that started this one.
    #[command(hide = true)]
    Sensor(sensor::SensorArgs),
}

impl Cli {
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
        match command {
            Command::Bench(args) => args.run(),
            Command::Preprocess(args) => args.run(),
            Command::Config(args) => args.run(),
            Command::Demo(args) => args.run(),
            Command::Doctor(args) => args.run(),
            Command::Enroll(args) => args.run(),
            Command::Identify(args) => args.run(),
            Command::Inspect(args) => args.run(),
            Command::Pause(args) => args.run(),
            Command::Pretrain(args) => args.run(),
            Command::Replay(args) => args.run(),
            Command::Resume(args) => args.run(),
            Command::Run(args) => args.run(),
            Command::Sensor(args) => args.run(),
            Command::Status(args) => args.run(),
            Command::Stop(args) => args.run(),
            Command::Train(args) => args.run(),
        }
    }
}
