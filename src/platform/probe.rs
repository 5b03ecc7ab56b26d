//! What `doctor` says of the system around the agent. Asks only: shows no notice, locks nothing and
//! keeps nothing open.

#[cfg(target_os = "linux")]
pub use super::linux::probe::{LOCK_REMEDY, lockers, services, surroundings};
#[cfg(target_os = "macos")]
pub use super::macos::probe::{LOCK_REMEDY, lockers, services, surroundings};
#[cfg(windows)]
pub use super::windows::probe::{LOCK_REMEDY, lockers, services, surroundings};

use crate::error::Failure;

/// How a look came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Ok,
    /// It works, but less well than it could.
    Warn,
    /// The agent cannot do its work.
    Fail,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
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
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), mend: None }
    }

    /// It could be better.
    pub fn warn(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, health: Health::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    /// The agent cannot work with it.
    pub fn fail(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, health: Health::Fail, found: found.into(), mend: Some(mend.into()) }
    }

    /// A failure in its own words; `mend` where it has no remedy of its own.
    pub fn failed(name: &'static str, failure: &Failure, mend: &str) -> Self {
        let text = failure.to_string();
        let (what, remedy) = text.rsplit_once("\n  ").unwrap_or((&text, mend));
        Self::fail(name, what, remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_failure_keeps_its_own_remedy() {
        let failure = Failure::new(Kind::Data, "model x: truncated").remedy("Train it again.");
        let check = Check::failed("model", &failure, "nothing");
        assert_eq!(check, Check::fail("model", "model x: truncated", "Train it again."));
    }
}
