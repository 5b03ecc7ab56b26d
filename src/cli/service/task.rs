//! The logon task of Windows: the packages' text of it for a program and a user, and what lays it
//! down and takes it away.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::step::InstallStep;
use crate::error::{Failure, FailureKind, Result};
use crate::paths::Paths;
use crate::platform::service;

/// The task as packages document it.
const TASK: &str = include_str!("../../../installers/windows/task.xml");
/// The task's name.
const NAME: &str = "mousewarden";
/// Under this key Windows looks for the name under which toasts are shown.
const TOASTS: &str = r"HKCU\Software\Classes\AppUserModelId\mousewarden";

/// Where the text lies that the task was made from.
pub(super) fn file(paths: &Paths) -> PathBuf {
    paths.data().join("logon-task.xml")
}

/// What starts this program with every session of this user, and now.
///
/// # Errors
/// When the environment names places: a task has no environment of its own.
pub(super) fn steps(paths: &Paths, program: &Path) -> Result<Vec<InstallStep>> {
    if let Some((name, path)) = paths.named().first() {
        let what = format!("a logon task cannot be given the variable {name}");
        return Err(Failure::new(FailureKind::Unavailable, what).remedy(format!(
            "Set it for all your programs (setx {name} {}), or leave it away.",
            path.display()
        )));
    }
    let path = file(paths);
    let name = path.display().to_string();
    Ok(vec![
        InstallStep::Write { path, text: text(program, &service::user()) },
        InstallStep::call(&["schtasks", "/Create", "/TN", NAME, "/XML", &name, "/F"]),
        InstallStep::call(&["reg", "add", TOASTS, "/v", "DisplayName", "/d", NAME, "/f"]),
        InstallStep::call(&["schtasks", "/Run", "/TN", NAME]),
    ])
}

/// What takes it away again; nothing where there is none.
pub(super) fn removals(paths: &Paths) -> Vec<InstallStep> {
    let path = file(paths);
    if !path.exists() {
        return Vec::new();
    }
    vec![
        InstallStep::call(&["schtasks", "/Delete", "/TN", NAME, "/F"]),
        InstallStep::call(&["reg", "delete", TOASTS, "/f"]),
        InstallStep::Remove(path),
    ]
}

/// The text for a program and a user, in plain ASCII, which Windows reads in any encoding.
pub(super) fn text(program: &Path, user: &str) -> String {
    let program = escaped(&program.display().to_string());
    TASK.replace("USER", &escaped(user)).replace("PROGRAM", &program)
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        if c.is_ascii() && !"&<>\"".contains(c) {
            all.push(c);
        } else {
            // Writing into a string cannot fail.
            let _ = write!(all, "&#x{:x};", u32::from(c));
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_runs_this_program_for_this_user_without_rights_or_an_end() {
        let text = text(Path::new(r"C:\Users\Jörg & Co\mousewarden.exe"), r"PC\Jörg");
        assert!(text.is_ascii());
        let task = roxmltree::Document::parse(&text).unwrap();
        let all = |name: &str| {
            let named = task.descendants().filter(|node| node.tag_name().name() == name);
            named.filter_map(|node| node.text().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(all("UserId"), [r"PC\Jörg", r"PC\Jörg"]);
        assert_eq!(all("Arguments"), ["--headless \"C:\\Users\\Jörg & Co\\mousewarden.exe\" run"]);
        assert_eq!(all("LogonType"), ["InteractiveToken"]);
        assert_eq!(all("RunLevel"), ["LeastPrivilege"]);
        assert_eq!(all("ExecutionTimeLimit"), ["PT0S"]);
        assert_eq!(all("Command"), [r"%SystemRoot%\System32\conhost.exe"]);
    }
}
