//! Locking and watching the session, on a private bus with a mock logind and a mock screen saver,
//! and with a real locker on a private display.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::logind::{Logind, Mock, bus_of, mock, mock_object, update};
use crossbeam_channel::{Receiver, unbounded};
use mousewarden::error::FailureKind;
use mousewarden::pipeline::{Boundary, Signal};
use mousewarden::platform::bus::{Bus, Object};
use mousewarden::platform::lock::linux::{DesktopLocker, DesktopLockerParams};
use mousewarden::platform::session::linux::SessionWatch;
use mousewarden::platform::{Locked, Locker};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};
use zbus::blocking::{Connection, MessageIterator};
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

fn params(desktop: &TestDesktop, command: &[&str]) -> DesktopLockerParams {
    DesktopLockerParams {
        system_bus: bus_of(desktop),
        session_bus: bus_of(desktop),
        command: command.iter().map(ToString::to_string).collect(),
        environment: vec![("DISPLAY".to_owned(), desktop.display().to_owned())],
        patience: Duration::from_secs(2),
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
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let _logind = Logind::start(&desktop);
    locker_that_answers(&desktop, true);
    let locked = DesktopLocker::new(params(&desktop, &[])).lock(&|_| {}).unwrap();
    assert_eq!(locked, Locked::Confirmed("logind".to_owned()));
}

#[test]
fn where_logind_locks_nothing_the_screen_saver_is_asked() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let _logind = Logind::start(&desktop);
    let name = "org.gnome.ScreenSaver";
    let _saver = mock(&desktop, "gnome_screensaver", "--session", name);
    let locked = DesktopLocker::new(params(&desktop, &[])).lock(&|_| {}).unwrap();
    assert_eq!(locked, Locked::Confirmed(name.to_owned()));
}

#[test]
fn every_way_that_failed_is_named() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let _logind = Logind::start(&desktop);
    locker_that_answers(&desktop, false);
    let failure = DesktopLocker::new(params(&desktop, &["false"])).lock(&|_| {}).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    let text = failure.to_string();
    for part in ["the screen was", "no screen saver service", "false: exit status: 1"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn nothing_to_lock_with_is_an_error_with_a_remedy() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let nowhere = Bus::At("unix:path=/nonexistent/bus".to_owned());
    let none = DesktopLockerParams { system_bus: nowhere, ..params(&desktop, &[]) };
    let text = DesktopLocker::new(none).lock(&|_| {}).unwrap_err().to_string();
    assert!(text.contains("no command configured") && text.contains("Configure"), "{text}");
    let missing = DesktopLocker::new(params(&desktop, &["/nonexistent/locker"])).lock(&|_| {});
    assert!(missing.unwrap_err().to_string().contains("/nonexistent/locker"));
}

/// A bus that accepts and never answers, as a stopped daemon does.
fn silent_bus(folder: &std::path::Path, name: &str) -> (std::os::unix::net::UnixListener, Bus) {
    let path = folder.join(name);
    let address = format!("unix:path={}", path.display());
    (std::os::unix::net::UnixListener::bind(&path).unwrap(), Bus::At(address))
}

#[test]
fn with_both_buses_hung_the_command_runs_less_than_a_second_later() {
    let folder = tempfile::tempdir().unwrap();
    let (_system, system_bus) = silent_bus(folder.path(), "system");
    let (_session, session_bus) = silent_bus(folder.path(), "session");
    let ran = folder.path().join("ran");
    let script = format!("touch {}; exec sleep 60", ran.display());
    let command = ["sh", "-c", &script].map(str::to_owned).to_vec();
    let patience = Duration::from_millis(50);
    let environment = Vec::new();
    let params = DesktopLockerParams { system_bus, session_bus, command, environment, patience };
    let begun = Instant::now();
    let locked = DesktopLocker::new(params).lock(&|_| {}).unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    assert_eq!(locked, Locked::Unverified("sh".to_owned()));
    eventually("the command has run", || ran.exists());
}

#[test]
fn a_logind_that_hangs_is_passed_over() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let logind = Logind::start(&desktop);
    logind.hangs();
    let name = "org.gnome.ScreenSaver";
    let _saver = mock(&desktop, "gnome_screensaver", "--session", name);
    let begun = Instant::now();
    let locked = DesktopLocker::new(params(&desktop, &[])).lock(&|_| {}).unwrap();
    assert_eq!(locked, Locked::Confirmed(name.to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_command_that_fails_late_has_not_locked() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let script = ["sh", "-c", "sleep 1.7; exit 1"];
    let failure = DesktopLocker::new(params(&desktop, &script)).lock(&|_| {}).unwrap_err();
    assert!(failure.to_string().contains("sh: exit status: 1"), "{failure}");
}

#[test]
fn a_command_is_a_unit_where_there_is_a_service_manager_and_its_end_is_waited_for() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let manager = service_manager(&desktop);
    let unit = Object::new(SYSTEMD, "/unit", "org.freedesktop.DBus.Mock");
    let becomes = |state: &str| {
        let properties = HashMap::from([("ActiveState", Value::from(state))]);
        let changed = ("org.freedesktop.systemd1.Unit", properties);
        unit.call::<_, ()>(&manager.1, "UpdateProperties", &changed).unwrap();
    };
    becomes("active");
    // The command itself fails: nobody but the manager may have run it.
    let locked = DesktopLocker::new(params(&desktop, &["false"])).lock(&|_| {}).unwrap();
    assert_eq!(locked, Locked::Unverified("false".to_owned()));
    becomes("failed");
    let failure = DesktopLocker::new(params(&desktop, &["false"])).lock(&|_| {}).unwrap_err();
    assert!(failure.to_string().contains("false: exit status: 1"), "{failure}");
}

const SYSTEMD: &str = "org.freedesktop.systemd1";

/// A mock of the user's service manager; every unit that it starts is the one at /unit.
fn service_manager(desktop: &TestDesktop) -> (Mock, Connection) {
    let (path, interface) = ("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager");
    let (mock, link) = mock_object(desktop, SYSTEMD, path, interface);
    let manager = Object::new(SYSTEMD, path, "org.freedesktop.DBus.Mock");
    for (method, takes, gives, code) in [
        ("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", "ret = dbus.ObjectPath('/job')"),
        ("GetUnit", "s", "o", "ret = dbus.ObjectPath('/unit')"),
        ("ResetFailedUnit", "s", "", ""),
    ] {
        let added = (interface, method, takes, gives, code);
        manager.call::<_, ()>(&link, "AddMethod", &added).unwrap();
    }
    let properties = HashMap::from([("ActiveState", Value::from("active"))]);
    let methods: Vec<(&str, &str, &str, &str)> = Vec::new();
    let unit = ("/unit", "org.freedesktop.systemd1.Unit", properties, methods);
    manager.call::<_, ()>(&link, "AddObject", &unit).unwrap();
    (mock, link)
}

#[test]
fn i3lock_has_not_locked_while_a_menu_holds_the_keyboard() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let menu = Grab::hold(&desktop);
    let locker = ["i3lock", "-n", "-c", "000000"];
    let patience = Duration::from_secs(10);
    let mut locker =
        DesktopLocker::new(DesktopLockerParams { patience, ..params(&desktop, &locker) });
    let failure = locker.lock(&|_| {}).unwrap_err();
    assert!(failure.to_string().contains("i3lock: exit status: 1"), "{failure}");
    drop(menu);
}

/// The pointer and the keyboard, held as an open menu does.
struct Grab(
    #[allow(dead_code, reason = "held for its drop")] x11rb::rust_connection::RustConnection,
);

impl Grab {
    fn hold(desktop: &TestDesktop) -> Self {
        use x11rb::connection::Connection as _;
        use x11rb::protocol::xproto::{ConnectionExt as _, EventMask, GrabMode, GrabStatus};
        let (x, screen) = x11rb::connect(Some(desktop.display())).unwrap();
        let root = x.setup().roots[screen].root;
        let (none, way) = (0_u32, GrabMode::ASYNC);
        let grab = x.grab_keyboard(false, root, none, way, way).unwrap().reply().unwrap();
        assert_eq!(grab.status, GrabStatus::SUCCESS);
        let events = EventMask::NO_EVENT;
        let pointer = x.grab_pointer(false, root, events, way, way, none, none, none);
        assert_eq!(pointer.unwrap().reply().unwrap().status, GrabStatus::SUCCESS);
        Self(x)
    }
}

#[test]
fn a_locker_that_cannot_be_run_is_known_before_it_is_needed() {
    let nowhere = Bus::At("unix:path=/nonexistent/bus".to_owned());
    let (system_bus, session_bus) = (nowhere.clone(), nowhere);
    let params = |program: &str| DesktopLockerParams {
        system_bus: system_bus.clone(),
        session_bus: session_bus.clone(),
        command: vec![program.to_owned()],
        environment: Vec::new(),
        patience: Duration::ZERO,
    };
    assert!(DesktopLocker::new(params("i3lok")).fault().unwrap().contains("i3lok"));
    assert_eq!(DesktopLocker::new(params("sh")).fault(), None);
}

#[test]
fn a_real_locker_as_the_command_holds_the_display() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let locked =
        DesktopLocker::new(params(&desktop, &["i3lock", "-n", "-c", "000000"])).lock(&|_| {});
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
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
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
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
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
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
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
fn a_bus_that_does_not_answer_costs_the_watch_no_more_than_its_patience() {
    let folder = tempfile::tempdir().unwrap();
    let (_silent, bus) = silent_bus(folder.path(), "bus");
    let (sender, _signals) = unbounded();
    let begun = Instant::now();
    let watch = SessionWatch::seek(&bus, sender, Some(Duration::from_millis(200))).unwrap();
    assert!(!watch.is_up());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn where_there_is_no_logind_the_watch_is_absent() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let (sender, _signals) = unbounded();
    assert!(SessionWatch::start(&bus_of(&desktop), sender.clone()).is_none());
    let nowhere = Bus::At("unix:path=/nonexistent/bus".to_owned());
    assert!(SessionWatch::start(&nowhere, sender).is_none());
}
