//! `doctor`: looks at everything that the agent needs and says what mends it. Changes nothing, shows
//! no notice and locks nothing.

mod checks;
mod desktop;

use clap::Args;
use serde::Serialize;

use super::output;
use crate::error::{Failure, Kind, Result};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// One line of JSON a check instead of text
    #[arg(long)]
    json: bool,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Ok,
    /// It works, but less well than it could.
    Warn,
    /// The agent cannot do its work.
    Fail,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    health: Health,
    /// What was found.
    found: String,
    /// The command, or the thing to do, that mends it.
    mend: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), mend: None }
    }

    fn warn(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, health: Health::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    fn fail(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, health: Health::Fail, found: found.into(), mend: Some(mend.into()) }
    }

    /// A failure in its own words; `mend` where it has no remedy of its own.
    fn failed(name: &'static str, failure: &Failure, mend: &str) -> Self {
        let text = failure.to_string();
        let (what, remedy) = text.rsplit_once("\n  ").unwrap_or((&text, mend));
        Self::fail(name, what, remedy)
    }

    fn text(&self, colour: bool) -> String {
        let (word, code) = match self.health {
            Health::Ok => ("ok  ", "32"),
            Health::Warn => ("warn", "33"),
            Health::Fail => ("FAIL", "31"),
        };
        let word = if colour { format!("\x1b[{code}m{word}\x1b[0m") } else { word.into() };
        let mend = self.mend.as_ref().map_or(String::new(), |mend| format!("\n{:22}-> {mend}", ""));
        format!(
            "{word}  {:<16}{}{mend}",
            self.name,
            self.found.replace('\n', "\n                      ")
        )
    }
}

impl DoctorArgs {
    /// Prints every check.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when at least one failed.
    pub fn run(self) -> Result<()> {
        let mut worst = Health::Ok;
        let colour = output::colour();
        for check in desktop::all().chain(checks::all()) {
            worst = worst.max(check.health);
            match self.json {
                true => output::json(&check)?,
                false => output::line(&check.text(colour))?,
            }
        }
        match worst {
            Health::Fail => Err(Failure::new(Kind::Unavailable, "mousewarden cannot work yet")
                .remedy("Do what stands behind the arrows above.")),
            Health::Ok | Health::Warn => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_its_own_remedy() {
        let failure = Failure::new(Kind::Data, "model x: truncated").remedy("Train it again.");
        let check = Check::failed("model", &failure, "nothing");
        assert_eq!(check, Check::fail("model", "model x: truncated", "Train it again."));
        assert!(check.text(false).starts_with("FAIL  model"));
    }
}
