//! Copies are found however they are moved, turned or retimed; other movement is none.

use super::*;
use crate::event::Timestamp;
use crate::window::{WindowParams, cut_recording};
use crate::{MouseEvent, MouseKind, Signal};

const KEY: MarkKey = MarkKey([7, 11]);

/// A made hand: three submovements a stroke, drawn by a small generator.
fn strokes(seed: u64, count: usize) -> Vec<Vec<[f64; 3]>> {
    let mut state = seed;
    let mut draw = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let mut stroke = move || {
        let parts: Vec<[f64; 4]> = (0..4)
            .map(|_| {
                [draw() * 0.5, 0.15 + 0.4 * draw(), 700.0 * (draw() - 0.5), 500.0 * (draw() - 0.5)]
            })
            .collect();
        let place = |t: f64| {
            parts.iter().fold([900.0, 500.0], |[x, y], [start, span, dx, dy]| {
                let s = ((t - start) / span).clamp(0.0, 1.0);
                let done = s * s * s * (10.0 - 15.0 * s + 6.0 * s * s);
                [x + dx * done, y + dy * done]
            })
        };
        (0..110)
            .map(|n| f64::from(n) * 8.0)
            .map(|ms| [ms, place(ms / 1e3)[0], place(ms / 1e3)[1]])
            .collect()
    };
    (0..count).map(|_| stroke()).collect()
}

fn windows(strokes: &[Vec<[f64; 3]>]) -> Vec<Window> {
    let mut begin = 0.0;
    let mut signals = Vec::new();
    for stroke in strokes {
        let rounded = |at: usize| [stroke[at][1].round(), stroke[at][2].round()];
        // A mouse that rests reports nothing.
        for at in (1..stroke.len()).filter(|at| rounded(*at) != rounded(at - 1)) {
            let [x, y] = rounded(at);
            let at = Timestamp::from_micros(((begin + stroke[at][0]) * 1e3) as i64);
            signals.push(Signal::Mouse(MouseEvent { at, kind: MouseKind::Move, x, y }));
        }
        begin += 5_000.0;
    }
    cut_recording(WindowParams::default(), signals).0
}

fn changed(strokes: &[Vec<[f64; 3]>], change: impl Fn([f64; 3]) -> [f64; 3]) -> Vec<Window> {
    let stroke = |stroke: &Vec<[f64; 3]>| stroke.iter().map(|sample| change(*sample)).collect();
    windows(&strokes.iter().map(stroke).collect::<Vec<_>>())
}

fn detection(enrolled: &[Window]) -> ReplayDetection {
    ReplayDetection::new(&KnownMovement::of(KEY, enrolled), KnownMovement::default())
}

/// How many of the windows are told to be part of a recording that is played.
fn told(detection: &mut ReplayDetection, windows: &[Window]) -> usize {
    windows.iter().filter(|window| detection.observe(window).is_some()).count()
}

#[test]
fn a_recording_is_known_however_it_is_played() {
    let recorded = strokes(1, 40);
    let known = windows(&recorded);
    let (sin, cos) = 0.7_f64.sin_cos();
    let ways: [(&str, Vec<Window>); 6] = [
        ("as it was", known.clone()),
        ("elsewhere", changed(&recorded, |[t, x, y]| [t, x + 37.0, y - 12.0])),
        ("faster", changed(&recorded, |[t, x, y]| [0.8 * t, x, y])),
        ("slower", changed(&recorded, |[t, x, y]| [1.25 * t, x, y])),
        ("mirrored and larger", changed(&recorded, |[t, x, y]| [t, -1.4 * x, 1.4 * y])),
        ("turned", changed(&recorded, |[t, x, y]| [t, cos * x - sin * y, sin * x + cos * y])),
    ];
    for (way, played) in ways {
        assert!(played.len() >= 30, "{way}: {} windows", played.len());
        let copies = told(&mut detection(&known), &played);
        assert!(copies * 2 > played.len(), "{way}: {copies} of {}", played.len());
    }
}

/// A stroke is cut at other places from its end, so that fewer of its windows come back.
#[test]
fn a_recording_is_known_backwards() {
    let recorded = strokes(1, 40);
    let played = windows(&recorded.iter().map(|stroke| backwards(stroke)).collect::<Vec<_>>());
    let copies = told(&mut detection(&windows(&recorded)), &played);
    assert!(copies * 5 > played.len() * 2, "{copies} of {}", played.len());
}

fn backwards(stroke: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let last = stroke[stroke.len() - 1][0];
    stroke.iter().rev().map(|[t, x, y]| [last - t, *x, *y]).collect()
}

#[test]
fn another_movement_is_no_copy_and_plain_strokes_are_never_copies() {
    let known = windows(&strokes(1, 300));
    assert_eq!(told(&mut detection(&known), &windows(&strokes(2, 300))), 0);
    let line: Vec<[f64; 3]> = (0..60).map(f64::from).map(|n| [8.0 * n, 9.0 * n, 2.0 * n]).collect();
    let lines = windows(&vec![line; 50]);
    assert_eq!((lines.len(), told(&mut detection(&lines), &lines)), (50, 0));
}

#[test]
fn a_loop_is_known_within_the_session_and_an_unlock_ends_it() {
    let few = windows(&strokes(3, 5));
    let mut detection = detection(&[]);
    assert_eq!(told(&mut detection, &few), 0);
    assert!(told(&mut detection, &few) > 0);
    detection.unlocked(false);
    assert!(detection.take_later().is_none(), "a recording that was played is nobody's movement");
    assert_eq!(told(&mut detection, &few), 0, "and is forgotten");
}

#[test]
fn verified_movement_of_later_days_is_known_and_comes_back_from_its_text() {
    let day = windows(&strokes(4, 40));
    let mut first = detection(&[]);
    assert_eq!(told(&mut first, &day), 0);
    first.unlocked(false);
    let later = first.take_later().unwrap();
    assert!(first.take_later().is_none());
    let text = serde_json::to_string(&later).unwrap();
    let later: KnownMovement = serde_json::from_str(&text).unwrap();
    let enrolled = KnownMovement { key: KEY, ..KnownMovement::default() };
    assert!(told(&mut ReplayDetection::new(&enrolled, later.clone()), &day) > 20);
    let other = KnownMovement { key: MarkKey([1, 2]), ..KnownMovement::default() };
    assert_eq!(told(&mut ReplayDetection::new(&other, later), &day), 0, "another enrolment's");
    let mut alarmed = detection(&[]);
    told(&mut alarmed, &day);
    alarmed.unlocked(true);
    assert!(alarmed.take_later().is_none());
}

#[test]
fn a_damaged_text_is_refused() {
    for text in ["\"012345678\"", "\"012345678g\"", "\"+123456789\"", "7"] {
        assert!(serde_json::from_str::<Marks>(text).is_err(), "{text}");
    }
}
