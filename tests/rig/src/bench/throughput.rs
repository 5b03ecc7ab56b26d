//! `bench throughput`: windows a second, as an evaluation scores them: in batches, on one thread
//! and on two, through the builtin scorer and through ONNX Runtime.
//! `tests/bench/onnxruntime_score.py` sets ONNX Runtime as Python drives it beside this, on the
//! same model and windows.

use std::path::PathBuf;
use std::thread;

use clap::Args;
use serde::Serialize;

use super::score::{untrained, window};
use mousewarden::cli::output;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::model::{Bundle, LoadedScorer, ScorerBackend, ScorerParams, folders_beside};
use mousewarden::pipeline::{Scorer, Steps};
use mousewarden::platform::stopwatch::Stopwatch;

/// Arguments of `bench throughput`.
#[derive(Debug, Args)]
pub struct ThroughputArgs {
    /// The model to score with; without it, an untrained one of the shape that `train` gives
    model: Option<PathBuf>,
    /// Steps of the windows
    #[arg(long, default_value_t = 30)]
    steps: usize,
    /// Windows of one measurement
    #[arg(long, default_value_t = 4000)]
    windows: usize,
    /// Windows that are scored at once
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Write the model here, for a peer
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One way of scoring.
#[derive(Debug, Serialize)]
struct Row {
    backend: ScorerBackend,
    threads: usize,
    /// The best of three rounds, all threads together.
    windows_per_second: f64,
}

#[derive(Debug, Serialize)]
struct Outcome {
    steps: usize,
    batch: usize,
    windows: usize,
    rows: Vec<Row>,
}

impl ThroughputArgs {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// When the model cannot be used, or scoring fails.
    pub fn run(self) -> Result<()> {
        if [self.steps, self.windows, self.batch].contains(&0) {
            let what = "bench throughput: --steps, --windows and --batch must be at least 1";
            return Err(
                Failure::new(FailureKind::Config, what).remedy("Leave them out for the defaults.")
            );
        }
        let bundle = match &self.model {
            Some(path) => Bundle::read(path)?,
            None => untrained(),
        };
        if let Some(path) = &self.keep {
            bundle.write(path)?;
        }
        let windows: Vec<Steps> = (0..self.windows).map(|at| window(self.steps, at)).collect();
        let mut rows = Vec::new();
        for backend in [ScorerBackend::Builtin, ScorerBackend::OnnxRuntime] {
            for threads in [1, 2] {
                match self.measure(&bundle, backend, threads, &windows) {
                    Ok(row) => rows.push(row),
                    Err(failure) if backend == ScorerBackend::OnnxRuntime => eprintln!("{failure}"),
                    Err(failure) => return Err(failure),
                }
            }
        }
        let outcome = Outcome { steps: self.steps, batch: self.batch, windows: self.windows, rows };
        match self.json {
            true => output::json(&outcome),
            false => output::line(&outcome.text()),
        }
    }

    fn measure(
        &self,
        bundle: &Bundle,
        backend: ScorerBackend,
        threads: usize,
        windows: &[Steps],
    ) -> Result<Row> {
        let search = std::env::current_exe().map(|path| folders_beside(&path)).unwrap_or_default();
        let params = ScorerParams { backend, search, ..ScorerParams::default() };
        let mut scorers: Vec<LoadedScorer> =
            (0..threads).map(|_| LoadedScorer::of(bundle, &params)).collect::<Result<_>>()?;
        let mut best = 0.0_f64;
        for _ in 0..3 {
            let watch = Stopwatch::start();
            self.score(&mut scorers, windows)?;
            let seconds = watch.lap().wall.as_secs_f64();
            best = best.max((threads * windows.len()) as f64 / seconds);
        }
        Ok(Row { backend, threads, windows_per_second: best })
    }

    /// Every scorer scores all windows, each on its own thread.
    fn score(&self, scorers: &mut [LoadedScorer], windows: &[Steps]) -> Result<()> {
        let all = |scorer: &mut LoadedScorer| -> Result<()> {
            for batch in windows.chunks(self.batch) {
                let scores = scorer.score(batch);
                scores.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let running: Vec<_> =
                scorers.iter_mut().map(|scorer| scope.spawn(move || all(scorer))).collect();
            let broken = |_| Failure::new(FailureKind::Internal, "a scoring thread broke down");
            running.into_iter().try_for_each(|thread| thread.join().map_err(broken)?)
        })
    }
}

impl Outcome {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "windows of {} steps a second, {} at once, best of three rounds of {}",
            self.steps, self.batch, self.windows
        )];
        lines.extend(self.rows.iter().map(|row| {
            let of = row.backend.to_string();
            format!("{of:<12} {} threads {:>10.0}", row.threads, row.windows_per_second)
        }));
        lines.join("\n")
    }
}
