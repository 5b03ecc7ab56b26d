//! `mousewarden-rig`: parses the command line, runs the command, prints the error and gives the
//! exit code.

use std::process::ExitCode;

use clap::Parser;
use mousewarden::platform::environment;
use mousewarden_rig::cli::Cli;

fn main() -> ExitCode {
    environment::silence_onnx_runtime();
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("mousewarden-rig: {failure}");
            ExitCode::from(failure.kind().exit_code())
        }
    }
}
