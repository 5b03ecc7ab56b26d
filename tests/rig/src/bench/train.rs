//! `bench train`: how fast the engine trains on this machine, for every instruction set, with one
//! and two threads, as a share of the multiply-adds that the processor can do at best. The data are
//! random; nothing is learnt and nothing is written.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::nn::{Batch, Conditioning, Inference, Kernel, Network, TrainParams, Trainer};
use mousewarden::platform::stopwatch::Stopwatch;

/// Arguments of `bench train`.
#[derive(Debug, Args)]
pub struct TrainBenchArgs {
    /// Units of a direction, in both layers.
    #[arg(long, default_value_t = 128)]
    hidden: usize,
    /// Sequences of a step.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Steps of a round; the best of three rounds counts.
    #[arg(long, default_value_t = 16)]
    steps: usize,
    /// Windows of the training that the times are extrapolated to.
    #[arg(long, default_value_t = 8000)]
    windows: usize,
    /// Epochs of that training.
    #[arg(long, default_value_t = 20)]
    epochs: usize,
    /// Every length the same instead of lognormal with a mean of 30.
    #[arg(long)]
    length: Option<usize>,
    /// Measure this instruction set only: avx512, avx2, neon or portable.
    #[arg(long, visible_alias = "kernel", value_name = "NAME")]
    simd: Option<String>,
    /// Measure two threads once more while somebody else keeps one core busy, against one thread
    /// undisturbed.
    #[arg(long)]
    busy: bool,
    /// Print JSON, with the lengths that were used.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    hidden: usize,
    batch: usize,
    flop_per_row: f64,
    peaks: Vec<Peak>,
    runs: Vec<Run>,
    busy: Vec<Busy>,
    peak_memory_mb: Option<f64>,
    lengths: Vec<usize>,
}

#[derive(Debug, Serialize)]
struct Peak {
    kernel: &'static str,
    gflops_per_core: f64,
    /// One window of 25 steps, milliseconds.
    inference_ms: f64,
}

#[derive(Debug, Serialize)]
struct Run {
    kernel: &'static str,
    threads: usize,
    step_ms: f64,
    gflops: f64,
    /// Of the peak of as many cores.
    share_of_peak: f64,
    training_s: f64,
}

/// Two threads while one core is taken.
#[derive(Debug, Serialize)]
struct Busy {
    kernel: &'static str,
    step_ms: f64,
    /// Times as fast as one thread undisturbed; the promise is 1 at the least.
    ratio_to_one_thread: f64,
}

impl TrainBenchArgs {
    /// Measures and prints.
    ///
    /// # Errors
    /// When the asked-for instruction set is not there.
    pub fn run(self) -> Result<()> {
        let kernels = self.kernels()?;
        let data = Data::new(&self);
        let mut report = Report {
            hidden: self.hidden,
            batch: self.batch,
            flop_per_row: flop_per_row(self.hidden as f64),
            peaks: Vec::new(),
            runs: Vec::new(),
            busy: Vec::new(),
            peak_memory_mb: None,
            lengths: data.sequences.iter().map(Vec::len).collect(),
        };
        for kernel in kernels {
            let peak = peak(kernel);
            let inference_ms = inference_ms(kernel, self.hidden);
            report.peaks.push(Peak { kernel: kernel.name(), gflops_per_core: peak, inference_ms });
            for threads in [1, 2] {
                report.runs.push(self.measure(kernel, threads, &data, peak));
            }
            if self.busy {
                report.busy.push(self.measure_busy(kernel, &data, peak));
            }
        }
        report.peak_memory_mb = peak_memory_mb();
        self.print(&report)
    }

    fn kernels(&self) -> Result<Vec<Kernel>> {
        let Some(name) = &self.simd else { return Ok(Kernel::available()) };
        let missing = || {
            let names: Vec<_> = Kernel::available().iter().map(|kernel| kernel.name()).collect();
            Failure::new(
                FailureKind::Unavailable,
                format!("instruction set {name:?}: not on this machine"),
            )
            .remedy(format!("Choose one of {}.", names.join(", ")))
        };
        Ok(vec![Kernel::named(name).ok_or_else(missing)?])
    }

    fn measure(&self, kernel: Kernel, threads: usize, data: &Data, peak: f64) -> Run {
        let network = Network::new([self.hidden; 2], Conditioning::IDENTITY, 1);
        let mut trainer =
            Trainer::new(network, TrainParams { kernel, threads, ..TrainParams::default() });
        let views: Vec<&[[f32; 3]]> = data.sequences.iter().map(Vec::as_slice).collect();
        let mut round = || {
            for sequences in views.chunks(self.batch) {
                let (labels, weights) = (&data.labels[..sequences.len()], &data.weights);
                black_box(trainer.step(&Batch { sequences, labels, weights }));
            }
        };
        round();
        let time = (0..3).map(|_| timed(&mut round)).min().unwrap_or_default().as_secs_f64();
        let gflops = flop_per_row(self.hidden as f64) * data.rows as f64 / time / 1e9;
        Run {
            kernel: kernel.name(),
            threads,
            step_ms: time * 1e3 / self.steps as f64,
            gflops,
            share_of_peak: gflops / (peak * threads as f64),
            training_s: time / views.len() as f64 * (self.windows * self.epochs) as f64,
        }
    }

    fn measure_busy(&self, kernel: Kernel, data: &Data, peak: f64) -> Busy {
        let alone = self.measure(kernel, 1, data, peak).step_ms;
        let step_ms = beside_a_busy_core(|| self.measure(kernel, 2, data, peak).step_ms);
        Busy { kernel: kernel.name(), step_ms, ratio_to_one_thread: alone / step_ms }
    }

    fn print(&self, report: &Report) -> Result<()> {
        if self.json {
            let text = serde_json::to_string(report)
                .map_err(|error| Failure::new(FailureKind::Internal, format!("report: {error}")))?;
            println!("{text}");
            return Ok(());
        }
        println!("peak of one core, and one window of 25 steps scored:");
        for peak in &report.peaks {
            println!(
                "  {:9} {:7.1} GFLOP/s  {:8.3} ms",
                peak.kernel, peak.gflops_per_core, peak.inference_ms
            );
        }
        println!("steps of {} sequences, {} units a direction:", self.batch, self.hidden);
        for run in &report.runs {
            println!(
                "  {:9} {} thread(s) {:8.2} ms  {:7.1} GFLOP/s  {:3.0} % of peak;  {} windows x {} epochs: {:.0} s",
                run.kernel,
                run.threads,
                run.step_ms,
                run.gflops,
                100.0 * run.share_of_peak,
                self.windows,
                self.epochs,
                run.training_s
            );
        }
        for busy in &report.busy {
            println!(
                "  {:9} 2 threads beside a busy core {:8.2} ms, {:.2} times one thread undisturbed",
                busy.kernel, busy.step_ms, busy.ratio_to_one_thread
            );
        }
        if let Some(memory) = report.peak_memory_mb {
            println!("peak memory: {memory:.0} MB");
        }
        Ok(())
    }
}

/// Random sequences with the lengths of real windows.
struct Data {
    sequences: Vec<Vec<[f32; 3]>>,
    labels: Vec<f32>,
    weights: Vec<f32>,
    rows: usize,
}

impl Data {
    fn new(args: &TrainBenchArgs) -> Self {
        use rand::{RngExt, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut uniform = || random.random::<f64>();
        let mut length = || {
            // Lognormal with sigma 0.85 and a mean of 30: half the windows are shorter than 21.
            let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
            let normal = radius * (std::f64::consts::TAU * uniform()).cos();
            let drawn = (30_f64.ln() - 0.5 * 0.85 * 0.85 + 0.85 * normal).exp();
            args.length.unwrap_or((drawn.round() as usize).clamp(5, 400)).max(1)
        };
        let lengths: Vec<usize> = (0..args.steps * args.batch).map(|_| length()).collect();
        let row = |t: usize| [(t % 7) as f32 - 3.0, (t % 5) as f32 - 2.0, 1.0 + (t % 3) as f32];
        let sequences = lengths.iter().map(|&length| (0..length).map(row).collect()).collect();
        Self {
            sequences,
            labels: (0..args.batch).map(|s| (s % 2) as f32).collect(),
            weights: vec![1.0; args.batch],
            rows: lengths.iter().sum(),
        }
    }
}

/// Two operations for each weight, forward and twice backward, without the gradient of the inputs:
/// 3.158 million at 128 units.
fn flop_per_row(hidden: f64) -> f64 {
    let gates = 2.0 * 2.0 * 4.0 * hidden;
    let (first, second) = (gates * (3.0 + hidden), gates * 3.0 * hidden);
    3.0 * (first + second) - gates * 3.0
}

fn timed(work: &mut impl FnMut()) -> Duration {
    let start = Stopwatch::start();
    work();
    start.lap().wall
}

/// Billions of operations a second of one core, the best of several tries.
fn peak(kernel: Kernel) -> f64 {
    let rounds = 4_000_000;
    let mut best = 0.0_f64;
    for _ in 0..8 {
        let start = Stopwatch::start();
        let (operations, result) = kernel.multiply_add(rounds, black_box(0.5));
        black_box(result);
        best = best.max(operations as f64 / start.lap().wall.as_secs_f64() / 1e9);
    }
    best
}

fn inference_ms(kernel: Kernel, hidden: usize) -> f64 {
    let network = Network::new([hidden; 2], Conditioning::IDENTITY, 1);
    let mut inference = Inference::with_kernel(&network, kernel);
    let window: Vec<[f32; 3]> = (0..25).map(|t| [t as f32, 1.0, 8.0]).collect();
    let mut score = || {
        black_box(inference.probabilities(&[&window]));
    };
    (0..50).map(|_| timed(&mut score)).min().unwrap_or_default().as_secs_f64() * 1e3
}

/// Does the work while a thread of no use takes a core's time.
fn beside_a_busy_core<T>(work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        let result = work();
        over.store(true, Ordering::Relaxed);
        result
    })
}

/// The largest resident size so far, where the system tells it in `/proc`.
fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
