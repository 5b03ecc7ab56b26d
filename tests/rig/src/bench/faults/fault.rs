//! The faults, and how each is made and mended.

use std::fmt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clap::ValueEnum;
use zbus::blocking::Connection;

use super::agent::WatchedAgent;
use super::desk::FaultDesk;
use mousewarden::error::{Failure, Result};
use mousewarden::pipeline::event::Micros;
use mousewarden::platform::clock;

/// Something outside that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Fault {
    None,
    SilentSessionBus,
    SilentSystemBus,
    SilentBuses,
    SilentScreenSaver,
    SilentServiceManager,
    StalledNotifications,
    LockedHistory,
    FullDisk,
    ReadOnlyData,
    LockerFailsOnce,
    LockerMissing,
    KilledInCountdown,
    StoppedInCountdown,
    StoppedCapture,
    KilledCapture,
    DisplayGone,
    SilentCallers,
}

/// When a fault is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// It is there when the agent starts.
    Start,
    /// While the mouse moves, before the alarm.
    Movement,
    /// In the countdown.
    Countdown,
}

/// What is wrong with the data folder's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disk {
    Full,
    ReadOnly,
}

/// What the configured locker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockerKind {
    Locks,
    FailsOnce,
    Missing,
}

impl LockerKind {
    /// Leaves its process id and the seconds since the start of the machine in the mark when it has
    /// locked, and ends with this process, however that ends.
    pub(super) fn script(self, mark: &Path) -> String {
        let bench = std::process::id();
        let mark = mark.display();
        let locks = format!(
            "echo $$ $(cut -d ' ' -f 1 /proc/uptime) >>{mark}; exec tail --pid={bench} -f /dev/null"
        );
        match self {
            Self::FailsOnce => {
                format!(
                    "[ -e {mark}.failed ] || {{ : >{mark}.failed; sleep 1.5; exit 1; }}; {locks}"
                )
            }
            Self::Locks | Self::Missing => locks,
        }
    }
}

impl Fault {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SilentSessionBus => "session bus accepts and does not answer",
            Self::SilentSystemBus => "system bus accepts and does not answer",
            Self::SilentBuses => "neither bus answers",
            Self::SilentScreenSaver => "screen saver service does not answer",
            Self::SilentServiceManager => "service manager does not answer",
            Self::StalledNotifications => "notification server stopped",
            Self::LockedHistory => "another program has the history open for writing",
            Self::FullDisk => "disk of the data folder full",
            Self::ReadOnlyData => "data folder read-only",
            Self::LockerFailsOnce => "locker fails after 1.5 s, and locks when tried again",
            Self::LockerMissing => "locker missing, no other way",
            Self::KilledInCountdown => "agent killed (`kill -9`) in the countdown",
            Self::StoppedInCountdown => "agent stopped (SIGSTOP) in the countdown",
            Self::StoppedCapture => "capture process stopped (SIGSTOP) before the alarm",
            Self::KilledCapture => "capture process killed before the alarm",
            Self::DisplayGone => "X server gone for a second before the alarm",
            Self::SilentCallers => "40 silent callers at the control socket",
        }
    }

    pub(super) const fn moment(self) -> Moment {
        match self {
            Self::KilledInCountdown | Self::StoppedInCountdown => Moment::Countdown,
            Self::None
            | Self::SilentSystemBus
            | Self::FullDisk
            | Self::ReadOnlyData
            | Self::LockerFailsOnce
            | Self::LockerMissing => Moment::Start,
            _ => Moment::Movement,
        }
    }

    pub(super) const fn disk(self) -> Option<Disk> {
        match self {
            Self::FullDisk => Some(Disk::Full),
            Self::ReadOnlyData => Some(Disk::ReadOnly),
            _ => None,
        }
    }

    pub(super) const fn locker(self) -> LockerKind {
        match self {
            Self::LockerFailsOnce => LockerKind::FailsOnce,
            Self::LockerMissing => LockerKind::Missing,
            _ => LockerKind::Locks,
        }
    }

    pub(super) const fn has_silent_system_bus(self) -> bool {
        matches!(self, Self::SilentSystemBus | Self::SilentBuses)
    }

    /// Whether the mouse is not seen because of it.
    pub(super) const fn blinds(self) -> bool {
        matches!(self, Self::StoppedCapture | Self::KilledCapture | Self::DisplayGone)
    }

    /// Whether nothing is left that could lock: then it has to be told.
    pub(super) const fn prevents_lock(self) -> bool {
        matches!(self, Self::LockerMissing)
    }

    /// Makes it; it is mended when what this returns is dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn make(self, desk: &mut FaultDesk, agent: &WatchedAgent) -> Result<Made> {
        Ok(match self {
            Self::SilentSessionBus | Self::SilentBuses => Made::stop(Some(desk.desktop.bus_pid())),
            Self::StalledNotifications => Made::stop(desk.desktop.notifications_pid()),
            Self::StoppedInCountdown => Made::stop(Some(agent.pid())),
            Self::StoppedCapture => Made::stop(agent.capture()),
            Self::KilledInCountdown => Made::kill(Some(agent.pid())),
            Self::KilledCapture => Made::kill(agent.capture()),
            Self::SilentScreenSaver => {
                Made::SilentService(silent_service(desk, "org.freedesktop.ScreenSaver")?)
            }
            Self::SilentServiceManager => {
                Made::SilentService(silent_service(desk, "org.freedesktop.systemd1")?)
            }
            Self::LockedHistory => Made::Writer(writer(&desk.history())?),
            Self::SilentCallers => Made::Callers(callers(&desk.socket())?),
            Self::DisplayGone => {
                desk.desktop.crash_display()?;
                clock::sleep_until(clock::now() + Micros::from_millis(1_000));
                desk.desktop.restart_display()?;
                Made::Nothing
            }
            _ => Made::Nothing,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.pad(value.as_ref().map_or("fault", |value| value.get_name()))
    }
}

/// A fault that has been made.
pub(super) enum Made {
    /// Nothing to mend.
    Nothing,
    /// A process that was stopped.
    Stopped(u32),
    /// A service that owns its name and answers nothing.
    SilentService(#[allow(dead_code, reason = "held for its drop")] Connection),
    /// A program with a transaction.
    Writer(Child),
    /// Connections that say nothing.
    Callers(#[allow(dead_code, reason = "held for its drop")] Vec<UnixStream>),
}

impl Made {
    fn stop(pid: Option<u32>) -> Self {
        pid.map_or(Self::Nothing, |pid| {
            signal(pid, "STOP");
            Self::Stopped(pid)
        })
    }

    /// Whether it is that this process is stopped.
    pub(super) fn stops(&self, process: u32) -> bool {
        matches!(self, Self::Stopped(pid) if *pid == process)
    }

    /// Whether it is a program with a transaction.
    pub(super) const fn is_writer(&self) -> bool {
        matches!(self, Self::Writer(_))
    }

    fn kill(pid: Option<u32>) -> Self {
        pid.into_iter().for_each(|pid| signal(pid, "KILL"));
        Self::Nothing
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        match self {
            Self::Stopped(pid) => signal(*pid, "CONT"),
            Self::Writer(writer) => {
                let _ = writer.kill();
                let _ = writer.wait();
            }
            Self::Nothing | Self::SilentService(_) | Self::Callers(_) => {}
        }
    }
}

/// Sends a signal; a process that is gone gets none.
pub(super) fn signal(pid: u32, name: &str) {
    use rustix::process::{Pid, Signal, kill_process};
    let which = match name {
        "STOP" => Signal::STOP,
        "CONT" => Signal::CONT,
        _ => Signal::KILL,
    };
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, which);
    }
}

/// Owns the name of a service; nobody ever reads what it is asked.
fn silent_service(desk: &FaultDesk, name: &'static str) -> Result<Connection> {
    let named = zbus::blocking::connection::Builder::address(desk.desktop.bus_address())
        .and_then(|builder| builder.name(name))
        .and_then(zbus::blocking::connection::Builder::build);
    named.map_err(|error| Failure::io(name, std::io::Error::other(error)))
}

/// Begins a transaction, as an SQLite browser with unsaved edits does, and returns when it has.
fn writer(history: &Path) -> Result<Child> {
    use std::io::Read as _;
    let script = "import sqlite3,sys,time;c=sqlite3.connect(sys.argv[1],isolation_level=None,timeout=20);\
                  c.execute('BEGIN IMMEDIATE');print('begun',flush=True);time.sleep(3600)";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(history).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| Failure::io("python3", error))?;
    let mut begun = [0; 5];
    let read = child.stdout.as_mut().map_or(Ok(()), |out| out.read_exact(&mut begun));
    read.map_err(|error| Failure::io("a transaction on the history", error))?;
    Ok(child)
}

fn callers(socket: &Path) -> Result<Vec<UnixStream>> {
    let call = |_| UnixStream::connect(socket);
    let calls: std::io::Result<Vec<_>> = (0..40).map(call).collect();
    calls.map_err(|error| Failure::io(socket.display(), error))
}
