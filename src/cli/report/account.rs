//! What the rows of a history add up to: when the agent watched and when not, what it judged, what
//! it did, and what turned out to be false. Times are milliseconds since 1970; nothing is drawn here.

use serde_json::Value;

use crate::agent::history::Row;
use crate::pipeline::Explanation;

/// What the agent was doing over a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It watched.
    Watching,
    /// Its owner had paused it.
    Paused,
    /// The screen was locked.
    Locked,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub doing: Doing,
    pub from: i64,
    pub to: i64,
}

/// The mean of the last scores at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub at: i64,
    pub grouped: f64,
}

/// What stands out of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub at: i64,
    pub kind: MarkKind,
    /// What happened, in words.
    pub words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// The scores spoke against the owner.
    Alarm,
    /// An alarm that the password disproved.
    FalseAlarm,
    /// The screen was asked to lock.
    Lock,
    /// Something did not work.
    Fault,
    /// Somebody asked for something: a pause, an end, what is forbidden.
    Asked,
}

/// Everything that the page shows.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub stretches: Vec<Stretch>,
    pub points: Vec<Point>,
    /// Windows judged, with or without a mean.
    pub windows: usize,
    /// Seconds of movement in them.
    pub movement_s: f64,
    pub marks: Vec<Mark>,
    /// The thresholds in force, from these moments on.
    pub thresholds: Vec<(i64, f64)>,
}

impl Account {
    /// Adds rows up, in order of time; an agent that never said its end is taken to run on only if
    /// its last word is younger than a minute.
    pub(super) fn of(rows: &[Row], now: i64) -> Self {
        let mut account = Self::default();
        let mut open: Option<(Doing, i64)> = None;
        let mut last = 0;
        for row in rows {
            let next = match row.event.as_str() {
                // The one before ended without a word.
                "started" => {
                    account.close(&mut open, last);
                    Some(Some(Doing::Watching))
                }
                "resumed" => Some(Some(Doing::Watching)),
                "paused" => Some(Some(Doing::Paused)),
                "session" => boundary(row).map(Some),
                "stopped" => Some(None),
                _ => None,
            };
            if let Some(doing) = next {
                account.close(&mut open, row.at_ms);
                open = doing.map(|doing| (doing, row.at_ms));
            }
            // A history that was cut begins in the middle.
            open =
                open.or_else(|| (row.event == "verdict").then_some((Doing::Watching, row.at_ms)));
            last = row.at_ms;
            account.take(row);
        }
        let runs_on = now - last < 60_000;
        account.close(&mut open, if runs_on { now } else { last });
        account
    }

    fn close(&mut self, open: &mut Option<(Doing, i64)>, to: i64) {
        if let Some((doing, from)) = open.take().filter(|(_, from)| *from < to) {
            self.stretches.push(Stretch { doing, from, to });
        }
    }

    fn take(&mut self, row: &Row) {
        let at = row.at_ms;
        if row.event == "verdict" {
            self.windows += 1;
            self.movement_s += row.movement_s.unwrap_or_default();
            self.points.extend(row.grouped.map(|grouped| Point { at, grouped }));
        }
        if matches!(row.event.as_str(), "started" | "reloaded") {
            let threshold = field(row, "threshold").and_then(Value::as_f64);
            self.thresholds.extend(threshold.map(|threshold| (at, threshold)));
        }
        self.marks.extend(mark(row).map(|(kind, words)| Mark { at, kind, words }));
    }

    /// Milliseconds spent on something.
    pub(super) fn spent(&self, doing: Doing) -> i64 {
        let of_this = self.stretches.iter().filter(|stretch| stretch.doing == doing);
        of_this.map(|stretch| stretch.to - stretch.from).sum()
    }

    pub(super) fn count(&self, kind: MarkKind) -> usize {
        self.marks.iter().filter(|mark| mark.kind == kind).count()
    }

    /// The threshold in force at a moment.
    pub(super) fn threshold(&self, at: i64) -> Option<f64> {
        let before = self.thresholds.iter().rev().find(|(from, _)| *from <= at);
        before.or_else(|| self.thresholds.first()).map(|(_, threshold)| *threshold)
    }
}

fn boundary(row: &Row) -> Option<Doing> {
    match field(row, "boundary").and_then(Value::as_str) {
        Some("locked") => Some(Doing::Locked),
        Some("unlocked" | "start") => Some(Doing::Watching),
        _ => None,
    }
}

fn field<'a>(row: &'a Row, name: &str) -> Option<&'a Value> {
    row.detail.as_ref()?.get(name)
}

/// What an alarm rested on, in words.
fn why(row: &Row) -> Option<String> {
    let why: Explanation = serde_json::from_value(row.detail.clone()?).ok()?;
    let differences = why.words().join(", ");
    let unlike = format!("{} of {} windows unlike you", why.unlike, why.windows);
    Some(if differences.is_empty() { unlike } else { format!("{unlike}: {differences}") })
}

fn mark(row: &Row) -> Option<(MarkKind, String)> {
    let text = |name| field(row, name).and_then(Value::as_str).unwrap_or_default();
    Some(match row.event.as_str() {
        "verdict" => {
            let action = row.action.as_ref()?;
            let grouped = row.grouped.unwrap_or_default();
            let why = why(row).map_or_else(String::new, |why| format!("; {why}"));
            (MarkKind::Alarm, format!("alarm: score {grouped:.2}; to {action}{why}"))
        }
        "confirmed" => (MarkKind::FalseAlarm, "a false alarm: the password was given".into()),
        "learnt" => {
            let version = field(row, "version").and_then(Value::as_u64).unwrap_or_default();
            (MarkKind::Asked, format!("learnt how you move by now: version {version}"))
        }
        "lock_asked" => (MarkKind::Lock, format!("locked by {}", text("by"))),
        "countdown_ended" => (MarkKind::Asked, format!("the countdown ended: {}", text("why"))),
        "lock_failed" => (MarkKind::Fault, format!("locking failed: {}", text("why"))),
        "safe_mode" => (MarkKind::Fault, "too many locks: alarms only warn".into()),
        "fault" => (MarkKind::Fault, text("why").to_owned()),
        "refused" => (MarkKind::Asked, format!("{}: {}", text("request"), text("why"))),
        "paused" => (MarkKind::Asked, "paused".into()),
        "stopped" => (MarkKind::Asked, format!("ended: {}", text("why"))),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(at_ms: i64, event: &str, detail: Value) -> Row {
        Row {
            at_ms,
            event: event.into(),
            score: None,
            grouped: None,
            decision: None,
            action: None,
            movement_s: None,
            detail: Some(detail),
        }
    }

    #[test]
    fn time_is_spent_watching_paused_locked_or_nowhere() {
        let rows = [
            row(0, "started", json!({ "threshold": 0.4 })),
            row(1_000, "paused", json!({})),
            row(3_000, "resumed", json!({})),
            row(4_000, "session", json!({ "boundary": "locked" })),
            row(9_000, "session", json!({ "boundary": "unlocked" })),
            row(10_000, "stopped", json!({ "why": "asked" })),
            row(50_000, "started", json!({ "threshold": 0.6 })),
            // It crashes here, and nobody writes that down.
            row(51_000, "reloaded", json!({ "threshold": 0.7 })),
            row(90_000, "started", json!({ "threshold": 0.7 })),
        ];
        let account = Account::of(&rows, 90_000 + 3_600_000);
        assert_eq!(account.spent(Doing::Paused), 2_000);
        assert_eq!(account.spent(Doing::Locked), 5_000);
        assert_eq!(account.spent(Doing::Watching), 1_000 + 1_000 + 1_000 + 1_000);
        assert_eq!(account.threshold(20_000), Some(0.4));
        assert_eq!(account.threshold(50_500), Some(0.6));
        let running = Account::of(&rows, 95_000);
        assert_eq!(running.stretches.last().unwrap().to, 95_000);
    }

    #[test]
    fn alarms_and_what_disproved_them_are_marked() {
        let mut alarm = row(1, "verdict", json!({}));
        (alarm.action, alarm.grouped) = (Some("lock".into()), Some(0.2));
        let rows = [
            alarm,
            row(2, "lock_asked", json!({ "by": "logind" })),
            row(3, "confirmed", json!({})),
        ];
        let account = Account::of(&rows, 10);
        let kinds: Vec<_> = account.marks.iter().map(|mark| mark.kind).collect();
        assert_eq!(kinds, [MarkKind::Alarm, MarkKind::Lock, MarkKind::FalseAlarm]);
        assert_eq!((account.windows, account.points.len()), (1, 1));
    }
}
