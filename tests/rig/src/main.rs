//! `mousewarden-rig`: parses the command line, runs the command, prints the error and gives the
//! exit code.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mousewarden::error::Result;
use mousewarden::platform::environment;
use mousewarden_rig::bench::BenchArgs;
use mousewarden_rig::clicks::ClicksArgs;
#[cfg(target_os = "linux")]
use mousewarden_rig::demo::DemoArgs;
use mousewarden_rig::fuzz::FuzzArgs;
use mousewarden_rig::limits::LimitsArgs;
use mousewarden_rig::pretrain::PretrainArgs;

/// Demonstration, benchmarks, fuzzing and pretraining of mousewarden.
#[derive(Debug, Parser)]
#[command(name = "mousewarden-rig", version)]
struct Cli {
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

impl Command {
    fn run(self) -> Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Demo(args) => args.run(),
            Self::Bench(args) => args.run(),
            Self::Fuzz(args) => args.run(),
            Self::Pretrain(args) => args.run(),
            Self::Clicks(args) => args.run(),
            Self::Limits(args) => args.run(),
        }
    }
}

fn main() -> ExitCode {
    environment::silence_onnx_runtime();
    match Cli::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("mousewarden-rig: {failure}");
            ExitCode::from(failure.kind().exit_code())
        }
    }
}
