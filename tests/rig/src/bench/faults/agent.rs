//! The agent under faults: its process, what it says on its standard output, and how it can be
//! asked.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::Value;

use super::fault::signal;
use crate::bench::process::children;
use mousewarden::agent::control::{self, ControlRequest, Reply};
use mousewarden::agent::shared_status::Status;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::Timestamp;
use mousewarden::pipeline::event::Micros;
use mousewarden::platform::clock;

/// How long it may take to come up, on a loaded machine.
const PATIENCE: Micros = Micros::from_millis(40_000);
/// How often it is looked at.
const LOOK: Micros = Micros::from_millis(5);

/// A running agent; ended on drop.
pub(super) struct WatchedAgent {
    child: Child,
    events: Arc<Mutex<Vec<Value>>>,
    socket: PathBuf,
}

impl WatchedAgent {
    /// Starts it and returns when it can be asked.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn start(mut command: Command, socket: PathBuf, log: &Path) -> Result<Self> {
        let said = File::options().create(true).append(true).open(log);
        let said = said.map_err(|error| Failure::io(log.display(), error))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said);
        let mut child =
            command.spawn().map_err(|error| Failure::io("starting the agent", error))?;
        let events = Arc::default();
        child.stdout.take().into_iter().for_each(|out| collect(out, Arc::clone(&events)));
        let mut agent = Self { child, events, socket };
        if agent.wait(PATIENCE, |agent| agent.problems().is_some()) {
            return Ok(agent);
        }
        let end = agent.ended().map_or("it does not answer".to_owned(), |end| end.to_string());
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let what = format!("the agent does not come up: {end}\n{said}");
        Err(Failure::new(FailureKind::Internal, what))
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The capture process's.
    pub(super) fn capture(&self) -> Option<u32> {
        children(self.pid()).into_iter().find(|pid| {
            let name = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&name).contains("capture-process")
        })
    }

    /// How it has ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it says does not work; `None` when it does not answer.
    pub(super) fn problems(&self) -> Option<Vec<String>> {
        self.status().map(|status| status.problems)
    }

    /// How long it has seen nothing move, by its own word.
    pub(super) fn still(&self) -> Option<Micros> {
        let still_s = i64::try_from(self.status()?.still_s).unwrap_or(i64::MAX / 1000);
        Some(Micros::from_millis(1000 * still_s))
    }

    fn status(&self) -> Option<Status> {
        match control::ask(&self.socket, &ControlRequest::Status) {
            Ok(Reply::Status(status)) => Some(*status),
            _ => None,
        }
    }

    /// Whether it had said, within its first so many events, that it does not see the mouse.
    pub(super) fn is_blind(&self, within: usize) -> bool {
        self.last_word(within).is_some_and(|event| event["state"] == "blind")
    }

    /// When it last said that it sees the mouse again; the beginning of time if it never had to.
    pub(super) fn sees_since(&self) -> Timestamp {
        let word = self.last_word(self.count());
        let since = word.and_then(|event| event["mono_us"].as_i64());
        Timestamp::from_micros(since.unwrap_or_default())
    }

    /// What it said last, within its first so many events, of whether it sees the mouse.
    fn last_word(&self, within: usize) -> Option<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = events.iter().take(within).rev().filter(|event| is(event, "capture"));
        told.find(|event| event["state"] == "blind" || event["state"] == "sees").cloned()
    }

    /// How many events it has printed.
    pub(super) fn count(&self) -> usize {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The events after the first so many.
    pub(super) fn events(&self, after: usize) -> Vec<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().skip(after).cloned().collect()
    }

    /// The first event after the first so many that is wanted, if it has come.
    pub(super) fn find(&self, after: usize, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().skip(after).find(|event| wanted(event)).cloned()
    }

    /// Waits until something holds, but no longer than this; whether it does.
    pub(super) fn wait(&mut self, patience: Micros, holds: impl Fn(&Self) -> bool) -> bool {
        let deadline = clock::now() + patience;
        while !holds(self) {
            if clock::now() >= deadline {
                return false;
            }
            clock::sleep_until(clock::now() + LOOK);
        }
        true
    }
}

impl Drop for WatchedAgent {
    fn drop(&mut self) {
        // The number of one that has ended may be another process's by now.
        if self.ended().is_some() {
            return;
        }
        // First the guard, which would lock.
        children(self.pid()).into_iter().for_each(|child| signal(child, "KILL"));
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(out: ChildStdout, events: Arc<Mutex<Vec<Value>>>) {
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(std::io::Result::ok) {
            if let Ok(event) = serde_json::from_str(&line) {
                events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            }
        }
    });
}

/// Whether an event is the alarm that locks.
pub(super) fn is_alarm(event: &Value) -> bool {
    event["event"] == "verdict" && event["action"] == "lock"
}

/// Whether an event has this name.
pub(super) fn is(event: &Value, name: &str) -> bool {
    event["event"] == name
}
