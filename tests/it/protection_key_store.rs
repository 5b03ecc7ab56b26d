//! The key of sealed files on a session bus of its own: a Secret Service that keeps it, one that is
//! locked, one that accepts and says nothing, and none; with the real program.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mousewarden::sealing::is_sealed;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::{hand, sample_model};

/// Nothing takes longer, whatever else the machine does.
const PATIENCE: Duration = Duration::from_secs(60);
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const SESSION: &str = "/org/freedesktop/secrets/session/1";
const ITEM: &str = "/org/freedesktop/secrets/collection/login/1";

/// What the store holds, by the name of each key.
#[derive(Debug, Clone, Default)]
struct Contents(Arc<Mutex<Held>>);

/// Secrets by their keys' names, and whether the store is locked.
type Held = (HashMap<String, Vec<u8>>, bool);

impl Contents {
    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }

    fn keys(&self) -> Vec<String> {
        self.lock().0.keys().cloned().collect()
    }
}

fn path(text: &str) -> OwnedObjectPath {
    ObjectPath::try_from(text.to_owned()).unwrap().into()
}

/// The item of a key, and back.
fn item(key: &str) -> OwnedObjectPath {
    path(&format!("{ITEM}/k{key}"))
}

struct Service(Contents);

/// Session, parameters, secret, type of its content.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    fn open_session(&self, _algorithm: &str, _input: Value<'_>) -> (OwnedValue, OwnedObjectPath) {
        (OwnedValue::try_from(Value::from("")).unwrap(), path(SESSION))
    }

    fn search_items(
        &self,
        attributes: HashMap<String, String>,
    ) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        let contents = self.0.lock();
        let key = &attributes["key"];
        let found: Vec<_> = contents.0.contains_key(key).then(|| item(key)).into_iter().collect();
        if contents.1 { (Vec::new(), found) } else { (found, Vec::new()) }
    }

    fn get_secrets(
        &self,
        items: Vec<OwnedObjectPath>,
        session: OwnedObjectPath,
    ) -> HashMap<OwnedObjectPath, Secret> {
        let contents = self.0.lock();
        let secret = |path: OwnedObjectPath| {
            let (_, secret) = contents.0.iter().find(|(key, _)| item(key) == path)?;
            Some((path, (session.clone(), Vec::new(), secret.clone(), "text/plain".into())))
        };
        items.into_iter().filter_map(secret).collect()
    }

    fn read_alias(&self, _name: &str) -> OwnedObjectPath {
        path(COLLECTION)
    }
}

struct Collection(Contents);

#[zbus::interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    #[zbus(property)]
    fn locked(&self) -> bool {
        self.0.lock().1
    }

    async fn create_item(
        &self,
        properties: HashMap<String, OwnedValue>,
        secret: Secret,
        _replace: bool,
        #[zbus(object_server)] server: &zbus::ObjectServer,
    ) -> (OwnedObjectPath, OwnedObjectPath) {
        let attributes = &properties["org.freedesktop.Secret.Item.Attributes"];
        let attributes = HashMap::<String, String>::try_from(attributes.clone()).unwrap();
        let key = attributes["key"].clone();
        server.at(item(&key), Item(self.0.clone(), key.clone())).await.unwrap();
        self.0.lock().0.insert(key.clone(), secret.2);
        (item(&key), path("/"))
    }
}

struct Item(Contents, String);

#[zbus::interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    fn delete(&self) -> OwnedObjectPath {
        self.0.lock().0.remove(&self.1);
        path("/")
    }
}

/// A notification server that keeps what it is asked to show.
#[derive(Clone, Default)]
struct Notices(Arc<Mutex<Vec<String>>>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notices {
    #[allow(clippy::too_many_arguments)]
    fn notify(
        &self,
        _application: &str,
        _replaces: u32,
        _icon: &str,
        summary: &str,
        body: &str,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        let mut shown = self.0.lock().unwrap();
        shown.push(format!("{summary}: {body}"));
        u32::try_from(shown.len()).unwrap()
    }

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".into()]
    }
}

/// A session bus of its own.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--session", "--nofork", "--print-address"]);
        // Nothing that the machine has installed is started on it.
        daemon.env("XDG_DATA_DIRS", "/nonexistent").env("XDG_DATA_HOME", "/nonexistent");
        let mut daemon = daemon.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned() }
    }

    /// A notification server.
    fn serve_notices(&self, notices: &Notices) -> Connection {
        Builder::address(self.address.as_str())
            .unwrap()
            .serve_at("/org/freedesktop/Notifications", notices.clone())
            .unwrap()
            .name("org.freedesktop.Notifications")
            .unwrap()
            .build()
            .unwrap()
    }

    /// A Secret Service that holds this.
    fn serve(&self, contents: &Contents) -> Connection {
        let root = "/org/freedesktop/secrets";
        Builder::address(self.address.as_str())
            .unwrap()
            .serve_at(root, Service(contents.clone()))
            .unwrap()
            .serve_at(COLLECTION, Collection(contents.clone()))
            .unwrap()
            .name("org.freedesktop.secrets")
            .unwrap()
            .build()
            .unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// A user with everything at its usual place.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for folder in [".local/share/mousewarden", ".config/mousewarden", "run"] {
            fs::create_dir_all(home.path(folder)).unwrap();
        }
        sample_model::conv_bundle(&[(3, 4)], 1).write(&home.model()).unwrap();
        let text = "[decision]\nmax_action = \"log\"\n[model]\nbackend = \"builtin\"\n";
        fs::write(home.path(".config/mousewarden/config.toml"), text).unwrap();
        hand::record(&home.path("hand.csv"), 500);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn model(&self) -> PathBuf {
        self.path(".local/share/mousewarden/owner.onnx")
    }

    fn key_files(&self) -> usize {
        let folder = self.path(".local/state/mousewarden/keys");
        fs::read_dir(folder).map_or(0, |files| files.count())
    }

    fn command(&self, bus: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("HOME", self.0.path()).env("XDG_RUNTIME_DIR", self.path("run"));
        command.env("DBUS_SESSION_BUS_ADDRESS", bus);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent");
        command.stdin(Stdio::null());
        command
    }

    fn call(&self, bus: &str, arguments: &[&str]) -> Output {
        self.command(bus, arguments).output().unwrap()
    }

    /// The agent as a service manager starts it, which listens at the socket.
    fn start(&self, bus: &str) -> Started {
        let place = self.path("notify");
        let _ = fs::remove_file(&place);
        let manager = UnixDatagram::bind(&place).unwrap();
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut agent = self.command(bus, &[]);
        agent.env("NOTIFY_SOCKET", &place).env("WATCHDOG_USEC", "3000000");
        let agent = agent.stderr(Stdio::null()).spawn().unwrap();
        Started { agent, manager }
    }

    fn says(&self, bus: &str, arguments: &[&str]) -> String {
        crate::program::said(self.call(bus, arguments))
    }

    fn watch(&self, bus: &str) -> Output {
        self.call(bus, &["run", "--fast", "--source", self.path("hand.csv").to_str().unwrap()])
    }

    fn inspect(&self, bus: &str) -> (Option<i32>, String) {
        let output = self.call(bus, &["inspect", self.model().to_str().unwrap()]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn is_sealed(&self) -> bool {
        is_sealed(&fs::read(self.model()).unwrap())
    }
}

/// The agent as a service, and what its manager hears.
struct Started {
    agent: Child,
    manager: UnixDatagram,
}

impl Started {
    fn hears(&self) -> String {
        let mut word = [0; 256];
        let length = self.manager.recv(&mut word).unwrap();
        String::from_utf8_lossy(&word[..length]).into_owned()
    }

    fn hears_of_waiting(&self) {
        assert_eq!(self.hears(), "READY=1");
        assert_eq!(self.hears(), "STATUS=waiting for the key store");
    }

    fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(ended) = self.agent.try_wait().unwrap() {
                return ended;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

/// A user whose key lies in an open key store.
fn with_key_store() -> (Bus, Contents, Home, Connection) {
    let bus = Bus::start();
    let contents = Contents::default();
    let home = Home::new();
    let service = bus.serve(&contents);
    crate::program::said(home.watch(&bus.address));
    (bus, contents, home, service)
}

#[test]
fn an_open_key_store_keeps_the_key_and_gives_it_back_until_everything_is_purged() {
    let (bus, contents, home, _service) = with_key_store();
    assert!(home.is_sealed());
    assert_eq!((contents.keys().len(), home.key_files()), (1, 0));
    assert_eq!(home.inspect(&bus.address).0, Some(0));
    let doctor = String::from_utf8(home.call(&bus.address, &["doctor"]).stdout).unwrap();
    assert!(doctor.contains("in the desktop's key store"), "{doctor}");
    home.says(&bus.address, &["purge", "everything", "--yes"]);
    assert!(contents.keys().is_empty());
    assert!(!home.path(".local/share/mousewarden/key.json").exists());
}

#[test]
fn a_locked_store_is_said_and_nothing_is_put_aside_or_made_anew() {
    let (bus, contents, home, _service) = with_key_store();
    contents.lock().1 = true;
    let (code, said) = home.inspect(&bus.address);
    assert!(code == Some(69) && said.contains("locked") && said.contains("Unlock"), "{said}");
    let output = home.watch(&bus.address);
    assert_eq!(output.status.code(), Some(69));
    let source = home.path("hand.csv");
    let enrol = ["enroll", "--record-only", "--source", source.to_str().unwrap()];
    assert_eq!(home.call(&bus.address, &enrol).status.code(), Some(69));
    assert_eq!((contents.keys().len(), home.key_files()), (1, 0));
    contents.lock().1 = false;
    assert_eq!(home.inspect(&bus.address).0, Some(0));
    // Without its service nothing opens either, and it says which remedy there is.
    let (code, said) = home.inspect("unix:path=/nonexistent");
    assert!(code == Some(69) && said.contains("--enroll --again"), "{said}");
}

#[test]
fn a_service_waits_for_a_locked_store_says_so_once_and_goes_on_when_it_opens() {
    let (bus, contents, home, _service) = with_key_store();
    let notices = Notices::default();
    let _notices = bus.serve_notices(&notices);
    contents.lock().1 = true;

    let mut service = home.start(&bus.address);
    service.hears_of_waiting();
    // It lives, and has asked again, by the time it has said so thrice.
    for _ in 0..3 {
        assert_eq!(service.hears(), "WATCHDOG=1");
    }
    let shown = notices.0.lock().unwrap().clone();
    assert!(
        matches!(&shown[..], [one] if one.contains("Not watching yet") && one.contains("Unlock")),
        "{shown:?}"
    );
    contents.lock().1 = false;
    // No display is here to watch: that it comes so far shows that it no longer waits.
    assert_eq!(service.ends().code(), Some(68));
    assert_eq!((contents.keys().len(), home.key_files()), (1, 0));
    assert!(home.is_sealed());
}

#[test]
fn a_service_that_waits_for_a_locked_store_ends_when_asked() {
    let (bus, contents, home, _service) = with_key_store();
    contents.lock().1 = true;
    let mut service = home.start(&bus.address);
    service.hears_of_waiting();
    let asked = Command::new("kill").arg(service.agent.id().to_string()).status().unwrap();
    assert!(asked.success() && service.ends().success());
    // A key that is lost is not waited for: its error says what to do.
    contents.lock().1 = false;
    let key = contents.keys()[0].clone();
    contents.lock().0.remove(&key);
    assert_eq!(home.start(&bus.address).ends().code(), Some(65));
}

#[test]
fn a_store_that_forgot_or_changed_the_key_is_no_key() {
    let (bus, contents, home, _service) = with_key_store();
    let key = contents.keys()[0].clone();
    contents.lock().0.insert(key.clone(), "00".repeat(32).into_bytes());
    let (code, said) = home.inspect(&bus.address);
    assert!(code == Some(65) && said.contains("another one"), "{said}");
    contents.lock().0.remove(&key);
    let (code, said) = home.inspect(&bus.address);
    assert!(code == Some(65) && said.contains("the desktop's key store"), "{said}");
}

#[test]
fn a_bus_that_says_nothing_costs_its_deadline_and_a_file_stays_a_file() {
    let home = Home::new();
    let silent = home.path("bus");
    let _listener = UnixListener::bind(&silent).unwrap();
    let address = format!("unix:path={}", silent.display());
    let before = Instant::now();
    crate::program::said(home.watch(&address));
    let first = before.elapsed();
    assert!(home.is_sealed() && home.key_files() == 1);
    // Two seconds for the bus, the rest for a loaded machine.
    assert!(first < Duration::from_secs(20), "{first:?}");
    let bus = Bus::start();
    let contents = Contents::default();
    let _service = bus.serve(&contents);
    crate::program::said(home.watch(&bus.address));
    assert!(contents.keys().is_empty() && home.key_files() == 1, "never two truths");
}

/// A real key store on a bus, opened with a password as a login does, or left locked.
struct GnomeKeyring(Child);

impl GnomeKeyring {
    fn start(bus: &Bus, home: &Home, password: Option<&str>) -> Self {
        let mut daemon = Command::new("gnome-keyring-daemon");
        daemon.args(["--foreground", "--components=secrets"]);
        daemon.args(password.map(|_| "--unlock"));
        daemon.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.0.path());
        daemon.env("XDG_RUNTIME_DIR", home.path("run"));
        daemon.env("DBUS_SESSION_BUS_ADDRESS", &bus.address);
        daemon.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = daemon.spawn().unwrap();
        let mut stdin = daemon.stdin.take().unwrap();
        stdin.write_all(password.unwrap_or_default().as_bytes()).unwrap();
        drop(stdin);
        let link = mousewarden::platform::bus::Bus::At(bus.address.clone()).connect().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !mousewarden::platform::bus::has_owner(&link, "org.freedesktop.secrets") {
            assert!(Instant::now() < deadline, "no Secret Service came up");
            std::thread::yield_now();
        }
        Self(daemon)
    }
}

impl Drop for GnomeKeyring {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs gnome-keyring-daemon"]
fn gnome_keyring_keeps_the_key_from_one_login_to_the_next() {
    let home = Home::new();
    {
        let bus = Bus::start();
        let _keyring = GnomeKeyring::start(&bus, &home, Some("a password"));
        crate::program::said(home.watch(&bus.address));
        assert!(home.is_sealed() && home.key_files() == 0);
        assert_eq!(home.inspect(&bus.address).0, Some(0));
    }
    {
        let bus = Bus::start();
        let _keyring = GnomeKeyring::start(&bus, &home, None);
        let (code, said) = home.inspect(&bus.address);
        assert!(code == Some(69) && said.contains("locked"), "{said}");
    }
    let bus = Bus::start();
    let _keyring = GnomeKeyring::start(&bus, &home, Some("a password"));
    assert_eq!(home.inspect(&bus.address).0, Some(0));
    home.says(&bus.address, &["purge", "everything", "--yes"]);
    assert_eq!(home.inspect(&bus.address).0, Some(66));
}
