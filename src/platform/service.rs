//! The service manager of this user, asked by its own tools. Says what it said, and changes only
//! what the arguments ask for.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crossbeam_channel::bounded;

use crate::error::{Failure, FailureKind, Result};

/// How long the service manager may take to say how things are.
// `doctor` asks several times, and would seem to hang.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a trial service may take, on a loaded machine.
// The trial starts a whole unit, which took more than the usual answer on a machine at work.
const TRIAL: Duration = Duration::from_secs(20);
/// How long it may take to start or end a service.
const CHANGE: Duration = Duration::from_secs(90);

/// What desktops start and end with the session.
pub(crate) const SESSION_TARGET: &str = "graphical-session.target";

/// Whether systemd manages services for this user.
pub(crate) fn is_here() -> bool {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR");
    // The socket and not the binary: containers often have systemctl without a manager behind it.
    runtime.is_some_and(|folder| Path::new(&folder).join("systemd/private").exists())
}

/// Whether this desktop tells systemd that its session is up; several small ones don't.
pub(crate) fn session_is_up() -> bool {
    is_here() && systemctl(&["is-active", "--quiet", SESSION_TARGET]).is_ok()
}

/// Whether systemd can shut a service of this user in by a user namespace: not every kernel, and not
/// every distribution, opens those to users, and an older systemd passes over what it cannot do.
pub(crate) fn opens_user_namespaces() -> bool {
    // A strict system alone leaves /home writable.
    let tried = [
        "PrivateUsers=yes",
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        // It breaks the start of a user's unit where no namespace is open: just that is to be found
        // out.
        "CapabilityBoundingSet=",
    ];
    let mut words = vec!["systemd-run", "--user", "--quiet", "--wait", "--collect"];
    tried.iter().for_each(|property| words.extend(["--property", property]));
    // Whether it holds is tested from within, because systemd starts the unit even where it ignores
    // the properties.
    words.extend(["/bin/sh", "-c", "test ! -w \"$HOME\""]);
    is_here() && call_within(&words, TRIAL).is_ok()
}

/// Runs `systemctl --user` and returns what it prints.
///
/// # Errors
/// [`FailureKind::Unavailable`] when it is not there or refuses; the message is its own.
pub(crate) fn systemctl(arguments: &[&str]) -> Result<String> {
    call_within(&[&["systemctl", "--user"], arguments].concat(), ANSWER)
}

/// Runs a tool of the system, by program and arguments, and returns what it prints.
///
/// # Errors
/// [`FailureKind::Unavailable`] when it is not there, refuses or does not end; the message is its
/// own.
pub(crate) fn call(words: &[&str]) -> Result<String> {
    call_within(words, CHANGE)
}

fn call_within(words: &[&str], deadline: Duration) -> Result<String> {
    let line = words.join(" ");
    let failed = |what| Failure::new(FailureKind::Unavailable, what);
    let (program, arguments) = words.split_first().unwrap_or((&"", &[]));
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let missing = |e| failed(format!("{line}: {e}")).remedy(format!("Is {program} installed?"));
    let child = command.spawn().map_err(missing)?;
    let output = output_of(child, deadline)
        .ok_or_else(|| failed(format!("{line}: it does not end")).remedy(MORE))?
        .map_err(missing)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    // The first line names the fault; what follows are hints for a terminal that there may not be.
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("refused");
    Err(failed(format!("{line}: {said}")).remedy(MORE))
}

/// What a child prints until its end; `None`, and it is killed, when that takes longer than this.
fn output_of(child: Child, deadline: Duration) -> Option<std::io::Result<Output>> {
    let id = child.id();
    let (ended, end) = bounded(1);
    // Pipes are drained while it runs: a child that fills one would otherwise never end.
    std::thread::spawn(move || drop(ended.send(child.wait_with_output())));
    end.recv_timeout(deadline).inspect_err(|_| kill(id)).ok()
}

#[cfg(unix)]
fn kill(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    // It may have ended meanwhile.
    let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
}

/// It is left behind.
#[cfg(not(unix))]
fn kill(_id: u32) {}

/// Where more is to be learnt when a tool refuses.
#[cfg(target_os = "linux")]
const MORE: &str = "`systemctl --user status mousewarden` and `journalctl --user` tell more.";
/// Where more is to be learnt when a tool refuses.
#[cfg(target_os = "macos")]
const MORE: &str = "`launchctl print gui/$(id -u)/org.mousewarden.agent` tells more.";
/// Where more is to be learnt when a tool refuses.
#[cfg(windows)]
const MORE: &str = "The task scheduler (taskschd.msc) tells more.";

/// What starts programs with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    /// systemd, or the desktop by an autostart file.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "known on Linux"))]
    Desktop,
    /// Windows' task scheduler.
    TaskScheduler,
    /// macOS's launchd.
    Launchd,
}

/// The one of this system.
#[cfg(target_os = "linux")]
pub(crate) const MANAGER: Manager = Manager::Desktop;
/// The one of this system.
#[cfg(target_os = "macos")]
pub(crate) const MANAGER: Manager = Manager::Launchd;
/// The one of this system.
#[cfg(windows)]
pub(crate) const MANAGER: Manager = Manager::TaskScheduler;

/// The user of this process as the service manager names one: a number.
#[cfg(unix)]
pub fn user() -> String {
    rustix::process::getuid().as_raw().to_string()
}

/// The user of this process as the service manager names one: domain and name.
#[cfg(windows)]
pub fn user() -> String {
    format!("{}\\{}", variable("USERDOMAIN"), variable("USERNAME"))
}

#[cfg(windows)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// A symbolic link at `path` to `to`.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub(crate) fn symlink(to: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, path)
}

/// There is no service that needs one on this system.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub(crate) fn symlink(_to: &Path, _path: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_does_not_end_is_not_waited_for() {
        let failure = call_within(&["sleep", "60"], Duration::from_millis(50)).unwrap_err();
        assert!(failure.to_string().contains("sleep 60: it does not end"), "{failure}");
        assert_eq!(call(&["echo", "yes"]).unwrap(), "yes\n");
    }
}
