//! Parses the command line, runs the command, prints the error and gives the exit code.

use std::process::ExitCode;

use mousewarden::cli::{Cli, output};
use mousewarden::platform::environment;

fn main() -> ExitCode {
    environment::silence_onnx_runtime();
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::talk(&format!("mousewarden: {failure}"));
            ExitCode::from(failure.kind().exit_code())
        }
    }
}
