//! A test desktop with an agent for whom everybody is somebody else, and lockers that leave a mark.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::agent::WatchedAgent;
use super::fault::{Disk, Fault, LockerKind, signal};
use crate::bench::score::untrained;
use crate::desktop::{TestDesktop, TestDesktopPlan};
use crate::program;
use mousewarden::data::private;
use mousewarden::error::{Failure, Result};
use mousewarden::pipeline::Timestamp;

/// Seconds of the countdown.
pub(super) const COUNTDOWN_S: u32 = 1;

/// The desktop and the agent's files.
pub(super) struct FaultDesk {
    /// The desktop.
    pub desktop: TestDesktop,
    home: PathBuf,
    /// A system bus that accepts and never answers.
    silent: UnixListener,
}

impl FaultDesk {
    /// Starts the desktop, and lays down model and configuration.
    ///
    /// # Errors
    /// When a server is missing or does not come up.
    pub(super) fn start(locker: LockerKind) -> Result<Self> {
        let desktop = TestDesktop::start(&TestDesktopPlan::default())?;
        let home = desktop.folder().join("agent");
        for folder in ["data", "run"] {
            make(&home.join(folder))?;
        }
        let silent = UnixListener::bind(home.join("silent"))
            .map_err(|error| Failure::io("a silent bus", error))?;
        let desk = Self { desktop, home, silent };
        untrained().write(&desk.home.join("owner.onnx"))?;
        desk.configure(locker)?;
        Ok(desk)
    }

    /// Has the next agent lock by this locker.
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub(super) fn configure(&self, locker: LockerKind) -> Result<()> {
        let command: Vec<String> = match locker {
            LockerKind::Missing => vec!["/nonexistent/locker".to_owned()],
            kind => vec!["sh".to_owned(), "-c".to_owned(), kind.script(&self.mark())],
        };
        let text = format!(
            "[model]\npath = {:?}\nbackend = \"builtin\"\n[decision]\nmax_action = \"lock\"\n\
             notice_budget_h = \"eer\"\nlock_budget_h = \"eer\"\ngroup_windows = 2\nthreshold = 1.0\n\
             confirm_windows = 1\ncooldown_s = 5\n[lock]\ncountdown_s = {COUNTDOWN_S}\nsafe_after = 100\n\
             command = {command:?}\n[adapt]\nenabled = false\n[tray]\nenabled = false\n",
            self.home.join("owner.onnx")
        );
        let path = self.home.join("config.toml");
        fs::write(&path, text).map_err(|error| Failure::io(path.display(), error))
    }

    /// The file into which a locker writes its process id.
    fn mark(&self) -> PathBuf {
        self.home.join("locked")
    }

    /// The history.
    pub(super) fn history(&self) -> PathBuf {
        self.home.join("data/history.db")
    }

    /// Where the agent can be asked.
    pub(super) fn socket(&self) -> PathBuf {
        self.home.join("run/control.sock")
    }

    /// When each locker has locked, in the order in which they did.
    pub(super) fn locks(&self) -> Vec<Timestamp> {
        self.lockers().into_iter().map(|(_, at)| at).collect()
    }

    /// The lockers that have begun to lock, and when.
    fn lockers(&self) -> Vec<(u32, Timestamp)> {
        let text = fs::read_to_string(self.mark()).unwrap_or_default();
        text.lines().filter_map(locker).collect()
    }

    /// Ends the lockers, as a password does, and forgets them.
    pub(super) fn unlock(&self) {
        self.lockers().into_iter().for_each(|(pid, _)| signal(pid, "KILL"));
        for name in ["locked", "locked.failed"] {
            // It is there only when somebody has locked.
            let _ = fs::remove_file(self.home.join(name));
        }
    }

    /// Starts the agent, with what this fault wants to be there from the start.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn agent(&self, fault: Fault) -> Result<WatchedAgent> {
        let program = program::mousewarden()?;
        let data = self.home.join("data");
        let mut command = match fault.disk() {
            Some(disk) => self.on_a_bad_disk(disk, &program, &data),
            None => self.desktop.command(&program),
        };
        if fault.disk().is_none() {
            command.args(["run", "--json"]);
        }
        let system_bus = if fault.has_silent_system_bus() { "silent" } else { "none" };
        command
            .env("MOUSEWARDEN_CONFIG", self.home.join("config.toml"))
            .env("MOUSEWARDEN_DATA", &data)
            .env("MOUSEWARDEN_RUNTIME", self.home.join("run"))
            .env("DBUS_SYSTEM_BUS_ADDRESS", self.address(system_bus));
        WatchedAgent::start(command, self.socket(), &self.home.join("agent.log"))
    }

    fn address(&self, name: &str) -> String {
        debug_assert!(self.silent.local_addr().is_ok());
        format!("unix:path={}", self.home.join(name).display())
    }

    /// In a mount namespace of its own, which needs an administrator: the data folder is another
    /// disk there.
    fn on_a_bad_disk(&self, disk: Disk, program: &Path, data: &Path) -> Command {
        let script = match disk {
            Disk::Full => {
                "mount -t tmpfs -o size=64k none \"$2\" && \
                 { dd if=/dev/zero of=\"$2/filling\" 2>/dev/null; exec \"$1\" run --json; }"
            }
            Disk::ReadOnly => {
                "mount --bind \"$2\" \"$2\" && mount -o remount,bind,ro \"$2\" && exec \"$1\" run --json"
            }
        };
        let mut command = self.desktop.command("unshare");
        command.args(["--mount", "--", "sh", "-c", script, "sh"]).arg(program).arg(data);
        command
    }
}

impl Drop for FaultDesk {
    fn drop(&mut self) {
        self.unlock();
    }
}

/// A line of the mark.
fn locker(line: &str) -> Option<(u32, Timestamp)> {
    let (pid, seconds) = line.split_once(' ')?;
    let micros = seconds.parse::<f64>().ok()? * 1e6;
    Some((pid.parse().ok()?, Timestamp::from_micros(micros as i64)))
}

fn make(folder: &Path) -> Result<()> {
    private::folder(folder).map_err(|error| Failure::io(folder.display(), error))
}
