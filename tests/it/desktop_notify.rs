//! Notifications on a real bus with real servers, and with those that hang or die. Each test runs
//! in a process of its own, because a notifier speaks to the bus that its environment names.
#![cfg(target_os = "linux")]

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::alone::alone_with;
use crossbeam_channel::{Receiver, bounded};
use mousewarden::error::FailureKind;
use mousewarden::pipeline::{Button, MouseEvent, MouseKind, Timestamp};
use mousewarden::platform::notify::linux::DesktopNotifier;
use mousewarden::platform::{Notice, NoticeAnswer, Notifier};
use mousewarden_rig::desktop::{NotificationServer, TestDesktop, TestDesktopPlan};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, MapState};
use zbus::blocking::connection;

const PATIENCE: Duration = Duration::from_secs(20);

/// Where the child that does one test has its session bus.
const SESSION_BUS: &str = "MOUSEWARDEN_TEST_BUS";

fn notice(body: &str) -> Notice {
    Notice {
        summary: "Is this you at the mouse?".to_owned(),
        body: body.to_owned(),
        ask: true,
        urgent: true,
    }
}

fn notifier() -> (DesktopNotifier, Receiver<NoticeAnswer>) {
    let (sender, answers) = bounded(8);
    (DesktopNotifier::new(sender), answers)
}

/// True in a process of its own, whose session bus is expected at [`session_bus`].
fn alone_on_a_bus(test: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let bus = folder.path().join("bus");
    alone_with(&format!("desktop_notify::{test}"), |command| {
        let address = format!("unix:path={}", bus.display());
        command.env("DBUS_SESSION_BUS_ADDRESS", address).env(SESSION_BUS, &bus);
    })
}

/// As long as an alarm's words get.
const LONGEST: &str = "For the last 28 s the mouse has moved shorter at a time than you move it. If it was not you, \
    lock the screen.";

/// Where the session's bus is expected, in the process of one test.
fn session_bus() -> Option<PathBuf> {
    std::env::var_os(SESSION_BUS).map(PathBuf::from)
}

/// A desktop whose bus is this process's session bus.
fn raise(plan: &TestDesktopPlan) -> TestDesktop {
    let desktop = TestDesktop::start(plan).unwrap();
    let link = session_bus().unwrap();
    let socket = desktop.bus_address().trim_start_matches("unix:path=");
    let _ = std::fs::remove_file(&link);
    symlink(socket.split(',').next().unwrap(), link).unwrap();
    desktop
}

fn desktop_with(server: NotificationServer) -> TestDesktop {
    assert!(
        server.program().is_some(),
        "this test needs {0}: apt-get install {0}",
        server.package()
    );
    raise(&TestDesktopPlan { notifications: vec![server], ..TestDesktopPlan::default() })
}

/// Where `MOUSEWARDEN_PICTURES` says, if it does, for a person to look at.
fn picture(desktop: &TestDesktop, name: &str) {
    let Some(folder) = std::env::var_os("MOUSEWARDEN_PICTURES") else { return };
    std::thread::sleep(Duration::from_secs(1));
    let file = std::path::Path::new(&folder).join(name).with_extension("png");
    let taken = desktop.command("import").args(["-window", "root"]).arg(file).status();
    assert!(taken.is_ok_and(|status| status.success()));
}

#[test]
fn dunst_shows_the_notice_and_replaces_it() {
    if alone_on_a_bus("dunst_shows_the_notice_and_replaces_it") {
        shows_and_replaces(NotificationServer::Dunst);
    }
}

#[test]
fn xfce_shows_the_notice_and_replaces_it() {
    if alone_on_a_bus("xfce_shows_the_notice_and_replaces_it") {
        shows_and_replaces(NotificationServer::Xfce);
    }
}

#[test]
#[ignore = "needs notification-daemon"]
fn notification_daemon_shows_the_notice_and_replaces_it() {
    if alone_on_a_bus("notification_daemon_shows_the_notice_and_replaces_it") {
        shows_and_replaces(NotificationServer::NotificationDaemon);
    }
}

fn shows_and_replaces(server: NotificationServer) {
    let desktop = desktop_with(server);
    let (mut notifier, _answers) = notifier();
    notifier.notify(&notice(LONGEST)).unwrap();
    picture(&desktop, server.package());
    notifier.notify(&notice("Still: 3 < 5 & <b>bold</b>.")).unwrap();
    let second = |shown: &mousewarden_rig::desktop::Shown| {
        shown.body.starts_with("Still") && shown.id.is_some()
    };
    let second = desktop.notifications().wait_for(PATIENCE, second).unwrap();
    let first = desktop.notifications().all().into_iter().next().unwrap();
    assert_eq!(Some(second.replaces), first.id);
    assert_eq!(second.id, first.id);
    assert_eq!((second.urgency, second.timeout_ms), (Some(2), 0));
    assert_eq!(second.actions, ["it-was-me", "It was me (password)", "lock-now", "Lock now"]);
    assert_eq!(second.body, "Still: 3 &lt; 5 &amp; &lt;b&gt;bold&lt;/b&gt;.");
    picture(&desktop, &format!("{}-replaced", server.package()));
}

#[test]
fn a_notice_that_is_withdrawn_is_gone_and_the_next_is_a_new_one() {
    if !alone_on_a_bus("a_notice_that_is_withdrawn_is_gone_and_the_next_is_a_new_one") {
        return;
    }
    let desktop = desktop_with(NotificationServer::Dunst);
    let (mut notifier, answers) = notifier();
    notifier.withdraw();
    notifier.notify(&notice("one")).unwrap();
    notifier.withdraw();
    let count = desktop.command("dunstctl").args(["count", "displayed"]).output();
    if let Ok(count) = count.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    {
        assert!(count.is_empty() || count == "0", "{count} are shown");
    }
    assert!(answers.is_empty(), "nobody answered");
    notifier.notify(&notice("two")).unwrap();
    let shown = desktop.notifications().wait_for(PATIENCE, |shown| shown.body == "two").unwrap();
    assert_eq!(shown.replaces, 0);
}

#[test]
fn a_server_that_comes_back_shows_the_next_notice_as_a_new_one() {
    if !alone_on_a_bus("a_server_that_comes_back_shows_the_next_notice_as_a_new_one") {
        return;
    }
    let mut desktop = desktop_with(NotificationServer::Dunst);
    let (mut notifier, _answers) = notifier();
    notifier.notify(&notice("one")).unwrap();
    desktop.crash_notifications();
    let deadline = Instant::now() + PATIENCE;
    let failure = loop {
        assert!(Instant::now() < deadline);
        match notifier.notify(&notice("nobody")) {
            Ok(()) => {}
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    desktop.start_notifications(&[NotificationServer::Dunst]).unwrap();
    notifier.notify(&notice("two")).unwrap();
    let shown = desktop.notifications().wait_for(PATIENCE, |shown| shown.body == "two").unwrap();
    assert_eq!(shown.replaces, 0);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    if !alone_on_a_bus("a_server_that_never_answers_is_given_up") {
        return;
    }
    let mut desktop = raise(&TestDesktopPlan::bare());
    let silent = connection::Builder::address(desktop.bus_address()).unwrap().build().unwrap();
    silent.request_name("org.freedesktop.Notifications").unwrap();
    let (mut notifier, _answers) = notifier();
    // More often than threads may hang.
    for _ in 0..4 {
        let failure = notifier.notify(&notice("is anybody there?")).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unavailable);
        assert!(failure.to_string().contains("does not answer"), "{failure}");
    }
    assert!(threads_called("notifications") <= 2);
    drop(silent);
    desktop.start_notifications(&[NotificationServer::Dunst]).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while let Err(failure) = notifier.notify(&notice("somebody is")) {
        assert!(Instant::now() < deadline, "{failure}");
    }
}

fn threads_called(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|found| found.trim() == name).count()
}

#[test]
fn no_bus_is_told_with_a_remedy() {
    if !alone_on_a_bus("no_bus_is_told_with_a_remedy") {
        return;
    }
    let (mut notifier, _answers) = notifier();
    let failure = notifier.notify(&notice("nobody")).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert!(failure.to_string().contains("desktop session"), "{failure}");
}

#[test]
fn closing_the_notice_is_an_answer_and_comes_once() {
    if !alone_on_a_bus("closing_the_notice_is_an_answer_and_comes_once") {
        return;
    }
    let desktop = desktop_with(NotificationServer::Dunst);
    let (mut notifier, answers) = notifier();
    notifier.notify(&notice("close me")).unwrap();
    let id = desktop.notifications().wait_for(PATIENCE, |shown| shown.id.is_some()).unwrap().id;
    let closed = gdbus(&desktop, "CloseNotification", &[&id.unwrap().to_string()]);
    assert!(closed);
    assert_eq!(answers.recv_timeout(PATIENCE), Ok(NoticeAnswer::Dismissed));
    notifier.notify(&Notice { ask: false, ..notice("nothing to answer") }).unwrap();
    assert!(answers.is_empty());
}

fn gdbus(desktop: &TestDesktop, method: &str, arguments: &[&str]) -> bool {
    let mut command: Command = desktop.command("gdbus");
    command
        .args(["call", "--session", "--dest", "org.freedesktop.Notifications"])
        .args(["--object-path", "/org/freedesktop/Notifications", "--method"])
        .arg(format!("org.freedesktop.Notifications.{method}"))
        .args(arguments)
        .stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn a_button_that_xfce_draws_is_the_answer() {
    if alone_on_a_bus("a_button_that_xfce_draws_is_the_answer") {
        buttons_answer(NotificationServer::Xfce);
    }
}

#[test]
#[ignore = "needs notification-daemon"]
fn a_button_that_notification_daemon_draws_is_the_answer() {
    if alone_on_a_bus("a_button_that_notification_daemon_draws_is_the_answer") {
        buttons_answer(NotificationServer::NotificationDaemon);
    }
}

fn buttons_answer(server: NotificationServer) {
    let desktop = desktop_with(server);
    let (mut notifier, answers) = notifier();
    notifier.notify(&notice("to be replaced")).unwrap();
    // Pixels left of the window's right edge; each server draws "It was me" left of "Lock now".
    assert!(press(&desktop, &mut notifier, &answers, NoticeAnswer::ItWasMe, [165.0, 150.0, 180.0]));
    assert!(press(&desktop, &mut notifier, &answers, NoticeAnswer::LockNow, [80.0, 65.0, 95.0]));
}

/// Presses at these places of a notice until the wanted answer comes; another answer than that
/// and than a dismissal, by a press beside the button, is a failure.
fn press(
    desktop: &TestDesktop,
    notifier: &mut DesktopNotifier,
    answers: &Receiver<NoticeAnswer>,
    wanted: NoticeAnswer,
    places: [f64; 3],
) -> bool {
    let mut hand = desktop.player().unwrap();
    for place in places.into_iter().cycle().take(12) {
        notifier.notify(&notice("press me")).unwrap();
        let (x, y, width, height) = window(desktop);
        let (x, y) = (x + width - place, y + height - 34.0);
        for kind in
            [MouseKind::Move, MouseKind::Press(Button::Left), MouseKind::Release(Button::Left)]
        {
            hand.act(&MouseEvent { at: Timestamp::from_micros(0), x, y, kind }).unwrap();
        }
        match answers.recv_timeout(Duration::from_secs(2)) {
            Ok(answer) if answer == wanted => return true,
            Ok(NoticeAnswer::Dismissed) | Err(_) => {}
            Ok(other) => assert_eq!(other, wanted),
        }
    }
    false
}

/// Left, top, width and height of the notice on the screen, once it is in its corner and has
/// grown by its buttons.
fn window(desktop: &TestDesktop) -> (f64, f64, f64, f64) {
    let (x, screen) = x11rb::connect(Some(desktop.display())).unwrap();
    let root = x.setup().roots[screen].root;
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "no window");
        for window in x.query_tree(root).unwrap().reply().unwrap().children {
            let Ok(looks) = x.get_window_attributes(window).unwrap().reply() else { continue };
            let Ok(place) = x.get_geometry(window).unwrap().reply() else { continue };
            if looks.map_state == MapState::VIEWABLE && place.height > 100 && place.x > 0 {
                let (left, top) = (f64::from(place.x), f64::from(place.y));
                return (left, top, f64::from(place.width), f64::from(place.height));
            }
        }
    }
}
