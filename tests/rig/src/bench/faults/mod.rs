//! `bench faults`: the time from an alarm to a locked screen with each fault around it, beside the
//! same without any, and what the owner is told. The X server, the bus, the notification server, the
//! lockers and the disks are real ones of a test desktop; the person's own are never touched.

mod agent;
mod desk;
mod fault;
mod hand;
mod random;
mod run;

use clap::{Args, ValueEnum as _};

use self::fault::Fault;
use self::run::{FaultRun, Outcome};
use mousewarden::cli::output;
use mousewarden::error::{Failure, FailureKind, Result};

/// Arguments of `bench faults`.
#[derive(Debug, Args)]
pub struct FaultArgs {
    /// How often each fault is tried.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// These faults only; without it, all of them.
    #[arg(long = "only", value_name = "FAULT")]
    only: Vec<Fault>,
    /// Instead: so many minutes of faults at random, and what got lost, leaked or was not seen.
    #[arg(long, value_name = "MINUTES", conflicts_with = "only")]
    random: Option<f64>,
    /// Of the random faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How one fault came out.
struct Row {
    fault: Fault,
    runs: Vec<FaultRun>,
}

impl FaultArgs {
    /// Runs the faults and prints a table in Markdown.
    ///
    /// # Errors
    /// [`FailureKind::Internal`] when a lock did not come that could have; when a server does not
    /// come up.
    pub fn run(self) -> Result<()> {
        if let Some(minutes) = self.random {
            return random::run(minutes, self.seed);
        }
        let wanted = |fault: &Fault| self.only.is_empty() || self.only.contains(fault);
        let faults = Fault::value_variants().iter().copied();
        let mut rows = Vec::new();
        for fault in faults.filter(|fault| *fault == Fault::None || wanted(fault)) {
            let mut runs = Vec::new();
            for number in 0..self.runs {
                let run = run::try_out(fault)?;
                eprintln!("{fault} {}: {}", number + 1, run.words());
                runs.push(run);
            }
            rows.push(Row { fault, runs });
        }
        output::line(&table(&rows))?;
        let failed: Vec<_> = rows.iter().filter(|row| !row.is_as_it_should_be()).collect();
        if failed.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = failed.iter().map(|row| row.fault.to_string()).collect();
        let what = format!("not locked in time with: {}", names.join(", "));
        Err(Failure::new(FailureKind::Internal, what).remedy("What each run said stands above."))
    }
}

impl Row {
    fn seconds(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.runs.iter().filter_map(FaultRun::seconds).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn median(&self) -> Option<f64> {
        let all = self.seconds();
        all.get(all.len() / 2).copied()
    }

    fn is_as_it_should_be(&self) -> bool {
        self.runs.iter().all(|run| match run.outcome {
            Outcome::Locked { .. } => !self.fault.prevents_lock(),
            Outcome::Told { .. } => self.fault.prevents_lock(),
            Outcome::Neither => false,
        })
    }
}

fn table(rows: &[Row]) -> String {
    let usual = rows.first().and_then(Row::median).unwrap_or_default();
    let mut lines = vec![
        "| fault | runs | alarm to locked screen, s: median (worst) | later than without, s | what the owner is told |"
            .to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for row in rows {
        let all = row.seconds();
        let worst = all.last().copied().unwrap_or(f64::NAN);
        let median = row.median().unwrap_or(f64::NAN);
        let (time, later) = match row.fault.prevents_lock() {
            true => (format!("not locked; told after {median:.2} ({worst:.2})"), String::new()),
            false => (format!("{median:.2} ({worst:.2})"), format!("{:.2}", median - usual)),
        };
        let told = row.runs.last().map(FaultRun::told).unwrap_or_default();
        let what = row.fault.words();
        lines.push(format!("| {what} | {} | {time} | {later} | {told} |", row.runs.len()));
    }
    lines.join("\n")
}
