//! One file a command: each holds its arguments and its `run`. Only this layer knows the terminal,
//! the environment, the paths and the configuration.

pub mod bench;
pub mod preprocess;
pub mod sensor;

use clap::{Parser, Subcommand};

use crate::error::Result;

/// Learns how you move the mouse and notices within seconds when somebody else has taken it over.
#[derive(Debug, Parser)]
#[command(name = "mousewarden", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure parts of this program on this machine.
    #[command(hide = true)]
    Bench(bench::BenchArgs),
    /// Turn public recordings into windows to train on.
    Preprocess(preprocess::PreprocessArgs),
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
        match self.command {
            Command::Bench(args) => args.run(),
            Command::Preprocess(args) => args.run(),
            Command::Sensor(args) => args.run(),
        }
    }
}
