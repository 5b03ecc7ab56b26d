//! Entries in words, for logs and people.

use super::Event;

impl Event {
    /// In a few words, for a log.
    pub fn words(&self) -> String {
        match self {
            Self::Started { source, scorer, .. } => format!("watching {source} with {scorer}"),
            Self::Gap { what, from, to, seconds } => {
                format!("{what} for {seconds} s, from {from} to {to}")
            }
            Self::Changed { what } => format!("another {what} than at the last start"),
            Self::PutAside { file, why } => format!("put aside as {file}: {why}"),
            Self::Removed { file, why: None } => format!("{file} was removed, and made again"),
            Self::Removed { file, why: Some(why) } => {
                format!("{file} was removed, and cannot be made again: {why}")
            }
            Self::HistoryReset { why } => format!("the history begins anew: {why}"),
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
            Self::Paused { seconds: Some(seconds) } => format!("paused for {seconds} s"),
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
