//! Benchmarks that anyone can run; each names its peer and prints ratios of the same run.

mod ablation;
#[cfg(target_os = "linux")]
mod agent;
mod attacks;
mod backbone;
#[cfg(target_os = "linux")]
mod capture;
#[cfg(target_os = "linux")]
mod demo;
#[cfg(target_os = "linux")]
mod endurance;
mod enough;
mod enrol;
#[cfg(target_os = "linux")]
mod faults;
mod play;
mod preprocess;
#[cfg(target_os = "linux")]
mod process;
mod score;
mod throughput;
mod train;

use clap::{Args, Subcommand};

pub(crate) use score::untrained;

use mousewarden::error::Result;

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Whether oversampling or synthesis helps, on real users.
    Ablation(ablation::AblationArgs),
    /// What the running agent costs, and how soon a verdict follows a pause.
    #[cfg(target_os = "linux")]
    Agent(agent::AgentArgs),
    /// Presentation attacks by species, on real users as owners.
    Attacks(attacks::AttacksArgs),
    /// What replay detection takes for a copy although it is none, on real users.
    Copies(attacks::CopiesArgs),
    /// What is taken for movement of a program although it is a hand's, on real users.
    Evenness(attacks::EvennessArgs),
    /// Enrol real users of a dataset against generated ones and test with impostors.
    Enrol(enrol::EnrolArgs),
    /// Whether enrolments that end by themselves end at the right moment, on real users.
    Enough(enough::EnoughArgs),
    /// How exactly the hook keeps the hand's time, and what it costs.
    #[cfg(target_os = "linux")]
    Capture(capture::CaptureArgs),
    /// The demonstration for many seeds, without its clock: time to alarm, false alarms.
    #[cfg(target_os = "linux")]
    Demo(demo::DemoBenchArgs),
    /// How long after an alarm the screen is locked, with each fault around it, and what is told.
    #[cfg(target_os = "linux")]
    Faults(faults::FaultArgs),
    /// Play a recording into this session as if its mouse made it.
    Play(play::PlayArgs),
    /// Rows a minute from recordings to windows, beside pandas.
    Preprocess(preprocess::PreprocessBenchArgs),
    /// What one window costs to score.
    Score(score::ScoreArgs),
    /// Windows a second, as an evaluation scores them.
    Throughput(throughput::ThroughputArgs),
    /// Training speed: steps, instruction sets and threads against the processor's peak.
    Train(train::TrainBenchArgs),
}

impl BenchArgs {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// Whatever the benchmark failed of.
    pub fn run(self) -> Result<()> {
        match self.bench {
            Bench::Ablation(args) => args.run(),
            #[cfg(target_os = "linux")]
            Bench::Agent(args) => args.run(),
            Bench::Attacks(args) => args.run(),
            Bench::Copies(args) => args.run(),
            Bench::Evenness(args) => args.run(),
            Bench::Enrol(args) => args.run(),
            Bench::Enough(args) => args.run(),
            #[cfg(target_os = "linux")]
            Bench::Capture(args) => args.run(),
            #[cfg(target_os = "linux")]
            Bench::Demo(args) => args.run(),
            #[cfg(target_os = "linux")]
            Bench::Faults(args) => args.run(),
            Bench::Play(args) => args.run(),
            Bench::Preprocess(args) => args.run(),
            Bench::Score(args) => args.run(),
            Bench::Throughput(args) => args.run(),
            Bench::Train(args) => args.run(),
        }
    }
}
