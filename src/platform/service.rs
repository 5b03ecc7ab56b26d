//! The service manager of this user, asked by its own tool. Says what it said; decides nothing, and
//! changes only what the arguments ask for.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Failure, Kind, Result};

/// What desktops start and end with the session.
pub const SESSION_TARGET: &str = "graphical-session.target";

/// Whether systemd manages services for this user.
pub fn is_here() -> bool {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR");
    runtime.is_some_and(|folder| Path::new(&folder).join("systemd/private").exists())
}

/// Whether this desktop tells systemd that its session is up; several small ones don't.
pub fn session_is_up() -> bool {
    is_here() && systemctl(&["is-active", "--quiet", SESSION_TARGET]).is_ok()
}

/// Runs `systemctl --user` and returns what it prints.
///
/// # Errors
/// [`Kind::Unavailable`] when it is not there or refuses; the message is its own.
pub fn systemctl(arguments: &[&str]) -> Result<String> {
    let call = format!("systemctl --user {}", arguments.join(" "));
    let mut command = Command::new("systemctl");
    command.arg("--user").args(arguments).stdin(Stdio::null());
    let output = command.output().map_err(|e| {
        Failure::new(Kind::Unavailable, format!("{call}: {e}")).remedy("Is systemd installed?")
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("refused");
    Err(Failure::new(Kind::Unavailable, format!("{call}: {said}"))
        .remedy("`systemctl --user status mousewarden` and `journalctl --user` tell more."))
}

/// A symbolic link at `path` to `to`.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub fn symlink(to: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, path)
}

/// There is no service that needs one on this system.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn symlink(_to: &Path, _path: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
