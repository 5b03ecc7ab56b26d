//! The real program in bad surroundings: buses that never answer, a kill in the middle of a
//! countdown, no runtime folder, a locker that is not there. Nobody's own session is touched.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::{hand, sample_model};

const PATIENCE: Duration = Duration::from_secs(60);

/// A home folder with a model for which everybody is an impostor.
struct Home {
    folder: tempfile::TempDir,
    buses: [String; 2],
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = || "unix:path=/nonexistent/bus".to_owned();
        let home = Self { folder, buses: [nowhere(), nowhere()] };
        for name in [".local/share/mousewarden", ".config/mousewarden", "run"] {
            fs::create_dir_all(home.path(name)).unwrap();
        }
        fs::set_permissions(home.path("run"), fs::Permissions::from_mode(0o700)).unwrap();
        let model = home.path(".local/share/mousewarden/owner.onnx");
        sample_model::bundle([16, 16], 7).write(&model).unwrap();
        hand::record(&home.path("hand.csv"), 60_000);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Alarms come after some windows, and lead to this.
    fn configure(&self, max_action: &str, lock: &str) {
        let text = format!(
            "[decision]\nmax_action = \"{max_action}\"\nnotice_budget_h = \"eer\"\n\
             lock_budget_h = \"eer\"\ngroup_windows = 2\nthreshold = 1.0\nconfirm_windows = 1\n[model]\nbackend = \"builtin\"\n[lock]\n{lock}\n"
        );
        fs::write(self.path(".config/mousewarden/config.toml"), text).unwrap();
    }

    /// A command that leaves a mark and then holds the screen, as a locker does.
    fn locker(&self) -> String {
        let mark = self.path("locked");
        format!("command = [\"sh\", \"-c\", \"echo >>{}; exec sleep 60\"]", mark.display())
    }

    fn is_locked(&self) -> bool {
        self.lockers() > 0
    }

    /// How many lockers have begun.
    fn lockers(&self) -> usize {
        fs::read_to_string(self.path("locked")).map_or(0, |marks| marks.lines().count())
    }

    /// Whether a guard stands by, or locks.
    fn is_guarded(&self) -> bool {
        let ours = self.path("locked").display().to_string();
        fs::read_dir("/proc").unwrap().flatten().any(|process| {
            let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).into_owned();
            command.contains("\0guard\0") && command.contains(&ours)
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mousewarden"));
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("HOME", self.folder.path()).env("XDG_RUNTIME_DIR", self.path("run"));
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.buses[0]);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", &self.buses[1]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// As cron, `su` or `ssh host command` start it.
    fn elsewhere(&self, arguments: &[&str]) -> Output {
        self.command(arguments).env_remove("XDG_RUNTIME_DIR").output().unwrap()
    }

    fn start(&self) -> Agent {
        let recording = self.path("hand.csv");
        let mut run = self.command(&["run", "--source", recording.to_str().unwrap()]);
        run.stdout(Stdio::null()).stderr(fs::File::create(self.path("log")).unwrap());
        let agent = Agent(run.spawn().unwrap());
        wait_until("the agent", || self.command(&["status"]).output().unwrap().status.success());
        agent
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

struct Agent(Child);

impl Agent {
    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "{what}: waited in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Buses that accept and never answer.
fn hang_buses(home: &mut Home) -> Vec<UnixListener> {
    let hang = |name: &str| UnixListener::bind(home.path(name)).unwrap();
    let listeners = ["session-bus", "system-bus"].map(hang);
    home.buses = ["session-bus", "system-bus"]
        .map(|name| format!("unix:path={}", home.path(name).display()));
    listeners.into()
}

#[test]
fn an_agent_that_is_killed_in_its_countdown_is_locked_all_the_same() {
    let home = Home::new();
    home.configure("lock", &format!("countdown_s = 600\n{}", home.locker()));
    let mut agent = home.start();
    wait_until("the countdown", || home.log().contains("locking in 600 s"));
    assert!(!home.is_locked());
    agent.0.kill().unwrap();
    wait_until("the lock", || home.is_locked());
}

#[test]
fn an_agent_that_is_stopped_in_its_countdown_is_locked_all_the_same() {
    let home = Home::new();
    home.configure("lock", &format!("countdown_s = 1\n{}", home.locker()));
    let agent = home.start();
    wait_until("the countdown", || home.log().contains("locking in 1 s"));
    agent.signal("STOP");
    wait_until("the lock", || home.is_locked());
    agent.signal("CONT");
}

#[test]
fn an_end_while_the_locker_is_watched_starts_no_second_one() {
    for end in ["TERM", "KILL"] {
        let home = Home::new();
        home.configure("lock", &format!("countdown_s = 1\n{}", home.locker()));
        let mut agent = home.start();
        wait_until("the lock", || home.is_locked());
        wait_until("the word to the guard", || home.log().contains("the locker runs"));
        agent.signal(end);
        agent.0.wait().unwrap();
        assert!(home.is_guarded(), "it awaits what the agent no longer can");
        wait_until("the guard's end", || !home.is_guarded());
        assert_eq!(home.lockers(), 1, "SIG{end}");
    }
}

#[test]
fn a_stop_in_the_countdown_or_just_after_locks_and_takes_two_seconds() {
    for (countdown_s, until) in [(600, "locking in 600 s"), (1, "the locker runs")] {
        let home = Home::new();
        home.configure("lock", &format!("countdown_s = {countdown_s}\n{}", home.locker()));
        let mut agent = home.start();
        wait_until(until, || home.log().contains(until));
        let asked = Instant::now();
        assert!(home.command(&["stop"]).output().unwrap().status.success());
        assert!(agent.0.wait().unwrap().success());
        assert!(asked.elapsed() < Duration::from_millis(2500), "{:?}", asked.elapsed());
        wait_until("the lock", || home.is_locked());
        assert_eq!(home.lockers(), 1);
    }
}

#[test]
fn a_locker_that_fails_after_the_end_of_the_agent_is_started_again() {
    let home = Home::new();
    let mark = home.path("locked").display().to_string();
    let script =
        format!("echo >>{mark}; [ $(wc -l <{mark}) -gt 1 ] && exec sleep 60; sleep 3; exit 1");
    let command = format!("command = [\"sh\", \"-c\", \"{script}\"]");
    home.configure("lock", &format!("countdown_s = 1\n{command}"));
    let mut agent = home.start();
    wait_until("the word to the guard", || home.log().contains("the locker runs"));
    agent.signal("TERM");
    agent.0.wait().unwrap();
    wait_until("the lock that holds", || home.lockers() == 2);
}

#[test]
fn with_buses_that_hang_it_watches_and_locks_and_ends_in_two_seconds() {
    let mut home = Home::new();
    let _buses = hang_buses(&mut home);
    home.configure("lock", &format!("countdown_s = 1\n{}", home.locker()));
    let begun = Instant::now();
    let mut agent = home.start();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    wait_until("the countdown", || home.log().contains("locking in 1 s"));
    let alarm = Instant::now();
    wait_until("the lock", || home.is_locked());
    assert!(alarm.elapsed() < Duration::from_secs(3), "{:?}", alarm.elapsed());
    let asked = Instant::now();
    agent.signal("TERM");
    assert!(agent.0.wait().unwrap().success());
    assert!(asked.elapsed() < Duration::from_millis(2500), "{:?}", asked.elapsed());
}

#[test]
fn the_doctor_says_within_seconds_that_the_bus_does_not_answer() {
    let mut home = Home::new();
    let _buses = hang_buses(&mut home);
    home.configure("log", "");
    let begun = Instant::now();
    let doctor = home.command(&["doctor"]).output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(said(&doctor).contains("the session bus does not answer"), "{}", said(&doctor));
    assert!(said(&doctor).contains("the system bus does not answer"), "{}", said(&doctor));
}

#[test]
fn an_agent_is_seen_from_surroundings_without_its_runtime_folder() {
    let home = Home::new();
    home.configure("log", "");
    let mut agent = home.start();
    let pid = agent.0.id().to_string();
    let status = home.elsewhere(&["status"]);
    assert!(said(&status).contains(&pid), "{}", said(&status));
    let second = home.elsewhere(&["run"]);
    assert_eq!(second.status.code(), Some(75), "{}", said(&second));
    assert!(said(&second).contains(&pid), "{}", said(&second));
    let purge = home.elsewhere(&["purge", "everything", "--yes"]);
    assert_eq!(purge.status.code(), Some(75), "{}", said(&purge));
    let mut su = home.command(&["status"]);
    let other = su.env("XDG_RUNTIME_DIR", "/run/user/99999").output().unwrap();
    assert!(said(&other).contains(&pid), "{}", said(&other));
    let stop = home.elsewhere(&["stop"]);
    assert!(stop.status.success(), "{}", said(&stop));
    assert!(agent.0.wait().unwrap().success());
    // The hand that is played is an impostor's, and may be told of before the agent is stopped.
    let log = home.log();
    let is_its_alarm = |line: &&str| line.contains("event=\"alarm\"");
    let warnings = log.lines().filter(|line| line.contains("WARN") && !is_its_alarm(line));
    assert_eq!(warnings.count(), 0, "{log}");
    let purge = home.elsewhere(&["purge", "everything", "--yes"]);
    assert!(purge.status.success(), "{}", said(&purge));
    let left = fs::read_dir(home.path(".local/share/mousewarden"));
    let left: Vec<_> = left.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_agent_whose_locks_and_socket_are_removed_is_found_all_the_same() {
    let home = Home::new();
    home.configure("log", "");
    let mut agent = home.start();
    let pid = agent.0.id().to_string();
    let places = [
        ".local/share/mousewarden/agent.lock",
        "run/mousewarden/agent.lock",
        "run/mousewarden/control.sock",
    ];
    for place in places {
        let path = home.path(place);
        fs::remove_file(&path).unwrap();
        wait_until("the place again", || home.log().contains(&format!("{place} was removed, and")));
        assert!(path.exists(), "{place}");
    }
    let status = home.command(&["status"]).output().unwrap();
    assert!(said(&status).contains(&pid), "{}", said(&status));
    let second = home.command(&["run"]).output().unwrap();
    assert_eq!(second.status.code(), Some(75), "{}", said(&second));
    let stop = home.command(&["stop"]).output().unwrap();
    assert!(stop.status.success(), "{}", said(&stop));
    assert!(agent.0.wait().unwrap().success());
    assert!(!home.path(places[2]).exists(), "the socket goes with the agent");
}

#[test]
fn a_locker_that_is_not_there_is_said_before_it_is_needed() {
    let home = Home::new();
    home.configure("lock", "command = [\"i3lok\", \"-n\"]");
    let check = home.command(&["config", "check"]).output().unwrap();
    assert_eq!(check.status.code(), Some(78), "{}", said(&check));
    assert!(said(&check).contains("i3lok: no such program"), "{}", said(&check));
    let doctor = home.command(&["doctor"]).output().unwrap();
    let text = said(&doctor);
    let line = text.lines().find(|line| line.contains("screen lock")).unwrap();
    assert!(line.starts_with("FAIL") && line.contains("i3lok"), "{line}");
    let _agent = home.start();
    wait_until("the warning", || home.log().contains("i3lok: no such program"));
    let status = home.command(&["status"]).output().unwrap();
    assert!(said(&status).contains("i3lok"), "{}", said(&status));
}

#[test]
fn bad_places_are_said_with_what_to_do() {
    let home = Home::new();
    home.configure("log", "");
    let long = home.path(&"long".repeat(40));
    let recording = home.path("hand.csv");
    let mut run = home.command(&["run", "--source", recording.to_str().unwrap()]);
    let output = run.env("MOUSEWARDEN_RUNTIME", &long).output().unwrap();
    assert!(said(&output).contains("Name a shorter folder"), "{}", said(&output));
    let mut run = home.command(&["run", "--source", recording.to_str().unwrap()]);
    let output = run.env("MOUSEWARDEN_RUNTIME", "/proc/mousewarden").output().unwrap();
    assert!(said(&output).contains("MOUSEWARDEN_RUNTIME names another"), "{}", said(&output));
    let folder = home.command(&["run", "--source", "/"]).output().unwrap();
    assert_eq!(folder.status.code(), Some(66), "{}", said(&folder));
    assert!(said(&folder).contains("Name one of the files"), "{}", said(&folder));
}
