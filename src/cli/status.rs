//! `status`: one sentence, then what it rests on, as text or JSON.

use std::fmt::Write;

use clap::Args;

use super::context::{paths, socket};
use super::first_hours::QuietPeriod;
use super::output;
use crate::agent::control::{self, ControlRequest, Reply};
use crate::agent::shared_status::{AdaptationStatus, LastAlarm, Status, WatchState};
use crate::data::Store;
use crate::error::{Failure, FailureKind, Result};
use crate::pipeline::adaptation::REACH;
use crate::pipeline::{Decision, MaxAction};
use crate::platform::capture::description::Unknown;
use crate::platform::clock;

/// Columns of the rows' names.
const NAME_COLUMNS: usize = 12;
/// What is printed of a model's provenance.
const PROVENANCE: [&str; 5] =
    ["trained_by", "subject", "genuine_source", "impostor_source", "backbone"];

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
    pub fn run(self) -> Result<()> {
        let paths = paths()?;
        let reply = control::ask(&socket(&paths), &ControlRequest::Status)?;
        let Reply::Status(status) = reply else {
            return Err(Failure::new(FailureKind::Data, "the running mousewarden gave no status"));
        };
        if self.json {
            return output::json(&documented(&status));
        }
        let quiet = QuietPeriod::read(&Store::at(paths.data()));
        output::line(text(&status, quiet.as_ref()).trim_end())
    }
}

/// The sentence, then the rows.
fn text(status: &Status, quiet: Option<&QuietPeriod>) -> String {
    let mut out = format!("{}\n\n", headline(status));
    for (name, value) in rows(status, quiet) {
        let mut name = name;
        for line in value.lines() {
            // Writing into a String cannot fail.
            let _ = writeln!(out, "{name:<NAME_COLUMNS$} {line}");
            name = "";
        }
    }
    out
}

/// As `--json` prints it: what the manual documents. Of a model's provenance that is what a person
/// may ask for; `inspect` has all of it.
fn documented(status: &Status) -> serde_json::Value {
    let mut value = serde_json::to_value(status).unwrap_or_default();
    if let Some(from) = value["model"]["provenance"].as_object_mut() {
        from.retain(|key, _| PROVENANCE.contains(&key.as_str()));
    }
    value
}

/// What matters, in one sentence.
pub(super) fn headline(status: &Status) -> String {
    match status.state {
        WatchState::Paused => status.paused_until.as_ref().map_or_else(
            || "mousewarden is paused until `mousewarden resume`.".into(),
            |until| format!("mousewarden is paused until {}.", clock::local(until)),
        ),
        WatchState::Locked => "The session is locked or away: nobody is judged.".into(),
        WatchState::UnknownDevice => {
            let what = status.unknown.unwrap_or(Unknown::Pointer);
            format!(
                "mousewarden does not know this {what}: lock and unlock the screen once, or enrol \
                 with it."
            )
        }
        WatchState::Watching => watching(status),
    }
}

fn watching(status: &Status) -> String {
    if !status.problems.is_empty() {
        return "mousewarden is watching, but something does not work as it should.".into();
    }
    match status.decision {
        Decision::Trusted if status.windows_seen == 0 => {
            "mousewarden is watching; nothing has moved yet.".into()
        }
        Decision::Trusted => {
            "mousewarden is watching, and nothing speaks against it being you.".into()
        }
        Decision::Suspicious => {
            "mousewarden is watching, and not sure that this is you; nobody is told yet.".into()
        }
        Decision::Intruder => "mousewarden takes this for somebody else's hand.".into(),
    }
}

type Row = (&'static str, String);

fn rows(status: &Status, quiet: Option<&QuietPeriod>) -> Vec<Row> {
    let mut rows: Vec<Row> = status.problems.iter().map(|it| ("problem", it.clone())).collect();
    rows.extend(judgement(status));
    rows.push(("an alarm", allowed(status, quiet)));
    rows.extend(status.last_alarm.as_ref().map(|alarm| ("last alarm", alarmed(alarm))));
    if status.today {
        let today = "known from what followed the unlock";
        rows.push(("today", today.into()));
    }
    if let Some(AdaptationStatus { version, drift }) = status.adaptation {
        let moved = format!("version {version}, {drift:.2} of {REACH} from the enrolment");
        rows.push(("adaptation", moved));
    }
    rows.extend(origin(status));
    rows
}

/// What the decision rests on.
fn judgement(status: &Status) -> Vec<Row> {
    let mut rows = Vec::new();
    if let [notice, lock] = status.limits
        && let Some(limit) = notice.or(lock)
    {
        let locks = lock.map_or(String::new(), |lock| format!(", a lock {lock:.1}"));
        let evidence = status.evidence;
        let verb = if notice.is_some() { "a notice takes" } else { "a lock takes" };
        let locks = if notice.is_some() { locks } else { String::new() };
        rows.push(("evidence", format!("{evidence:.1} nats; {verb} {limit:.1}{locks}")));
    }
    let Status { threshold, group_windows, .. } = status;
    rows.push((
        "score",
        status.grouped.map_or_else(
            || format!("none yet: fewer than {group_windows} windows"),
            |score| {
                format!("{score:.3} over {group_windows} windows; suspicious below {threshold:.3}")
            },
        ),
    ));
    rows.push(("windows", windows(status)));
    rows
}

fn windows(status: &Status) -> String {
    let seen = format!("{} seen", status.windows_seen);
    status.last_window.as_ref().map_or(seen.clone(), |last| {
        let at = clock::local(&last.at);
        let steps = last.steps;
        let movement = last.movement_s;
        let score = last.score;
        format!("{seen}, the last at {at}: {steps} steps, {movement:.2} s, score {score:.3}")
    })
}

fn allowed(status: &Status, quiet: Option<&QuietPeriod>) -> String {
    let does = match status.max_action {
        MaxAction::Log => "is written down only",
        MaxAction::Notify => "is told",
        MaxAction::Lock => "is told, and locks when it goes on",
    };
    match quiet.filter(|quiet| !quiet.is_over(clock::wall())) {
        Some(quiet) if status.max_action >= MaxAction::Notify => {
            format!("is only written down until {}; from then on it {does}", quiet.until())
        }
        _ => does.into(),
    }
}

fn alarmed(alarm: &LastAlarm) -> String {
    let why = if alarm.why.is_empty() {
        String::new()
    } else {
        format!("; why: {}", alarm.why.join(", "))
    };
    format!("{}, to {}{why}", clock::local(&alarm.at), alarm.action)
}

/// With what it works, and since when.
fn origin(status: &Status) -> Vec<Row> {
    let place = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let source = if status.capture.is_empty() { &status.source } else { &status.capture };
    let mut rows =
        vec![("mouse", source.clone()), ("scorer", scorer(status)), ("model", model(status))];
    rows.extend(status.model.operating_point.as_ref().map(|point| ("expect", expect(point))));
    rows.push(("config", place(&status.config).unwrap_or_else(|| "defaults".into())));
    rows.extend(place(&status.recording).map(|recording| ("recording", recording)));
    if status.overflows > 0 {
        rows.push(("lost events", format!("{} times", status.overflows)));
    }
    let Status { pid, version, .. } = status;
    let since = clock::local(&status.started);
    rows.push(("process", format!("{pid}, since {since}, version {version}")));
    rows
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
        let nothing = text(&Status::default(), None);
        assert!(!nothing.contains("today") && !nothing.contains("adaptation"), "{nothing}");
        let adaptation = Some(AdaptationStatus { version: 3, drift: 0.12 });
        let told = text(&Status { today: true, adaptation, ..Status::default() }, None);
        let row = |name: &str| told.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        assert!(row("today").ends_with("from what followed the unlock"), "{told}");
        assert!(row("adaptation").contains("version 3, 0.12 of 0.35"), "{told}");
    }

    #[test]
    fn the_first_line_is_one_sentence_in_every_state() {
        let states = [
            WatchState::Watching,
            WatchState::Paused,
            WatchState::Locked,
            WatchState::UnknownDevice,
        ];
        for state in states {
            for decision in [Decision::Trusted, Decision::Suspicious, Decision::Intruder] {
                let told = text(&Status { state, decision, ..Status::default() }, None);
                let mut lines = told.lines();
                let first = lines.next().unwrap();
                assert!(first.ends_with('.') && first.len() < 100, "{first}");
                assert_eq!(lines.next(), Some(""), "{told}");
            }
        }
    }

    #[test]
    fn the_manual_documents_every_key_of_the_json() {
        let manual = include_str!("../../.github/MANUAL.md");
        let section = manual.split("### `status --json`").nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let value = documented(&Status::default());
        for key in value.as_object().unwrap().keys() {
            assert!(section.contains(&format!("`{key}`")), "{key} is not in the manual");
        }
        assert!(value.to_string().len() < 1000, "{value}");
    }

    #[test]
    fn the_evidence_stands_beside_its_limits() {
        let status =
            Status { evidence: 3.25, limits: [Some(10.0), Some(15.0)], ..Status::default() };
        let told = text(&status, None);
        assert!(told.contains("3.2 nats; a notice takes 10.0, a lock 15.0"), "{told}");
    }
}
