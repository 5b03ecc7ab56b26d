//! What the rows of a history add up to: when the agent watched, what it judged, what it did, and
//! what turned out to be false. Times are milliseconds since 1970.

use crate::agent::event::{Event, StampedEvent};
use crate::pipeline::{Action, Boundary, Explanation};
use crate::platform::NoticeAnswer;

/// What follows an alarm within so many milliseconds belongs to it.
const ANSWERED_WITHIN_MS: i64 = 10 * 60_000;

/// What the agent was doing over a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Activity {
    /// It watched.
    Watching,
    /// Its owner had paused it.
    Paused,
    /// The screen was locked.
    Locked,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct ActivitySpan {
    pub doing: Activity,
    pub from: i64,
    pub to: i64,
}

/// What the decision rested on at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cli) struct JudgedPoint {
    pub at: i64,
    /// The score of the last windows together; none while there are too few.
    pub grouped: Option<f64>,
    /// Against the owner, nats.
    pub evidence: f64,
}

/// An alarm, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct AlarmAccount {
    pub at: i64,
    pub action: Action,
    /// What it rested on, in words; empty where nothing can be told.
    pub why: String,
    pub outcome: AlarmOutcome,
}

/// What became of an alarm, the best known first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum AlarmOutcome {
    /// The password was given after "It was me".
    Refuted,
    /// The screen was locked by it.
    Locked,
    /// Somebody pressed a button, which proves nothing.
    Answered,
    /// Nobody said anything.
    Unanswered,
}

impl AlarmOutcome {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Refuted => "a false alarm: your password confirmed that it was you",
            Self::Locked => "the screen was locked",
            Self::Answered => "answered, without a password",
            Self::Unanswered => "nobody answered",
        }
    }
}

/// What stands out of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct TimelineMark {
    pub at: i64,
    pub kind: TimelineMarkKind,
    /// What happened, in words.
    pub words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum TimelineMarkKind {
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
    /// What kept the watch from watching, or another file than before: told at the next unlock.
    Away,
}

/// Everything that the page shows.
#[derive(Debug, Default)]
pub(in crate::cli) struct Account {
    pub stretches: Vec<ActivitySpan>,
    pub points: Vec<JudgedPoint>,
    /// Windows judged, with or without a mean.
    pub windows: usize,
    /// Seconds of movement in them.
    pub movement_s: f64,
    pub marks: Vec<TimelineMark>,
    pub alarms: Vec<AlarmAccount>,
    /// The thresholds in force, from these moments on.
    pub thresholds: Vec<(i64, f64)>,
}

impl Account {
    /// Adds rows up, in order of time; an agent that never said its end is taken to run on only if
    /// its last word is younger than a minute.
    pub(in crate::cli) fn of(rows: &[StampedEvent], now: i64) -> Self {
        let mut account = Self::default();
        let mut open: Option<(Activity, i64)> = None;
        let mut last = 0;
        for (at, event) in rows.iter().filter_map(|row| Some((at_ms(row)?, &row.event))) {
            if matches!(event, Event::Started { .. }) {
                // The one before ended without a word.
                account.close(&mut open, last);
            }
            if let Some(doing) = change(event) {
                account.close(&mut open, at);
                open = doing.map(|doing| (doing, at));
            }
            // A history that was cut begins in the middle.
            if open.is_none() && matches!(event, Event::Verdict(_)) {
                open = Some((Activity::Watching, at));
            }
            last = at;
            account.take(at, event);
        }
        let runs_on = now - last < 60_000;
        account.close(&mut open, if runs_on { now } else { last });
        account
    }

    fn close(&mut self, open: &mut Option<(Activity, i64)>, to: i64) {
        if let Some((doing, from)) = open.take().filter(|(_, from)| *from < to) {
            self.stretches.push(ActivitySpan { doing, from, to });
        }
    }

    fn take(&mut self, at: i64, event: &Event) {
        match event {
            Event::Verdict(verdict) => {
                self.windows += 1;
                self.movement_s += verdict.window.movement().as_secs_f64();
                let grouped = verdict.judgement.grouped.map(f64::from);
                let evidence = f64::from(verdict.judgement.evidence);
                self.points.push(JudgedPoint { at, grouped, evidence });
                if let Some(action) = verdict.judgement.action {
                    let why = verdict.why.as_ref().map(why).unwrap_or_default();
                    let outcome = AlarmOutcome::Unanswered;
                    self.alarms.push(AlarmAccount { at, action, why, outcome });
                }
            }
            Event::Confirmed => self.outcome(at, AlarmOutcome::Refuted),
            Event::LockAsked { .. } => self.outcome(at, AlarmOutcome::Locked),
            Event::Answered { answer } if *answer != NoticeAnswer::Dismissed => {
                self.outcome(at, AlarmOutcome::Answered);
            }
            Event::Started { threshold, .. } | Event::Reloaded { threshold, .. } => {
                self.thresholds.push((at, f64::from(*threshold)));
            }
            _ => {}
        }
        self.marks.extend(mark(event).map(|(kind, words)| TimelineMark { at, kind, words }));
    }

    /// Takes note of what became of the last alarm, if it was not long ago.
    fn outcome(&mut self, at: i64, outcome: AlarmOutcome) {
        let last = self.alarms.last_mut().filter(|alarm| at - alarm.at <= ANSWERED_WITHIN_MS);
        last.into_iter().for_each(|alarm| alarm.outcome = alarm.outcome.min(outcome));
    }

    /// Alarms that a password disproved.
    pub(in crate::cli) fn refuted(&self) -> usize {
        self.alarms.iter().filter(|alarm| alarm.outcome == AlarmOutcome::Refuted).count()
    }

    /// Milliseconds spent on something.
    pub(in crate::cli) fn spent(&self, doing: Activity) -> i64 {
        let of_this = self.stretches.iter().filter(|stretch| stretch.doing == doing);
        of_this.map(|stretch| stretch.to - stretch.from).sum()
    }

    pub(in crate::cli) fn count(&self, kind: TimelineMarkKind) -> usize {
        self.marks.iter().filter(|mark| mark.kind == kind).count()
    }

    /// The threshold in force at a moment.
    pub(super) fn threshold(&self, at: i64) -> Option<f64> {
        let before = self.thresholds.iter().rev().find(|(from, _)| *from <= at);
        before.or_else(|| self.thresholds.first()).map(|(_, threshold)| *threshold)
    }
}

/// Milliseconds since 1970; nothing for a time that is none.
fn at_ms(row: &StampedEvent) -> Option<i64> {
    Some(row.wall.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}

/// What the agent does from this entry on, where that is something else; nothing once it has ended.
const fn change(event: &Event) -> Option<Option<Activity>> {
    match event {
        Event::Started { .. } | Event::Resumed => Some(Some(Activity::Watching)),
        Event::Paused { .. } => Some(Some(Activity::Paused)),
        Event::Session { boundary: Boundary::Locked } => Some(Some(Activity::Locked)),
        Event::Session { boundary: Boundary::Unlocked | Boundary::Start } => {
            Some(Some(Activity::Watching))
        }
        Event::Stopped { .. } => Some(None),
        _ => None,
    }
}

/// What an alarm rested on, in words.
fn why(why: &Explanation) -> String {
    let differences = why.words().join(", ");
    if why.is_no_hand() {
        return differences;
    }
    let unlike = format!("{} of {} windows unlike you", why.unlike, why.windows);
    if differences.is_empty() { unlike } else { format!("{unlike}: {differences}") }
}

fn mark(event: &Event) -> Option<(TimelineMarkKind, String)> {
    let kind = match event {
        Event::Verdict(verdict) => {
            let action = verdict.judgement.action?;
            let grouped = verdict.judgement.grouped;
            let score = grouped.map_or_else(String::new, |it| format!("score {it:.2}; "));
            let why = verdict.why.map_or_else(String::new, |it| format!("; {}", why(&it)));
            return Some((TimelineMarkKind::Alarm, format!("alarm: {score}to {action}{why}")));
        }
        Event::Confirmed => TimelineMarkKind::FalseAlarm,
        Event::LockAsked { .. } => TimelineMarkKind::Lock,
        Event::LockFailed { .. }
        | Event::SafeMode { .. }
        | Event::Fault { .. }
        | Event::Removed { .. }
        | Event::Unwritten { .. } => TimelineMarkKind::Fault,
        Event::Gap { .. }
        | Event::PutAside { .. }
        | Event::HistoryReset { .. }
        | Event::Changed { .. } => TimelineMarkKind::Away,
        Event::Adapted { .. }
        | Event::CountdownEnded { .. }
        | Event::Refused { .. }
        | Event::Paused { .. }
        | Event::Reloaded { .. }
        | Event::Stopped { .. } => TimelineMarkKind::Asked,
        _ => return None,
    };
    Some((kind, event.words()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{
        Action, Decision, Judgement, Score, Timestamp, Verdict, WindowEnd, WindowSummary,
    };

    fn row(at_ms: i64, event: Event) -> StampedEvent {
        let wall = jiff::Timestamp::from_millisecond(at_ms).unwrap().to_string();
        StampedEvent { wall, mono_us: Timestamp::default(), event }
    }

    fn started(threshold: f32) -> Event {
        Event::Started {
            version: String::new(),
            source: String::new(),
            scorer: String::new(),
            threshold,
            group_windows: 30,
            sha256: Default::default(),
            head: None,
            boot: None,
        }
    }

    fn reloaded(threshold: f32) -> Event {
        Event::Reloaded { threshold, group_windows: 30, sha256: None }
    }

    fn session(boundary: Boundary) -> Event {
        Event::Session { boundary }
    }

    #[test]
    fn a_recording_that_is_played_is_said_and_no_score_is_made_up() {
        let window = WindowSummary {
            started_at: Timestamp::default(),
            ended_at: Timestamp::default(),
            steps: 20,
            end: WindowEnd::Pause,
        };
        let judgement = Judgement {
            grouped: None,
            evidence: 0.0,
            block: None,
            windows: 6,
            decision: Decision::Intruder,
            action: Some(Action::Notify),
        };
        let why = Explanation {
            windows: 6,
            unlike: 0,
            since: Timestamp::default(),
            copies: 4,
            generated: 0,
            differences: [None; 2],
        };
        let at = Timestamp::default();
        let score = Score::new(0.9);
        let verdict = Verdict { window, at, score, judgement, why: Some(why) };
        let (_, words) = mark(&Event::Verdict(verdict)).unwrap();
        assert_eq!(words, "alarm: to notify; a recording is played: 4 copies of earlier movements");
    }

    #[test]
    fn time_is_spent_watching_paused_locked_or_nowhere() {
        let rows = [
            row(0, started(0.5)),
            row(1_000, Event::Paused { seconds: None }),
            row(3_000, Event::Resumed),
            row(4_000, session(Boundary::Locked)),
            row(9_000, session(Boundary::Unlocked)),
            row(10_000, Event::Stopped { why: "asked".into() }),
            row(50_000, started(0.625)),
            // It crashes here, and nobody writes that down.
            row(51_000, reloaded(0.75)),
            row(90_000, started(0.75)),
        ];
        let account = Account::of(&rows, 90_000 + 3_600_000);
        assert_eq!(account.spent(Activity::Paused), 2_000);
        assert_eq!(account.spent(Activity::Locked), 5_000);
        assert_eq!(account.spent(Activity::Watching), 1_000 + 1_000 + 1_000 + 1_000);
        assert_eq!(account.threshold(20_000), Some(0.5));
        assert_eq!(account.threshold(50_500), Some(0.625));
        let running = Account::of(&rows, 95_000);
        assert_eq!(running.stretches.last().unwrap().to, 95_000);
    }

    #[test]
    fn alarms_and_what_disproved_them_are_marked() {
        let at = Timestamp::default();
        let window =
            WindowSummary { started_at: at, ended_at: at, steps: 24, end: WindowEnd::Pause };
        let judgement = Judgement {
            evidence: 3.5,
            block: None,
            grouped: Some(0.2),
            windows: 30,
            decision: Decision::Intruder,
            action: Some(Action::Lock),
        };
        let verdict = Verdict { window, at, score: Score::new(0.1), judgement, why: None };
        let rows = [
            row(1, Event::Verdict(verdict)),
            row(2, Event::LockAsked { by: "logind".into(), confirmed: true }),
            row(3, Event::Confirmed),
        ];
        let account = Account::of(&rows, 10);
        let kinds: Vec<_> = account.marks.iter().map(|mark| mark.kind).collect();
        assert_eq!(
            kinds,
            [TimelineMarkKind::Alarm, TimelineMarkKind::Lock, TimelineMarkKind::FalseAlarm]
        );
        assert_eq!((account.windows, account.points.len()), (1, 1));
        assert_eq!((account.alarms.len(), account.refuted()), (1, 1));
    }
}
