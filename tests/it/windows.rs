//! Cutting: hand-worked cases, and the property that a live mouse and a file are cut alike.

use mousewarden::pipeline::window::cut_recording;
use mousewarden::pipeline::{
    Boundary, Button, ClickKind, MouseEvent, MouseKind, Segmenter, Signal, Steps, Timestamp,
    Window, WindowEnd, WindowParams,
};
use proptest::prelude::*;

const PLAIN: WindowParams =
    WindowParams { pause_ms: 250, min_steps: 5, max_steps: 128, thin_ms: 0 };

fn event(at_ms: i64, kind: MouseKind, x: f64) -> Signal {
    Signal::Mouse(MouseEvent { at: Timestamp::from_millis(at_ms), kind, x, y: 2.0 * x })
}

fn step(at_ms: i64, x: f64) -> Signal {
    event(at_ms, MouseKind::Move, x)
}

/// `count` moves 10 ms apart, starting at `from_ms`, each one pixel further right.
fn stroke(from_ms: i64, count: i64) -> Vec<Signal> {
    (0..count).map(|i| step(from_ms + 10 * i, (from_ms + i) as f64)).collect()
}

fn cut(params: WindowParams, signals: &[Signal]) -> Vec<Window> {
    cut_recording(params, signals.iter().copied()).0
}

#[test]
fn a_pause_of_exactly_the_limit_cuts_and_one_millisecond_less_does_not() {
    let with_gap = |gap: i64| [stroke(0, 6), stroke(50 + gap, 6)].concat();
    assert_eq!(cut(PLAIN, &with_gap(249)).len(), 1);
    let windows = cut(PLAIN, &with_gap(250));
    assert_eq!(windows.len(), 2);
    assert_eq!(windows[0].closed_at(), Timestamp::from_millis(50 + 250));
    assert_eq!(windows[1].started_at(), Timestamp::from_millis(50 + 250));
}

#[test]
fn a_click_does_not_bridge_a_pause() {
    let click = event(180, MouseKind::Press(Button::Left), 5.0);
    let signals = [stroke(0, 6), vec![click], stroke(310, 6)].concat();
    assert_eq!(cut(PLAIN, &signals).len(), 2);
}

#[test]
fn a_click_after_the_pause_closes_the_window_at_the_pause() {
    let mut segmenter = Segmenter::new(PLAIN);
    assert!(stroke(0, 6).into_iter().all(|signal| segmenter.push(signal).is_none()));
    let window = segmenter.push(event(900, MouseKind::Release(Button::Left), 5.0)).unwrap();
    assert_eq!(window.closed_at(), Timestamp::from_millis(300));
    assert_eq!(window.end(), WindowEnd::Pause);
}

#[test]
fn clicks_go_with_the_window_after_them_and_not_across_a_lock() {
    let click = |at: i64| {
        let button = |ms, kind| event(ms, kind, 5.0);
        let press = button(at, MouseKind::Press(Button::Left));
        vec![press, button(at + 90, MouseKind::Release(Button::Left))]
    };
    let lock = Signal::Boundary { at: Timestamp::from_millis(2900), kind: Boundary::Locked };
    let lone = vec![step(1400, 30.0)];
    let signals = [
        stroke(0, 6),
        click(400),
        lone,
        click(1600),
        stroke(2000, 6),
        click(2500),
        vec![lock],
        stroke(3000, 6),
    ];
    let clicks: Vec<Vec<ClickKind>> = cut(PLAIN, &signals.concat())
        .iter()
        .map(|window| window.clicks().iter().map(|click| click.kind).collect())
        .collect();
    let [press, hold, after] = [ClickKind::BeforePress, ClickKind::Hold, ClickKind::AfterRelease];
    // Movement that is too short for a window is movement all the same.
    assert_eq!(clicks, [vec![], vec![press, hold, after, press, hold, after], vec![]]);
}

#[test]
fn five_steps_are_enough_and_four_are_not() {
    assert_eq!(cut(PLAIN, &stroke(0, 6)).len(), 1);
    let (windows, counts) = cut_recording(PLAIN, stroke(0, 5));
    assert!(windows.is_empty());
    assert_eq!(counts.short, 1);
}

#[test]
fn a_long_movement_goes_on_in_the_next_window_without_losing_a_step() {
    let params = WindowParams { max_steps: 8, ..PLAIN };
    let windows = cut(params, &stroke(0, 21));
    let lengths: Vec<usize> = windows.iter().map(Window::steps).collect();
    // 20 steps: two full windows, and the 4 that remain are too few.
    assert_eq!(lengths, [8, 8]);
    assert_eq!(windows[0].samples().last(), windows[1].samples().first());
    assert_eq!(windows[0].end(), WindowEnd::Full);
    assert_eq!(windows[0].closed_at(), windows[0].ended_at());
}

#[test]
fn what_does_not_move_is_not_movement() {
    // Polled every 10 ms for a second although nothing moves, then a stroke.
    let polled: Vec<Signal> = (0..100).map(|i| step(60 + 10 * i, 5.0)).collect();
    let signals = [stroke(0, 6), polled, stroke(1200, 6)].concat();
    let (windows, counts) = cut_recording(PLAIN, signals);
    assert_eq!(windows.len(), 2);
    assert_eq!(windows[1].started_at(), Timestamp::from_millis(1200));
    assert_eq!(counts.still, 100);
}

#[test]
fn a_step_back_in_time_is_dropped_and_counted() {
    let mut signals = stroke(0, 6);
    signals.insert(4, step(5, 77.0));
    let (windows, counts) = cut_recording(PLAIN, signals);
    assert_eq!(windows, cut(PLAIN, &stroke(0, 6)));
    assert_eq!(counts.late, 1);
}

#[test]
fn a_fast_mouse_is_thinned_to_the_common_clock() {
    let fast: Vec<Signal> = (0..=600).map(|i| step(i, i as f64)).collect();
    let windows = cut(WindowParams { thin_ms: 6, ..PLAIN }, &fast);
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0].steps(), 100);
    assert!(Steps::from(&windows[0]).rows().iter().all(|row| *row == [6.0, 12.0, 6.0]));
}

#[test]
fn a_lock_cuts_and_a_new_stream_may_start_its_clock_anew() {
    let at = Timestamp::from_millis(60);
    let lock = Signal::Boundary { at, kind: Boundary::Locked };
    let start = Signal::Boundary { at: Timestamp::from_millis(0), kind: Boundary::Start };
    let windows = cut(PLAIN, &[stroke(0, 6), vec![lock], stroke(70, 6)].concat());
    assert_eq!(windows.len(), 2);
    assert_eq!((windows[0].end(), windows[0].closed_at()), (WindowEnd::Cut, at));
    assert_eq!(cut(PLAIN, &[stroke(5000, 6), vec![start], stroke(0, 6)].concat()).len(), 2);
}

#[test]
fn steps_are_differences_in_pixels_and_milliseconds() {
    let windows = cut(PLAIN, &[0, 8, 16, 26, 30, 41].map(|t| step(t, t as f64 + 0.5)));
    let steps = Steps::from(&windows[0]);
    assert_eq!(steps.rows()[2], [10.0, 20.0, 10.0]);
    assert_eq!(steps.len(), 5);
}

fn any_params() -> impl Strategy<Value = WindowParams> {
    (1usize..6, 0usize..20, 0u32..9).prop_map(|(min_steps, more, thin_ms)| WindowParams {
        min_steps,
        max_steps: min_steps + more,
        thin_ms,
        ..PLAIN
    })
}

/// Streams as they occur: bursts and pauses, duplicates, clicks, late rows, losses and locks.
fn any_stream() -> impl Strategy<Value = Vec<Signal>> {
    let gap = prop_oneof![8 => 0i64..30, 2 => 200i64..300, 1 => 300i64..2000, 1 => -40i64..0];
    let what = prop_oneof![
        20 => (0i32..4).prop_map(|x| (Some(MouseKind::Move), x)),
        5 => (0i32..4).prop_map(|x| (Some(MouseKind::Drag), x)),
        2 => Just((Some(MouseKind::Press(Button::Left)), 0)),
        2 => Just((Some(MouseKind::Release(Button::Left)), 0)),
        1 => Just((None, 0)),
    ];
    prop::collection::vec((gap, what), 0..200).prop_map(|rows| {
        let mut now = 0;
        let signal = |(gap, (kind, x)): (i64, (Option<MouseKind>, i32))| {
            now += gap;
            match kind {
                Some(kind) => event(now, kind, f64::from(x)),
                None => {
                    Signal::Boundary { at: Timestamp::from_millis(now), kind: Boundary::Overflow }
                }
            }
        };
        rows.into_iter().map(signal).collect()
    })
}

/// The stream as a live agent sees it: wherever the clock got past the end of a pause before the
/// next signal, it was told so, once or several times.
fn as_lived(params: WindowParams, stream: &[Signal], nags: &[u8]) -> Vec<Window> {
    let mut segmenter = Segmenter::new(params);
    let mut windows = Vec::new();
    let mut nags = nags.iter().cycle();
    for signal in stream {
        for _ in 0..*nags.next().unwrap_or(&0) {
            let due = segmenter.quiet_at().filter(|due| *due <= signal.at());
            let quiet = |at| Signal::Boundary { at, kind: Boundary::Quiet };
            windows.extend(segmenter.push(quiet(due.unwrap_or(signal.at()))));
        }
        windows.extend(segmenter.push(*signal));
    }
    if let Some(at) = segmenter.quiet_at() {
        windows.extend(segmenter.push(Signal::Boundary { at, kind: Boundary::Quiet }));
    }
    windows
}

proptest! {
    #[test]
    fn live_and_offline_cutting_agree(
        params in any_params(),
        stream in any_stream(),
        nags in prop::collection::vec(0u8..3, 1..20),
    ) {
        prop_assert_eq!(as_lived(params, &stream, &nags), cut(params, &stream));
    }

    #[test]
    fn every_window_is_complete_by_construction(params in any_params(), stream in any_stream()) {
        for window in cut(params, &stream) {
            prop_assert!((params.min_steps..=params.max_steps).contains(&window.steps()));
            prop_assert!(window.closed_at() >= window.ended_at());
            for pair in window.samples().windows(2) {
                let gap = pair[1].at - pair[0].at;
                prop_assert!(gap.0 >= i64::from(params.thin_ms) * 1000);
                prop_assert!((pair[0].x, pair[0].y) != (pair[1].x, pair[1].y));
            }
        }
    }
}
