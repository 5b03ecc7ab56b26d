//! Every entry and every word of one is read as it was written.

use std::fmt;

use super::*;
use crate::pipeline::{Action, Decision, Judgement, Score, WindowEnd, WindowSummary};

fn verdict() -> Event {
    let at = Timestamp::from_micros(1_234_567);
    let window = WindowSummary { started_at: at, ended_at: at, steps: 24, end: WindowEnd::Pause };
    let judgement = Judgement {
        evidence: 3.5,
        block: None,
        grouped: Some(0.1),
        windows: 30,
        decision: Decision::Intruder,
        action: Some(Action::Lock),
    };
    Event::Verdict(Verdict { window, at, score: Score::new(0.123_456_79), judgement, why: None })
}

/// One of each.
fn every() -> Vec<Event> {
    let why = || String::from("because");
    vec![
        Event::Started {
            version: "1".into(),
            source: "mouse".into(),
            scorer: "builtin 1".into(),
            threshold: 0.3,
            group_windows: 30,
            sha256: Box::new(Fingerprints { model: Some("ab".into()), ..Fingerprints::default() }),
            head: Some(Head { number: 7, sha256: "cd".into() }),
            boot: None,
        },
        Event::Gap { what: Gap::Killed, from: why(), to: why(), seconds: 3 },
        Event::Changed { what: Part::Model },
        Event::PutAside { file: why(), why: why() },
        Event::Removed { file: why(), why: Some(why()) },
        Event::HistoryReset { why: why() },
        Event::Unwritten { events: 3 },
        verdict(),
        Event::Session { boundary: Boundary::DeviceChanged },
        Event::Device { capture: why(), unknown: Some(Unknown::Backend) },
        Event::Unknown { capture: why(), what: Unknown::Pointer },
        Event::Trusted { capture: why() },
        Event::Unjudged { capture: why(), what: Unknown::Backend, action: Action::Lock },
        Event::Fragments { action: Action::Notify },
        Event::Interrupted,
        Event::Capture(CaptureState::Blind { why: why() }),
        Event::Notified { notice: NoticeKind::LockFailed, body: why() },
        Event::Withheld { notice: NoticeKind::Alarm, why: Withheld::TooMany },
        Event::NotifyFailed { why: why() },
        Event::Answered { answer: NoticeAnswer::ItWasMe },
        Event::Countdown { seconds: 10 },
        Event::CountdownEnded { why: why() },
        Event::LockAsked { by: why(), confirmed: true },
        Event::LockFailed { why: why() },
        Event::SafeMode { locks: 3 },
        Event::Confirmed,
        Event::DayKnown,
        Event::Adapted { version: 3, drift: 0.1 },
        Event::Paused { seconds: None },
        Event::Resumed,
        Event::Refused { request: Asked::Stop, why: why() },
        Event::Reloaded { threshold: 0.5, group_windows: 30, sha256: None },
        Event::ReloadRefused { why: why() },
        Event::RecordFailed { why: why() },
        Event::Fault { why: why() },
        Event::Stopped { why: why() },
    ]
}

#[test]
fn every_entry_is_read_as_it_was_written_under_its_name() {
    let every = every();
    assert_eq!(every.iter().map(Event::name).collect::<Vec<_>>(), Event::NAMES);
    for event in every {
        let stamped = StampedEvent {
            wall: "2026-03-01T10:00:00Z".into(),
            event,
            ..StampedEvent::now(Event::Resumed)
        };
        let text = serde_json::to_string(&stamped).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["event"], stamped.event.name());
        let again: StampedEvent = serde_json::from_str(&text).unwrap();
        assert_eq!(again, stamped, "{text}");
        assert!(!stamped.event.words().is_empty());
    }
}

#[test]
fn what_an_older_version_wrote_can_be_read() {
    let text = r#"{"wall":"2026-03-01T10:00:00Z","mono_us":5,"event":"started","version":"0.1.0",
        "source":"mouse","scorer":"builtin","threshold":0.5,"group_windows":30}"#;
    let stamped: StampedEvent = serde_json::from_str(text).unwrap();
    assert!(matches!(stamped.event, Event::Started { head: None, .. }), "{stamped:?}");
}

#[test]
fn every_word_is_read_as_it_is_written() {
    fn same<T: Serialize + fmt::Display>(words: &[T]) {
        for word in words {
            assert_eq!(serde_json::to_value(word).unwrap(), word.to_string());
        }
    }
    same(&[Gap::Killed, Gap::Stopped, Gap::Paused, Gap::Unjudged]);
    same(&[Part::Program, Part::Model, Part::Configuration, Part::Policy, Part::Adaptation]);
    same(&[Withheld::SwitchedOff, Withheld::TooMany]);
    same(&[Asked::Pause, Asked::Stop]);
    same(&[NoticeAnswer::ItWasMe, NoticeAnswer::LockNow, NoticeAnswer::Dismissed]);
    same(&[Unknown::Backend, Unknown::Pointer, Unknown::Screens]);
    same(&NoticeKind::ALL);
}
