//! Entries in words, for logs and people.

use super::Event;
use crate::platform::clock;

impl Event {
    /// In a few words, for a log.
    pub fn words(&self) -> String {
        match self {
            Self::Started { source, scorer, .. } => format!("watching {source} with {scorer}"),
            Self::Gap { what, from, to, seconds } => {
                let from = clock::local(from);
                let to = clock::local(to);
                format!("{what} for {}, from {from} to {to}", lasted(*seconds))
            }
            Self::Changed { what } => format!("another {what} than at the last start"),
            Self::PutAside { file, why } => format!("put aside as {file}: {why}"),
            Self::Removed { file, why: None } => format!("{file} was removed, and made again"),
            Self::Removed { file, why: Some(why) } => {
                format!("{file} was removed, and cannot be made again: {why}")
            }
            Self::HistoryReset { why } => format!("the history begins here: {why}"),
            Self::Unwritten { events } => format!("{events} entries could not be kept"),
            Self::Session { boundary } => format!("session: {boundary}"),
            Self::Device { capture, unknown: Some(what) } => {
                format!("unknown {what}: {capture}")
            }
            Self::Device { capture, unknown: None } => format!("the mouse is {capture}"),
            Self::Unknown { what, .. } => format!("somebody moves with an unknown {what}"),
            Self::Trusted { capture } => format!("yours from now on: {capture}"),
            Self::Unjudged { what, action, .. } => {
                format!("movement with an unknown {what} cannot be judged: {action}")
            }
            Self::Fragments { action } => format!("movement too short to be judged: {action}"),
            Self::Interrupted => "interrupted too often within five minutes".into(),
            Self::Capture(state) => state.words(),
            Self::Notified { notice, .. } => format!("told: {notice}"),
            Self::Withheld { notice, why } => format!("not told: {notice} ({why})"),
            Self::NotifyFailed { why } => format!("a notice failed: {why}"),
            Self::Answered { answer } => format!("answered: {answer}"),
            Self::Countdown { seconds } => format!("locking in {seconds} s"),
            Self::CountdownEnded { why } => format!("the countdown ended: {why}"),
            Self::LockAsked { by, confirmed: true } => format!("locked by {by}"),
            Self::LockAsked { by, confirmed: false } => format!("asked {by} to lock"),
            Self::LockFailed { why } => format!("locking failed: {why}"),
            Self::SafeMode { locks } => format!("{locks} locks: alarms only warn now"),
            Self::Confirmed => "a false alarm, confirmed by password".into(),
            Self::DayKnown => "knows how you move today, from what followed the unlock".into(),
            Self::Adapted { version, drift } => {
                format!(
                    "adapted to your movement of now: version {version}, {drift:.2} from the enrolment"
                )
            }
            Self::Paused { seconds: Some(seconds) } => format!("paused for {}", lasted(*seconds)),
            Self::Paused { seconds: None } => "paused".into(),
            Self::Refused { request, why } => format!("{request} refused: {why}"),
            Self::ReloadRefused { why } => format!("the new configuration is wrong: {why}"),
            Self::RecordFailed { why } => format!("recording failed: {why}"),
            Self::Fault { why } => format!("fault: {why}"),
            Self::Stopped { why } => format!("ended: {why}"),
            Self::Verdict(_) | Self::Resumed | Self::Reloaded { .. } => self.name().into(),
        }
    }
}

/// "40 s", "33 min", "3 h 05 min".
fn lasted(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..3600 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::event::Gap;

    #[test]
    fn a_gap_is_told_in_minutes_and_local_times() {
        assert_eq!(
            [0, 99, 1955, 11_100].map(lasted),
            ["0 s", "99 s", "33 min", "3 h 05 min"].map(String::from)
        );
        let from = "2026-11-30T18:29:51.112731747Z".to_owned();
        let words =
            Event::Gap { what: Gap::Stopped, to: from.clone(), from, seconds: 1955 }.words();
        assert!(words.starts_with("stopped for 33 min, from 2026-11-"), "{words}");
        assert!(!words.contains('Z') && !words.contains(".1127"), "{words}");
    }
}
