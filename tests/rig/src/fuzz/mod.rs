//! Damaged input for every reader of foreign bytes: fixtures are changed at random, the same for the
//! same seed, and given to the reader. Whatever the bytes are, a reader answers or refuses: no panic,
//! no more than a second, no more than [`MOST_MB`]. Child processes do the reading, so that one that
//! dies names its input and the others go on.

#[cfg(feature = "columnar")]
mod columnar;
mod mutate;
mod sealed;
mod target;

use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use clap::Args;

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::platform::stopwatch::Stopwatch;

use mutate::Mutator;
use target::{Target, targets};

/// Memory of a reading process, besides its program, MB.
pub const MOST_MB: u64 = 256;
/// Longer than this no input may take; a build without optimisation takes ten times as long.
const SLOW: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });
/// Without a word for so long a child hangs. A run at the lowest priority on a machine at work hears
/// nothing for half a minute, though each input takes milliseconds.
const HANGS: Duration = Duration::from_secs(120);
/// Inputs of one child.
const PART: u64 = 20_000;

/// Arguments of `fuzz`.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// Inputs, shared by all readers.
    #[arg(long, default_value_t = 100_000)]
    runs: u64,
    /// Seed of every change.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first input: to see one again, with `--runs 1`.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Only readers whose name holds this text.
    #[arg(long, default_value = "")]
    only: String,
    /// Reads in this process and tells the number of each input before.
    #[arg(long, hide = true)]
    inside: bool,
}

/// What a reader may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The number of the input.
    pub input: u64,
    /// The reader.
    pub target: String,
    /// What it did.
    pub what: String,
}

impl FuzzArgs {
    /// Runs it.
    ///
    /// # Errors
    /// When a reader did what it may not; each is printed with the command that shows it again.
    pub fn run(self) -> Result<()> {
        if self.inside {
            limit_memory()?;
            return self.tell(&mut std::io::stdout());
        }
        let mut findings = Vec::new();
        let last = self.first + self.runs;
        let mut next = self.first;
        while next < last {
            let count = PART.min(last - next);
            next = self.child(next, count, &mut findings)?;
            eprintln!("{next} of {last}: {} findings", findings.len());
        }
        for Finding { input, target, what } in &findings {
            println!(
                "{target}: {what}; again: mousewarden-rig fuzz --inside --runs 1 --seed {} --first {input}",
                self.seed
            );
        }
        println!("{} inputs, seed {}, {} findings", self.runs, self.seed, findings.len());
        if findings.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Internal,
            format!("{} inputs were not refused as they ought to be", findings.len()),
        )
        .remedy("Mend the readers named above, and keep each input as a test."))
    }

    /// Reads in this process, and tells what comes of it line by line.
    fn tell(&self, out: &mut dyn Write) -> Result<()> {
        let io = |error| Failure::io("the findings", error);
        let targets = targets(&self.only)?;
        for input in self.first..self.first + self.runs {
            let target = &targets[(input % targets.len().max(1) as u64) as usize];
            writeln!(out, "{input} {}", target.name).map_err(io)?;
            if let Some(finding) = read(target, self.seed, input) {
                writeln!(out, "! {} {} {}", finding.input, finding.target, finding.what)
                    .map_err(io)?;
            }
        }
        writeln!(out, "done").map_err(io)
    }

    /// Lets a child read; returns the input to go on with.
    fn child(&self, first: u64, count: u64, findings: &mut Vec<Finding>) -> Result<u64> {
        let program = std::env::current_exe().map_err(|e| Failure::io("this program", e))?;
        let mut command = Command::new(program);
        command.args(["fuzz", "--inside", "--only", &self.only]);
        command.args(["--first", &first.to_string(), "--runs", &count.to_string()]);
        command.args(["--seed", &self.seed.to_string()]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| Failure::io("a reading process", e))?;
        let (sender, lines) = mpsc::channel();
        if let Some(out) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(std::result::Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        let mut now = (first, String::new());
        let why = loop {
            match lines.recv_timeout(HANGS) {
                Ok(line) if line == "done" => break None,
                Ok(line) => match line.strip_prefix("! ").and_then(finding) {
                    Some(finding) => {
                        // At once as well: a long run may be ended before it prints its sum.
                        eprintln!(
                            "input {} of {}: {}",
                            finding.input, finding.target, finding.what
                        );
                        findings.push(finding);
                    }
                    None => now = begun(&line).unwrap_or(now),
                },
                Err(RecvTimeoutError::Timeout) => break Some("hangs"),
                Err(RecvTimeoutError::Disconnected) => break Some("ends the process"),
            }
        };
        let _ = child.kill();
        let _ = child.wait();
        let Some(why) = why else { return Ok(first + count) };
        if count == 1 {
            findings.push(Finding { input: now.0, target: now.1, what: why.into() });
            return Ok(now.0 + 1);
        }
        let before = findings.len();
        let next = self.child(now.0, 1, findings)?;
        if findings.len() == before {
            eprintln!("input {} of {}: {why} among others, reads well alone", now.0, now.1);
        }
        Ok(next)
    }
}

/// Reads so many inputs in this process; what the readers did that they may not.
///
/// # Errors
/// When the fixtures cannot be read.
pub fn short(runs: u64, seed: u64) -> Result<Vec<Finding>> {
    let targets = targets("")?;
    let target = |input: u64| &targets[(input % targets.len() as u64) as usize];
    Ok((0..runs).filter_map(|input| read(target(input), seed, input)).collect())
}

/// One input.
fn read(target: &Target, seed: u64, input: u64) -> Option<Finding> {
    let mut mutator = Mutator::new(seed, input);
    let sample = mutator.choose(&target.samples);
    let other = mutator.choose(&target.samples);
    let bytes = mutator.changed(&sample.bytes, &other.bytes);
    let watch = Stopwatch::start();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.read)(sample, &bytes)));
    let took = watch.lap();
    let took = took.processor.unwrap_or(took.wall);
    let what = match outcome {
        Err(_) => "panics".to_owned(),
        Ok(()) if took > SLOW => format!("takes {:.1} s", took.as_secs_f64()),
        Ok(()) => return None,
    };
    Some(Finding { input, target: target.name.clone(), what })
}

/// "INPUT TARGET".
fn begun(line: &str) -> Option<(u64, String)> {
    let (input, target) = line.split_once(' ')?;
    Some((input.parse().ok()?, target.into()))
}

/// "INPUT TARGET WHAT".
fn finding(line: &str) -> Option<Finding> {
    let (input, rest) = line.split_once(' ')?;
    let (target, what) = rest.split_once(' ')?;
    Some(Finding { input: input.parse().ok()?, target: target.into(), what: what.into() })
}

/// What this process may take from now on is bounded.
#[cfg(target_os = "linux")]
fn limit_memory() -> Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = Some(MOST_MB << 20);
    setrlimit(Resource::Data, Rlimit { current: most, maximum: most })
        .map_err(|e| Failure::io("the limit of memory", e.into()))
}

/// There is no such limit here.
#[cfg(not(target_os = "linux"))]
fn limit_memory() -> Result<()> {
    Ok(())
}
