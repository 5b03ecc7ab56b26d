//! Every entry and every word of one is read as it was written.

use std::fmt;

use super::*;
use crate::pipeline::{Action, Decision, Judgement, Score, WindowEnd, WindowSummary};

fn verdict() -> Entry {
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
    Entry::Verdict(Verdict { window, at, score: Score::new(0.123_456_79), judgement, why: None })
}

/// One of each.
fn every() -> Vec<Entry> {
    let why = || String::from("because");
    vec![
        Entry::Started {
            version: "1".into(),
            source: "mouse".into(),
            scorer: "builtin 1".into(),
            threshold: 0.3,
            group_windows: 30,
            sha256: Box::new(Fingerprints { model: Some("ab".into()), ..Fingerprints::default() }),
            head: Some(Head { number: 7, sha256: "cd".into() }),
            boot: None,
        },
        Entry::Gap { what: Gap::Killed, from: why(), to: why(), seconds: 3 },
        Entry::Changed { what: Part::Model },
        Entry::PutAside { file: why(), why: why() },
        Entry::HistoryReset { why: why() },
        Entry::Unwritten { entries: 3 },
        verdict(),
        Entry::Session { boundary: Boundary::DeviceChanged },
        Entry::Device { capture: why(), unknown: Some(Unknown::Backend) },
        Entry::Unknown { capture: why(), what: Unknown::Pointer },
        Entry::Unjudged { capture: why(), what: Unknown::Backend, action: Action::Lock },
        Entry::Interrupted,
        Entry::Capture(CaptureState::Blind { why: why() }),
        Entry::Notified { notice: NoticeKind::LockFailed, body: why() },
        Entry::Withheld { notice: NoticeKind::Alarm, why: Withheld::TooMany },
        Entry::NotifyFailed { why: why() },
        Entry::Answered { answer: Answer::ItWasMe },
        Entry::Countdown { seconds: 10 },
        Entry::CountdownEnded { why: why() },
        Entry::LockAsked { by: why(), confirmed: true },
        Entry::LockFailed { why: why() },
        Entry::SafeMode { locks: 3 },
        Entry::Confirmed,
        Entry::DayKnown,
        Entry::Learnt { version: 3, drift: 0.1 },
        Entry::Paused { seconds: None },
        Entry::Resumed,
        Entry::Refused { request: Asked::Stop, why: why() },
        Entry::Reloaded { threshold: 0.5, group_windows: 30 },
        Entry::ReloadRefused { why: why() },
        Entry::RecordFailed { why: why() },
        Entry::Fault { why: why() },
        Entry::Stopped { why: why() },
    ]
}

#[test]
fn every_entry_is_read_as_it_was_written_under_its_name() {
    let every = every();
    assert_eq!(every.iter().map(Entry::name).collect::<Vec<_>>(), Entry::NAMES);
    for entry in every {
        let stamped =
            Stamped { wall: "2026-03-01T10:00:00Z".into(), entry, ..Stamped::now(Entry::Resumed) };
        let text = serde_json::to_string(&stamped).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["event"], stamped.entry.name());
        let again: Stamped = serde_json::from_str(&text).unwrap();
        assert_eq!(again, stamped, "{text}");
        assert!(!stamped.entry.words().is_empty());
    }
}

#[test]
fn what_an_older_version_wrote_can_be_read() {
    let text = r#"{"wall":"2026-03-01T10:00:00Z","mono_us":5,"event":"started","version":"0.1.0",
        "source":"mouse","scorer":"builtin","threshold":0.5,"group_windows":30}"#;
    let stamped: Stamped = serde_json::from_str(text).unwrap();
    assert!(matches!(stamped.entry, Entry::Started { head: None, .. }), "{stamped:?}");
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
    same(&[Answer::ItWasMe, Answer::LockNow, Answer::Dismissed]);
    same(&[Unknown::Backend, Unknown::Pointer, Unknown::Screens]);
    same(&NoticeKind::ALL);
}
