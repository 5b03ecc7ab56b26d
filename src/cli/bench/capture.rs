//! `bench capture`: how exactly the hook keeps the hand's time, and what it costs. Plays movement
//! onto a private X server and compares what arrives; the same hook without our mend is the peer of
//! the same run. Never touches the person's display.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::error::{Failure, Kind, Result};
use crate::pipeline::{MouseEvent, MouseKind, Signal, Timestamp};
use crate::platform::sensor::{SensorParams, SensorSource};
use crate::platform::stage::{Plan, Stage};
use crate::platform::{EventSource, Next};

/// Events come in steps of one pixel along rows of this width, so the place is the number.
const ROW: usize = 1024;
/// Silence after which the reader looks whether the script is over.
const PAUSE: Duration = Duration::from_millis(100);
/// What still counts as on its way.
const TAIL: Duration = Duration::from_millis(1500);

/// Arguments of `bench capture`.
#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// Events a second; may be given several times.
    #[arg(long = "rate", value_name = "HZ", default_values_t = [125, 500, 1000])]
    rates: Vec<u32>,
    /// How long each rate is played, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One rate by one hook.
#[derive(Debug, Serialize)]
struct Row {
    hook: &'static str,
    rate_hz: u32,
    sent: usize,
    lost: usize,
    latency_ms: Quantiles,
    /// Of the distance between neighbours, against the moments at which they were handed over.
    dt_error_ms: Quantiles,
    /// Processor time of the sensor process, in percent of one core.
    sensor_cpu_percent: f64,
    /// Processor time of the thread that reads the sensor, in percent of one core.
    reader_cpu_percent: f64,
    /// Processor time of the X server, in percent of one core; most of it is not ours.
    server_cpu_percent: f64,
}

#[derive(Debug, Serialize)]
struct Quantiles {
    median: f64,
    p99: f64,
}

impl CaptureArgs {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// When the private X server or the hook does not come up.
    pub fn run(self) -> Result<()> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::io("the path of this program", error))?;
        let stage = Stage::raise(&Plan::bare())?;
        let mut rows = Vec::new();
        for rate in self.rates {
            for untapped in [false, true] {
                let row = measure(&stage, &program, rate.max(1), self.seconds, untapped)?;
                if !self.json {
                    print(&row, rows.is_empty());
                }
                rows.push(row);
            }
        }
        if self.json {
            let text = serde_json::to_string_pretty(&rows)
                .map_err(|error| Failure::new(Kind::Internal, format!("JSON: {error}")))?;
            println!("{text}");
        }
        Ok(())
    }
}

fn measure(stage: &Stage, program: &Path, rate: u32, seconds: u32, untapped: bool) -> Result<Row> {
    let params = SensorParams { untapped, ..SensorParams::new(program.to_owned()) };
    let mut source = SensorSource::open(params.on(stage.environment()))?;
    let pid = source.sensor_pid().unwrap_or_default();
    let script = script(rate, (rate * seconds) as usize);
    let mut player = stage.player()?;
    let before = Cost::now(pid, stage.display_pid());
    let (seen, handed, after) = thread::scope(|scope| {
        let playing = scope.spawn(|| player.play(&script));
        let mut seen = vec![None; script.len()];
        while !playing.is_finished() {
            collect(&mut source, &mut seen, PAUSE)?;
        }
        let after = Cost::now(pid, stage.display_pid());
        collect(&mut source, &mut seen, TAIL)?;
        let handed = playing
            .join()
            .unwrap_or_else(|_| Err(Failure::new(Kind::Internal, "the player panicked")))?;
        Ok::<_, Failure>((seen, handed, after))
    })?;
    let percent = |busy: f64| 100.0 * busy / f64::from(seconds.max(1));
    let (latency_ms, dt_error_ms) = errors(&seen, &handed);
    Ok(Row {
        hook: if untapped { "rdev alone" } else { "mousewarden" },
        rate_hz: rate,
        sent: handed.len(),
        lost: seen.iter().filter(|at| at.is_none()).count(),
        latency_ms,
        dt_error_ms,
        sensor_cpu_percent: percent(after.sensor - before.sensor),
        reader_cpu_percent: percent(after.reader - before.reader),
        server_cpu_percent: percent(after.server - before.server),
    })
}

/// Movement that never pauses and whose place is its number.
fn script(rate: u32, count: usize) -> Vec<MouseEvent> {
    let step = 1_000_000 / i64::from(rate);
    (0..count)
        .map(|number| MouseEvent {
            at: Timestamp::from_micros(step * i64::try_from(number).unwrap_or(0)),
            kind: MouseKind::Move,
            x: (number % ROW) as f64,
            y: (number / ROW) as f64,
        })
        .collect()
}

/// Notes when each event arrived, until nothing has come for `pause`.
fn collect(
    source: &mut SensorSource,
    seen: &mut [Option<Timestamp>],
    pause: Duration,
) -> Result<()> {
    loop {
        match source.next(Some(pause))? {
            Next::Signal(Signal::Mouse(event)) => {
                let number = event.y as usize * ROW + event.x as usize;
                if let Some(place) = seen.get_mut(number) {
                    place.get_or_insert(event.at);
                }
            }
            Next::Signal(Signal::Boundary { .. }) => {}
            Next::Nothing | Next::End => return Ok(()),
        }
    }
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
struct Cost {
    sensor: f64,
    reader: f64,
    server: f64,
}

impl Cost {
    fn now(sensor: u32, server: u32) -> Self {
        Self {
            sensor: busy(Path::new(&format!("/proc/{sensor}/task"))),
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
            "{:>6}  {:<12} {:>7} {:>6}  {:>17}  {:>17}  {:>22}",
            "Hz", "hook", "sent", "lost", "latency ms", "dt error ms", "processor %"
        );
        println!(
            "{:>6}  {:<12} {:>7} {:>6}  {:>8} {:>8}  {:>8} {:>8}  {:>7} {:>6} {:>7}",
            "", "", "", "", "median", "p99", "median", "p99", "sensor", "reader", "server"
        );
    }
    println!(
        "{:>6}  {:<12} {:>7} {:>6}  {:>8.2} {:>8.2}  {:>8.3} {:>8.3}  {:>7.2} {:>6.2} {:>7.2}",
        row.rate_hz,
        row.hook,
        row.sent,
        row.lost,
        row.latency_ms.median,
        row.latency_ms.p99,
        row.dt_error_ms.median,
        row.dt_error_ms.p99,
        row.sensor_cpu_percent,
        row.reader_cpu_percent,
        row.server_cpu_percent
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

    #[test]
    fn every_event_has_a_place_of_its_own() {
        let script = script(1000, 3000);
        assert_eq!((script[2999].x, script[2999].y), (951.0, 2.0));
        assert_eq!(script[2999].at, Timestamp::from_millis(2999));
    }
}
