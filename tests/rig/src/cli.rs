//! The command line of `mousewarden-rig`.

use clap::{Parser, Subcommand};
use mousewarden::error::Result;

use crate::bench::BenchArgs;
use crate::clicks::ClicksArgs;
#[cfg(target_os = "linux")]
use crate::demo::DemoArgs;
use crate::fuzz::FuzzArgs;
use crate::limits::LimitsArgs;
use crate::pretrain::PretrainArgs;

/// Demonstration, benchmarks, fuzzing and pretraining of mousewarden.
#[derive(Debug, Parser)]
#[command(name = "mousewarden-rig", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the whole thing work: a person enrols, works, and somebody else takes the mouse.
    #[cfg(target_os = "linux")]
    Demo(DemoArgs),
    /// Measure parts of mousewarden on this machine.
    Bench(BenchArgs),
    /// Give damaged input to every reader of foreign bytes.
    Fuzz(FuzzArgs),
    /// Make the backbone of every owner's training (onnx/backbone.onnx).
    Pretrain(PretrainArgs),
    /// Write into a backbone how click timings lie among users.
    Clicks(ClicksArgs),
    /// Measure how often each of several limits bothers owners, set by set.
    Limits(LimitsArgs),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(self) -> Result<()> {
        match self.command {
            #[cfg(target_os = "linux")]
            Command::Demo(args) => args.run(),
            Command::Bench(args) => args.run(),
            Command::Fuzz(args) => args.run(),
            Command::Pretrain(args) => args.run(),
            Command::Clicks(args) => args.run(),
            Command::Limits(args) => args.run(),
        }
    }
}
