//! Mice that take the way of real hardware through a real X server: both X11 back ends on the same
//! hand, a change of mouse, and a server that dies and comes back.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::hearing::{PATIENCE, program, until};
use crate::mice::hardware;
use mousewarden::pipeline::{Boundary, Button, MouseEvent, MouseKind, Signal, Timestamp};
use mousewarden::platform::sensor::{SensorParams, SensorSource};
use mousewarden::platform::{Backend, EventSource, clock};
use mousewarden_rig::desktop::{Plan, TestDesktop, TestMouse};

fn open(desktop: &TestDesktop, backend: Backend) -> SensorSource {
    let params = SensorParams { backend, ..SensorParams::new(program()) };
    SensorSource::open(params.on(desktop.environment())).unwrap()
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
fn home(mouse: &mut TestMouse, source: &mut SensorSource) {
    mouse.step(-5000.0, -5000.0).unwrap();
    until(source, is_at(0.0, 0.0));
}

#[test]
fn both_back_ends_see_the_same_places() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    for backend in [Backend::Rdev, Backend::XInput2] {
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
    for backend in [Backend::Rdev, Backend::XInput2] {
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
fn until_named(source: &mut SensorSource, name: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !source.capture().get().to_string().contains(name) {
        assert!(Instant::now() < deadline, "{}", source.capture().get());
        let _ = source.next(Some(Duration::from_millis(50))).unwrap();
    }
}

#[test]
fn raw_events_follow_where_a_program_puts_the_pointer() {
    let desktop = hardware();
    let mut mouse = desktop.mouse(1).unwrap();
    let mut source = open(&desktop, Backend::XInput2);
    home(&mut mouse, &mut source);
    warp(&desktop, (300, 200));
    // The place is asked for anew after a rest.
    let rested = clock::now() + mousewarden::pipeline::event::Micros::from_millis(150);
    clock::sleep_until(rested);
    mouse.step(3.0, 4.0).unwrap();
    until(&mut source, is_at(303.0, 204.0));
    // And it never leaves the screen.
    mouse.step(5000.0, 1.0).unwrap();
    mouse.step(-4.0, 0.0).unwrap();
    until(&mut source, is_at(1275.0, 205.0));
}

fn warp(desktop: &TestDesktop, (x, y): (i16, i16)) {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::ConnectionExt as _;
    let (server, screen) = x11rb::connect(Some(desktop.display())).unwrap();
    let root = server.setup().roots[screen].root;
    server.warp_pointer(x11rb::NONE, root, 0, 0, 0, 0, x, y).unwrap().check().unwrap();
}

#[test]
fn an_x_server_that_comes_back_is_watched_again() {
    let mut desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_mousewarden"));
    for backend in [Backend::Rdev, Backend::XInput2] {
        let params = SensorParams {
            backend,
            patience: PATIENCE,
            ..SensorParams::new(program.clone()).on(desktop.environment())
        };
        let mut source = SensorSource::open(params).unwrap();
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
