//! How many rows a minute `preprocess` turns into windows on one core, beside pandas on the same
//! files in the same run. Gmail's layout; the rows are made up unless a folder is given.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde::Deserialize;

use mousewarden::cli::output;
use mousewarden::data::formats::{ReadParams, open};
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::preprocess::{PreprocessParams, preprocess};
use mousewarden::platform::clock;

/// Arguments of `bench preprocess`.
#[derive(Debug, Args)]
pub struct PreprocessBenchArgs {
    /// Recordings of the gmail format instead of made-up ones
    folder: Option<PathBuf>,
    /// Rows to make up
    #[arg(long, default_value_t = 2_000_000)]
    rows: u64,
    /// Runs of each; the fastest counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// A Python that has pandas, for the peer
    #[arg(long, value_name = "PYTHON")]
    peer: Option<PathBuf>,
    /// The peer
    #[arg(long, default_value = "tests/bench/pandas_preprocess.py")]
    script: PathBuf,
}

/// Users that are made up, each with two sessions.
const USERS: u64 = 4;

/// What one run did.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Measured {
    rows: u64,
    windows: u64,
    seconds: f64,
}

impl PreprocessBenchArgs {
    /// Runs it and prints rows a minute, and the ratio.
    ///
    /// # Errors
    /// When files cannot be written or read, or the peer fails.
    pub fn run(self) -> Result<()> {
        let scratch = tempfile::tempdir().map_err(|e| Failure::io("a temporary folder", e))?;
        let input = match &self.folder {
            Some(folder) => folder.clone(),
            None => make_up(scratch.path(), self.rows)?,
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // In turns, so that a noisy neighbour disturbs both.
        for _ in 0..self.runs.max(1) {
            ours.push(measure(&input, &scratch.path().join("ours"))?);
            if let Some(python) = &self.peer {
                theirs.push(self.measure_peer(python, &input, &scratch.path().join("theirs"))?);
            }
        }
        let Some(ours) = fastest(&ours) else { return Ok(()) };
        output::line(&line("mousewarden", ours))?;
        let Some(theirs) = fastest(&theirs) else { return Ok(()) };
        output::line(&line("pandas", theirs))?;
        output::line(&format!("mousewarden is {:.1} times as fast", theirs.seconds / ours.seconds))
    }

    fn measure_peer(&self, python: &Path, input: &Path, out: &Path) -> Result<Measured> {
        let failed = |why: String| {
            Failure::new(
                FailureKind::Unavailable,
                format!("the peer {}: {why}", self.script.display()),
            )
            .remedy("Run from the repository's root, with a Python that has pandas.")
        };
        let mut peer = Command::new(python);
        // One core each.
        peer.args([&self.script, input, out]).env("OMP_NUM_THREADS", "1");
        let output = peer.output().map_err(|e| failed(e.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|e| failed(e.to_string()))
    }
}

fn fastest(runs: &[Measured]) -> Option<Measured> {
    runs.iter().copied().min_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

fn line(name: &str, run: Measured) -> String {
    format!(
        "{name:12} {:>9} rows  {:>7} windows  {:>7.3} s  {:>6.1} million rows a minute",
        run.rows,
        run.windows,
        run.seconds,
        run.rows as f64 / run.seconds * 60.0 / 1e6
    )
}

fn measure(input: &Path, out: &Path) -> Result<Measured> {
    let began = clock::now();
    let dataset = open(&"gmail".parse()?, &[input.to_owned()], ReadParams::default())?;
    let users = preprocess(&dataset, &PreprocessParams::default(), &[], out, &mut |_| {})?;
    let seconds = (clock::now() - began).as_secs_f64();
    let rows = users.iter().map(|user| user.rows).sum();
    let windows = users.iter().map(|user| user.windows as u64).sum();
    Ok(Measured { rows, windows, seconds })
}

/// Strokes of 16 ms steps between pauses, with a click now and then; nobody moves like that, but
/// the bytes are like anybody's.
fn make_up(folder: &Path, rows: u64) -> Result<PathBuf> {
    let root = folder.join("gmail");
    let sessions = (0..USERS).flat_map(|user| (0..2u64).map(move |session| (user, session)));
    for (user, session) in sessions {
        let path = root.join((1_000_001 + user).to_string()).join(format!("session_{session}.csv"));
        write_session(&path, user, session, rows / USERS / 2)
            .map_err(|e| Failure::io(format!("writing {}", path.display()), e))?;
    }
    Ok(root)
}

fn write_session(path: &Path, user: u64, session: u64, rows: u64) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let mut out = BufWriter::new(fs::File::create(path)?);
    writeln!(out, "Tab ID,ClientID,Type,Mouse X,Mouse Y,TimeStamp")?;
    let id = 1_000_001 + user;
    let mut at = 1_600_000_000_000 + (user * 2 + session) * 1_000_000_000;
    for row in 0..rows {
        let of_stroke = row % (20 + user * 7 + session);
        at += if of_stroke == 0 { 700 } else { 16 };
        let kind = if of_stroke == 11 { "singleclick" } else { "movement" };
        let (x, y) = ((row * 37) % 1900 / 3 + of_stroke * 5, (row * 11) % 1000);
        writeln!(out, "{id},{id},{kind},{x},{y},{at}")?;
    }
    out.flush()
}
