//! The test desktop: an X server, a session bus and a real notification server of our own, for the
//! demonstration, the benchmarks and the tests. Never touches the person's display or bus, and
//! never outlives its owner.

mod child;
mod displays;
mod hardware;
pub mod kernel;
pub mod log;
mod programs;

use std::process::Command;

pub use hardware::TestMouse;
pub use log::{NotificationLog, Shown};
pub use programs::NotificationServer;

use self::child::ChildProcess;
use self::programs::PrivateBus;
use crate::inject::Player;
use mousewarden::error::{Failure, FailureKind, Result};

/// What a test desktop is made of.
#[derive(Debug, Clone)]
pub struct TestDesktopPlan {
    /// Width and height of the screen in pixels.
    pub screen: (u16, u16),
    /// Which notification servers will do, the preferred one first; none starts none.
    pub notifications: Vec<NotificationServer>,
    /// How many mice the display has; with none it is an Xvfb, which is smaller.
    pub mice: usize,
}

impl Default for TestDesktopPlan {
    fn default() -> Self {
        Self { screen: (1280, 800), notifications: NotificationServer::ALL.to_vec(), mice: 0 }
    }
}

impl TestDesktopPlan {
    /// A display and a bus, without a notification server.
    pub fn bare() -> Self {
        Self { notifications: Vec::new(), ..Self::default() }
    }
}

/// A running test desktop. Must be started on a thread that lives as long as the desktop: the
/// kernel ends its programs with that thread. Fields are dropped in their order: clients before
/// servers.
#[derive(Debug)]
pub struct TestDesktop {
    server: Option<(NotificationServer, Vec<ChildProcess>)>,
    log: NotificationLog,
    bus: PrivateBus,
    mice: Vec<TestMouse>,
    x: ChildProcess,
    display: String,
    /// Keeps the number of a crashed display from being given away.
    reserved: Option<displays::Reserved>,
    folder: tempfile::TempDir,
}

impl TestDesktop {
    /// Starts everything and returns when it answers.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when a program is missing (the
    /// message names the Debian package) or does not come up.
    pub fn start(plan: &TestDesktopPlan) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("mousewarden-desktop-")
            .tempdir()
            .map_err(|error| Failure::io("temporary folder for the test desktop", error))?;
        let turn = displays::turn()?;
        let (x, display) = match plan.mice {
            0 => programs::start_x(plan.screen, None)?,
            mice => hardware::start_xorg(plan.screen, mice, folder.path())?,
        };
        drop(turn);
        let sockets = (1..=plan.mice).map(|mouse| hardware::socket(folder.path(), mouse));
        let mice = sockets.map(|socket| TestMouse::open(&socket)).collect::<Result<Vec<_>>>()?;
        let bus = PrivateBus::start(folder.path())?;
        let log = NotificationLog::open(bus.address())?;
        let mut desktop = Self { server: None, log, bus, mice, x, display, reserved: None, folder };
        if !plan.notifications.is_empty() {
            desktop.start_notifications(&plan.notifications)?;
        }
        Ok(desktop)
    }

    /// Starts the first of the notification servers that is installed, in place of the present one.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when none is installed or the one
    /// that is does not come up.
    pub fn start_notifications(&mut self, wanted: &[NotificationServer]) -> Result<()> {
        self.server = None;
        let server = NotificationServer::installed(wanted)?;
        let kept = server.start(self)?;
        self.bus.wait_for_name("org.freedesktop.Notifications")?;
        self.server = Some((server, kept));
        Ok(())
    }

    /// Ends the notification server as a crash would.
    pub fn crash_notifications(&mut self) {
        for kept in self.server.iter_mut().flat_map(|(_, kept)| kept) {
            kept.crash();
        }
        self.server = None;
    }

    /// Ends the X server as a crash would. No other server takes its display's number while this
    /// desktop stands.
    ///
    /// # Errors
    /// When the number cannot be kept.
    pub fn crash_display(&mut self) -> Result<()> {
        let _turn = displays::turn()?;
        self.x.crash();
        self.reserved = Some(displays::reserve(&self.display)?);
        Ok(())
    }

    /// Starts an X server again on the display of one that crashed.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when it does not come up.
    pub fn restart_display(&mut self) -> Result<()> {
        let _turn = displays::turn()?;
        self.reserved = None;
        self.x = programs::start_x(TestDesktopPlan::default().screen, Some(&self.display))?.0;
        Ok(())
    }

    /// One of the display's mice, counted from 1.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when there is no such mouse.
    pub fn mouse(&self, number: usize) -> Result<TestMouse> {
        let mouse = number.checked_sub(1).and_then(|index| self.mice.get(index));
        let none = || {
            Failure::new(
                FailureKind::Unavailable,
                format!("the test desktop has no mouse {number}"),
            )
        };
        mouse.ok_or_else(none)?.again()
    }

    /// The same after the server had lost it: its driver listens anew.
    ///
    /// # Errors
    /// As [`Self::mouse`].
    pub fn mouse_anew(&mut self, number: usize) -> Result<TestMouse> {
        drop(self.mouse(number)?);
        self.mice[number - 1] = TestMouse::open(&hardware::socket(self.folder.path(), number))?;
        self.mouse(number)
    }

    /// The process id of the X server.
    pub fn display_pid(&self) -> u32 {
        self.x.id()
    }

    /// The process id of the session bus.
    pub fn bus_pid(&self) -> u32 {
        self.bus.pid()
    }

    /// The process id of the notification server.
    pub fn notifications_pid(&self) -> Option<u32> {
        self.server.as_ref().and_then(|(_, kept)| kept.first()).map(ChildProcess::id)
    }

    /// Which notification server runs.
    pub fn notification_server(&self) -> Option<NotificationServer> {
        self.server.as_ref().map(|(server, _)| *server)
    }

    /// The notifications as the server received them.
    pub const fn notifications(&self) -> &NotificationLog {
        &self.log
    }

    /// The display's name, as in `DISPLAY`: ":42".
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The session bus's address, as in `DBUS_SESSION_BUS_ADDRESS`.
    pub fn bus_address(&self) -> &str {
        self.bus.address()
    }

    /// A hand for this display's mouse.
    ///
    /// # Errors
    /// When the display does not let itself be played on.
    pub fn player(&self) -> Result<Player> {
        Player::open(&self.display)
    }

    /// The variables that put a process on this desktop.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DISPLAY", self.display.clone()),
            ("DBUS_SESSION_BUS_ADDRESS", self.bus.address().to_owned()),
            ("XDG_SESSION_TYPE", "x11".to_owned()),
            ("XDG_RUNTIME_DIR", self.folder.path().display().to_string()),
        ]
    }

    /// A command that will run on this desktop.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XAUTHORITY")
            // GTK programs would wait for services that this bus does not have.
            .env("NO_AT_BRIDGE", "1")
            .env("GSETTINGS_BACKEND", "memory")
            .env("GDK_BACKEND", "x11")
            .envs(self.environment());
        command
    }

    /// A private folder that goes with the desktop.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}
