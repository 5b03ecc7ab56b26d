//! What happened to the watch while its owner was not there to see it: told in one notice at the
//! next unlock, because whoever was there meanwhile may have dismissed every other one.

use std::fmt::Write as _;

use crate::pipeline::{Boundary, Timestamp};
use crate::platform::clock;

use super::event::{CaptureState, Event, Fingerprints, Gap, Head, Part, StampedEvent};

/// A notice holds so many letters of it; the rest is counted.
// Desktops cut a notice after some three or four lines.
const MOST_LETTERS: usize = 130;
/// An agent that was stopped and started at once was updated, or its service restarted, seconds.
const RESTART_S: u64 = 10;

/// What the history says of the time before this start.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Before {
    /// Its last row.
    pub head: Option<Head>,
    /// The last start.
    pub started: Option<StampedEvent>,
    /// The last reload since that start.
    pub reloaded: Option<StampedEvent>,
    /// The last entry.
    pub last: Option<StampedEvent>,
    /// Whether something was learnt since that start.
    pub adaptation: bool,
}

impl Before {
    /// What the last run worked with at its end.
    fn fingerprints(&self) -> Option<&Fingerprints> {
        // A reload after the start is newer than the start's own fingerprints.
        let reloaded = self.reloaded.as_ref().and_then(|stamped| match &stamped.event {
            Event::Reloaded { sha256, .. } => sha256.as_deref(),
            _ => None,
        });
        let started = self.started.as_ref().and_then(|stamped| match &stamped.event {
            Event::Started { sha256, .. } => Some(&**sha256),
            _ => None,
        });
        // Compared with what was in force at the end, or the owner's own reload would be told as a
        // change.
        reloaded.or(started)
    }
}

/// What an agent starts from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentOrigin {
    /// What it works with.
    pub(crate) sha256: Fingerprints,
    /// What was before.
    pub(crate) before: Before,
    /// What was done already to be able to start.
    pub events: Vec<Event>,
    /// What does not work from the start: a topic and a sentence.
    pub problems: Vec<(&'static str, String)>,
}

impl AgentOrigin {
    /// What is to be written after `started`: the gap before it, and what is another than then.
    pub(super) fn after(&self, started: &StampedEvent) -> Vec<Event> {
        // In order of time: the gap came before this start found anything changed.
        let gap = self.before.last.as_ref().and_then(|last| gap(self, last, started));
        let parts = self.changes().into_iter().map(|what| Event::Changed { what });
        gap.into_iter().chain(parts).chain(self.events.iter().cloned()).collect()
    }

    fn changes(&self) -> Vec<Part> {
        let earlier = self.before.fingerprints();
        earlier.map_or_else(Vec::new, |it| self.sha256.changes_since(it, self.before.adaptation))
    }
}

/// The time between the last entry of an earlier run and this start; a machine that was off after
/// an orderly end was watched by nobody because there was nobody.
fn gap(origin: &AgentOrigin, last: &StampedEvent, started: &StampedEvent) -> Option<Event> {
    let boot_then = origin.before.started.as_ref().and_then(|then| boot(&then.event));
    let is_same_boot = boot_then.is_some() && boot_then == boot(&started.event);
    let what = match last.event {
        // An orderly end before the machine went off is the usual evening.
        Event::Stopped { .. } if !is_same_boot => return None,
        Event::Stopped { .. } => Gap::Stopped,
        _ => Gap::Killed,
    };
    let seconds = if is_same_boot {
        // The wall clock may have been set meanwhile, and the monotonic one begins anew with the
        // machine.
        seconds_between(last.mono_us, started.mono_us)
    } else {
        wall_seconds(&last.wall, &started.wall)
    };
    Some(Event::Gap { what, from: last.wall.clone(), to: started.wall.clone(), seconds })
}

fn boot(event: &Event) -> Option<&str> {
    match event {
        Event::Started { boot, .. } => boot.as_deref(),
        _ => None,
    }
}

fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    (to - from).0.max(0).unsigned_abs() / 1_000_000
}

fn wall_seconds(from: &str, to: &str) -> u64 {
    let second = |wall: &str| wall.parse::<jiff::Timestamp>().map_or(0, |at| at.as_second());
    (second(to) - second(from)).max(0).unsigned_abs()
}

/// What is to be told at the next unlock.
#[derive(Debug, Default)]
pub(super) struct Away {
    happened: Vec<Happened>,
    /// Since when it is paused.
    paused: Option<StampedEvent>,
    /// Since when somebody moves with what is not known.
    unjudged: Option<StampedEvent>,
    /// Since when the mouse is not seen.
    blind: Option<StampedEvent>,
}

/// One kind of thing that happened.
#[derive(Debug)]
struct Happened {
    what: &'static str,
    /// The first time.
    at: String,
    times: u32,
    seconds: u64,
}

impl Away {
    /// Takes note of an entry; returns the gap that ended with it.
    pub(super) fn note(&mut self, stamped: &StampedEvent) -> Option<Event> {
        if let Some((what, seconds)) = telling(&stamped.event) {
            let from = match &stamped.event {
                Event::Gap { from, .. } => from,
                _ => &stamped.wall,
            };
            self.add(what, from, seconds);
        }
        match &stamped.event {
            // Paused again while it is paused prolongs the same gap.
            Event::Paused { .. } if self.paused.is_none() => self.paused = Some(stamped.clone()),
            Event::Unknown { .. } if self.unjudged.is_none() => {
                self.unjudged = Some(stamped.clone());
            }
            Event::Capture(CaptureState::Blind { .. }) if self.blind.is_none() => {
                self.blind = Some(stamped.clone());
            }
            Event::Capture(CaptureState::Sees) => {
                return ended(Gap::Blind, self.blind.take()?, stamped);
            }
            Event::Resumed => return ended(Gap::Paused, self.paused.take()?, stamped),
            Event::Device { unknown: None, .. } => {
                return ended(Gap::Unjudged, self.unjudged.take()?, stamped);
            }
            // A paused agent that ends was blind for its owner until its end: later nobody could
            // tell how long.
            Event::Stopped { .. } => {
                return ended(Gap::Paused, self.paused.take()?, stamped);
            }
            _ => {}
        }
        None
    }

    fn add(&mut self, what: &'static str, at: &str, seconds: u64) {
        // One line for each kind: twenty refused pauses must not push out the one kill.
        if let Some(same) = self.happened.iter_mut().find(|happened| happened.what == what) {
            same.times += 1;
            same.seconds += seconds;
            return;
        }
        self.happened.push(Happened { what, at: clock::time_of_day(at), times: 1, seconds });
    }

    /// What happened since this was asked last, to stand in a notice; nothing where nothing did.
    pub(super) fn told(&mut self) -> Option<String> {
        let happened = std::mem::take(&mut self.happened);
        let mut told = String::new();
        let mut left = happened.len();
        for Happened { what, at, times, seconds } in &happened {
            let mut words = format!("{what} {at}");
            if *seconds > 0 {
                let _ = write!(words, " for {}", span(*seconds));
            }
            if *times > 1 {
                let _ = write!(words, ", {times} times");
            }
            // Whole parts only: half a sentence tells nothing.
            if told.len() + words.len() > MOST_LETTERS {
                break;
            }
            let separator = if told.is_empty() { "" } else { "; " };
            let _ = write!(told, "{separator}{words}");
            left -= 1;
        }
        if left > 0 {
            let _ = write!(told, "; {left} more");
        }
        (!told.is_empty()).then_some(told)
    }
}

fn ended(what: Gap, from: StampedEvent, to: &StampedEvent) -> Option<Event> {
    let seconds = seconds_between(from.mono_us, to.mono_us);
    Some(Event::Gap { what, from: from.wall, to: to.wall.clone(), seconds })
}

/// What the owner ought to be told of, in a few words, and how long it took.
fn telling(event: &Event) -> Option<(&'static str, u64)> {
    let what = match event {
        // A service manager restarts within a second or two after an update.
        Event::Gap { what: Gap::Stopped, seconds, .. } if *seconds < RESTART_S => return None,
        Event::Gap { what, seconds, .. } => return Some((gap_words(*what), *seconds)),
        Event::Verdict(verdict) if verdict.judgement.action.is_some() => "alarm",
        Event::Changed { what: Part::Model } => "another model",
        Event::Changed { what: Part::Program } => "another program",
        Event::Changed { what: Part::Configuration } => "another configuration",
        Event::Changed { what: Part::Policy } => "another policy",
        Event::Changed { what: Part::Adaptation } => "what it learnt changed",
        Event::HistoryReset { .. } => "history begun anew",
        Event::PutAside { .. } => "a damaged file put aside",
        Event::Removed { .. } => "lock or socket removed",
        Event::Unwritten { .. } => "entries lost",
        Event::Session { boundary: Boundary::Overflow } => "mouse events lost",
        Event::Refused { .. } => "a pause or stop refused",
        Event::Reloaded { .. } => "settings reloaded",
        Event::LockFailed { .. } => "a lock failed",
        Event::SafeMode { .. } => "too many locks",
        _ => return None,
    };
    Some((what, 0))
}

const fn gap_words(what: Gap) -> &'static str {
    match what {
        Gap::Killed => "killed",
        Gap::Stopped => "stopped",
        Gap::Paused => "paused",
        Gap::Unjudged => "unknown mouse or screens",
        Gap::Blind => "mouse not seen",
    }
}

/// "3 h 05 min", "12 min", "40 s".
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::capture::description::Unknown;

    fn at(second: i64, event: Event) -> StampedEvent {
        let wall = jiff::Timestamp::from_second(1_772_359_200 + second).unwrap().to_string();
        StampedEvent { wall, mono_us: Timestamp::from_millis(second * 1000), event }
    }

    fn started(boot: &str, model: &str) -> Event {
        Event::Started {
            version: String::new(),
            source: String::new(),
            scorer: String::new(),
            threshold: 0.5,
            group_windows: 30,
            sha256: Box::new(files(model)),
            head: None,
            boot: Some(boot.into()),
        }
    }

    fn files(model: &str) -> Fingerprints {
        Fingerprints { model: Some(model.into()), ..Fingerprints::default() }
    }

    fn origin(model: &str, started: Event, last: Event) -> AgentOrigin {
        let before =
            Before { started: Some(at(0, started)), last: Some(at(60, last)), ..Before::default() };
        AgentOrigin { sha256: files(model), before, ..AgentOrigin::default() }
    }

    #[test]
    fn an_end_without_a_word_is_a_gap_and_so_is_a_stop_but_not_a_machine_that_was_off() {
        let now = at(360, started("boot", "a"));
        let gaps = |boot: &str, last: Event| origin("a", started(boot, "a"), last).after(&now);
        let gap = |what| {
            let (from, to) = (at(60, Event::Resumed).wall, now.wall.clone());
            vec![Event::Gap { what, from, to, seconds: 300 }]
        };
        let stopped = || Event::Stopped { why: "asked".into() };
        assert_eq!(gaps("boot", Event::Resumed), gap(Gap::Killed));
        assert_eq!(gaps("another", Event::Resumed), gap(Gap::Killed));
        assert_eq!(gaps("boot", stopped()), gap(Gap::Stopped));
        assert_eq!(gaps("another", stopped()), []);
        assert_eq!(AgentOrigin::default().after(&now), []);
    }

    #[test]
    fn another_model_than_at_the_last_start_is_told_and_what_was_learnt_is_not() {
        let now = at(360, started("b", "b"));
        let stopped = Event::Stopped { why: "asked".into() };
        let mut origin = origin("b", started("a", "a"), stopped);
        assert_eq!(origin.after(&now), [Event::Changed { what: Part::Model }]);
        origin.sha256.adaptation = Some("c".into());
        origin.before.adaptation = true;
        assert_eq!(origin.after(&now), [Event::Changed { what: Part::Model }]);
        origin.before.adaptation = false;
        assert_eq!(origin.after(&now).len(), 2);
    }

    #[test]
    fn a_pause_and_movement_with_an_unknown_mouse_become_gaps() {
        let mut away = Away::default();
        assert_eq!(away.note(&at(0, Event::Paused { seconds: None })), None);
        let gap = away.note(&at(90, Event::Resumed)).unwrap();
        assert!(matches!(gap, Event::Gap { what: Gap::Paused, seconds: 90, .. }), "{gap:?}");
        let capture = || String::from("a mouse");
        let unknown = Event::Unknown { capture: capture(), what: Unknown::Pointer };
        assert_eq!(away.note(&at(100, unknown)), None);
        let known = Event::Device { capture: capture(), unknown: None };
        let gap = away.note(&at(130, known)).unwrap();
        assert!(matches!(gap, Event::Gap { what: Gap::Unjudged, seconds: 30, .. }), "{gap:?}");
        assert_eq!(away.note(&at(131, Event::Resumed)), None);
    }

    #[test]
    fn the_time_in_which_the_mouse_was_not_seen_becomes_a_gap() {
        let mut away = Away::default();
        let blind = |why: &str| Event::Capture(CaptureState::Blind { why: why.into() });
        assert_eq!(away.note(&at(0, blind("it ended"))), None);
        assert_eq!(away.note(&at(3, blind("no display"))), None);
        let gap = away.note(&at(5, Event::Capture(CaptureState::Sees))).unwrap();
        assert!(matches!(gap, Event::Gap { what: Gap::Blind, seconds: 5, .. }), "{gap:?}");
        away.note(&at(5, gap));
        assert!(away.told().unwrap().starts_with("mouse not seen "));
    }

    #[test]
    fn everything_is_told_once_and_fits_into_a_notice() {
        let mut away = Away::default();
        assert_eq!(away.told(), None);
        let gap = |what, seconds| {
            let from = at(0, Event::Resumed).wall;
            Event::Gap { what, from: from.clone(), to: from, seconds }
        };
        away.note(&at(1, gap(Gap::Killed, 300)));
        away.note(&at(2, gap(Gap::Killed, 60)));
        away.note(&at(3, gap(Gap::Stopped, 2)));
        let told = away.told().unwrap();
        assert!(told.starts_with("killed ") && told.ends_with(" for 6 min, 2 times"), "{told}");
        assert_eq!(away.told(), None);
        for what in
            [Part::Model, Part::Program, Part::Configuration, Part::Policy, Part::Adaptation]
        {
            away.note(&at(4, Event::Changed { what }));
        }
        away.note(&at(5, Event::HistoryReset { why: String::new() }));
        away.note(&at(6, gap(Gap::Unjudged, 40_000)));
        let told = away.told().unwrap();
        assert!(told.len() <= MOST_LETTERS + 20 && told.contains(" more"), "{told}");
        let notice = super::super::notice::while_away(&told).notice;
        assert!(notice.body.len() < 190, "{} letters", notice.body.len());
    }
}
