//! Locking and watching the session, on a private bus with a mock logind and a mock screen saver,
//! and with a real locker on a private display.
#![cfg(target_os = "linux")]

use std::thread;
use std::time::{Duration, Instant};

use crate::logind::{Logind, bus_of, mock, update};
use crossbeam_channel::{Receiver, unbounded};
use mousewarden::error::Kind;
use mousewarden::pipeline::{Boundary, Signal};
use mousewarden::platform::bus::Bus;
use mousewarden::platform::lock::{DesktopLocker, LockParams};
use mousewarden::platform::session::SessionWatch;
use mousewarden::platform::{Locked, Locker};
use mousewarden_rig::desktop::{Plan, TestDesktop};
use zbus::blocking::MessageIterator;
use zbus::zvariant::Value;

const PATIENCE: Duration = Duration::from_secs(20);
/// Does what xss-lock does: on logind's signal it says that the screen is locked.
fn locker_that_answers(desktop: &TestDesktop, stays: bool) {
    let link = bus_of(desktop).connect().unwrap();
    let rule = zbus::MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .member("Lock")
        .unwrap()
        .build();
    let signals = MessageIterator::for_match_rule(rule, &link, None).unwrap();
    thread::spawn(move || {
        for _ in signals.take(1) {
            update(&link, "LockedHint", Value::from(true));
            if !stays {
                // Long enough to be looked at meanwhile; a locker that dies is as slow.
                thread::sleep(Duration::from_millis(400));
                update(&link, "LockedHint", Value::from(false));
            }
        }
    });
}

fn params(desktop: &TestDesktop, command: &[&str]) -> LockParams {
    LockParams {
        system_bus: bus_of(desktop),
        session_bus: bus_of(desktop),
        command: command.iter().map(ToString::to_string).collect(),
        environment: vec![("DISPLAY".to_owned(), desktop.display().to_owned())],
    }
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn logind_is_believed_when_it_says_that_the_screen_is_locked() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let _logind = Logind::start(&desktop);
    locker_that_answers(&desktop, true);
    let locked = DesktopLocker::new(params(&desktop, &[])).lock().unwrap();
    assert_eq!(locked, Locked::Confirmed("logind".to_owned()));
}

#[test]
fn where_logind_locks_nothing_the_screen_saver_is_asked() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let _logind = Logind::start(&desktop);
    let name = "org.gnome.ScreenSaver";
    let _saver = mock(&desktop, "gnome_screensaver", "--session", name);
    let locked = DesktopLocker::new(params(&desktop, &[])).lock().unwrap();
    assert_eq!(locked, Locked::Confirmed(name.to_owned()));
}

#[test]
fn every_way_that_failed_is_named() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let _logind = Logind::start(&desktop);
    locker_that_answers(&desktop, false);
    let failure = DesktopLocker::new(params(&desktop, &["false"])).lock().unwrap_err();
    assert_eq!(failure.kind(), Kind::Unavailable);
    let text = failure.to_string();
    for part in ["the screen was", "no screen saver service", "false: exit status: 1"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn nothing_to_lock_with_is_an_error_with_a_remedy() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let nowhere = Bus::At("unix:path=/nonexistent/bus".to_owned());
    let none = LockParams { system_bus: nowhere, ..params(&desktop, &[]) };
    let text = DesktopLocker::new(none).lock().unwrap_err().to_string();
    assert!(text.contains("no command configured") && text.contains("Configure"), "{text}");
    let missing = DesktopLocker::new(params(&desktop, &["/nonexistent/locker"])).lock();
    assert!(missing.unwrap_err().to_string().contains("/nonexistent/locker"));
}

#[test]
fn a_real_locker_as_the_command_holds_the_display() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let locked = DesktopLocker::new(params(&desktop, &["i3lock", "-n", "-c", "000000"])).lock();
    assert_eq!(locked.unwrap(), Locked::Unverified("i3lock".to_owned()));
    // A second one cannot have the keyboard that the first one holds.
    eventually("i3lock has grabbed the display", || is_grabbed(&desktop));
}

fn is_grabbed(desktop: &TestDesktop) -> bool {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, GrabStatus};
    let (x, screen) = x11rb::connect(Some(desktop.display())).unwrap();
    let root = x.setup().roots[screen].root;
    let grab = x.grab_keyboard(false, root, 0_u32, GrabMode::ASYNC, GrabMode::ASYNC);
    grab.unwrap().reply().unwrap().status == GrabStatus::ALREADY_GRABBED
}

fn next(signals: &Receiver<Signal>) -> Boundary {
    match signals.recv_timeout(PATIENCE).unwrap() {
        Signal::Boundary { kind, .. } => kind,
        Signal::Mouse(event) => unreachable!("{event:?}"),
    }
}

#[test]
fn the_session_watch_tells_locks_seats_and_sleep() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let logind = Logind::start(&desktop);
    let (sender, signals) = unbounded();
    let watch = SessionWatch::start(&bus_of(&desktop), sender).unwrap();
    logind.locked(true);
    assert_eq!(next(&signals), Boundary::Locked);
    logind.locked(false);
    assert_eq!(next(&signals), Boundary::Unlocked);
    logind.active(false);
    assert_eq!(next(&signals), Boundary::Locked);
    logind.active(true);
    assert_eq!(next(&signals), Boundary::Start);
    logind.sleeps(true);
    assert_eq!(next(&signals), Boundary::Suspended);
    drop(watch);
    assert!(signals.recv_timeout(PATIENCE).is_err(), "the watch has ended");
}

#[test]
fn a_session_that_is_locked_or_left_already_is_said_to_be() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let logind = Logind::start(&desktop);
    let (sender, signals) = unbounded();
    type Tell = fn(&Logind, bool);
    let tells: [Tell; 2] = [Logind::locked, |logind, away| logind.active(!away)];
    for away in tells {
        away(&logind, true);
        let watch = SessionWatch::start(&bus_of(&desktop), sender.clone()).unwrap();
        assert_eq!(next(&signals), Boundary::Locked);
        drop(watch);
        away(&logind, false);
    }
}

#[test]
fn a_login_with_a_password_counts_as_an_unlock() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let logind = Logind::start(&desktop);
    let (sender, signals) = unbounded();
    logind.begins_now("gdm-autologin");
    let by_itself = SessionWatch::start(&bus_of(&desktop), sender.clone()).unwrap();
    logind.begins_now("gdm-password");
    let with_password = SessionWatch::start(&bus_of(&desktop), sender).unwrap();
    assert_eq!(next(&signals), Boundary::Unlocked);
    drop((by_itself, with_password));
    assert!(signals.recv_timeout(PATIENCE).is_err(), "only one of them");
}

#[test]
fn where_there_is_no_logind_the_watch_is_absent() {
    let desktop = TestDesktop::start(&Plan::bare()).unwrap();
    let (sender, _signals) = unbounded();
    assert!(SessionWatch::start(&bus_of(&desktop), sender.clone()).is_none());
    let nowhere = Bus::At("unix:path=/nonexistent/bus".to_owned());
    assert!(SessionWatch::start(&nowhere, sender).is_none());
}
