//! Benchmarks that anyone can run; each names its peer and prints ratios of the same run.

mod enrol;

use clap::{Args, Subcommand};

use crate::error::Result;

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Enrol real people of a dataset against generated ones and test with strangers.
    Enrol(enrol::EnrolArgs),
}

impl BenchArgs {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// Whatever the benchmark failed of.
    pub fn run(self) -> Result<()> {
        match self.bench {
            Bench::Enrol(args) => args.run(),
        }
    }
}
