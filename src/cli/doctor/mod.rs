//! `doctor`: looks at everything that the agent needs and says what mends it.

mod checks;
mod desktop;
mod past;

use clap::Args;

use super::output;
use crate::error::{Failure, FailureKind, Result};
use crate::platform::probe::{Check, Health};

/// Columns of the longest name.
const NAME_COLUMNS: usize = 15;
/// Columns before what was found.
const BEFORE: usize = NAME_COLUMNS + 8;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// One line of JSON a check instead of text
    #[arg(long)]
    json: bool,
}

/// One line a check, and one more for what mends it.
fn text(check: &Check, colour: bool) -> String {
    let (word, code) = match check.health {
        Health::Ok => ("ok  ", "32"),
        Health::Warn => ("warn", "33"),
        Health::Fail => ("FAIL", "31"),
    };
    let word = if colour { format!("\x1b[{code}m{word}\x1b[0m") } else { word.into() };
    let below = format!("\n{:BEFORE$}", "");
    let mend = check.mend.as_ref().map_or(String::new(), |mend| format!("{below}-> {mend}"));
    let found = check.found.replace('\n', &below);
    format!("{word}  {:<NAME_COLUMNS$}  {found}{mend}", check.name)
}

impl DoctorArgs {
    /// Prints every check.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when at least one failed.
    pub(crate) fn run(self) -> Result<()> {
        let mut worst = Health::Ok;
        let colour = output::colour();
        for check in desktop::all().chain(checks::all()) {
            worst = worst.max(check.health);
            if self.json {
                output::json(&check)?;
            } else {
                output::line(&text(&check, colour))?;
            }
        }
        match worst {
            Health::Fail => {
                Err(Failure::new(FailureKind::Unavailable, "mousewarden cannot work yet")
                    .remedy("Do what stands behind the arrows above."))
            }
            Health::Ok | Health::Warn => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mends_it_stands_behind_an_arrow() {
        let check = Check::fail("model", "truncated", "train it");
        assert_eq!(
            text(&check, false),
            "FAIL  model            truncated\n                       -> train it"
        );
    }
}
