//! The programs of a test desktop: how each is found, started, and known to be ready. Nothing here
//! talks to them once they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::TestDesktop;
use super::child::ChildProcess;
use mousewarden::error::{Failure, FailureKind, Result};

/// What dunst shows: our markup, in letters that one can read in a picture.
const DUNST: &str =
    "[global]\nmarkup = full\nhistory_length = 20\nfont = DejaVu Sans 11\nwidth = 420\n";
/// How long a program may take to answer, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A notification server of the Debian archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotificationServer {
    /// Package dunst: small; shows buttons in a menu only.
    Dunst,
    /// Package notification-daemon: GNOME's old one; draws buttons.
    NotificationDaemon,
    /// Package xfce4-notifyd: draws buttons.
    Xfce,
}

impl NotificationServer {
    /// All of them, the preferred one first.
    pub const ALL: [Self; 3] = [Self::Dunst, Self::NotificationDaemon, Self::Xfce];

    /// The Debian package that brings it.
    pub const fn package(self) -> &'static str {
        match self {
            Self::Dunst => "dunst",
            Self::NotificationDaemon => "notification-daemon",
            Self::Xfce => "xfce4-notifyd",
        }
    }

    /// Where its program lies, if it is installed.
    pub fn program(self) -> Option<PathBuf> {
        match self {
            Self::Dunst => find("dunst", &["/usr/bin"]),
            Self::NotificationDaemon => {
                find("notification-daemon", &["/usr/lib/notification-daemon", "/usr/libexec"])
            }
            Self::Xfce => find("xfce4-notifyd", &library_folders("xfce4/notifyd")),
        }
    }

    /// The first of `wanted` that is installed.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when none is.
    pub fn installed(wanted: &[Self]) -> Result<Self> {
        wanted.iter().copied().find(|server| server.program().is_some()).ok_or_else(|| {
            let names: Vec<_> = wanted.iter().map(|server| server.package()).collect();
            Failure::new(
                FailureKind::Unavailable,
                format!("no notification server: {}", names.join(", ")),
            )
            .remedy(format!("Install one: apt-get install {}", names.first().unwrap_or(&"dunst")))
        })
    }

    /// Starts it on the desktop.
    pub(super) fn start(self, desktop: &TestDesktop) -> Result<Vec<ChildProcess>> {
        let program = self.program().unwrap_or_else(|| PathBuf::from(self.package()));
        let mut kept = Vec::new();
        if self == Self::Xfce {
            kept.extend(start_xfconf(desktop)?);
        }
        let mut command = desktop.command(program);
        if self == Self::Dunst {
            let config = desktop.folder().join("dunstrc");
            fs::write(&config, DUNST).map_err(|error| Failure::io(config.display(), error))?;
            command.arg("-config").arg(config);
        }
        quiet(&mut command);
        kept.insert(0, ChildProcess::start(command, self.package())?);
        Ok(kept)
    }
}

/// xfce4-notifyd asks Xfce's settings service for its looks and hangs without it.
fn start_xfconf(desktop: &TestDesktop) -> Result<Option<ChildProcess>> {
    let Some(program) = find("xfconfd", &library_folders("xfce4/xfconf")) else {
        return Ok(None);
    };
    let mut command = desktop.command(program);
    command.env("XDG_CONFIG_HOME", desktop.folder());
    quiet(&mut command);
    let kept = ChildProcess::start(command, "xfconf")?;
    desktop.bus.wait_for_name("org.xfce.Xfconf")?;
    Ok(Some(kept))
}

/// Starts an X server on this display, or on a free one, and returns with the display's name.
pub(super) fn start_x(screen: (u16, u16), display: Option<&str>) -> Result<(ChildProcess, String)> {
    let mut command = Command::new("Xvfb");
    command.args(display);
    let size = format!("{}x{}x24", screen.0, screen.1);
    command.args(["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp", "-noreset"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut x = ChildProcess::start(command, "xvfb")?;
    let number = x.first_line(PATIENCE)?;
    Ok((x, format!(":{}", number.trim())))
}

/// A message bus of our own, with no services that it could start by itself.
#[derive(Debug)]
pub(super) struct PrivateBus {
    address: String,
    daemon: ChildProcess,
}

impl PrivateBus {
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let config = folder.join("bus.conf");
        fs::write(&config, bus_configuration(folder))
            .map_err(|error| Failure::io(config.display(), error))?;
        let mut command = Command::new("dbus-daemon");
        command.arg(format!("--config-file={}", config.display()));
        command.args(["--nofork", "--nopidfile", "--print-address=1"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut daemon = ChildProcess::start(command, "dbus")?;
        let address = daemon.first_line(PATIENCE)?.trim().to_owned();
        Ok(Self { address, daemon })
    }

    pub(super) fn pid(&self) -> u32 {
        self.daemon.id()
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until somebody owns the name.
    pub(super) fn wait_for_name(&self, name: &str) -> Result<()> {
        let missing = |why: String| {
            Failure::new(FailureKind::Unavailable, format!("{name} did not appear on the bus{why}"))
        };
        let bus = super::log::connect(&self.address)?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let owned: bool = bus
                .call_method(
                    Some("org.freedesktop.DBus"),
                    "/org/freedesktop/DBus",
                    Some("org.freedesktop.DBus"),
                    "NameHasOwner",
                    &(name,),
                )
                .and_then(|reply| reply.body().deserialize())
                .map_err(|error| missing(format!(": {error}")))?;
            if owned {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(missing(String::new()))
    }
}

fn bus_configuration(folder: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        folder.display()
    )
}

/// The chatter of foreign programs is none of our output.
fn quiet(command: &mut Command) {
    command.stdout(Stdio::null()).stderr(Stdio::null());
}

fn find(program: &str, folders: &[impl AsRef<Path>]) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.as_ref().join(program)).find(|path| path.is_file())
}

/// Debian keeps programs that nobody starts by hand in the library folder of the architecture.
fn library_folders(below: &str) -> Vec<PathBuf> {
    let architecture = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    [architecture.as_str(), "/usr/lib", "/usr/libexec"]
        .iter()
        .map(|folder| Path::new(folder).join(below))
        .collect()
}
