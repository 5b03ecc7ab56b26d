//! `bench capture`: how exactly each back end keeps the hand's time, and what it costs. Plays
//! movement to a test desktop, or as a kernel device's events through a pipe, and compares what
//! arrives. Never touches the person's display or devices.

mod hand;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use self::hand::BenchHand;
use crate::desktop::kernel::{InputFolder, MOUSE};
use crate::desktop::{TestDesktop, TestDesktopPlan};
use crate::program;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::{Signal, Timestamp};
use mousewarden::platform::capture::{CaptureParams, CaptureProcess};
use mousewarden::platform::{CaptureBackend, EventSource, Next};

/// Silence after which the reader looks whether the script is over.
const PAUSE: Duration = Duration::from_millis(100);
/// What still counts as on its way.
const TAIL: Duration = Duration::from_millis(1500);

/// Arguments of `bench capture`.
#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// Events a second; may be given several times.
    #[arg(long = "rate", value_name = "HZ", default_values_t = [125, 1000, 8000])]
    rates: Vec<u32>,
    /// How long each rate is played, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Only this back end; may be given several times.
    #[arg(long = "backend", value_name = "NAME")]
    backends: Vec<CaptureBackend>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A back end as it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    name: &'static str,
    backend: CaptureBackend,
    /// The library's hook without our mend.
    untapped: bool,
}

const WAYS: [Way; 4] = [
    Way { name: "rdev", backend: CaptureBackend::Rdev, untapped: false },
    Way { name: "rdev alone", backend: CaptureBackend::Rdev, untapped: true },
    Way { name: "xinput2", backend: CaptureBackend::XInput2, untapped: false },
    Way { name: "evdev (pipe)", backend: CaptureBackend::Evdev, untapped: false },
];

/// One rate by one back end.
#[derive(Debug, Serialize)]
struct Row {
    backend: &'static str,
    /// Where the events came from: "xorg", "xvfb" (by XTEST) or "pipe".
    hand: &'static str,
    rate_hz: u32,
    /// The rate at which the hand could really play.
    played_hz: f64,
    sent: usize,
    lost: usize,
    latency_ms: Quantiles,
    /// Of the distance between neighbours, against the moments at which they were handed over.
    dt_error_ms: Quantiles,
    /// Processor time for 1,000 events, in milliseconds: the capture process, the thread that reads
    /// it, and the X server, most of which is not ours.
    capture_ms: f64,
    reader_ms: f64,
    server_ms: f64,
}

/// What a row is measured on.
struct Scene {
    program: PathBuf,
    desktop: TestDesktop,
    /// Whether the desktop has mice of its own.
    mice: bool,
    kernel: InputFolder,
}

impl Scene {
    /// With mice of its own where Xorg runs; XTEST stands in for them elsewhere.
    fn set() -> Result<Self> {
        let program = program::mousewarden()?;
        let plan = TestDesktopPlan { mice: 1, ..TestDesktopPlan::bare() };
        let (desktop, mice) = match TestDesktop::start(&plan) {
            Ok(desktop) => (desktop, true),
            Err(failure) => {
                eprintln!("No X server with mice of its own, XTEST plays instead: {failure}");
                (TestDesktop::start(&TestDesktopPlan::bare())?, false)
            }
        };
        Ok(Self { program, desktop, mice, kernel: InputFolder::new()? })
    }

    fn hand(&self, way: Way) -> Result<(BenchHand, &'static str)> {
        Ok(match (way.backend, self.mice) {
            (CaptureBackend::Evdev, _) => {
                (BenchHand::Kernel(self.kernel.plug("event0", MOUSE)?), "pipe")
            }
            (_, true) => (BenchHand::Mouse(self.desktop.mouse(1)?), "xorg"),
            (_, false) => (BenchHand::Player(Box::new(self.desktop.player()?)), "xvfb"),
        })
    }

    fn source(&self, way: Way) -> Result<CaptureProcess> {
        let root = (way.backend == CaptureBackend::Evdev).then(|| self.kernel.root().to_owned());
        let Way { backend, untapped, .. } = way;
        let params =
            CaptureParams { backend, untapped, root, ..CaptureParams::new(self.program.clone()) };
        CaptureProcess::open(params.on(self.desktop.environment()))
    }
}

impl CaptureArgs {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// When the test desktop or the hook does not come up.
    pub fn run(self) -> Result<()> {
        let scene = Scene::set()?;
        let wanted = |way: &&Way| self.backends.is_empty() || self.backends.contains(&way.backend);
        let mut rows = Vec::new();
        for rate in &self.rates {
            for way in WAYS.iter().filter(wanted) {
                let row = measure(&scene, *way, (*rate).max(1), self.seconds.max(1))?;
                if !self.json {
                    print(&row, rows.is_empty());
                }
                rows.push(row);
            }
        }
        if self.json {
            let text = serde_json::to_string_pretty(&rows)
                .map_err(|error| Failure::new(FailureKind::Internal, format!("JSON: {error}")))?;
            println!("{text}");
        }
        Ok(())
    }
}

fn measure(scene: &Scene, way: Way, rate: u32, seconds: u32) -> Result<Row> {
    let (mut hand, name) = scene.hand(way)?;
    let mut source = scene.source(way)?;
    hand.home()?;
    let sent = (rate * seconds) as usize;
    // Place 0 is where it begins; home may be seen.
    let mut seen = vec![None; sent + 1];
    collect(&mut source, &mut seen, TAIL)?;
    let pids = (source.capture_pid().unwrap_or_default(), scene.desktop.display_pid());
    let before = ProcessorTime::now(pids);
    let (handed, after) = thread::scope(|scope| {
        let playing = scope.spawn(|| hand.play(rate, sent));
        while !playing.is_finished() {
            collect(&mut source, &mut seen, PAUSE)?;
        }
        let after = ProcessorTime::now(pids);
        collect(&mut source, &mut seen, TAIL)?;
        let panicked = |_| Err(Failure::new(FailureKind::Internal, "the hand panicked"));
        Ok::<_, Failure>((playing.join().unwrap_or_else(panicked)?, after))
    })?;
    let seen = &seen[1..];
    let per_thousand = |busy: f64| busy * 1e6 / sent as f64;
    let (latency_ms, dt_error_ms) = errors(seen, &handed);
    let took = handed.first().zip(handed.last()).map_or(f64::NAN, |(a, b)| (*b - *a).as_secs_f64());
    Ok(Row {
        backend: way.name,
        hand: name,
        rate_hz: rate,
        played_hz: (sent - 1) as f64 / took,
        sent,
        lost: seen.iter().filter(|at| at.is_none()).count(),
        latency_ms,
        dt_error_ms,
        capture_ms: per_thousand(after.capture - before.capture),
        reader_ms: per_thousand(after.reader - before.reader),
        server_ms: per_thousand(after.server - before.server),
    })
}

/// Notes when each event arrived, until nothing has come for `pause`.
fn collect(
    source: &mut CaptureProcess,
    seen: &mut [Option<Timestamp>],
    pause: Duration,
) -> Result<()> {
    loop {
        match source.next(Some(pause))? {
            Next::Signal(Signal::Mouse(event)) => {
                let place = hand::number(&event).and_then(|number| seen.get_mut(number));
                if let Some(place) = place {
                    place.get_or_insert(event.at);
                }
            }
            Next::Signal(Signal::Boundary { .. }) => {}
            Next::Nothing | Next::End => return Ok(()),
        }
    }
}

#[derive(Debug, Serialize)]
struct Quantiles {
    median: f64,
    p99: f64,
}

/// Latency, and the error of the distance between neighbours, in milliseconds.
fn errors(seen: &[Option<Timestamp>], handed: &[Timestamp]) -> (Quantiles, Quantiles) {
    let millis = |micros: i64| micros as f64 / 1000.0;
    let both: Vec<_> =
        seen.iter().zip(handed).map(|(seen, handed)| seen.map(|seen| (seen, *handed))).collect();
    let latency = both.iter().flatten().map(|(seen, handed)| millis((*seen - *handed).0)).collect();
    let dt = both
        .windows(2)
        .filter_map(|pair| pair[0].zip(pair[1]))
        .map(|(a, b)| millis(((b.0 - a.0).0 - (b.1 - a.1).0).abs()))
        .collect();
    (Quantiles::of(latency), Quantiles::of(dt))
}

impl Quantiles {
    /// Nearest rank; NaN of nothing.
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let rank = |share: f64| {
            let index = (share * values.len() as f64).ceil() as usize;
            values.get(index.saturating_sub(1)).copied().unwrap_or(f64::NAN)
        };
        Self { median: rank(0.5), p99: rank(0.99) }
    }
}

/// Processor time used so far, in seconds.
#[derive(Debug, Clone, Copy)]
struct ProcessorTime {
    capture: f64,
    reader: f64,
    server: f64,
}

impl ProcessorTime {
    /// Of the capture process, this thread and the X server.
    fn now((capture, server): (u32, u32)) -> Self {
        Self {
            capture: busy(Path::new(&format!("/proc/{capture}/task"))),
            reader: busy_thread(Path::new("/proc/thread-self")),
            server: busy(Path::new(&format!("/proc/{server}/task"))),
        }
    }
}

/// Of all threads below.
fn busy(tasks: &Path) -> f64 {
    let tasks = fs::read_dir(tasks).into_iter().flatten().flatten();
    tasks.map(|task| busy_thread(&task.path())).sum()
}

/// The first number of the scheduler's statistics is the time on the processor in nanoseconds.
fn busy_thread(task: &Path) -> f64 {
    let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|first| first.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e9
}

fn print(row: &Row, first: bool) {
    if first {
        println!(
            "{:>6} {:>7}  {:<12} {:<5} {:>6} {:>5}  {:>17}  {:>17}  {:>22}",
            "Hz",
            "played",
            "back end",
            "from",
            "sent",
            "lost",
            "latency ms",
            "dt error ms",
            "processor ms / 1,000"
        );
        println!(
            "{:>6} {:>7}  {:<12} {:<5} {:>6} {:>5}  {:>8} {:>8}  {:>8} {:>8}  {:>7} {:>6} {:>7}",
            "",
            "",
            "",
            "",
            "",
            "",
            "median",
            "p99",
            "median",
            "p99",
            "capture-process",
            "reader",
            "server"
        );
    }
    println!(
        "{:>6} {:>7.0}  {:<12} {:<5} {:>6} {:>5}  {:>8.2} {:>8.2}  {:>8.3} {:>8.3}  {:>7.2} {:>6.2} {:>7.2}",
        row.rate_hz,
        row.played_hz,
        row.backend,
        row.hand,
        row.sent,
        row.lost,
        row.latency_ms.median,
        row.latency_ms.p99,
        row.dt_error_ms.median,
        row.dt_error_ms.p99,
        row.capture_ms,
        row.reader_ms,
        row.server_ms
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_burst_shows_as_latency_and_as_dt_error() {
        let handed: Vec<_> = (0..4).map(|i| Timestamp::from_millis(8 * i)).collect();
        let seen = vec![Some(Timestamp::from_millis(24)); 4];
        let (latency, dt) = errors(&seen, &handed);
        assert_eq!((latency.median, latency.p99), (8.0, 24.0));
        assert_eq!((dt.median, dt.p99), (8.0, 8.0));
    }
}
