//! Says what happens as log events with fields, so that the system journal and whoever collects it
//! can search them. Windows without consequence are said at debug level only; no position ever is.

use crate::error::Result;
use crate::pipeline::Verdict;

use super::entry::{CaptureState, Entry, Stamped};
use super::witness::Witness;

/// A witness that speaks through the log.
#[derive(Debug, Default)]
pub struct Announcer;

impl Witness for Announcer {
    fn name(&self) -> &'static str {
        "log"
    }

    fn note(&mut self, entry: &Stamped) -> Result<()> {
        match &entry.entry {
            Entry::Verdict(verdict) => announce(verdict),
            other => {
                let (why, serious) = reason(other);
                let event = other.name();
                match serious {
                    true => tracing::warn!(event, why, "{}", other.words()),
                    false => tracing::info!(event, why, "{}", other.words()),
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
fn reason(entry: &Entry) -> (Option<String>, bool) {
    match entry {
        Entry::NotifyFailed { why }
        | Entry::LockFailed { why }
        | Entry::ReloadRefused { why }
        | Entry::RecordFailed { why }
        | Entry::Refused { why, .. }
        | Entry::Capture(CaptureState::Blind { why })
        | Entry::Fault { why } => (Some(why.clone()), true),
        Entry::PutAside { why, .. } | Entry::HistoryReset { why } => (Some(why.clone()), true),
        Entry::SafeMode { .. }
        | Entry::LockAsked { .. }
        | Entry::Gap { .. }
        | Entry::Changed { .. }
        | Entry::Unwritten { .. } => (None, true),
        Entry::CountdownEnded { why } | Entry::Stopped { why } => (Some(why.clone()), false),
        Entry::Withheld { why, .. } => (Some(why.to_string()), false),
        _ => (None, false),
    }
}
