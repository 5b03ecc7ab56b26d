//! The real hook on a real X server: what a hand does arrives, whole and in time order; what cannot
//! work says so.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::hearing::{PATIENCE, is, program, until};
use mousewarden::error::FailureKind;
use mousewarden::pipeline::{Boundary, Button, MouseEvent, MouseKind, Signal, Timestamp};
use mousewarden::platform::capture::{CaptureParams, CaptureProcess};
use mousewarden::platform::{CaptureBackend, CaptureNews, EventSource, Next, clock};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};
use x11rb::protocol::record::{self, ConnectionExt as _};
use x11rb::protocol::res::ConnectionExt as _;

fn params(desktop: &TestDesktop) -> CaptureParams {
    CaptureParams::new(program()).on(desktop.environment())
}

fn event(millis: i64, kind: MouseKind, x: f64, y: f64) -> MouseEvent {
    MouseEvent { at: Timestamp::from_millis(millis), kind, x, y }
}

#[test]
fn a_hand_arrives_as_it_moved() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut source = CaptureProcess::open(params(&desktop)).unwrap();
    use MouseKind::{Drag, Move, Press, Release, Wheel};
    let script = [
        event(0, Move, 10.0, 10.0),
        event(8, Move, 12.0, 11.0),
        event(16, Press(Button::Left), 12.0, 11.0),
        event(24, Drag, 15.0, 13.0),
        event(32, Release(Button::Left), 15.0, 13.0),
        event(40, Wheel, 15.0, 13.0),
        event(48, Press(Button::Other(8)), 15.0, 13.0),
        event(56, Release(Button::Other(8)), 15.0, 13.0),
        event(64, Move, 20.0, 20.0),
    ];
    desktop.player().unwrap().play(&script).unwrap();
    let last = |signal: &Signal| matches!(signal, Signal::Mouse(event) if event.x == 20.0);
    let seen = until(&mut source, last);
    assert!(is(Boundary::Start)(&seen[0]));
    let seen: Vec<_> = seen
        .iter()
        .filter_map(|signal| match signal {
            Signal::Mouse(event) => Some((event.kind, event.x, event.y)),
            Signal::Boundary { .. } => None,
        })
        .collect();
    assert_eq!(seen, script.map(|event| (event.kind, event.x, event.y)));
}

#[test]
fn a_thousand_events_a_second_all_arrive_and_the_last_needs_no_push() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut source = CaptureProcess::open(params(&desktop)).unwrap();
    let script: Vec<_> = (0..1000)
        .map(|i| event(i, MouseKind::Move, (i % 1000) as f64, (i / 1000) as f64))
        .collect();
    desktop.player().unwrap().play(&script).unwrap();
    let last = |signal: &Signal| matches!(signal, Signal::Mouse(event) if event.x == 999.0);
    let seen = until(&mut source, last);
    let moves = seen.iter().filter(|signal| matches!(signal, Signal::Mouse(_))).count();
    assert_eq!(moves, 1000);
    assert!(seen.windows(2).all(|pair| pair[0].at() <= pair[1].at()));
}

#[test]
fn a_capture_process_that_is_killed_is_replaced() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut source = CaptureProcess::open(params(&desktop)).unwrap();
    until(&mut source, is(Boundary::Start));
    let first = source.capture_pid().unwrap();
    assert!(Command::new("kill").args(["-9", &first.to_string()]).status().unwrap().success());
    until(&mut source, is(Boundary::Overflow));
    until(&mut source, is(Boundary::Start));
    assert_ne!(source.capture_pid(), Some(first));
    desktop.player().unwrap().act(&event(0, MouseKind::Move, 5.0, 6.0)).unwrap();
    until(&mut source, |signal| matches!(signal, Signal::Mouse(_)));
}

/// Waits for news of this kind; nothing else may come before.
fn blind(source: &mut CaptureProcess) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let _ = source.next(Some(Duration::from_millis(50))).unwrap();
        match source.news() {
            Some(CaptureNews::Blind(why)) => return why,
            None => assert!(Instant::now() < deadline, "nobody notices"),
            other => panic!("{other:?}"),
        }
    }
}

fn sees(source: &mut CaptureProcess) {
    let deadline = Instant::now() + PATIENCE;
    while source.news() != Some(CaptureNews::Sees) {
        assert!(Instant::now() < deadline, "it stays blind");
        let _ = source.next(Some(Duration::from_millis(50))).unwrap();
    }
}

#[test]
fn a_capture_process_that_is_stopped_is_replaced_at_once_and_that_is_told() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut source = CaptureProcess::open(params(&desktop)).unwrap();
    until(&mut source, is(Boundary::Start));
    let first = source.capture_pid().unwrap();
    let begun = Instant::now();
    assert!(Command::new("kill").args(["-STOP", &first.to_string()]).status().unwrap().success());
    let why = blind(&mut source);
    assert!(why.contains("stopped from outside"), "{why}");
    // Long before a heartbeat would have missed it.
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    sees(&mut source);
    assert_ne!(source.capture_pid(), Some(first));
}

#[test]
fn nobody_else_can_write_into_the_line_by_way_of_proc() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut source = CaptureProcess::open(params(&desktop)).unwrap();
    until(&mut source, is(Boundary::Start));
    let folder = format!("/proc/{}/fd", source.capture_pid().unwrap());
    // Another user's process shows root what it has open, and nobody else.
    if let Ok(open) = std::fs::read_dir(&folder) {
        assert!(open.count() > 3);
    }
    for number in [0, 1] {
        let opened = std::fs::OpenOptions::new().write(true).open(format!("{folder}/{number}"));
        assert!(opened.is_err(), "{number}");
    }
}

/// A program that stands in for the capture process: at first it sends these bytes and no more,
/// from then on it is the real one.
fn stand_in(desktop: &TestDesktop, bytes: &[u8]) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = desktop.folder();
    std::fs::write(folder.join("bytes"), bytes).unwrap();
    let path = folder.join("stand-in");
    let script = format!(
        "#!/bin/sh\ncd '{}'\nif mkdir begun 2>/dev/null; then cat bytes; exec sleep 600; fi\n\
         exec '{}' \"$@\"\n",
        folder.display(),
        program().display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// As the capture process sends it: time, place, kind.
fn record(at: Timestamp, kind: u8) -> Vec<u8> {
    let mut bytes = at.micros().to_le_bytes().to_vec();
    bytes.extend([0; 8]);
    bytes.push(kind);
    bytes.resize(24, 0);
    bytes
}

#[test]
fn one_record_that_cannot_be_right_blinds_nobody() {
    let now = clock::now();
    let shifted = |seconds: i64| Timestamp::from_micros(now.micros() + 1_000_000 * seconds);
    for (poison, says) in [
        (record(shifted(365 * 24 * 3600), b'm'), "in the future"),
        (record(shifted(-3600), b'm'), "long ago"),
        (record(now, b'z'), "no record"),
    ] {
        let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
        let bytes = [record(now, b'+'), record(now, b'm'), poison].concat();
        let program = stand_in(&desktop, &bytes);
        let params = CaptureParams { program, ..params(&desktop) };
        let mut source = CaptureProcess::open(params).unwrap();
        // What came before it is believed.
        until(&mut source, is(Boundary::Start));
        let why = blind(&mut source);
        assert!(why.contains(says) && why.contains("1 so far"), "{why}");
        sees(&mut source);
        desktop.player().unwrap().act(&event(0, MouseKind::Move, 5.0, 6.0)).unwrap();
        until(&mut source, |signal| matches!(signal, Signal::Mouse(event) if event.x == 5.0));
    }
}

#[test]
fn a_capture_process_that_does_not_answer_is_replaced() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let program = stand_in(&desktop, &record(clock::now(), b'+'));
    let mut source = CaptureProcess::open(CaptureParams { program, ..params(&desktop) }).unwrap();
    let why = blind(&mut source);
    assert_eq!(why, "it does not answer (asleep)");
    sees(&mut source);
}

#[test]
fn a_display_that_goes_is_told_at_once() {
    let mut desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let params = CaptureParams { patience: PATIENCE, ..params(&desktop) };
    let mut source = CaptureProcess::open(params).unwrap();
    until(&mut source, is(Boundary::Start));
    let begun = Instant::now();
    desktop.crash_display().unwrap();
    let why = blind(&mut source);
    assert!(why.contains("ended"), "{why}");
    let why = blind(&mut source);
    assert!(why.contains("does not answer"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    desktop.restart_display().unwrap();
    sees(&mut source);
}

/// Types, key by key.
fn press_keys(desktop: &TestDesktop) {
    use x11rb::protocol::xproto::{KEY_PRESS_EVENT, KEY_RELEASE_EVENT};
    use x11rb::protocol::xtest::ConnectionExt as _;
    let (x, _) = x11rb::connect(Some(desktop.display())).unwrap();
    for key in 24..58 {
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            x.xtest_fake_input(kind, key, 0, x11rb::NONE, 0, 0, 0).unwrap().check().unwrap();
        }
    }
}

/// The lines of `/proc/PID/status` by their names.
fn status_of(pid: u32, name: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn every_thread_of_the_capture_process_is_shut_in_once_it_sees_the_mouse() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    for backend in [CaptureBackend::Rdev, CaptureBackend::XInput2] {
        let mut source =
            CaptureProcess::open(CaptureParams { backend, ..params(&desktop) }).unwrap();
        until(&mut source, is(Boundary::Start));
        let pid = source.capture_pid().unwrap();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        for task in tasks.map(|task| task.unwrap().file_name()) {
            let task = task.to_str().unwrap().parse().unwrap();
            assert_eq!(status_of(task, "Seccomp"), "2", "{backend}");
            assert_eq!(status_of(task, "NoNewPrivs"), "1", "{backend}");
        }
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(5), Some("0"), "{core}");
        // And it still does its work, with keys pressed in between.
        press_keys(&desktop);
        desktop.player().unwrap().act(&event(0, MouseKind::Move, 5.0, 6.0)).unwrap();
        until(&mut source, |signal| matches!(signal, Signal::Mouse(event) if event.x == 5.0));
        desktop.player().unwrap().act(&event(0, MouseKind::Move, 9.0, 6.0)).unwrap();
        until(&mut source, |signal| matches!(signal, Signal::Mouse(event) if event.x == 9.0));
    }
}

/// How often threads of a process went to sleep by themselves, and so were woken.
fn sleeps(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let status = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("status"));
    let count = |status: String| -> Option<u64> {
        let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"))?;
        line.trim().parse().ok()
    };
    tasks.filter_map(|task| count(status(task.ok()?).ok()?)).sum()
}

#[test]
fn a_button_that_is_held_still_wakes_nobody_and_its_release_is_told() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut source = CaptureProcess::open(params(&desktop)).unwrap();
    let mut player = desktop.player().unwrap();
    let at = |ms, kind, x| event(ms, kind, x, 9.0);
    player.act(&at(0, MouseKind::Move, 8.0)).unwrap();
    player.act(&at(10, MouseKind::Press(Button::Left), 8.0)).unwrap();
    player.act(&at(20, MouseKind::Move, 9.0)).unwrap();
    until(&mut source, |signal| matches!(signal, Signal::Mouse(drag) if drag.x == 9.0));
    // The last wakes of what was are over when the count stands still for a while.
    let pid = source.capture_pid().unwrap();
    let (mut before, deadline) = (sleeps(pid), Instant::now() + PATIENCE);
    loop {
        // As many times as the server could have answered somebody else.
        (0..500).for_each(|_| player.settle().unwrap());
        let now = sleeps(pid);
        if now == before {
            break;
        }
        assert!(Instant::now() < deadline, "it is woken again and again");
        before = now;
    }
    player.act(&at(30, MouseKind::Release(Button::Left), 9.0)).unwrap();
    until(
        &mut source,
        |signal| matches!(signal, Signal::Mouse(up) if up.kind == MouseKind::Release(Button::Left)),
    );
}

/// Has the X server keep from the hook what the mouse does; the hook itself notices nothing of it.
/// Whether there was a hook.
fn deafen(desktop: &TestDesktop) -> bool {
    let (x, _) = x11rb::connect(Some(desktop.display())).unwrap();
    x.record_query_version(1, 13).unwrap().reply().unwrap();
    let clients = x.res_query_clients().unwrap().reply().unwrap().clients;
    let contexts = clients.iter().flat_map(|of| (0..8).map(|number| of.resource_base | number));
    let all: u32 = record::CS::ALL_CLIENTS.into();
    let deafened = contexts.filter(|context| {
        let known = x.record_get_context(*context).unwrap().reply();
        known.is_ok_and(|known| known.enabled)
            && x.record_unregister_clients(*context, &[all]).unwrap().check().is_ok()
    });
    deafened.count() == 1
}

#[test]
fn a_hook_that_falls_silent_while_the_pointer_moves_is_replaced() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut source = CaptureProcess::open(params(&desktop)).unwrap();
    until(&mut source, is(Boundary::Start));
    let first = source.capture_pid();
    let (mut player, deadline) = (desktop.player().unwrap(), Instant::now() + PATIENCE);
    // On a loaded machine the capture process may say that it is up before the hook is.
    while !deafen(&desktop) {
        assert!(Instant::now() < deadline, "there is no hook");
    }
    let mut heard = 0;
    for i in 0.. {
        player.act(&event(0, MouseKind::Move, f64::from(i % 500), 7.0)).unwrap();
        match source.next(Some(Duration::from_millis(50))).unwrap() {
            Next::Signal(Signal::Boundary { kind: Boundary::Overflow, .. }) => break,
            Next::Signal(Signal::Mouse(_)) => heard += 1,
            _ => assert!(Instant::now() < deadline, "nobody notices"),
        }
    }
    assert_eq!(heard, 0);
    until(&mut source, is(Boundary::Start));
    assert_ne!(source.capture_pid(), first);
    player.act(&event(0, MouseKind::Move, 5.0, 6.0)).unwrap();
    until(&mut source, |signal| matches!(signal, Signal::Mouse(_)));
}

#[test]
fn a_display_that_stays_away_ends_the_source_with_a_sentence() {
    let mut desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let params = CaptureParams { patience: Duration::from_millis(500), ..params(&desktop) };
    let mut source = CaptureProcess::open(params).unwrap();
    desktop.crash_display().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let failure = loop {
        assert!(Instant::now() < deadline);
        match source.next(Some(Duration::from_millis(100))) {
            Ok(_) => {}
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert!(failure.to_string().contains("does not "), "{failure}");
}

#[test]
fn a_capture_process_that_is_killed_time_and_again_ends_no_watch() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let params = CaptureParams { patience: Duration::from_millis(500), ..params(&desktop) };
    let mut source = CaptureProcess::open(params).unwrap();
    for _ in 0..4 {
        let pid = source.capture_pid().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", "KILL", &pid]).status().unwrap().success());
        let mut told = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while !told.contains(&CaptureNews::Sees) {
            assert!(Instant::now() < deadline, "{told:?}");
            source.next(Some(Duration::from_millis(100))).unwrap();
            told.extend(std::iter::from_fn(|| source.news()));
        }
    }
}

#[test]
fn the_capture_process_goes_with_its_source() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let source = CaptureProcess::open(params(&desktop)).unwrap();
    let process = PathBuf::from(format!("/proc/{}", source.capture_pid().unwrap()));
    assert!(process.exists());
    drop(source);
    assert!(!process.exists());
}

#[test]
fn the_capture_process_ends_when_its_parent_is_gone() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut capture = desktop
        .command(program())
        .arg("capture-process")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(capture.stdin.take());
    let deadline = Instant::now() + PATIENCE;
    while capture.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "the capture process is still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn where_there_is_no_hook_the_reason_is_told() {
    for (variables, kind, says) in [
        (vec![("DISPLAY", ""), ("XDG_SESSION_TYPE", "x11")], FailureKind::NoDisplay, "no display"),
        (
            vec![("DISPLAY", ":4999"), ("XDG_SESSION_TYPE", "x11")],
            FailureKind::Unavailable,
            "does not answer",
        ),
        (
            vec![("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "wayland")],
            FailureKind::NoDisplay,
            "Wayland",
        ),
    ] {
        let params =
            CaptureParams { backend: CaptureBackend::Rdev, ..CaptureParams::new(program()) };
        let failure = CaptureProcess::open(params.on(variables)).unwrap_err();
        assert_eq!(failure.kind(), kind);
        assert!(failure.to_string().contains(says), "{failure}");
    }
}

#[test]
fn by_hand_the_capture_process_ends_with_the_exit_code_of_its_reason() {
    let output = Command::new(program())
        .arg("capture-process")
        .env("DISPLAY", ":4999")
        .env("XDG_SESSION_TYPE", "x11")
        .stdin(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(69));
    assert!(String::from_utf8_lossy(&output.stderr).contains("does not answer"));
}
