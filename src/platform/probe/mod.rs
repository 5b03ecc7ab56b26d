//! What `doctor` says of the system around the agent.
//!
//! # Invariants
//! It asks only: shows no notice, locks nothing and keeps nothing open.

#[cfg(target_os = "linux")]
pub(crate) mod linux;
#[cfg(target_os = "macos")]
pub(crate) mod macos;
#[cfg(windows)]
pub(crate) mod windows;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{LOCK_REMEDY, services, surroundings};
#[cfg(target_os = "macos")]
pub(crate) use self::macos::{LOCK_REMEDY, services, surroundings};
#[cfg(windows)]
pub(crate) use self::windows::{LOCK_REMEDY, services, surroundings};

use super::LockCommand;
use super::lock::command;
use crate::error::Failure;

/// How a look came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    /// As it should be.
    Ok,
    /// It works, but less well than it could.
    Warn,
    /// The agent cannot do its work.
    Fail,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// The command, or the thing to do, that mends it.
    pub mend: Option<String>,
}

impl Check {
    /// It is well.
    pub(crate) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), mend: None }
    }

    /// It could be better.
    pub(crate) fn warn(
        name: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { name, health: Health::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    /// The agent cannot work with it.
    pub(crate) fn fail(
        name: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { name, health: Health::Fail, found: found.into(), mend: Some(mend.into()) }
    }

    /// A failure in its own words; `mend` where it has no remedy of its own.
    pub(crate) fn failed(name: &'static str, failure: &Failure, mend: &str) -> Self {
        let text = failure.to_string();
        let (what, remedy) = text.rsplit_once("\n  ").unwrap_or((&text, mend));
        Self::fail(name, what, remedy)
    }
}

/// What was found of the system's services.
#[derive(Debug)]
pub(crate) struct Services {
    /// What tells of the session, and what tells the person.
    pub checks: Vec<Check>,
    /// What may lock the screen, best first.
    pub lockers: Vec<String>,
}

/// What locks the screen: the services that were found, else the command. A command that cannot be
/// run is a fault even where a service is there, because it is the way when that fails. `is_due`
/// says whether an alarm is to lock.
pub(crate) fn lock(services: &[String], command: &LockCommand, is_due: bool) -> Check {
    let name = "screen lock";
    let found = (!command.is_empty()).then(|| command::find(command));
    match found {
        Some(Err(why)) => Check::fail(name, format!("lock.command: {why}"), LOCK_REMEDY),
        _ if !services.is_empty() => Check::ok(name, services.join(", ")),
        Some(Ok(path)) => Check::ok(name, format!("command {}", path.display())),
        None => {
            let what = "no service that locks, and no command";
            if is_due {
                Check::fail(name, what, LOCK_REMEDY)
            } else {
                Check::warn(name, what, LOCK_REMEDY)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureKind;

    #[test]
    fn a_command_that_cannot_be_run_is_a_fault_beside_any_service() {
        let (logind, wrong) = (["logind".to_owned()], vec!["i3lok".to_owned(), "-n".to_owned()]);
        let check = lock(&logind, &wrong, false);
        assert_eq!(check.health, Health::Fail);
        assert!(check.found.contains("i3lok: no such program"), "{check:?}");
        assert_eq!(lock(&logind, &Vec::new(), true).health, Health::Ok);
        assert_eq!(lock(&[], &Vec::new(), false).health, Health::Warn);
        assert_eq!(lock(&[], &Vec::new(), true).health, Health::Fail);
    }

    #[test]
    fn a_failure_keeps_its_own_remedy() {
        let failure =
            Failure::new(FailureKind::Data, "model x: truncated").remedy("Train it again.");
        let check = Check::failed("model", &failure, "nothing");
        assert_eq!(check, Check::fail("model", "model x: truncated", "Train it again."));
    }
}
