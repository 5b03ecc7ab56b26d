//! `bench score`: what one window costs, through ONNX Runtime and through the builtin scorer, in
//! turns within one run, so that a busy machine is busy for both. Opens no mouse and no display.

use std::hint::black_box;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::model::{
    Bundle, LibraryHash, LoadedScorer, OperatingPoint, Provenance, ScorerBackend, ScorerParams,
    ScorerReport, SeenWindows, folders_beside,
};
use mousewarden::nn::{Conditioning, Network};
use mousewarden::pipeline::{KnownMovement, Scorer, Steps, WindowParams};
use mousewarden::platform::stopwatch::{Lap, Stopwatch};

/// Arguments of `bench score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// The model to score with; without it, an untrained one of the shape that `train` gives.
    model: Option<PathBuf>,
    /// The ONNX Runtime library; without it, the folders beside the program are looked through.
    #[arg(long)]
    library: Option<PathBuf>,
    /// Steps of the windows.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 25, 50, 100])]
    steps: Vec<usize>,
    /// Windows of each length.
    #[arg(long, default_value_t = 500)]
    rounds: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Milliseconds a window.
#[derive(Debug, Clone, Copy, Serialize)]
struct Cost {
    wall_median_ms: f64,
    wall_p99_ms: f64,
    processor_median_ms: Option<f64>,
    processor_p99_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Row {
    steps: usize,
    onnx_runtime: Option<Cost>,
    builtin: Cost,
    /// Median wall time of the builtin scorer over ONNX Runtime's.
    builtin_over_onnx_runtime: Option<f64>,
    /// Largest difference between the two scores.
    difference: Option<f32>,
}

#[derive(Debug, Serialize)]
struct Outcome {
    onnx_runtime: ScorerReport,
    rounds: usize,
    rows: Vec<Row>,
}

impl ScoreArgs {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// When the model cannot be used or scoring fails.
    pub fn run(self) -> Result<()> {
        if self.rounds == 0 || self.steps.contains(&0) {
            let what = "bench score: --rounds and --steps must be at least 1";
            return Err(
                Failure::new(FailureKind::Config, what).remedy("Leave them out for the defaults.")
            );
        }
        let mut builtin = self.open(ScorerBackend::Builtin)?;
        let mut other = self.open(ScorerBackend::Auto)?;
        let onnx_runtime = other.report().clone();
        let mut onnx = (onnx_runtime.backend == ScorerBackend::OnnxRuntime).then_some(&mut other);
        let measure = |&steps| self.measure(steps, onnx.as_deref_mut(), &mut builtin);
        let rows = self.steps.iter().map(measure).collect::<Result<_>>()?;
        let outcome = Outcome { onnx_runtime, rounds: self.rounds, rows };
        let text = match self.json {
            true => serde_json::to_string_pretty(&outcome).unwrap_or_default(),
            false => outcome.text(),
        };
        writeln!(io::stdout(), "{text}").map_err(|error| Failure::io("standard output", error))
    }

    fn open(&self, backend: ScorerBackend) -> Result<LoadedScorer> {
        let search = std::env::current_exe().map(|path| folders_beside(&path)).unwrap_or_default();
        let params = ScorerParams {
            backend,
            library: self.library.clone(),
            library_sha256: self.library.as_deref().and_then(|path| LibraryHash::of(path).ok()),
            search,
        };
        match &self.model {
            Some(path) => LoadedScorer::open(path, &params),
            None => LoadedScorer::of(&untrained(), &params),
        }
    }

    fn measure(
        &self,
        steps: usize,
        mut onnx: Option<&mut LoadedScorer>,
        builtin: &mut LoadedScorer,
    ) -> Result<Row> {
        let (mut onnx_laps, mut builtin_laps) = (Vec::new(), Vec::new());
        let mut difference = 0.0_f32;
        let warm_up = self.rounds.min(20);
        for round in 0..warm_up + self.rounds {
            let window = [window(steps, round)];
            let (lap, score) = timed(builtin, &window)?;
            builtin_laps.push(lap);
            if let Some(onnx) = onnx.as_deref_mut() {
                let (lap, other) = timed(onnx, &window)?;
                onnx_laps.push(lap);
                difference = difference.max((score - other).abs());
            }
        }
        let cost_of = |laps: &[Lap]| laps.get(warm_up..).map(cost);
        let builtin = cost(&builtin_laps[warm_up..]);
        let onnx_runtime = cost_of(&onnx_laps);
        let ratio = |onnx: Cost| builtin.wall_median_ms / onnx.wall_median_ms;
        Ok(Row {
            steps,
            onnx_runtime,
            builtin,
            builtin_over_onnx_runtime: onnx_runtime.map(ratio),
            difference: onnx_runtime.map(|_| difference),
        })
    }
}

pub(crate) fn untrained() -> Bundle {
    let rows = (0..8).flat_map(|round| window(50, round).rows().to_vec());
    let point = OperatingPoint {
        windows: 1,
        threshold: 0.5,
        eer: 0.5,
        far: 0.5,
        frr: 0.5,
        far_interval: [0.0, 1.0],
        frr_interval: [0.0, 1.0],
        genuine_groups: 0,
        impostor_groups: 0,
        movement_s: 0.0,
    };
    Bundle {
        network: Network::new([64, 64], Conditioning::fit(rows), 1).into(),
        windows: WindowParams::default(),
        operating_points: vec![point],
        default_group: 1,
        score_calibration: None,
        owner_model: None,
        limits: Vec::new(),
        kinematics: None,
        provenance: Provenance {
            trained_by: "nobody".into(),
            subject: "nobody".into(),
            genuine_source: "none".into(),
            impostor_source: "none".into(),
            seed: 1,
            epochs: 0,
            genuine_windows: [0; 2],
            impostor_windows: [0; 2],
            training_sha256: String::new(),
            seen_windows: SeenWindows::default(),
            own_movement: KnownMovement::default(),
            backbone_users: None,
            recipe_sha256: String::new(),
            capture: "none".into(),
            backbone: "random weights".into(),
        },
    }
}

fn timed(scorer: &mut LoadedScorer, window: &[Steps]) -> Result<(Lap, f32)> {
    let watch = Stopwatch::start();
    let scores = black_box(scorer.score(black_box(window)));
    let lap = watch.lap();
    let scores = scores.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
    Ok((lap, scores.first().map_or(f32::NAN, |seen| seen.score.get())))
}

/// An arc at 125 Hz, another in every round.
pub(super) fn window(steps: usize, round: usize) -> Steps {
    let step = |index: usize| {
        let angle = (index + 7 * round) as f32 * 0.11;
        [9.0 * angle.cos(), 5.0 * angle.sin(), 8.0]
    };
    Steps::from_rows((0..steps).map(step).collect())
}

fn cost(laps: &[Lap]) -> Cost {
    let wall: Vec<_> = laps.iter().map(|lap| lap.wall).collect();
    let processor: Option<Vec<_>> = laps.iter().map(|lap| lap.processor).collect();
    let [wall_median_ms, wall_p99_ms] = median_and_p99(wall);
    let processor = processor.map(median_and_p99);
    Cost {
        wall_median_ms,
        wall_p99_ms,
        processor_median_ms: processor.map(|[median, _]| median),
        processor_p99_ms: processor.map(|[_, p99]| p99),
    }
}

/// In milliseconds, by nearest rank.
fn median_and_p99(mut spans: Vec<Duration>) -> [f64; 2] {
    spans.sort_unstable();
    let rank = |share: f64| ((spans.len() as f64 * share).ceil() as usize).saturating_sub(1);
    [0.5, 0.99].map(|share| spans.get(rank(share)).map_or(f64::NAN, |s| 1e3 * s.as_secs_f64()))
}

impl Outcome {
    fn text(&self) -> String {
        let report = &self.onnx_runtime;
        let mut lines = vec![match &report.library {
            Some(path) => format!("ONNX Runtime {} from {}", report.version, path.display()),
            None => format!("ONNX Runtime not used: {}", report.note.as_deref().unwrap_or("")),
        }];
        lines.push(format!(
            "one window in ms, median (p99) of {}; wall time, then processor time",
            self.rounds
        ));
        lines.push(format!(
            "{:>5}  {:^33}  {:^33}  {:>5}",
            "steps", "ONNX Runtime", "builtin", "ratio"
        ));
        lines.extend(self.rows.iter().map(Row::text));
        lines.join("\n")
    }
}

impl Row {
    fn text(&self) -> String {
        let pair = |median: Option<f64>, p99: Option<f64>| match (median, p99) {
            (Some(median), Some(p99)) => format!("{median:.3} ({p99:.3})"),
            _ => "-".into(),
        };
        let cost = |cost: Option<Cost>| {
            let wall = pair(cost.map(|c| c.wall_median_ms), cost.map(|c| c.wall_p99_ms));
            let processor = pair(
                cost.and_then(|c| c.processor_median_ms),
                cost.and_then(|c| c.processor_p99_ms),
            );
            format!("{wall:>16} {processor:>16}")
        };
        let ratio = self.builtin_over_onnx_runtime.map_or("-".into(), |r| format!("{r:.2}"));
        format!(
            "{:>5}  {}  {}  {ratio:>5}",
            self.steps,
            cost(self.onnx_runtime),
            cost(Some(self.builtin))
        )
    }
}
