//! What those who look after many machines are given: the schema of the events, the figures that the
//! sample rules ask for, and `fleet`.
#![cfg(feature = "history")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use mousewarden::agent::event::{Event, StampedEvent};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../installers/fleet/events.json");

fn call(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
    command.args(arguments).current_dir(folder).env("HOME", folder).output().unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_schema_has_every_event_with_every_field() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let events = schema["events"].as_array().unwrap();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, Event::NAMES);
    let common = keys(&schema["every_event"]);
    for described in events {
        let example = &described["example"];
        let stamped: StampedEvent = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(stamped.event.name(), described["event"]);
        // As the program writes it, nothing is left out and nothing is added.
        let written = serde_json::to_value(&stamped).unwrap();
        assert_eq!(keys(&written), keys(example), "{described}");
        let documented: BTreeSet<_> = keys(&described["fields"]).union(&common).copied().collect();
        assert_eq!(documented, keys(example), "{described}");
        let about = described["meaning"].as_str().unwrap();
        let fields = described["fields"].as_object().unwrap().values();
        assert!(about.len() > 10 && fields.into_iter().all(|it| it["meaning"].is_string()));
    }
}

#[test]
fn the_sample_rules_ask_for_figures_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = fs::read_to_string(root.join("src/agent/metrics.rs")).unwrap();
    for file in ["alerts.yml", "dashboard.json"] {
        let text = fs::read_to_string(root.join("installers/fleet").join(file)).unwrap();
        let word = |c: char| c.is_ascii_lowercase() || c == '_';
        let asked = text.match_indices("mousewarden_").map(|(at, name)| {
            text[at + name.len()..].split(|c| !word(c)).next().unwrap_or_default()
        });
        let asked: BTreeSet<_> = asked.collect();
        assert!(asked.len() > 4, "{file}: {asked:?}");
        for name in asked {
            assert!(source.contains(&format!("\"{name}\"")), "{file}: mousewarden_{name}");
        }
    }
}

/// A history of so many hours, with an alarm each hour that a password disproves at once.
fn history(hours: i64, alarms: usize) -> String {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let example = |name: &str| {
        let found = schema["events"].as_array().unwrap().iter().find(|it| it["event"] == name);
        found.unwrap()["example"].clone()
    };
    let begin: jiff::Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    let mut lines = Vec::new();
    let mut add = |name: &str, second: i64| {
        let mut event = example(name);
        let wall = begin + jiff::SignedDuration::from_secs(second);
        event["wall"] = wall.to_string().into();
        lines.push(event.to_string());
    };
    add("started", 0);
    for alarm in 0..alarms as i64 {
        add("verdict", alarm * 3600 + 60);
        add("confirmed", alarm * 3600 + 90);
    }
    add("stopped", hours * 3600);
    lines.join("\n") + "\n"
}

#[test]
fn many_histories_become_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let histories = folder.path().join("histories");
    fs::create_dir(&histories).unwrap();
    for machine in 0..40 {
        let text = history(8, usize::from(machine % 4 == 0) * 2);
        fs::write(histories.join(format!("desk{machine:02}.jsonl")), text).unwrap();
    }
    fs::write(histories.join("broken.jsonl"), "no event\n").unwrap();
    let output = call(&["fleet", "histories", "--json"], folder.path());
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
    assert!(talk.contains("broken.jsonl: none of its lines is an event"), "{talk}");
    let sums: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((sums["machines"].as_u64(), sums["unreadable"].as_u64()), (Some(40), Some(1)));
    assert_eq!((sums["alarms"].as_u64(), sums["known_false"].as_u64()), (Some(20), Some(20)));
    assert!((sums["watched_h"].as_f64().unwrap() - 320.0).abs() < 1e-6, "{sums}");
    assert!((sums["promised_false"].as_f64().unwrap() - 40.0).abs() < 1e-6, "{sums}");
    let page = fs::read_to_string(folder.path().join("fleet.html")).unwrap();
    let rows = page.split("<tbody>").nth(1).unwrap();
    assert!(rows.find("desk00").unwrap() < rows.find("desk01").unwrap(), "the worst first");
    assert!(page.contains("2026-03-02") && page.contains("40 machines watched for 320 h"));
}

#[test]
fn nothing_to_sum_up_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jsonl"), "\n").unwrap();
    assert_eq!(call(&["fleet", "a.jsonl"], folder.path()).status.code(), Some(65));
    assert_eq!(call(&["fleet", "none.jsonl"], folder.path()).status.code(), Some(66));
    let output = call(&["fleet", "a.jsonl", "--out", "none/fleet.html"], folder.path());
    assert!(!output.status.success());
}
