//! One fault tried out once: somebody else moves, the alarm comes, and the screen is locked or not.

use serde_json::Value;

use super::agent::{WatchedAgent, is, is_alarm};
use super::desk::FaultDesk;
use super::fault::{Fault, Made, Moment};
use super::hand::MovingHand;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::Timestamp;
use mousewarden::pipeline::event::Micros;
use mousewarden::platform::clock;

/// How long an alarm, and then a lock, may take before it is given up.
const PATIENCE: Micros = Micros::from_millis(60_000);
/// What is told after a lock may take a moment.
const TELLING: Micros = Micros::from_millis(2_500);

/// What came of an alarm.
pub(super) enum Outcome {
    /// The screen was locked so many seconds later.
    Locked { seconds: f64 },
    /// It was not, and that was told so many seconds later.
    Told { seconds: f64 },
    /// Neither.
    Neither,
}

/// How a fault came out.
pub(super) struct FaultRun {
    /// What came of the alarm.
    pub outcome: Outcome,
    notices: Vec<String>,
    problems: Vec<String>,
    /// How long nobody was watched before anything said so, and until somebody was again.
    blind: Option<(f64, f64)>,
}

impl FaultRun {
    /// How long it took.
    pub(super) fn seconds(&self) -> Option<f64> {
        match self.outcome {
            Outcome::Locked { seconds } | Outcome::Told { seconds } => Some(seconds),
            Outcome::Neither => None,
        }
    }

    /// What the owner is told, for the table.
    pub(super) fn told(&self) -> String {
        let mut told: Vec<_> = self.notices.iter().map(|it| format!("\"{it}\"")).collect();
        if told.is_empty() {
            told.push("no notice".into());
        }
        told.extend(self.problems.iter().map(|problem| format!("`status`: {problem}")));
        told.extend(
            self.blind.map(|(unsaid, all)| {
                format!("said after {unsaid:.1} s, seen again after {all:.1} s")
            }),
        );
        told.join("; ").replace('|', "/")
    }

    pub(super) fn words(&self) -> String {
        let outcome = match self.outcome {
            Outcome::Locked { seconds } => format!("locked after {seconds:.2} s"),
            Outcome::Told { seconds } => format!("told after {seconds:.2} s"),
            Outcome::Neither => "neither locked nor told".into(),
        };
        format!("{outcome}; {}", self.told())
    }
}

/// Tries it out on a desktop of its own.
///
/// # Errors
/// When a server or the agent does not come up, or no alarm comes.
pub(super) fn try_out(fault: Fault) -> Result<FaultRun> {
    let mut desk = FaultDesk::start(fault.locker())?;
    let mut agent = desk.agent(fault)?;
    let begun = clock::now();
    let hand = MovingHand::start(desk.desktop.display())?;
    let mut made = Made::Nothing;
    if fault.moment() == Moment::Movement {
        made = fault.make(&mut desk, &agent)?;
    }
    let alarm = alarm(&mut agent, fault)?;
    if fault.moment() == Moment::Countdown {
        agent.wait(PATIENCE, |agent| agent.find(0, |event| is(event, "countdown")).is_some());
        made = fault.make(&mut desk, &agent)?;
    }
    let outcome = outcome(&mut agent, &desk, fault, alarm);
    agent.wait(TELLING, |_| false);
    let blind = blind(&agent, begun);
    drop(hand);
    // First line of each: `status` has the rest.
    let problems = agent.problems().unwrap_or_default();
    let problems = problems.iter().map(|it| it.lines().next().unwrap_or_default().to_owned());
    let problems = problems.collect();
    drop(made);
    let mut notices: Vec<String> = Vec::new();
    for shown in desk.desktop.notifications().all() {
        let summary = if shown.summary.starts_with("Locking in") {
            "Locking in 1 s".to_owned()
        } else {
            shown.summary
        };
        if !notices.contains(&summary) {
            notices.push(summary);
        }
    }
    Ok(FaultRun { outcome, notices, problems, blind })
}

fn alarm(agent: &mut WatchedAgent, fault: Fault) -> Result<Timestamp> {
    agent.wait(PATIENCE, |agent| agent.find(0, is_alarm).is_some());
    let at = agent.find(0, is_alarm).and_then(|event| event["mono_us"].as_i64());
    at.map(Timestamp::from_micros).ok_or_else(|| {
        let what = format!("{fault}: no alarm came");
        Failure::new(FailureKind::Internal, what).remedy("Its own words stand above.")
    })
}

fn outcome(agent: &mut WatchedAgent, desk: &FaultDesk, fault: Fault, alarm: Timestamp) -> Outcome {
    let could_not =
        |told: &super::super::super::desktop::Shown| told.summary.starts_with("Could not");
    let is_over = |_: &WatchedAgent| match fault.prevents_lock() {
        true => desk.desktop.notifications().all().iter().any(could_not),
        false => !desk.locks().is_empty(),
    };
    let is_over = agent.wait(PATIENCE, is_over);
    let seconds = (clock::now() - alarm).as_secs_f64();
    match (is_over, fault.prevents_lock()) {
        (false, _) => Outcome::Neither,
        (true, true) => Outcome::Told { seconds },
        (true, false) => Outcome::Locked { seconds },
    }
}

/// From the beginning of the movement to the first word that the mouse is not seen, and until it is.
fn blind(agent: &WatchedAgent, begun: Timestamp) -> Option<(f64, f64)> {
    let at = |event: Value| event["mono_us"].as_i64().map(Timestamp::from_micros);
    let of = |state: &'static str| {
        agent.find(0, |event| is(event, "capture") && event["state"] == state).and_then(at)
    };
    let said = of("blind")?;
    let sees = of("sees").unwrap_or_else(clock::now);
    Some(((said - begun).as_secs_f64(), (sees - begun).as_secs_f64()))
}
