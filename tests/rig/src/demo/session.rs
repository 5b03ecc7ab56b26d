//! The demonstration's test desktop and the processes on it: mousewarden, started as a person would
//! start it, in a folder of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::desktop::{Shown, TestDesktop, TestDesktopPlan};
use crate::inject::Player;
use crate::program;
use mousewarden::data::private;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::event::Micros;
use mousewarden::platform::clock;

/// Width and height of the display, pixels.
pub const SCREEN: [u32; 2] = [1280, 800];
/// How long a process may take to come up or to end by itself.
const PATIENCE: Micros = Micros::from_millis(120_000);
/// How often a waiting demonstration looks.
const LOOK: Micros = Micros::from_millis(20);

/// The test desktop with its folder.
pub struct DemoSession {
    desktop: TestDesktop,
    program: PathBuf,
    home: PathBuf,
    keep: bool,
}

impl DemoSession {
    /// Starts the desktop; `keep` names a folder that outlives it.
    ///
    /// # Errors
    /// When a program is missing, or the folder to keep is there already.
    pub fn open(keep: Option<PathBuf>) -> Result<Self> {
        let program = program::mousewarden()?;
        let plan = TestDesktopPlan {
            screen: SCREEN.map(|side| side as u16).into(),
            ..TestDesktopPlan::default()
        };
        let desktop = TestDesktop::start(&plan)?;
        let (home, keep) = match keep {
            Some(folder) if folder.exists() => return Err(taken(&folder)),
            Some(folder) => (folder, true),
            None => (desktop.folder().join("home"), false),
        };
        private::folder(&home)
            .map_err(|error| Failure::io(format!("folder {}", home.display()), error))?;
        let home = fs::canonicalize(&home)
            .map_err(|error| Failure::io(format!("folder {}", home.display()), error))?;
        Ok(Self { desktop, program, home, keep })
    }

    /// Where everything is kept, if it is.
    pub fn kept(&self) -> Option<&Path> {
        self.keep.then_some(self.home.as_path())
    }

    /// Writes the configuration of the demonstration: so many windows to enrol with, and alarms by
    /// the default budget or by the threshold at the equal error rate.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn configure(&self, windows: usize, eer: bool) -> Result<()> {
        let budget = if eer { "notice_budget_h = \"eer\"\n" } else { "" };
        let text = format!(
            "[enrol]\ntarget_windows = {windows}\ntarget_minutes = 0\nquiet_hours = 0\n\n\
             [decision]\nmax_action = \"notify\"\n{budget}\n[log]\nlevel = \"warn\"\n\n\
             [journal]\nfile = {:?}\n",
            self.journal()
        );
        fs::write(self.config(), text).map_err(|error| Failure::io(self.config().display(), error))
    }

    fn config(&self) -> PathBuf {
        self.home.join("config.toml")
    }

    /// The journal that the agent will write.
    pub fn journal(&self) -> PathBuf {
        self.home.join("data").join("journal.jsonl")
    }

    /// Whether the enrolment has begun to record.
    pub fn is_recording(&self) -> bool {
        let recordings = self.home.join("data").join("recordings");
        fs::read_dir(recordings).is_ok_and(|mut files| files.next().is_some())
    }

    /// The mouse of the display.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn player(&self) -> Result<Player> {
        self.desktop.player()
    }

    /// The alarm as the notification server received it.
    pub fn notification(&self, within: Duration) -> Option<Shown> {
        self.desktop.notifications().wait_for(within, |shown| shown.id.is_some())
    }

    /// Starts mousewarden on the desktop.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Process> {
        let child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::io(self.program.display(), error))?;
        Ok(Process { name: arguments.join(" "), child })
    }

    /// Runs mousewarden on the desktop to its end.
    ///
    /// # Errors
    /// When it fails.
    pub fn call(&self, arguments: &[&str]) -> Result<String> {
        self.start(arguments)?.finish()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.on_desktop(&self.program);
        command.args(arguments);
        command
    }

    /// The display's name.
    pub fn display(&self) -> &str {
        self.desktop.display()
    }

    /// Any program on the desktop, which finds the agent of the demonstration.
    pub fn on_desktop(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.desktop.command(program);
        command
            .env("MOUSEWARDEN_CONFIG", self.config())
            .env("MOUSEWARDEN_DATA", self.home.join("data"));
        command
    }

    /// The program that is shown.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

fn taken(folder: &Path) -> Failure {
    Failure::new(FailureKind::Io, format!("folder {} is there already", folder.display()))
        .remedy("Name one that does not exist yet.")
}

/// mousewarden at work on the desktop; ended on drop.
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Whether it has not ended yet.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_running(&mut self) -> Result<bool> {
        let ended = self.child.try_wait().map_err(|error| Failure::io(&self.name, error))?;
        Ok(ended.is_none())
    }

    /// Waits until it is ready by this sign.
    ///
    /// # Errors
    /// When it ends before, or takes too long.
    pub fn wait_until(&mut self, ready: impl Fn() -> bool) -> Result<()> {
        let deadline = clock::now() + PATIENCE;
        while !ready() {
            if !self.is_running()? {
                return Err(self.failed("it ended before it was ready"));
            }
            if clock::now() > deadline {
                return Err(self.failed("it does not get ready"));
            }
            clock::sleep_until(clock::now() + LOOK);
        }
        Ok(())
    }

    /// Whether it ends by itself in this time.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ends_within(&mut self, patience: Micros) -> Result<bool> {
        let deadline = clock::now() + patience;
        while self.is_running()? {
            if clock::now() > deadline {
                return Ok(false);
            }
            clock::sleep_until(clock::now() + LOOK);
        }
        Ok(true)
    }

    /// Waits for its end and returns what it said.
    ///
    /// # Errors
    /// When it fails or does not end in time.
    pub fn finish(mut self) -> Result<String> {
        if !self.ends_within(PATIENCE)? {
            return Err(self.failed("it does not end"));
        }
        let mut said = String::new();
        if let Some(out) = &mut self.child.stdout {
            out.read_to_string(&mut said).map_err(|error| Failure::io(&self.name, error))?;
        }
        let status = self.child.wait().map_err(|error| Failure::io(&self.name, error))?;
        if status.success() { Ok(said) } else { Err(self.failed(&status.to_string())) }
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::new(FailureKind::Internal, format!("`mousewarden {}` failed: {why}", self.name))
            .remedy("Its own words stand above.")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
