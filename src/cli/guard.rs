//! `guard`: the process that locks when the agent is killed during a countdown; mousewarden starts it
//! by itself.

use std::thread;
use std::time::Duration;

use clap::Args;
use crossbeam_channel::bounded;

use super::output;
use super::run::for_locker;
use crate::config::LogLevel;
use crate::error::Result;
use crate::platform::guard::{Ending, stand_by};
use crate::platform::{Notice, desktop, signals};

/// How often it is tried.
const TRIES: usize = 20;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Arguments of `guard`.
#[derive(Debug, Args)]
pub(crate) struct GuardArgs {
    /// How long the countdown is
    #[arg(long)]
    seconds: u32,
    /// What locks where no service does: program and arguments
    #[arg(last = true)]
    command: Vec<String>,
}

impl GuardArgs {
    /// Stands by until the agent sends it home, or locks.
    ///
    /// # Errors
    /// When it has to lock and no way works.
    pub(crate) fn run(self) -> Result<()> {
        output::log_to_stderr(LogLevel::Warn);
        // Whoever ends the agent is not to end the guard by the same signal.
        signals::listen(|_| {})?;
        let (why, started) = match stand_by(std::io::stdin(), self.seconds) {
            Ending::Over => return Ok(()),
            Ending::Lost(started) => ("it was ended", started),
            Ending::Late(started) => ("it was stopped", started),
        };
        tracing::warn!(event = "guard", why, "mousewarden did not come to its lock: {why}");
        // A second locker beside one that is about to lock would only be in its way.
        let is_locked = started.is_some_and(|locker| desktop::has_locked(&locker));
        let locked = if is_locked { Ok(()) } else { self.lock() };
        tell(why, locked.is_ok());
        locked
    }

    fn lock(&self) -> Result<()> {
        let mut locker = desktop::locker(self.command.clone(), for_locker());
        let mut locked = locker.lock(&|_| {});
        for _ in 1..TRIES {
            if locked.is_ok() {
                break;
            }
            thread::sleep(PAUSE);
            locked = locker.lock(&|_| {});
        }
        locked.map(drop)
    }
}

/// Tells the person, who sees it when the screen is open again.
fn tell(why: &str, is_locked: bool) {
    let (answer, _answers) = bounded(1);
    let done = if is_locked { "Its guard has locked" } else { "Its guard could not lock" };
    let notice = Notice {
        summary: "mousewarden was ended".into(),
        body: format!(
            "It had seen somebody else at the mouse and was about to lock when {why}. {done}. \
             `mousewarden run` watches again."
        ),
        ask: false,
        urgent: true,
    };
    if let Err(failure) = desktop::notifier(answer).notify(&notice) {
        tracing::warn!("{failure}");
    }
}
