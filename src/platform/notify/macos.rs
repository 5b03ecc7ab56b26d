//! Notifications through `osascript`: a banner, or an alert with two buttons where an answer is
//! wanted, in place of the one before. An answer is passed on as it is. So far compiled only, and
//! yet to be run on a Mac.
//!
//! # Invariants
//! Texts are handed over as arguments, never as script.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::error::{Failure, FailureKind, Result};
use crate::platform::{Notice, NoticeAnswer, Notifier};

const IT_WAS_ME: &str = "It was me (password)";
const LOCK_NOW: &str = "Lock now";
const BANNER: &str = "display notification (item 2 of argv) with title (item 1 of argv)";
const ALERT: &str = "display alert (item 1 of argv) message (item 2 of argv) as critical \
     buttons {\"Lock now\", \"It was me (password)\"} giving up after 600";
/// How long a banner may take.
const DEADLINE: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Tells the person by macOS's own means.
#[derive(Debug)]
pub(crate) struct Toaster {
    answers: Sender<NoticeAnswer>,
    /// The alert that is shown, if one is.
    alert: Arc<Mutex<Option<Child>>>,
}

impl Toaster {
    /// Answers go into `answers`; when that is full they are lost, so it should hold a few.
    pub(crate) fn new(answers: Sender<NoticeAnswer>) -> Self {
        Self { answers, alert: Arc::default() }
    }

    /// Takes away the alert that is shown. Its waiter hears an empty answer, which is none.
    fn replace(&self) {
        let alert = self.alert.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut alert) = alert {
            // It may have ended by itself.
            let _ = alert.kill();
            let _ = alert.wait();
        }
    }
}

impl Notifier for Toaster {
    fn notify(&mut self, notice: &Notice) -> Result<()> {
        self.replace();
        let script = if notice.ask { ALERT } else { BANNER };
        let mut child = start(script, notice).map_err(|error| not_shown(&error.to_string()))?;
        if !notice.ask {
            return finish(&mut child);
        }
        let Some(mut said) = child.stdout.take() else { return Err(not_shown("no answer")) };
        *self.alert.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let answers = self.answers.clone();
        let started = thread::Builder::new().name("alert".to_owned()).spawn(move || {
            let mut text = String::new();
            if said.read_to_string(&mut text).is_ok()
                && let Some(answer) = answer(&text)
            {
                let _ = answers.try_send(answer);
            }
        });
        started.map(drop).map_err(|error| Failure::io("thread for an alert", error))
    }

    fn withdraw(&mut self) {
        self.replace();
    }
}

impl Drop for Toaster {
    fn drop(&mut self) {
        self.replace();
    }
}

fn start(script: &str, notice: &Notice) -> std::io::Result<Child> {
    let mut command = Command::new("/usr/bin/osascript");
    command.args(["-e", "on run argv", "-e", script, "-e", "end run"]);
    command.args([&notice.summary, &notice.body]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
}

fn finish(child: &mut Child) -> Result<()> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(not_shown(&format!("osascript: {status}"))),
            Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(not_shown("macOS does not answer"));
            }
        }
    }
}

/// What `display alert` prints: "button returned:It was me (password), gave up:false".
fn answer(text: &str) -> Option<NoticeAnswer> {
    let button = text.trim().strip_prefix("button returned:")?.split(", gave up").next()?;
    Some(match button {
        IT_WAS_ME => NoticeAnswer::ItWasMe,
        LOCK_NOW => NoticeAnswer::LockNow,
        _ => NoticeAnswer::Dismissed,
    })
}

fn not_shown(why: &str) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("the notification was not shown: {why}"))
        .remedy("Allow notifications of Script Editor in System Settings > Notifications.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_that_was_pressed_is_the_answer() {
        let said = |text| answer(text);
        assert_eq!(
            said("button returned:It was me (password), gave up:false\n"),
            Some(NoticeAnswer::ItWasMe)
        );
        assert_eq!(said("button returned:Lock now, gave up:false\n"), Some(NoticeAnswer::LockNow));
        assert_eq!(said("button returned:, gave up:true\n"), Some(NoticeAnswer::Dismissed));
        assert_eq!(said(""), None);
    }
}
