//! What the live view knows: the last windows, the last events, and the status.

use std::collections::VecDeque;

use crate::agent::event::{Event, StampedEvent};
use crate::agent::shared_status::Status;
use crate::pipeline::{Decision, Verdict};

/// Windows that are remembered: more than a wide terminal has columns.
const WINDOWS: usize = 500;
/// Events that are remembered.
const EVENTS: usize = 50;

/// A judged window.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShownWindow {
    pub at: String,
    pub score: f64,
    pub grouped: Option<f64>,
    /// Against the owner, nats.
    pub evidence: f64,
    pub decision: Decision,
    pub alarm: bool,
}

/// Everything that is shown.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// `None` while no agent answers.
    pub status: Option<Status>,
    /// The oldest first.
    pub windows: VecDeque<ShownWindow>,
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

    /// Takes an event.
    pub(super) fn take(&mut self, stamped: &StampedEvent) {
        let at = time(&stamped.wall);
        match &stamped.event {
            Event::Verdict(verdict) => self.window(verdict, at),
            other => self.event(at, other.words()),
        }
    }

    pub(super) fn note(&mut self, note: Option<String>) {
        self.note = note;
    }

    fn window(&mut self, verdict: &Verdict, at: String) {
        let judgement = &verdict.judgement;
        if let Some(action) = judgement.action {
            let why = verdict.why.map(|why| why.words().join(", ")).unwrap_or_default();
            let because = if why.is_empty() { why } else { format!("; why: {why}") };
            self.event(at.clone(), format!("ALARM, to {action}{because}"));
        }
        if self.windows.len() == WINDOWS {
            self.windows.pop_front();
        }
        self.windows.push_back(ShownWindow {
            at,
            score: f64::from(verdict.score.get()),
            grouped: judgement.grouped.map(f64::from),
            evidence: f64::from(judgement.evidence),
            decision: judgement.decision,
            alarm: judgement.action.is_some(),
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::pipeline::{Action, Judgement, Score, Timestamp, WindowEnd, WindowSummary};

    /// A verdict as the agent writes it down.
    pub(in super::super) fn verdict(
        score: f32,
        grouped: Option<f32>,
        action: Option<Action>,
    ) -> StampedEvent {
        let [at, started_at, ended_at] = [Timestamp::default(); 3];
        let window = WindowSummary { started_at, ended_at, steps: 24, end: WindowEnd::Pause };
        let decision = Decision::Trusted;
        let evidence = 3.5;
        let block = None;
        let judgement = Judgement { grouped, evidence, block, windows: 30, decision, action };
        let verdict = Verdict { window, at, score: Score::new(score), judgement, why: None };
        let wall = "2026-03-01T10:00:00Z".into();
        StampedEvent { wall, mono_us: at, event: Event::Verdict(verdict) }
    }

    #[test]
    fn verdicts_become_windows_and_alarms_also_events() {
        let mut scene = Scene::new(false);
        scene.take(&verdict(0.75, None, None));
        scene.take(&verdict(0.25, Some(0.5), Some(Action::Lock)));
        scene.take(&StampedEvent::now(Event::LockFailed { why: "no locker".into() }));
        assert_eq!(scene.windows.len(), 2);
        assert_eq!(scene.windows[1].grouped, Some(0.5));
        assert_eq!(scene.windows[1].decision, Decision::Trusted);
        assert_eq!(scene.events[0].1, "locking failed: no locker");
        assert_eq!(scene.events[1].1, "ALARM, to lock");
    }
}
