//! The words of the notices: what was seen, for how long, and what can be done, in plain language.
//! Summaries stay below 28 letters: desktops cut them off there.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pipeline::event::Micros;
use crate::pipeline::{Explanation, Verdict};
use crate::platform::Notice;
use crate::platform::capture::description::Unknown;

use super::settings::NotifyParams;

/// No decision looks farther back than this.
// As many as the detector remembers.
const MOST_WINDOWS: usize = 1000;

/// How much movement the decision that stands rests on.
#[derive(Debug, Clone, Default)]
pub(crate) struct JudgedMovement {
    judged: usize,
    /// Of the last alarm.
    why: Option<Explanation>,
    spans: VecDeque<Micros>,
}

impl JudgedMovement {
    /// Takes a window's length, and how many windows the decision rests on.
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        if self.spans.len() == MOST_WINDOWS {
            self.spans.pop_front();
        }
        self.judged = verdict.judgement.windows;
        // An alarm that goes on has no new reason; the last one stays.
        self.why = verdict.why.or(self.why);
        self.spans.push_back(verdict.window.movement());
    }

    /// One sentence with one reason: "For the last 14 s the mouse has moved faster than you move
    /// it.", or that no hand moves it.
    fn sentence(&self) -> String {
        let [copies, generated] = self.why.map_or([0; 2], |why| [why.copies, why.generated]);
        // What no hand does is told first: who moves it and how comes after that.
        if generated > 0 {
            return format!(
                "A program moves the mouse: its last {generated} movements are more even than a hand's."
            );
        }
        if copies > 0 {
            return format!(
                "A recording of your movement is being played: {copies} movements are copies of earlier ones."
            );
        }
        let windows = self.judged.min(self.spans.len());
        let micros: i64 = self.spans.iter().rev().take(windows).map(|span| span.0).sum();
        let seconds = Micros(micros).as_secs_f64();
        // Under ten seconds a tenth matters; above, it is false precision.
        let digits = usize::from(seconds < 10.0);
        let how = match self.why.and_then(|why| why.differences[0]) {
            Some(difference) => format!("moved {} than you move it", difference.word()),
            None => "not moved the way you move it".into(),
        };
        format!("For the last {seconds:.digits$} s the mouse has {how}.")
    }
}

/// What a notice is about; each kind can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Somebody else seems to be at the mouse.
    Alarm,
    /// The same, and the screen is about to be locked.
    Countdown,
    /// It is not locked after all.
    Relieved,
    /// It was locked.
    Locked,
    /// It could not be locked.
    LockFailed,
    /// Alarms no longer lock.
    SafeMode,
    /// The model does not know what captures.
    UnknownDevice,
    /// The mouse is not seen.
    Blind,
    /// The agent ends by a fault of its own.
    Fault,
    /// What happened to the watch since the last proven unlock.
    WhileAway,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Alarm,
        Self::Countdown,
        Self::Relieved,
        Self::Locked,
        Self::LockFailed,
        Self::SafeMode,
        Self::UnknownDevice,
        Self::Blind,
        Self::Fault,
        Self::WhileAway,
    ];
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Alarm => "alarm",
            Self::Countdown => "countdown",
            Self::Relieved => "relieved",
            Self::Locked => "locked",
            Self::LockFailed => "lock_failed",
            Self::SafeMode => "safe_mode",
            Self::UnknownDevice => "unknown_device",
            Self::Blind => "blind",
            Self::Fault => "fault",
            Self::WhileAway => "while_away",
        })
    }
}

/// A notice and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoticeText {
    /// What it is about.
    pub kind: NoticeKind,
    /// What is shown.
    pub notice: Notice,
    /// So many seconds are counted down in its summary.
    pub counts_from: Option<u32>,
}

/// An alarm.
pub fn alarm(seen: &JudgedMovement, params: &NotifyParams) -> NoticeText {
    let body = format!("{} If it was not you, lock the screen.", seen.sentence());
    let notice = Notice {
        summary: "Is this you at the mouse?".into(),
        body,
        ask: params.buttons,
        urgent: params.stay,
    };
    NoticeText { kind: NoticeKind::Alarm, notice, counts_from: None }
}

/// An alarm that will lock in so many seconds.
pub(crate) fn countdown(seen: &JudgedMovement, seconds: u32, params: &NotifyParams) -> NoticeText {
    let no_hand = seen.why.is_some_and(|why| why.is_no_hand());
    // Moving on is no remedy against an alarm that says that no hand moves it.
    let remedy = if no_hand { "" } else { " If it is you, just go on moving it." };
    let body = format!("{}{remedy}", seen.sentence());
    let notice = Notice { summary: locking_in(seconds), body, ask: params.buttons, urgent: true };
    NoticeText { kind: NoticeKind::Countdown, notice, counts_from: Some(seconds) }
}

/// The summary of a countdown that has so many seconds left.
pub(crate) fn locking_in(seconds: u32) -> String {
    format!("Locking in {seconds} s")
}

/// The countdown was ended by the owner's hand.
pub(crate) fn relieved() -> NoticeText {
    let body = "The mouse moves your way again, so nothing was locked.";
    plain(NoticeKind::Relieved, "It is you again", body.into(), false)
}

/// The screen was locked by an alarm; seen when it is open again.
pub(crate) fn locked(seen: &JudgedMovement) -> NoticeText {
    let body =
        format!("{} If this happens often, run `mousewarden --enroll --again`.", seen.sentence());
    plain(NoticeKind::Locked, "Locked by mousewarden", body, false)
}

/// No way of locking worked.
pub(crate) fn could_not_lock(why: &str) -> NoticeText {
    let body = format!("Somebody may be using your mouse. Lock the screen yourself. ({why})");
    plain(NoticeKind::LockFailed, "Could not lock the screen", body, true)
}

/// Alarms no longer lock.
pub(crate) fn safe_mode(seen: &JudgedMovement, locks: usize) -> NoticeText {
    let body = format!(
        "{} After {locks} locks in ten minutes alarms only warn. If it was you each time, run \
         `mousewarden --enroll --again`.",
        seen.sentence()
    );
    plain(NoticeKind::SafeMode, "Is this you at the mouse?", body, true)
}

/// The model does not know what captures.
pub fn unknown_device(capture: &str, unknown: Unknown) -> NoticeText {
    let (summary, then) = match unknown {
        Unknown::Pointer => (
            "This mouse is not known",
            "It is watched all the same. Lock and unlock the screen once, and it is yours.",
        ),
        Unknown::Screens => (
            "Other screens than usual",
            "The mouse is watched all the same. Lock and unlock the screen once, and they are yours.",
        ),
        Unknown::Backend => (
            "Not watching this mouse",
            "It is read in another way than when you enrolled. Run `mousewarden --enroll --again`.",
        ),
    };
    plain(NoticeKind::UnknownDevice, summary, format!("{then} ({capture})"), false)
}

/// Somebody moves in pieces that are too short to be judged.
pub(crate) fn fragments() -> NoticeText {
    let body = "Somebody moves the mouse in pieces too short to be judged. If that is you, move as usual, \
                or lock and unlock the screen.";
    plain(NoticeKind::Alarm, "Is that you at the mouse?", body.into(), true)
}

/// The mouse is not seen, or was not for a moment.
pub(crate) fn blind(why: &str) -> NoticeText {
    // What a library says may be a paragraph, and the rest of the notice would be cut off.
    let why: String = why.chars().take(60).collect();
    let body = format!(
        "Nobody is watched: {why}. It goes on as soon as it can; `mousewarden status` says more. If you \
         did nothing, somebody has."
    );
    plain(NoticeKind::Blind, "The mouse is not seen", body, true)
}

/// The agent ends by a fault of its own.
pub fn fault(why: &str) -> NoticeText {
    let body = format!("mousewarden has ended: {why}. `mousewarden doctor` says what to do.");
    plain(NoticeKind::Fault, "No longer watching", body, false)
}

/// What happened to the watch since the last proven unlock, each in a few words.
pub(crate) fn while_away(happened: &str) -> NoticeText {
    let body = format!("{happened}. `mousewarden report` shows all of it.");
    plain(NoticeKind::WhileAway, "While you were away", body, true)
}

fn plain(kind: NoticeKind, summary: &str, body: String, urgent: bool) -> NoticeText {
    let notice = Notice { summary: summary.into(), body, ask: false, urgent };
    NoticeText { kind, notice, counts_from: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Timestamp;
    use crate::pipeline::kinematics::{Aspect, Difference};

    #[test]
    fn no_desktop_cuts_a_summary_off_or_a_body_short() {
        let spans = (0..30).map(|_| Micros::from_millis(1_400)).collect();
        let longest =
            Difference { aspect: Aspect::Duration, seen: 10.4, usual: 11.9, deviations: -9.0 };
        let why = Explanation {
            windows: 30,
            unlike: 30,
            since: Timestamp::default(),
            copies: 0,
            generated: 0,
            differences: [Some(longest), None],
        };
        let seen = JudgedMovement { judged: 30, why: Some(why), spans };
        let params = NotifyParams::default();
        for told in [
            alarm(&seen, &params),
            countdown(&seen, 600, &params),
            relieved(),
            locked(&seen),
            safe_mode(&seen, 3),
            could_not_lock("no"),
            unknown_device("rdev, 1920x1080", Unknown::Screens),
            blind(&"it was stopped from outside, and ended for that".repeat(2)),
            fault("it broke"),
        ] {
            assert!(told.notice.summary.len() < 28, "{told:?}");
            assert!(told.notice.body.len() < 190, "{told:?}");
        }
    }

    #[test]
    fn the_alarm_names_what_was_seen_and_for_how_long() {
        let spans = (0..10).map(|_| Micros::from_millis(1_400)).collect();
        let notice = alarm(
            &JudgedMovement { judged: 10, spans, ..JudgedMovement::default() },
            &NotifyParams::default(),
        )
        .notice;
        assert!(notice.body.starts_with("For the last 14 s the mouse has not moved the way you"));
        assert!(notice.ask);
        let short = JudgedMovement {
            judged: 1,
            spans: [Micros::from_millis(1_260)].into(),
            ..JudgedMovement::default()
        };
        assert!(short.sentence().contains("the last 1.3 s"), "{}", short.sentence());
        let less =
            Difference { aspect: Aspect::Straightness, seen: 73.0, usual: 87.0, deviations: -4.0 };
        let why = Explanation {
            windows: 1,
            unlike: 1,
            since: Timestamp::default(),
            differences: [Some(less), None],
            copies: 0,
            generated: 0,
        };
        let told = JudgedMovement { why: Some(why), ..short.clone() }.sentence();
        assert!(told.ends_with("the mouse has moved less straight than you move it."), "{told}");
        let played = Explanation { copies: 3, ..why };
        let told = JudgedMovement { why: Some(played), ..short.clone() }.sentence();
        assert!(told.contains("A recording of your movement is being played: 3"), "{told}");
        let made = Explanation { generated: 60, ..why };
        let told = JudgedMovement { why: Some(made), ..short }.sentence();
        assert!(told.contains("A program moves the mouse: its last 60 movements"), "{told}");
    }
}
