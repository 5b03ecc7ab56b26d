//! `pause`: tells the running agent to look away for a while.

use clap::Args;
use jiff::SignedDuration;

use super::context::{paths, socket};
use super::output;
use crate::agent::control::{self, ControlRequest};
use crate::error::Result;

/// Arguments of `pause`.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// For how long, as 15m or 1h30m; without it until `resume`
    #[arg(value_name = "DURATION", value_parser = seconds)]
    duration: Option<u64>,
}

impl PauseArgs {
    /// Asks the running agent to pause.
    ///
    /// # Errors
    /// When none runs.
    pub(crate) fn run(self) -> Result<()> {
        let request = ControlRequest::Pause { seconds: self.duration };
        control::ask(&socket(&paths()?), &request)?;
        output::line(&match self.duration {
            Some(seconds) => {
                let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
                format!("mousewarden is paused for {span:#}")
            }
            None => "mousewarden is paused until `mousewarden resume`".into(),
        })
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    let span: SignedDuration =
        text.parse().map_err(|_| "not a duration; write it as 15m or 1h30m".to_owned())?;
    let seconds = u64::try_from(span.as_secs()).ok().filter(|s| (1..=7 * 86_400).contains(s));
    seconds.ok_or_else(|| "must lie between 1s and 168h".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("1h30m"), Ok(5400));
        for wrong in ["", "15", "-5m", "0s", "1000h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
