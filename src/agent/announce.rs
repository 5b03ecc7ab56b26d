//! Says what happens as log events with fields, so that the system journal and whoever collects it
//! can search them. Windows that led to an action are said at info level, others at debug.
//!
//! # Invariants
//! A position is in no event.

use crate::error::Result;
use crate::pipeline::Verdict;

use super::event::{CaptureState, Event, StampedEvent};
use super::event_sink::EventSink;

/// An event sink that speaks through the log.
#[derive(Debug, Default)]
pub(crate) struct LogSink;

impl EventSink for LogSink {
    fn name(&self) -> &'static str {
        "log"
    }

    fn note(&mut self, event: &StampedEvent) -> Result<()> {
        match &event.event {
            Event::Verdict(verdict) => announce(verdict),
            other => {
                let (why, serious) = reason(other);
                let event = other.name();
                if serious {
                    tracing::warn!(event, why, "{}", other.words());
                } else {
                    tracing::info!(event, why, "{}", other.words());
                }
            }
        }
        Ok(())
    }
}

fn announce(verdict: &Verdict) {
    let score = f64::from(verdict.score.get());
    let grouped = verdict.judgement.grouped.map(f64::from);
    let decision = verdict.judgement.decision.to_string();
    match verdict.judgement.action {
        Some(action) => {
            let action = action.to_string();
            // Warnings are what administrators let their collectors forward; single windows are
            // none of that.
            tracing::warn!(
                event = "alarm",
                score,
                grouped,
                decision,
                action,
                "somebody else seems to be at the mouse"
            );
        }
        None => tracing::debug!(event = "verdict", score, grouped, decision, "a window"),
    }
}

/// Why it happened, as far as the entry says, and whether somebody should look at it.
fn reason(event: &Event) -> (Option<String>, bool) {
    match event {
        Event::NotifyFailed { why }
        | Event::LockFailed { why }
        | Event::ReloadRefused { why }
        | Event::RecordFailed { why }
        | Event::Refused { why, .. }
        | Event::Capture(CaptureState::Blind { why })
        | Event::Fault { why } => (Some(why.clone()), true),
        Event::PutAside { why, .. } | Event::HistoryReset { why } => (Some(why.clone()), true),
        Event::SafeMode { .. }
        // A lock is no fault, but whoever looks after the machine wants to find it among the
        // warnings.
        | Event::LockAsked { .. }
        | Event::Gap { .. }
        | Event::Changed { .. }
        | Event::Removed { .. }
        | Event::Unwritten { .. } => (None, true),
        Event::CountdownEnded { why } | Event::Stopped { why } => (Some(why.clone()), false),
        // What was withheld is a rule that worked.
        Event::Withheld { why, .. } => (Some(why.to_string()), false),
        _ => (None, false),
    }
}
