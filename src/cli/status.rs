//! `status`: what the running agent sees and thinks, as text or JSON.

use std::fmt::Write;

use clap::Args;

use super::context::socket;
use super::output;
use crate::agent::control::{self, ControlRequest, Reply};
use crate::agent::shared_status::{AdaptationStatus, Status, WatchState};
use crate::error::{Failure, FailureKind, Result};
use crate::paths::Paths;
use crate::pipeline::adaptation::REACH;
use crate::platform::capture::description::Unknown;
use crate::platform::clock;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// One line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl StatusArgs {
    /// Asks the running agent.
    ///
    /// # Errors
    /// When none runs.
    pub(crate) fn run(self) -> Result<()> {
        let reply = control::ask(&socket(&Paths::from_environment()?), &ControlRequest::Status)?;
        let Reply::Status(status) = reply else {
            return Err(Failure::new(FailureKind::Data, "the running mousewarden gave no status"));
        };
        match self.json {
            true => output::json(&status),
            false => output::line(text(&status).trim_end()),
        }
    }
}

fn text(status: &Status) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{name:<12} {value}");
    };
    row("state", state(status));
    row("decision", decision(status));
    row("windows", windows(status));
    if let Some(alarm) = &status.last_alarm {
        let what = format!("{}, {}", clock::local(&alarm.at), alarm.action);
        let why = match alarm.why.is_empty() {
            true => String::new(),
            false => format!("; unlike you: {}", alarm.why.join(", ")),
        };
        row("last alarm", what + &why);
    }
    let source = if status.capture.is_empty() { &status.source } else { &status.capture };
    row("source", source.clone());
    row("scorer", scorer(status));
    row("model", model(status));
    if let Some(point) = &status.model.operating_point {
        row("expect", expect(point));
    }
    let place = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    row("config", place(&status.config).unwrap_or_else(|| "defaults".into()));
    if let Some(recording) = place(&status.recording) {
        row("recording", recording);
    }
    if status.today {
        row("today", "knows how you move today, from what followed the unlock".into());
    }
    if let Some(adaptation) = &status.adaptation {
        let AdaptationStatus { version, drift } = adaptation;
        row("adaptation", format!("version {version}, {drift:.2} of {REACH} from the enrolment"));
    }
    row("process", format!("{}, up {} s, version {}", status.pid, status.uptime_s, status.version));
    if status.overflows > 0 {
        row("lost events", format!("{} times", status.overflows));
    }
    for problem in &status.problems {
        row("problem", problem.clone());
    }
    out
}

fn state(status: &Status) -> String {
    match (status.state, &status.paused_until) {
        (WatchState::Watching, _) => "watching".into(),
        (WatchState::Locked, _) => "the session is locked or away".into(),
        (WatchState::UnknownDevice, _) => {
            let what = status.unknown.unwrap_or(Unknown::Pointer);
            format!("your model does not know this {what}: give your password, or enrol with it")
        }
        (WatchState::Paused, Some(until)) => format!("paused until {}", clock::local(until)),
        (WatchState::Paused, None) => "paused until `mousewarden resume`".into(),
    }
}

fn decision(status: &Status) -> String {
    format!("{}: {}", status.decision, status.ground())
}

fn windows(status: &Status) -> String {
    let seen = format!("{} seen", status.windows_seen);
    status.last_window.as_ref().map_or(seen.clone(), |last| {
        let (steps, movement, score) = (last.steps, last.movement_s, last.score);
        let at = clock::local(&last.at);
        format!("{seen}; last {at}: {steps} steps, {movement:.2} s, score {score:.3}")
    })
}

fn scorer(status: &Status) -> String {
    let scorer = &status.scorer;
    let mut text = format!("{} {}", scorer.backend, scorer.version);
    if let Some(library) = &scorer.library {
        let _ = write!(text, ", {}", library.display());
    }
    if let Some(note) = &scorer.note {
        let _ = write!(text, " ({note})");
    }
    text
}

fn model(status: &Status) -> String {
    let path = status.model.path.display();
    status.model.provenance.as_ref().map_or(path.to_string(), |from| {
        format!(
            "{path}: {}, from {} against {}, by {}",
            from.subject, from.genuine_source, from.impostor_source, from.trained_by
        )
    })
}

fn expect(point: &crate::model::OperatingPoint) -> String {
    format!(
        "groups of {}: FAR {:.1} %, FRR {:.1} %, {:.1} s of movement",
        point.windows,
        point.far * 100.0,
        point.frr * 100.0,
        point.movement_s
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learnt_is_told_and_what_was_not_is_not() {
        let nothing = text(&Status::default());
        assert!(!nothing.contains("today") && !nothing.contains("adaptation"), "{nothing}");
        let adaptation = Some(AdaptationStatus { version: 3, drift: 0.12 });
        let told = text(&Status { today: true, adaptation, ..Status::default() });
        let row = |name: &str| told.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        assert!(row("today").ends_with("from what followed the unlock"), "{told}");
        assert!(row("adaptation").contains("version 3, 0.12 of 0.35"), "{told}");
    }
}
