//! `bench agent`: what the real agent and its capture process cost while the mouse moves and while
//! nothing does, and how soon after a pause the verdict is there. On a test desktop, with files of
//! its own; the person's display, model and journal are never touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use clap::Args;
use mousewarden::cli::output;
use serde::Serialize;

use super::endurance;
use super::process::{Usage, children};
use super::score::untrained;
use crate::desktop::{TestDesktop, TestDesktopPlan};
use crate::program;
use mousewarden::agent::control::{self, ControlRequest};
use mousewarden::data::private;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::model::{Bundle, LibraryHash};
use mousewarden::nn::{ConvNetwork, ConvShape};
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{MouseEvent, MouseKind, Timestamp};
use mousewarden::platform::clock;

/// How long the agent may take to come up.
const PATIENCE: Micros = Micros::from_millis(20_000);
const LOOK: Micros = Micros::from_millis(20);
/// A stroke and the silence behind it, for the latency of the verdict.
const STROKE_MS: i64 = 160;
const SILENCE_MS: i64 = 340;

/// Arguments of `bench agent`.
#[derive(Debug, Args)]
pub struct AgentArgs {
    /// Events a second; may be given several times.
    #[arg(long = "rate", value_name = "HZ", default_values_t = [125, 1000])]
    rates: Vec<u32>,
    /// How long each rate is played, and how long nothing is, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Pauses whose verdicts are timed.
    #[arg(long, default_value_t = 100)]
    pauses: u32,
    /// Instead: so many minutes of mixed use, one line a minute, and whether the agent grows.
    #[arg(long, value_name = "N", conflicts_with_all = ["rates", "seconds", "pauses"])]
    minutes: Option<u32>,
    /// The ONNX Runtime library; without it, the folders beside the program are looked through.
    #[arg(long)]
    library: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    scorer: String,
    moving: Vec<Moving>,
    /// Times a second that a thread of either process went to sleep and was woken, with no event.
    idle_wakes_per_s: f64,
    idle_cpu_percent: f64,
    /// From the end of the pause to the verdict.
    verdict_ms: Quantiles,
    agent_resident_mb: f64,
    capture_resident_mb: f64,
}

#[derive(Debug, Serialize)]
struct Moving {
    rate_hz: u32,
    agent_cpu_percent: f64,
    capture_cpu_percent: f64,
    both_cpu_percent: f64,
}

#[derive(Debug, Serialize)]
struct Quantiles {
    verdicts: usize,
    median: f64,
    p99: f64,
    worst: f64,
}

impl AgentArgs {
    /// Runs the benchmark.
    ///
    /// # Errors
    /// When the test desktop or the agent does not come up.
    pub fn run(self) -> Result<()> {
        let desktop = TestDesktop::start(&TestDesktopPlan::bare())?;
        let agent = Agent::start(&desktop, self.library.as_deref())?;
        if let Some(minutes) = self.minutes {
            return endurance::run(&agent, &desktop, minutes, self.json);
        }
        let mut moving = Vec::new();
        for rate in &self.rates {
            moving.push(agent.moving(&desktop, *rate, self.seconds)?);
        }
        let (idle_wakes_per_s, idle_cpu_percent) = agent.idle(self.seconds);
        desktop.player()?.play(&strokes(self.pauses))?;
        clock::sleep_until(clock::now() + Micros::from_millis(1000));
        let resident = |pid| Usage::of(&[pid]).resident_kb as f64 / 1024.0;
        let report = Report {
            scorer: agent.scorer.clone(),
            moving,
            idle_wakes_per_s,
            idle_cpu_percent,
            verdict_ms: agent.latencies()?,
            agent_resident_mb: resident(agent.pid()),
            capture_resident_mb: resident(agent.capture),
        };
        if self.json { output::json(&report) } else { output::line(&text(&report)) }
    }
}

fn text(report: &Report) -> String {
    let mut out = format!("scorer {}\n", report.scorer);
    for row in &report.moving {
        out += &format!(
            "{:>5} Hz   processor: agent {:.2} %, capture {:.2} %, both {:.2} % of a core\n",
            row.rate_hz, row.agent_cpu_percent, row.capture_cpu_percent, row.both_cpu_percent
        );
    }
    let verdict = &report.verdict_ms;
    out + &format!(
        "    idle   {:.2} wake-ups/s, {:.3} % of a core\n verdict   {:.2} ms median, {:.2} ms p99, \
         {:.2} ms worst after the pause ({} pauses)\n  memory   agent {:.1} MB, capture {:.1} MB",
        report.idle_wakes_per_s,
        report.idle_cpu_percent,
        verdict.median,
        verdict.p99,
        verdict.worst,
        verdict.verdicts,
        report.agent_resident_mb,
        report.capture_resident_mb,
    )
}

/// The agent at work; ended on drop.
pub(super) struct Agent {
    child: Child,
    capture: u32,
    journal: PathBuf,
    scorer: String,
}

impl Agent {
    fn start(desktop: &TestDesktop, library: Option<&Path>) -> Result<Self> {
        let home = desktop.folder().join("agent");
        let failed = |e| Failure::io(format!("folder {}", home.display()), e);
        private::folder(&home.join("data")).map_err(failed)?;
        let hash = library.and_then(|path| LibraryHash::of(path).ok());
        let hash = hash.map_or_else(String::new, String::from);
        let library = library.map_or("auto".into(), Path::to_path_buf);
        let library = toml::Value::String(library.display().to_string());
        let journal = home.join("data/journal.jsonl");
        let config = format!(
            "[model]\nlibrary = {library}\nlibrary_sha256 = \"{hash}\"\n[decision]\nmax_action = \"log\"\n[journal]\nfile = {journal:?}\n"
        );
        fs::write(home.join("config.toml"), config).map_err(failed)?;
        // What a fresh install would be given: an untrained network of the same shape costs as
        // much.
        let network = ConvNetwork::new(&ConvShape::default(), 1).into();
        Bundle { network, ..untrained() }.write(&home.join("data/owner.onnx"))?;
        let child = desktop
            .command(program::mousewarden()?)
            .arg("run")
            .env("MOUSEWARDEN_CONFIG", home.join("config.toml"))
            .env("MOUSEWARDEN_DATA", home.join("data"))
            .stdin(Stdio::null())
            .spawn()
            .map_err(|e| Failure::io("starting the agent", e))?;
        let journal = home.join("data/journal.jsonl");
        let mut agent = Self { child, capture: 0, journal, scorer: String::new() };
        agent.wait(&home.join("data/run/control.sock"))?;
        Ok(agent)
    }

    fn wait(&mut self, socket: &Path) -> Result<()> {
        let deadline = clock::now() + PATIENCE;
        loop {
            if let Ok(control::Reply::Status(status)) =
                control::ask(socket, &ControlRequest::Status)
            {
                self.scorer = format!("{} {}", status.scorer.backend, status.scorer.version);
                self.capture = children(self.pid()).first().copied().unwrap_or_default();
                return Ok(());
            }
            if clock::now() > deadline || !matches!(self.child.try_wait(), Ok(None)) {
                return Err(Failure::new(FailureKind::Internal, "the agent does not come up")
                    .remedy("Its own words stand above."));
            }
            clock::sleep_until(clock::now() + LOOK);
        }
    }

    /// The agent's process and its capture process's.
    pub(super) fn pids(&self) -> [u32; 2] {
        [self.pid(), self.capture]
    }

    /// Who scores.
    pub(super) fn scorer(&self) -> &str {
        &self.scorer
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn moving(&self, desktop: &TestDesktop, rate: u32, seconds: u32) -> Result<Moving> {
        let script = movement(rate, i64::from(seconds) * 1000, 0);
        let mut player = desktop.player()?;
        let usage = || (Usage::of(&[self.pid()]).busy_s, Usage::of(&[self.capture]).busy_s);
        let before = usage();
        player.play(&script)?;
        let after = usage();
        let percent = |busy: f64| 100.0 * busy / f64::from(seconds.max(1));
        let (agent, capture) = (percent(after.0 - before.0), percent(after.1 - before.1));
        Ok(Moving {
            rate_hz: rate,
            agent_cpu_percent: agent,
            capture_cpu_percent: capture,
            both_cpu_percent: agent + capture,
        })
    }

    /// Wake-ups a second and processor share while nothing happens.
    fn idle(&self, seconds: u32) -> (f64, f64) {
        let span = f64::from(seconds.max(1));
        clock::sleep_until(clock::now() + Micros::from_millis(1000));
        let usage = || Usage::of(&[self.pid(), self.capture]);
        let before = usage();
        clock::sleep_until(clock::now() + Micros::from_millis(i64::from(seconds) * 1000));
        let after = usage();
        let wakes = after.sleeps.saturating_sub(before.sleeps) as f64;
        (wakes / span, 100.0 * (after.busy_s - before.busy_s) / span)
    }

    fn latencies(&self) -> Result<Quantiles> {
        let text = fs::read_to_string(&self.journal)
            .map_err(|e| Failure::io(format!("journal {}", self.journal.display()), e))?;
        let mut late: Vec<f64> = text.lines().filter_map(latency_ms).collect();
        late.sort_by(f64::total_cmp);
        let rank = |share: f64| {
            let index = (share * late.len() as f64).ceil() as usize;
            late.get(index.saturating_sub(1)).copied().unwrap_or(f64::NAN)
        };
        let (median, p99, worst) = (rank(0.5), rank(0.99), rank(1.0));
        Ok(Quantiles { verdicts: late.len(), median, p99, worst })
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// From the end of the pause to the verdict, for windows that a pause ended.
fn latency_ms(line: &str) -> Option<f64> {
    let entry: serde_json::Value = serde_json::from_str(line).ok()?;
    let paused = entry["event"] == "verdict" && entry["window"]["end"] == "pause";
    let span = entry["mono_us"].as_i64()? - entry["at"].as_i64()?;
    paused.then_some(span as f64 / 1000.0)
}

/// Movement to and fro without a pause, from `from_ms` on.
fn movement(rate: u32, millis: i64, from_ms: i64) -> Vec<MouseEvent> {
    let count = millis * i64::from(rate) / 1000;
    let event = |number: i64| MouseEvent {
        at: Timestamp::from_micros(from_ms * 1000 + number * 1_000_000 / i64::from(rate.max(1))),
        kind: MouseKind::Move,
        x: 100.0 + ((number * 3) % 800) as f64,
        y: 100.0 + (number % 400) as f64,
    };
    (0..count).map(event).collect()
}

fn strokes(pauses: u32) -> Vec<MouseEvent> {
    let every = STROKE_MS + SILENCE_MS;
    (0..i64::from(pauses)).flat_map(|n| movement(125, STROKE_MS, n * every)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verdicts_after_a_pause_are_timed() {
        let line = |end: &str| {
            format!(
                r#"{{"mono_us":1254000,"event":"verdict","window":{{"end":"{end}"}},"at":1250000}}"#
            )
        };
        assert_eq!(latency_ms(&line("pause")), Some(4.0));
        assert_eq!(latency_ms(&line("full")), None);
        assert_eq!(latency_ms("torn"), None);
    }
}
