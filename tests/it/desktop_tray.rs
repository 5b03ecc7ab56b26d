//! The real agent on a private session bus, as its tray and its callers see it.
#![cfg(all(target_os = "linux", feature = "tray", feature = "history"))]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::hand;
use crate::sample_model;
use mousewarden::agent::event::Event;
use mousewarden::agent::history::History;
use mousewarden::platform::bus::{Bus, Object, has_owner};
use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};
use zbus::blocking::{Connection, connection};
use zbus::interface;
use zbus::zvariant::{OwnedValue, Value};

const PATIENCE: Duration = Duration::from_secs(60);
const AGENT: &str = "org.mousewarden.Agent1";

/// A tray that only takes note of its icons.
#[derive(Default, Clone)]
struct Tray(Arc<Mutex<Vec<String>>>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Tray {
    fn register_status_notifier_item(&self, service: String) {
        self.0.lock().unwrap().push(service);
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Tray {
    fn start(desktop: &TestDesktop) -> (Self, Connection) {
        let tray = Self::default();
        let link = connection::Builder::address(desktop.bus_address())
            .unwrap()
            .serve_at("/StatusNotifierWatcher", tray.clone())
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .build()
            .unwrap();
        (tray, link)
    }
}

struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn path(desktop: &TestDesktop, name: &str) -> PathBuf {
    desktop.folder().join(name)
}

fn command(desktop: &TestDesktop, arguments: &[&str]) -> Command {
    let mut command = desktop.command(env!("CARGO_BIN_EXE_mousewarden"));
    command.args(arguments).env("MOUSEWARDEN_DATA", path(desktop, "data"));
    command.env("HOME", desktop.folder()).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn agent(desktop: &TestDesktop) -> Agent {
    fs::create_dir(path(desktop, "data")).unwrap();
    sample_model::bundle([16, 16], 7).write(&path(desktop, "data/owner.onnx")).unwrap();
    let recording = path(desktop, "hand.csv");
    hand::record(&recording, 60_000);
    Agent(command(desktop, &["run", "--source", recording.to_str().unwrap()]).spawn().unwrap())
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: waited in vain");
        std::thread::yield_now();
    }
}

/// Presses the row of the icon's menu that begins with this word.
fn press(link: &Connection, service: &str, word: &str) {
    let menu = Object::new(service, "/MenuBar", "com.canonical.dbusmenu");
    let nothing: Vec<String> = Vec::new();
    type Item = (i32, std::collections::HashMap<String, OwnedValue>, Vec<OwnedValue>);
    let (_, layout): (u32, Item) = menu.call(link, "GetLayout", &(0, -1, nothing)).unwrap();
    let mut rows = layout.2.into_iter().map(|row| Item::try_from(row).unwrap());
    let label = |row: &Item| row.1.get("label").map(|l| String::try_from(l.clone()).unwrap());
    let row = rows.find(|row| label(row).is_some_and(|label| label.starts_with(word))).unwrap();
    let pressed = (row.0, "clicked", Value::from(0), 0_u32);
    // Who is asked to end may be gone before it answers.
    let _ = menu.call::<_, ()>(link, "Event", &pressed);
}

#[test]
fn the_icon_shows_what_the_agent_does_and_its_menu_pauses_it() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let (tray, link) = Tray::start(&desktop);
    let _agent = agent(&desktop);
    eventually("the icon", || !tray.0.lock().unwrap().is_empty());
    let service = tray.0.lock().unwrap()[0].clone();
    let item = Object::new(&service, "/StatusNotifierItem", "org.kde.StatusNotifierItem");
    let icon = || String::try_from(item.property(&link, "IconName").unwrap()).unwrap();
    assert_eq!(icon(), "security-high");

    press(&link, &service, "Pause");
    eventually("the pause", || icon() == "media-playback-pause");
    assert!(command(&desktop, &["resume"]).status().unwrap().success());
    eventually("the end of the pause", || icon() == "security-high");
}

#[test]
fn an_enrolment_has_an_icon_of_its_own_that_can_stop_it() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let (tray, link) = Tray::start(&desktop);
    let mut enrolment = Agent(command(&desktop, &["enroll", "--record-only"]).spawn().unwrap());
    eventually("the icon", || !tray.0.lock().unwrap().is_empty());
    let service = tray.0.lock().unwrap()[0].clone();
    let item = Object::new(&service, "/StatusNotifierItem", "org.kde.StatusNotifierItem");
    let property = |name| String::try_from(item.property(&link, name).unwrap()).unwrap();
    assert_eq!([property("IconName"), property("Status")], ["media-record", "Active"]);
    assert!(!has_owner(&link, AGENT), "an enrolment is no agent");
    press(&link, &service, "Stop for now");
    eventually("its end", || enrolment.0.try_wait().unwrap().is_some());
    assert!(enrolment.0.wait().unwrap().success());
}

#[test]
fn without_a_tray_the_agent_watches_and_answers_on_the_bus() {
    let desktop = TestDesktop::start(&TestDesktopPlan::bare()).unwrap();
    let mut agent = agent(&desktop);
    let link = Bus::At(desktop.bus_address().to_owned()).connect().unwrap();
    eventually("the agent on the bus", || has_owner(&link, AGENT));
    let object = Object::new(AGENT, "/org/mousewarden/Agent1", AGENT);
    let status: String = object.call(&link, "Status", &()).unwrap();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["pid"], agent.0.id());
    object.call::<_, ()>(&link, "Stop", &()).unwrap();
    eventually("its end", || agent.0.try_wait().unwrap().is_some());
    assert!(agent.0.wait().unwrap().success());
    let history = History::open(&path(&desktop, "data/history.db")).unwrap().since(0).unwrap();
    let last = &history.last().unwrap().event;
    assert!(matches!(last, Event::Stopped { why } if why == "asked to stop"), "{last:?}");
}
