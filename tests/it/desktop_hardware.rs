//! Mice that take the way of real hardware through a real X server: both X11 back ends on the same
//! hand, a change of mouse, and a server that dies and comes back.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::hearing::{PATIENCE, program, until};
use crate::mice::hardware;
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{Boundary, Button, MouseEvent, MouseKind, Signal, Timestamp};
use mousewarden::platform::capture::{CaptureParams, CaptureProcess};
use mousewarden::platform::{CaptureBackend, CaptureNews, EventSource, clock};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan, TestMouse};

fn open(desktop: &TestDesktop, backend: CaptureBackend) -> CaptureProcess {
    let params = CaptureParams { backend, ..CaptureParams::new(program()) };
    CaptureProcess::open(params.on(desktop.environment())).unwrap()
}

fn is_at(x: f64, y: f64) -> impl Fn(&Signal) -> bool {
    move |signal| matches!(signal, Signal::Mouse(event) if (event.x, event.y) == (x, y))
}

fn events(seen: &[Signal]) -> Vec<MouseEvent> {
    let event = |signal: &Signal| match signal {
        Signal::Mouse(event) => Some(*event),
        Signal::Boundary { .. } => None,
    };
    seen.iter().filter_map(event).collect()
}

/// Moves into the corner, where places are counted from.
fn home(mouse: &mut TestMouse, source: &mut CaptureProcess) {
    mouse.step(-5000.0, -5000.0).unwrap();
    until(source, is_at(0.0, 0.0));
}

#[test]
fn both_back_ends_see_the_same_places() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    for backend in [CaptureBackend::Rdev, CaptureBackend::XInput2] {
        let mut source = open(&desktop, backend);
        home(&mut mouse, &mut source);
        let before = clock::now();
        for _ in 0..3 {
            mouse.step(5.0, 2.0).unwrap();
        }
        mouse.button(1, true).unwrap();
        mouse.step(1.0, 1.0).unwrap();
        mouse.button(1, false).unwrap();
        mouse.button(9, true).unwrap();
        mouse.button(9, false).unwrap();
        mouse.step(84.0, 93.0).unwrap();
        let seen = events(&until(&mut source, is_at(100.0, 100.0)));
        use MouseKind::{Drag, Move, Press, Release};
        let expected = [
            (Move, 5.0, 2.0),
            (Move, 10.0, 4.0),
            (Move, 15.0, 6.0),
            (Press(Button::Left), 15.0, 6.0),
            (Drag, 16.0, 7.0),
            (Release(Button::Left), 16.0, 7.0),
            (Press(Button::Other(9)), 16.0, 7.0),
            (Release(Button::Other(9)), 16.0, 7.0),
            (Move, 100.0, 100.0),
        ];
        let found: Vec<_> = seen.iter().map(|event| (event.kind, event.x, event.y)).collect();
        assert_eq!(found, expected, "{backend}");
        // The server counts whole milliseconds.
        let earliest = Timestamp::from_micros(before.micros() - 1000);
        assert!(seen.iter().all(|event| event.at >= earliest && event.at <= clock::now()));
        assert!(seen.windows(2).all(|pair| pair[0].at <= pair[1].at), "{backend}: {seen:?}");
    }
}

#[test]
fn another_mouse_is_a_boundary_and_both_are_named() {
    let desktop = hardware();
    for backend in [CaptureBackend::Rdev, CaptureBackend::XInput2] {
        let mut source = open(&desktop, backend);
        let [mut first, mut second] = [1, 2].map(|number| desktop.mouse(number).unwrap());
        home(&mut first, &mut source);
        until_named(&mut source, "mouse Test Mouse 1; 1280x800");
        second.step(7.0, 7.0).unwrap();
        until(&mut source, |signal| {
            matches!(signal, Signal::Boundary { kind: Boundary::DeviceChanged, .. })
        });
        until_named(&mut source, "mouse Test Mouse 2; 1280x800");
    }
}

/// Reads until the source names this device; the name may come a moment behind its first movement.
fn until_named(source: &mut CaptureProcess, name: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !source.capture().get().to_string().contains(name) {
        assert!(Instant::now() < deadline, "{}", source.capture().get());
        let _ = source.next(Some(Duration::from_millis(50))).unwrap();
    }
}

#[test]
fn where_a_program_puts_the_pointer_is_no_movement() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    for backend in [CaptureBackend::Rdev, CaptureBackend::XInput2] {
        let mut source = open(&desktop, backend);
        home(&mut mouse, &mut source);
        let middle = (640, 400);
        for i in 1..=20_i32 {
            warp(&desktop, middle);
            // The server's place is asked for anew after a rest.
            clock::sleep_until(clock::now() + Micros::from_millis(110));
            mouse.step(3.0, 4.0).unwrap();
            until(&mut source, is_at(f64::from(3 * i), f64::from(4 * i)));
        }
        // The pointer is at (643, 404), and stops at the edge of the screen.
        mouse.step(5000.0, 1.0).unwrap();
        mouse.step(-4.0, 0.0).unwrap();
        until(&mut source, is_at(f64::from(60 + 1275 - 643), 81.0));
    }
}

/// As games do it: after each move the pointer is put back to the middle.
#[test]
fn a_hand_in_a_game_is_seen_as_without_it_and_the_game_is_told() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    let game = Warper::open(&desktop);
    let mut source = open(&desktop, CaptureBackend::Rdev);
    home(&mut mouse, &mut source);
    game.put(640, 400);
    let steps: Vec<(i32, i32)> = (0..200).map(|i| ((i * 7) % 23 - 11, (i * 5) % 17 - 8)).collect();
    let (mut x, mut y) = (0, 0);
    let mut expected = Vec::new();
    for (dx, dy) in &steps {
        mouse.step(f64::from(*dx), f64::from(*dy)).unwrap();
        game.put(640, 400);
        (x, y) = (x + dx, y + dy);
        expected.push((f64::from(x), f64::from(y)));
    }
    mouse.button(1, true).unwrap();
    let pressed = |signal: &Signal| matches!(signal, Signal::Mouse(event) if event.kind == MouseKind::Press(Button::Left));
    let seen = events(&until(&mut source, pressed));
    let places: Vec<_> = seen.iter().map(|event| (event.x, event.y)).collect();
    expected.push((f64::from(x), f64::from(y)));
    assert_eq!(places, expected);
    let news: Vec<_> = std::iter::from_fn(|| source.news()).collect();
    assert_eq!(news, [CaptureNews::ProgramMoves]);
    mouse.button(1, false).unwrap();
}

#[test]
fn injected_movement_mixed_with_a_mouses_is_told_as_injected_and_once() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    for backend in [CaptureBackend::Rdev, CaptureBackend::XInput2] {
        let mut source = open(&desktop, backend);
        home(&mut mouse, &mut source);
        until_named(&mut source, "mouse Test Mouse 1; 1280x800");
        let mut player = desktop.player().unwrap();
        let at = Timestamp::default();
        for i in 1..=50_i32 {
            let x = f64::from(10 * i);
            player.act(&MouseEvent { at, kind: MouseKind::Move, x, y: 300.0 }).unwrap();
            player.settle().unwrap();
            mouse.step(5.0, 0.0).unwrap();
        }
        let seen = until(&mut source, is_at(505.0, 300.0));
        let changes: Vec<_> = seen
            .iter()
            .filter(|signal| {
                matches!(signal, Signal::Boundary { kind: Boundary::DeviceChanged, .. })
            })
            .collect();
        assert_eq!(changes.len(), 1, "{backend}: {seen:?}");
        let view = source.capture();
        assert!(view.get().to_string().contains("virtual "), "{backend}: {}", view.get());
        let first = changes[0].at();
        let before = Timestamp::from_micros(first.micros() - 1);
        assert!(view.at(before).to_string().contains("mouse Test Mouse 1"), "{backend}");
        assert!(view.at(first).to_string().contains("virtual "), "{backend}");
    }
}

/// A program that puts the pointer somewhere, by one connection.
struct Warper {
    server: x11rb::rust_connection::RustConnection,
    root: u32,
}

impl Warper {
    fn open(desktop: &TestDesktop) -> Self {
        use x11rb::connection::Connection as _;
        let (server, screen) = x11rb::connect(Some(desktop.display())).unwrap();
        let root = server.setup().roots[screen].root;
        Self { server, root }
    }

    fn put(&self, x: i16, y: i16) {
        use x11rb::protocol::xproto::ConnectionExt as _;
        let done = self.server.warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y).unwrap();
        done.check().unwrap();
    }
}

fn warp(desktop: &TestDesktop, (x, y): (i16, i16)) {
    Warper::open(desktop).put(x, y);
}

#[test]
fn an_x_server_that_comes_back_is_watched_again() {
    let mut desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_mousewarden"));
    for backend in [CaptureBackend::Rdev, CaptureBackend::XInput2] {
        let params = CaptureParams {
            backend,
            patience: PATIENCE,
            ..CaptureParams::new(program.clone()).on(desktop.environment())
        };
        let mut source = CaptureProcess::open(params).unwrap();
        desktop.crash_display().unwrap();
        let lost =
            |signal: &Signal| matches!(signal, Signal::Boundary { kind: Boundary::Overflow, .. });
        until(&mut source, lost);
        desktop.restart_display().unwrap();
        let up = |signal: &Signal| matches!(signal, Signal::Boundary { kind: Boundary::Start, .. });
        until(&mut source, up);
        let at = Timestamp::default();
        let there = MouseEvent { at, kind: MouseKind::Move, x: 33.0, y: 44.0 };
        desktop.player().unwrap().act(&there).unwrap();
        until(&mut source, is_at(33.0, 44.0));
    }
}
