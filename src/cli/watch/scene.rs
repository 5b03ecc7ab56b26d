//! What the live view knows: the last windows, the last events, and the status. Reads entries of the
//! journal; draws nothing.

use std::collections::VecDeque;

use serde_json::Value;

use crate::agent::board::Status;

/// Windows that are remembered.
const WINDOWS: usize = 120;
/// Events that are remembered.
const EVENTS: usize = 50;

/// A judged window.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub at: String,
    pub steps: u64,
    pub score: f64,
    pub grouped: Option<f64>,
    pub decision: String,
    pub alarm: bool,
}

/// Everything that is shown.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// `None` while no agent answers.
    pub status: Option<Status>,
    /// The oldest first.
    pub windows: VecDeque<Window>,
    /// The newest first: time and words.
    pub events: VecDeque<(String, String)>,
    /// Why the last key did nothing.
    pub note: Option<String>,
    /// Whether colours may be used.
    pub colour: bool,
}

impl Scene {
    pub(super) fn new(colour: bool) -> Self {
        Self { colour, ..Self::default() }
    }

    /// Takes an entry of the journal.
    pub(super) fn take(&mut self, entry: &Value) {
        let at = time(entry["wall"].as_str().unwrap_or_default());
        match entry["event"].as_str() {
            Some("verdict") => self.window(entry, at),
            Some(event) => self.event(at, words(event, entry)),
            None => {}
        }
    }

    pub(super) fn note(&mut self, note: Option<String>) {
        self.note = note;
    }

    fn window(&mut self, entry: &Value, at: String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let alarm = entry["action"].is_string();
        if alarm {
            self.event(at.clone(), format!("ALARM, to {}", text(&entry["action"])));
        }
        if self.windows.len() == WINDOWS {
            self.windows.pop_front();
        }
        self.windows.push_back(Window {
            at,
            steps: entry["window"]["steps"].as_u64().unwrap_or_default(),
            score: entry["score"].as_f64().unwrap_or_default(),
            grouped: entry["grouped"].as_f64(),
            decision: text(&entry["decision"]),
            alarm,
        });
    }

    fn event(&mut self, at: String, words: String) {
        self.events.push_front((at, words));
        self.events.truncate(EVENTS);
    }
}

/// The time of the day, local.
fn time(wall: &str) -> String {
    let zone = jiff::tz::TimeZone::system();
    let at = wall.parse::<jiff::Timestamp>().map(|at| at.to_zoned(zone));
    at.map_or_else(|_| wall.to_owned(), |at| at.strftime("%H:%M:%S").to_string())
}

fn words(event: &str, entry: &Value) -> String {
    let name = event.replace('_', " ");
    let said = ["why", "boundary", "notice", "answer", "by", "source", "capture"]
        .iter()
        .find_map(|field| entry[*field].as_str());
    said.map_or(name.clone(), |said| format!("{name}: {said}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::agent::entry::{Entry, Stamped};
    use crate::pipeline::{Action, Decision, Judgement, Score, Timestamp, Verdict, WindowEnd, WindowSummary};
    use serde_json::json;

    /// A verdict as the agent writes it into the journal.
    pub(in super::super) fn verdict(
        score: f32,
        grouped: Option<f32>,
        action: Option<Action>,
    ) -> Value {
        let [at, started_at, ended_at] = [Timestamp::default(); 3];
        let window = WindowSummary { started_at, ended_at, steps: 24, end: WindowEnd::Pause };
        let decision = Decision::Trusted;
        let (evidence, block) = (3.5, None);
        let judgement = Judgement { grouped, evidence, block, windows: 30, decision, action };
        let verdict = Verdict { window, at, score: Score::new(score), judgement, why: None };
        let wall = "2026-03-01T10:00:00Z".into();
        let stamped = Stamped { wall, mono_us: at, entry: Entry::Verdict(verdict) };
        serde_json::to_value(stamped).unwrap()
    }

    #[test]
    fn verdicts_become_windows_and_alarms_also_events() {
        let mut scene = Scene::new(false);
        scene.take(&verdict(0.75, None, None));
        scene.take(&verdict(0.25, Some(0.5), Some(Action::Lock)));
        scene.take(&json!({ "event": "lock_failed", "why": "no locker" }));
        assert_eq!(scene.windows.len(), 2);
        assert_eq!(scene.windows[1].grouped, Some(0.5));
        assert_eq!(scene.windows[1].decision, "trusted");
        assert_eq!(scene.events[0].1, "lock failed: no locker");
        assert_eq!(scene.events[1].1, "ALARM, to lock");
    }
}
