//! `service status`: what is installed to start the agent, what the service manager says of it, and
//! whether an agent runs. Asks only.

use std::path::PathBuf;

use serde::Serialize;

use super::files::{Autostart, ServiceUnit, packaged};
use super::{NAME, launchd, output, socket, task};
use crate::agent::control::{self, ControlRequest, Reply};
use crate::error::{Failure, FailureKind, Result};
use crate::paths::Paths;
use crate::platform::service::{self, MANAGER, Manager};

/// How the service stands.
#[derive(Debug, Default, Serialize)]
pub(in crate::cli) struct ServiceState {
    /// "systemd", "autostart", "task", "launchd" or "none".
    pub starter: &'static str,
    /// The file that starts the agent.
    pub file: Option<PathBuf>,
    /// What systemd says: "active", "failed", ...
    pub unit_state: Option<String>,
    /// What the agent told systemd, in its words.
    pub unit_status: Option<String>,
    /// The running agent's process, however it was started.
    pub agent_pid: Option<u32>,
}

pub(super) fn run(paths: &Paths, json: bool) -> Result<()> {
    let report = ServiceState::of(paths)?;
    if json {
        output::json(&report)?
    } else {
        output::line(&report.text())?
    }
    match report.agent_pid {
        Some(_) => Ok(()),
        None => {
            Err(Failure::new(FailureKind::Unavailable, "no mousewarden is running for this user")
                .remedy(match report.starter {
                    "none" => "`mousewarden service install` starts it with your session.",
                    _ => "It starts with your next session; `mousewarden run` starts it now.",
                }))
        }
    }
}

/// What starts the agent with a session, and the file that says so.
fn starter(paths: &Paths) -> Result<(&'static str, Option<PathBuf>)> {
    let laid_down =
        |starter, file: PathBuf| if file.exists() { (starter, Some(file)) } else { ("none", None) };
    match MANAGER {
        Manager::TaskScheduler => return Ok(laid_down("task", task::file(paths))),
        Manager::Launchd => return Ok(laid_down("launchd", launchd::file(paths)?)),
        Manager::Desktop => {}
    }
    let unit = ServiceUnit::of(paths)?;
    let autostart = Autostart::of(paths)?;
    let program = std::env::current_exe().ok();
    Ok(match (unit.wanted.symlink_metadata().is_ok(), autostart.file.exists()) {
        (true, _) => {
            let own = Some(unit.file).filter(|file| file.exists());
            ("systemd", own.or_else(|| program.as_deref().and_then(packaged)))
        }
        (false, true) => ("autostart", Some(autostart.file)),
        (false, false) => ("none", None),
    })
}

impl ServiceState {
    /// Asks files, service manager and agent.
    ///
    /// # Errors
    /// When there is no home folder.
    pub(crate) fn of(paths: &Paths) -> Result<Self> {
        let (starter, file) = starter(paths)?;
        let unit = (starter == "systemd" && service::is_here()).then(unit_says).flatten();
        let (unit_state, unit_status) = unit.unzip();
        let agent_pid = match control::ask(&socket(paths), &ControlRequest::Status) {
            Ok(Reply::Status(status)) => Some(status.pid),
            _ => None,
        };
        Ok(Self { starter, file, unit_state, unit_status, agent_pid })
    }

    fn text(&self) -> String {
        let starter = match self.starter {
            "systemd" => "by a systemd user unit",
            "autostart" => "by the desktop's autostart",
            "task" => "by a logon task of Windows",
            "launchd" => "by a launch agent of macOS",
            _ => "not installed",
        };
        let file = self.file.as_ref().map(|file| file.display().to_string());
        let unit = self.unit_state.as_ref().map(|state| {
            let said = self.unit_status.as_deref().filter(|said| !said.is_empty());
            said.map_or(state.clone(), |said| format!("{state}: {said}"))
        });
        let agent = self.agent_pid.map_or("not running".into(), |pid| format!("process {pid}"));
        let rows = [
            ("started", Some(starter.to_owned())),
            ("file", file),
            ("unit", unit),
            ("agent", Some(agent)),
        ];
        let rows = rows.into_iter().filter_map(|(name, value)| Some((name, value?)));
        rows.map(|(name, value)| format!("{name:<10} {value}")).collect::<Vec<_>>().join("\n")
    }
}

fn unit_says() -> Option<(String, String)> {
    let said = service::systemctl(&["show", "-p", "ActiveState,StatusText", NAME]).ok()?;
    let value = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    };
    Some((value("ActiveState"), value("StatusText")))
}
