//! The kernel's devices as pipes, read by the real capture process process: movement with the
//! kernel's time, losses, and devices that come, go and change. No display and no real device is
//! needed.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use crate::hearing::{is, program, until};
use mousewarden::error::FailureKind;
use mousewarden::pipeline::{Boundary, Button, MouseKind, Signal, Timestamp};
use mousewarden::platform::capture::{CaptureParams, CaptureProcess};
use mousewarden::platform::{CaptureBackend, EventSource, clock};
use mousewarden_rig::desktop::kernel::{InputFolder, MOUSE, frame};

// Types and codes of the kernel's events.
const KEY: u16 = 1;
const REL: u16 = 2;
const LEFT: u16 = 0x110;

fn params(folder: &InputFolder) -> CaptureParams {
    let root = Some(folder.root().to_owned());
    CaptureParams { backend: CaptureBackend::Evdev, root, ..CaptureParams::new(program()) }
}

fn is_at(x: f64) -> impl Fn(&Signal) -> bool {
    move |signal| matches!(signal, Signal::Mouse(event) if event.x == x)
}

fn mice(seen: &[Signal]) -> Vec<(Timestamp, MouseKind, f64, f64)> {
    let event = |signal: &Signal| match signal {
        Signal::Mouse(event) => Some((event.at, event.kind, event.x, event.y)),
        Signal::Boundary { .. } => None,
    };
    seen.iter().filter_map(event).collect()
}

#[test]
fn a_hand_arrives_with_the_kernels_time() {
    let folder = InputFolder::new().unwrap();
    let mut mouse = folder.plug("event3", MOUSE).unwrap();
    let mut source = CaptureProcess::open(params(&folder)).unwrap();
    assert_eq!(source.name(), "evdev");
    let capture = source.capture().get().to_string();
    assert_eq!(capture, "evdev; mouse Plain Optical Mouse (1d6b:0042)");

    let now = clock::now().micros() - 100_000;
    let at = |i: i64| Timestamp::from_micros(now + 8_123 * i);
    mouse.say(at(0), &[(REL, 0, 5), (REL, 1, -3)]).unwrap();
    mouse.say(at(1), &[(KEY, LEFT, 1)]).unwrap();
    mouse.say(at(2), &[(REL, 0, 2)]).unwrap();
    mouse.say(at(3), &[(KEY, LEFT, 0)]).unwrap();
    mouse.say(at(4), &[(REL, 8, 1)]).unwrap();
    mouse.say(at(5), &[(REL, 0, 3)]).unwrap();
    let seen = until(&mut source, is_at(10.0));
    assert!(is(Boundary::Start)(&seen[0]), "{seen:?}");
    use MouseKind::{Drag, Move, Press, Release, Wheel};
    let expected = [
        (at(0), Move, 5.0, -3.0),
        (at(1), Press(Button::Left), 5.0, -3.0),
        (at(2), Drag, 7.0, -3.0),
        (at(3), Release(Button::Left), 7.0, -3.0),
        (at(4), Wheel, 7.0, -3.0),
        (at(5), Move, 10.0, -3.0),
    ];
    assert_eq!(mice(&seen), expected);
}

#[test]
fn a_recorded_stream_arrives_whole_however_it_is_cut_and_a_loss_is_said() {
    let folder = InputFolder::new().unwrap();
    let mut mouse = folder.plug("event3", MOUSE).unwrap();
    let mut source = CaptureProcess::open(params(&folder)).unwrap();
    let start = clock::now().micros();
    let at = |i: i64| Timestamp::from_micros(start + 100 * i);
    let mut stream: Vec<u8> = (0..500).flat_map(|i| frame(at(i), &[(REL, 0, 1)])).collect();
    stream.extend(frame(at(500), &[(REL, 0, 7), (0, 3, 0), (REL, 0, 7)]));
    stream.extend((501..1001).flat_map(|i| frame(at(i), &[(REL, 0, 1)])));
    for part in stream.chunks(37) {
        mouse.say_bytes(part).unwrap();
    }
    let seen = until(&mut source, is_at(1000.0));
    let lost = seen.iter().position(is(Boundary::Overflow)).unwrap();
    assert_eq!(mice(&seen[..lost]).len(), 500);
    assert_eq!(mice(&seen[lost..]).len(), 500);
}

#[test]
fn mice_come_go_and_change_and_the_capture_process_stays() {
    let folder = InputFolder::new().unwrap();
    let mut source = CaptureProcess::open(params(&folder)).unwrap();
    assert_eq!(source.capture().get().to_string(), "evdev", "no mouse yet");
    let pid = source.capture_pid();

    // Plugged in while it watches.
    let mut first = folder.plug("event3", MOUSE).unwrap();
    first.say(clock::now(), &[(REL, 0, 11)]).unwrap();
    until(&mut source, is_at(11.0));
    assert!(source.capture().get().to_string().contains("Plain Optical Mouse"));

    // Another one is used.
    let other = [("name", "Docking Station Mouse"), MOUSE[4], MOUSE[5]];
    let mut second = folder.plug("event5", &other).unwrap();
    second.say(clock::now(), &[(REL, 0, 22)]).unwrap();
    let seen = until(&mut source, is_at(22.0));
    assert!(seen.iter().any(is(Boundary::DeviceChanged)), "{seen:?}");
    assert!(source.capture().get().to_string().contains("Docking Station Mouse"));

    // It is unplugged, and the first one still works.
    drop(second);
    first.say(clock::now(), &[(REL, 0, 1)]).unwrap();
    let seen = until(&mut source, is_at(12.0));
    assert!(seen.iter().any(is(Boundary::DeviceChanged)), "{seen:?}");

    // The last one goes, as with a Bluetooth mouse out of reach, and comes back.
    drop(first);
    let mut back = folder.plug("event3", MOUSE).unwrap();
    back.say(clock::now(), &[(REL, 0, 33)]).unwrap();
    until(&mut source, is_at(33.0));
    assert_eq!(source.capture_pid(), pid, "the same capture process all the time");
}

#[test]
fn a_programs_device_beside_a_mouse_is_told_as_such_and_once() {
    let folder = InputFolder::new().unwrap();
    let mut mouse = folder.plug("event3", MOUSE).unwrap();
    let made = [MOUSE[0], ("id/bustype", "0006"), MOUSE[4], MOUSE[5]];
    let mut program = folder.plug("event5", &made).unwrap();
    let mut source = CaptureProcess::open(params(&folder)).unwrap();
    for _ in 0..20 {
        mouse.say(clock::now(), &[(REL, 0, 2)]).unwrap();
        until(&mut source, |signal| matches!(signal, Signal::Mouse(_)));
        program.say(clock::now(), &[(REL, 1, 1)]).unwrap();
        until(&mut source, |signal| matches!(signal, Signal::Mouse(_)));
    }
    mouse.say(clock::now(), &[(REL, 0, 900)]).unwrap();
    until(&mut source, is_at(940.0));
    assert!(source.capture().get().to_string().contains("virtual "), "{}", source.capture().get());
}

#[test]
fn keyboards_are_never_opened() {
    let folder = InputFolder::new().unwrap();
    let keys = [("name", "Keyboard"), ("capabilities/key", "fffffffffffffffe"), MOUSE[5]];
    let mut keyboard = folder.plug("event1", &keys).unwrap();
    let mut mouse = folder.plug("event3", MOUSE).unwrap();
    let mut source = CaptureProcess::open(params(&folder)).unwrap();
    keyboard.say(clock::now(), &[(KEY, 30, 1), (REL, 0, 9)]).unwrap();
    mouse.say(clock::now(), &[(REL, 0, 4)]).unwrap();
    let seen = until(&mut source, is_at(4.0));
    assert_eq!(mice(&seen).len(), 1, "{seen:?}");
    let open = format!("/proc/{}/fd", source.capture_pid().unwrap());
    let files = std::fs::read_dir(open).unwrap().flatten();
    let names: Vec<_> = files.filter_map(|file| std::fs::read_link(file.path()).ok()).collect();
    assert!(names.iter().any(|name| name.ends_with("event3")), "{names:?}");
    assert!(!names.iter().any(|name| name.ends_with("event1")), "{names:?}");
}

#[test]
fn without_devices_the_reason_is_told() {
    let nowhere = tempfile::tempdir().unwrap();
    let root = Some(nowhere.path().to_owned());
    let params =
        CaptureParams { backend: CaptureBackend::Evdev, root, ..CaptureParams::new(program()) };
    let failure = CaptureProcess::open(params).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert!(failure.to_string().contains("/dev/input"), "{failure}");
}

#[test]
#[ignore = "needs root: it becomes another user"]
fn without_the_right_to_read_devices_the_reason_is_told() {
    let folder = InputFolder::new().unwrap();
    let _mouse = folder.plug("event3", MOUSE).unwrap();
    let said = capture_of_nobody(&folder);
    assert_eq!(said.status.code(), Some(77), "{said:?}");
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(text.contains("70-mousewarden.rules") && text.contains("udevadm"), "{text}");
}

/// The capture process as a user who owns nothing, by a copy of the program that everybody may run.
fn capture_of_nobody(folder: &InputFolder) -> std::process::Output {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let open = || std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.root(), open()).unwrap();
    let copy = folder.root().join("mousewarden");
    std::fs::copy(program(), &copy).unwrap();
    std::fs::set_permissions(&copy, open()).unwrap();
    let mut command = Command::new(&copy);
    command.args(["capture-process", "--backend", "evdev", "--root"]).arg(folder.root());
    command.uid(65_534).gid(65_534).stdin(Stdio::piped()).output().unwrap()
}
