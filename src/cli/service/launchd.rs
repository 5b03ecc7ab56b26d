//! The launch agent of macOS: the packages' text of it for a program, and what lays it down and
//! takes it away.

use std::path::{Path, PathBuf};

use super::homeless;
use super::step::InstallStep;
use crate::error::Result;
use crate::paths::Paths;
use crate::platform::service;

/// The agent as packages document it.
const PLIST: &str = include_str!("../../../installers/macos/org.mousewarden.agent.plist");
/// The program as it is named there.
const PROGRAM: &str = "/usr/local/bin/mousewarden";
/// The agent's name.
const LABEL: &str = "org.mousewarden.agent";

/// Where launchd looks for the agents of this user.
///
/// # Errors
/// When there is no home folder.
pub(super) fn file(paths: &Paths) -> Result<PathBuf> {
    let library = paths.config_home().and_then(Path::parent).ok_or_else(homeless)?;
    Ok(library.join("LaunchAgents").join(format!("{LABEL}.plist")))
}

/// What starts this program with every session of this user, and now.
///
/// # Errors
/// When there is no home folder.
pub(super) fn steps(paths: &Paths, program: &Path) -> Result<Vec<InstallStep>> {
    let path = file(paths)?;
    let domain = domain();
    let name = path.display().to_string();
    let old = path.exists().then(|| InstallStep::call(&["launchctl", "bootout", &domain, &name]));
    let text = text(program, &paths.named());
    let start = InstallStep::call(&["launchctl", "bootstrap", &domain, &name]);
    Ok(old.into_iter().chain([InstallStep::Write { path, text }, start]).collect())
}

/// What takes it away again; nothing where there is none.
///
/// # Errors
/// When there is no home folder.
pub(super) fn removals(paths: &Paths) -> Result<Vec<InstallStep>> {
    let path = file(paths)?;
    if !path.exists() {
        return Ok(Vec::new());
    }
    let name = path.display().to_string();
    Ok(vec![
        InstallStep::call(&["launchctl", "bootout", &domain(), &name]),
        InstallStep::Remove(path),
    ])
}

fn domain() -> String {
    format!("gui/{}", service::user())
}

/// The text for a program, with these variables set.
pub(super) fn text(program: &Path, variables: &[(&str, &Path)]) -> String {
    let entries: String = variables
        .iter()
        .map(|(name, value)| {
            let value = escaped(&value.display().to_string());
            format!("\n\t\t<key>{name}</key>\n\t\t<string>{value}</string>")
        })
        .collect();
    let dict =
        if entries.is_empty() { "<dict/>".into() } else { format!("<dict>{entries}\n\t</dict>") };
    let program = escaped(&program.display().to_string());
    PLIST.replace(PROGRAM, &program).replace("<dict/>", &dict)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    /// As Python's own reader of such files sees it; `None` where there is no Python.
    fn as_json(text: &str) -> Option<serde_json::Value> {
        let script = "import json, plistlib, sys; \
                      print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
        let mut command = Command::new("python3");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut python = command.spawn().ok()?;
        python.stdin.take()?.write_all(text.as_bytes()).ok()?;
        let output = python.wait_with_output().ok()?;
        assert!(output.status.success(), "no property list:\n{text}");
        serde_json::from_slice(&output.stdout).ok()
    }

    #[test]
    fn the_agent_runs_this_program_in_the_desktop_and_again_when_it_fails() {
        let program = Path::new("/Users/a & b/mousewarden");
        let text = text(program, &[("MOUSEWARDEN_DATA", Path::new("/d <e>"))]);
        let Some(agent) = as_json(&text) else {
            eprintln!("not looked at: no python3, whose plistlib reads property lists");
            return;
        };
        assert_eq!(agent["ProgramArguments"][0], "/Users/a & b/mousewarden");
        assert_eq!(agent["EnvironmentVariables"]["MOUSEWARDEN_DATA"], "/d <e>");
        assert_eq!(agent["KeepAlive"]["SuccessfulExit"], false);
        assert_eq!(agent["LimitLoadToSessionType"], "Aqua");
        assert_eq!(agent["ProcessType"], "Interactive");
        assert_eq!(agent["Umask"], 0o077);
    }
}
