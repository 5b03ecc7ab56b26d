//! The test desktop itself: a real X server, bus and notification server come up, hear, and go
//! away.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use mousewarden::pipeline::{MouseEvent, MouseKind, Timestamp};
use mousewarden::platform::clock;
use mousewarden_rig::desktop::{NotificationServer, TestDesktop, TestDesktopPlan};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::ConnectionExt;

const PATIENCE: Duration = Duration::from_secs(20);

fn notify_by_hand(desktop: &TestDesktop) {
    let sent: ExitStatus = desktop
        .command("gdbus")
        .args(["call", "--session", "--dest", "org.freedesktop.Notifications"])
        .args(["--object-path", "/org/freedesktop/Notifications"])
        .args(["--method", "org.freedesktop.Notifications.Notify"])
        .args(["by hand", "0", "", "Headline", "Text", "[]", "{'urgency': <byte 2>}", "5000"])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn every_installed_server_shows_a_notification_and_the_log_has_it() {
    for server in NotificationServer::ALL {
        if server.program().is_none() {
            eprintln!("{server:?} is not installed");
            continue;
        }
        let plan = TestDesktopPlan { notifications: vec![server], ..TestDesktopPlan::default() };
        let desktop = TestDesktop::start(&plan).unwrap();
        assert_eq!(desktop.notification_server(), Some(server));
        notify_by_hand(&desktop);
        let shown = desktop.notifications().wait_for(PATIENCE, |shown| shown.id.is_some()).unwrap();
        assert_eq!((shown.app.as_str(), shown.summary.as_str()), ("by hand", "Headline"));
        assert_eq!((shown.body.as_str(), shown.urgency), ("Text", Some(2)));
    }
}

#[test]
fn the_player_moves_the_pointer_at_its_moments() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let events: Vec<_> = (0..5)
        .map(|i| MouseEvent {
            at: Timestamp::from_millis(8 * i),
            kind: MouseKind::Move,
            x: 100.0 + i as f64,
            y: 200.0,
        })
        .collect();
    let before = clock::now();
    let handed = desktop.player().unwrap().play(&events).unwrap();
    assert!(handed.iter().zip(&events).all(|(h, e)| *h - before >= e.at - events[0].at));
    let (x, screen) = x11rb::connect(Some(desktop.display())).unwrap();
    let pointer = x.query_pointer(x.setup().roots[screen].root).unwrap().reply().unwrap();
    assert_eq!((pointer.root_x, pointer.root_y), (104, 200));
}

#[test]
fn nothing_is_left_when_the_desktop_goes_even_by_panic() {
    let (folder, display) = std::panic::catch_unwind(|| {
        let desktop = TestDesktop::start(&TestDesktopPlan::default()).unwrap();
        let left = (desktop.folder().to_owned(), desktop.display().to_owned());
        std::panic::resume_unwind(Box::new(left));
    })
    .map(|(): ()| unreachable!())
    .unwrap_err()
    .downcast::<(std::path::PathBuf, String)>()
    .map(|left| *left)
    .unwrap();
    assert!(!folder.exists());
    assert!(!Path::new(&format!("/tmp/.X11-unix/X{}", display.trim_start_matches(':'))).exists());
}
