//! The words of the notices: what was seen, for how long, and what can be done, in plain language.
//! Nothing is decided or shown here.

use std::collections::VecDeque;

use crate::pipeline::Verdict;
use crate::pipeline::event::Micros;
use crate::platform::Notice;

use super::settings::NotifyParams;

/// No decision looks farther back than this.
const MOST_WINDOWS: usize = 1000;

/// How much movement the decision that stands rests on.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    judged: usize,
    spans: VecDeque<Micros>,
}

impl Seen {
    /// Takes a window's length, and how many windows the decision rests on.
    pub fn add(&mut self, verdict: &Verdict) {
        if self.spans.len() == MOST_WINDOWS {
            self.spans.pop_front();
        }
        self.judged = verdict.judgement.windows;
        self.spans.push_back(verdict.window.movement());
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

/// An alarm.
pub fn alarm(seen: &Seen, params: &NotifyParams) -> Notice {
    let seen = seen.words();
    let remedy = match params.buttons {
        true => "\"It was me\" locks the screen and lets your password confirm it.",
        false => "If it was not you, lock the screen.",
    };
    Notice {
        summary: "Is this you at the mouse?".into(),
        body: format!("For {seen} it has not moved the way you move it. {remedy}"),
        ask: params.buttons,
        urgent: params.stay,
    }
}

/// No way of locking worked.
pub fn could_not_lock(why: &str) -> Notice {
    Notice {
        summary: "mousewarden could not lock the screen".into(),
        body: format!("Somebody may be using your mouse. Lock the screen yourself. ({why})"),
        ask: false,
        urgent: true,
    }
}

/// Alarms no longer lock.
pub fn safe_mode(seen: &Seen, locks: usize) -> Notice {
    Notice {
        summary: "Is this you at the mouse?".into(),
        body: format!(
            "For {} it has not moved the way you move it. After {locks} locks in ten minutes \
             mousewarden only warns; if it was you each time, enrol again.",
            seen.words()
        ),
        ask: false,
        urgent: true,
    }
}

/// The agent ends by a fault of its own.
pub fn fault(why: &str) -> Notice {
    Notice {
        summary: "mousewarden has stopped watching".into(),
        body: format!("{why}. Nothing was locked; `mousewarden doctor` says what to do."),
        ask: false,
        urgent: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_names_what_was_seen_and_for_how_long() {
        let spans = (0..10).map(|_| Micros::from_millis(1_400)).collect();
        let notice = alarm(&Seen { judged: 10, spans }, &NotifyParams::default());
        assert!(notice.body.contains("For the last 14 s of movement (10 windows)"), "{notice:?}");
        assert!(notice.ask);
        let short = Seen { judged: 1, spans: [Micros::from_millis(1_260)].into() };
        assert_eq!(short.words(), "the last 1.3 s of movement (1 window)");
    }
}
