//! A mock of logind with one graphical session of this user, on a test desktop's bus: what a real one would
//! tell of locks, seats and sleep is told by it. Locks nothing and sends nobody to sleep.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::collections::HashMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mousewarden::platform::bus::{Bus, Object, has_owner};
use mousewarden_rig::desktop::TestDesktop;
use zbus::blocking::Connection;
use zbus::zvariant::Value;

const PATIENCE: Duration = Duration::from_secs(20);
const MOCK: &str = "org.freedesktop.DBus.Mock";
const LOGIND: &str = "org.freedesktop.login1";
const MANAGER: &str = "/org/freedesktop/login1";
const SESSION: &str = "/org/freedesktop/login1/session/c1";

/// A mock service, ended with the test.
pub struct Mock(Child);

impl Mock {
    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The bus of a test desktop.
pub fn bus_of(desktop: &TestDesktop) -> Bus {
    Bus::At(desktop.bus_address().to_owned())
}

/// Starts a template of python-dbusmock and waits until it has its name on the bus.
///
/// # Panics
/// When it does not come up.
pub fn mock(desktop: &TestDesktop, template: &str, bus: &str, name: &str) -> (Mock, Connection) {
    start(desktop, &[bus, "--template", template], name)
}

/// Starts an object of python-dbusmock that does nothing yet, on the session bus.
///
/// # Panics
/// When it does not come up.
pub fn mock_object(
    desktop: &TestDesktop,
    name: &str,
    path: &str,
    interface: &str,
) -> (Mock, Connection) {
    start(desktop, &["--session", name, path, interface], name)
}

fn start(desktop: &TestDesktop, arguments: &[&str], name: &str) -> (Mock, Connection) {
    let python = desktop
        .command("/usr/bin/python3")
        .env("DBUS_SYSTEM_BUS_ADDRESS", desktop.bus_address())
        .args(["-m", "dbusmock"])
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mock = Mock(python);
    let link = bus_of(desktop).connect().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !has_owner(&link, name) {
        assert!(Instant::now() < deadline, "apt-get install python3-dbusmock");
        std::thread::sleep(Duration::from_millis(10));
    }
    (mock, link)
}

/// The mock, and a line to it.
pub struct Logind {
    pub link: Connection,
    mock: Mock,
}

impl Logind {
    /// With one session, which is in front and unlocked.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(desktop: &TestDesktop) -> Self {
        let (mock, link) = mock(desktop, "logind", "--system", LOGIND);
        let user = rustix::process::getuid().as_raw();
        let manager = Object::new(LOGIND, MANAGER, MOCK);
        let added = ("c1", "seat0", user, "somebody", true);
        let _: String = manager.call(&link, "AddSession", &added).unwrap();
        update(&link, "Type", Value::from("x11"));
        Self { link, mock }
    }

    /// Answers nothing any more.
    ///
    /// # Panics
    /// When it is gone.
    pub fn hangs(&self) {
        self.mock.signal("STOP");
    }

    /// Says that the screen was locked or unlocked.
    pub fn locked(&self, locked: bool) {
        update(&self.link, "LockedHint", Value::from(locked));
    }

    /// Says that the session lost its seat or has it back, as when another terminal is switched to.
    pub fn active(&self, active: bool) {
        update(&self.link, "Active", Value::from(active));
    }

    /// Makes it a session that has begun now, let in by this service of PAM.
    pub fn begins_now(&self, service: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
        update(&self.link, "Timestamp", Value::from(now));
        update(&self.link, "Service", Value::from(service));
    }

    /// Says that the machine is about to sleep, or has woken.
    ///
    /// # Panics
    /// When the mock is gone.
    pub fn sleeps(&self, begins: bool) {
        let manager = Object::new(LOGIND, MANAGER, MOCK);
        let arguments = vec![Value::from(begins)];
        let sleep = ("org.freedesktop.login1.Manager", "PrepareForSleep", "b", arguments);
        manager.call::<_, ()>(&self.link, "EmitSignal", &sleep).unwrap();
    }
}

/// Changes a property of the session and tells of it.
///
/// # Panics
/// When the mock is gone.
pub fn update(link: &Connection, name: &str, value: Value<'_>) {
    let session = Object::new(LOGIND, SESSION, MOCK);
    let properties = HashMap::from([(name, value)]);
    let interface = "org.freedesktop.login1.Session";
    session.call::<_, ()>(link, "UpdateProperties", &(interface, properties)).unwrap();
}
