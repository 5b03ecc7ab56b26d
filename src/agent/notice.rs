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
        self.why = verdict.why.or(self.why);
        self.spans.push_back(verdict.window.movement());
    }

    /// What was most unlike the owner, to follow "not your way": ": faster (1400 px/s, you 640)";
    /// nothing where nothing can be told.
    fn unlike(&self) -> String {
        let first = self.why.and_then(|why| why.differences[0]);
        first.map_or_else(String::new, |difference| format!(": {difference}"))
    }

    /// "the last 14 s of movement (10 windows)".
    fn words(&self) -> String {
        let windows = self.judged.min(self.spans.len());
        let micros: i64 = self.spans.iter().rev().take(windows).map(|span| span.0).sum();
        let seconds = Micros(micros).as_secs_f64();
        let digits = usize::from(seconds < 10.0);
        let s = if windows == 1 { "" } else { "s" };
        format!("the last {seconds:.digits$} s of movement ({windows} window{s})")
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
    /// The agent ends by a fault of its own.
    Fault,
    /// What happened to the watch since the last proven unlock.
    WhileAway,
}

impl NoticeKind {
    /// Every kind.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::Alarm,
        Self::Countdown,
        Self::Relieved,
        Self::Locked,
        Self::LockFailed,
        Self::SafeMode,
        Self::UnknownDevice,
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
}

/// An alarm.
pub(crate) fn alarm(seen: &JudgedMovement, params: &NotifyParams) -> NoticeText {
    let (seen, unlike) = (seen.words(), seen.unlike());
    let remedy = if params.buttons {
        "\"It was me\" locks the screen and lets your password confirm it."
    } else {
        "If it was not you, lock the screen."
    };
    let body = format!("For {seen} it has not moved your way{unlike}. {remedy}");
    let notice = Notice {
        summary: "Is this you at the mouse?".into(),
        body,
        ask: params.buttons,
        urgent: params.stay,
    };
    NoticeText { kind: NoticeKind::Alarm, notice }
}

/// An alarm that will lock in so many seconds.
pub(crate) fn countdown(seen: &JudgedMovement, seconds: u32, params: &NotifyParams) -> NoticeText {
    let remedy = if params.buttons { " \"It was me\" asks for your password." } else { "" };
    let body = format!(
        "For {} the mouse was not moved your way{}. Whoever moves like you stops \
         this.{remedy}",
        seen.words(),
        seen.unlike()
    );
    let summary = format!("Locking in {seconds} s");
    let notice = Notice { summary, body, ask: params.buttons, urgent: true };
    NoticeText { kind: NoticeKind::Countdown, notice }
}

/// The countdown was ended by the owner's hand.
pub(crate) fn relieved() -> NoticeText {
    let body = "The mouse moves the way you move it again. Nothing was locked.";
    plain(NoticeKind::Relieved, "It is you again", body.into(), false)
}

/// The screen was locked by an alarm; seen when it is open again.
pub(crate) fn locked(seen: &JudgedMovement) -> NoticeText {
    let body = format!(
        "For {} the mouse was not moved your way{}. If it was you, time and again: `mousewarden \
         --enroll --again`.",
        seen.words(),
        seen.unlike()
    );
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
        "For {} it has not moved the way you move it. After {locks} locks in ten minutes \
         mousewarden only warns; if it was you each time, enrol again.",
        seen.words()
    );
    plain(NoticeKind::SafeMode, "Is this you at the mouse?", body, true)
}

/// The model does not know what captures.
pub(crate) fn unknown_device(capture: &str, unknown: Unknown) -> NoticeText {
    let what = match unknown {
        Unknown::Pointer => "This is another pointing device",
        Unknown::Screens => "The screens have another resolution",
        Unknown::Backend => "The mouse is watched in another way",
    };
    let then = match unknown {
        Unknown::Pointer | Unknown::Screens => {
            "It is watched; a password or `mousewarden --enroll` makes it yours."
        }
        Unknown::Backend => "Nothing is judged until you enrol with it: `mousewarden --enroll`.",
    };
    let body = format!(
        "{what} than your model knows ({capture}). {then} If you changed nothing, somebody has."
    );
    plain(NoticeKind::UnknownDevice, "This mouse is not known", body, false)
}

/// The agent ends by a fault of its own.
pub(crate) fn fault(why: &str) -> NoticeText {
    let body = format!(
        "mousewarden has ended: {why}. Nothing was locked; `mousewarden doctor` says what to do."
    );
    plain(NoticeKind::Fault, "No longer watching", body, false)
}

/// What happened to the watch since the last proven unlock, each in a few words.
pub(crate) fn while_away(happened: &str) -> NoticeText {
    let body = format!("{happened}. `mousewarden report` shows all of it.");
    plain(NoticeKind::WhileAway, "While you were away", body, true)
}

fn plain(kind: NoticeKind, summary: &str, body: String, urgent: bool) -> NoticeText {
    NoticeText { kind, notice: Notice { summary: summary.into(), body, ask: false, urgent } }
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
        assert!(notice.body.contains("For the last 14 s of movement (10 windows)"), "{notice:?}");
        assert!(notice.ask);
        let short = JudgedMovement {
            judged: 1,
            spans: [Micros::from_millis(1_260)].into(),
            ..JudgedMovement::default()
        };
        assert_eq!(short.words(), "the last 1.3 s of movement (1 window)");
    }
}
