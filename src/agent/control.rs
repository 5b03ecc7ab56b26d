//! What a running agent can be asked, and what it answers: by JSON lines at the control socket, and
//! by the same questions on the session bus. Who may ask is decided where the question comes in;
//! what an administrator forbids is refused, and written down.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, FailureKind, Result};
use crate::platform::control::endpoint;
use crate::platform::{ControlHandler, StatusSummary};

use super::command::Command;
use super::event::Asked;
use super::rules::Rules;
use super::shared_status::{SharedStatus, Status};

/// How long a caller waits for an answer.
// The engine answers between two windows; whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum ControlRequest {
    /// How it goes.
    Status,
    /// Stop watching, for so many seconds or until resumed.
    Pause {
        /// Seconds.
        seconds: Option<u64>,
    },
    /// Watch again.
    Resume,
    /// Read the configuration again.
    Reload,
    /// End.
    Stop,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// How it goes.
    Status(Box<Status>),
    /// It will be done.
    Accepted,
    /// It will not.
    Refused {
        /// Why.
        why: String,
    },
    /// The administrator does not allow it.
    Forbidden {
        /// What.
        why: String,
    },
}

/// Asks the agent that listens at a socket.
///
/// # Errors
/// When nobody listens, no answer comes, or the request is refused.
pub fn ask(socket: &Path, request: &ControlRequest) -> Result<Reply> {
    // An agent of the version before may still run after an update.
    let foreign = |e: serde_json::Error| {
        Failure::new(FailureKind::Data, format!("the running mousewarden answered strangely: {e}"))
            .remedy("It may be another version: `mousewarden stop`, then start it again.")
    };
    let line = serde_json::to_string(request).map_err(foreign)?;
    match serde_json::from_str(&endpoint::ask(socket, &line, PATIENCE)?).map_err(foreign)? {
        Reply::Refused { why } => Err(Failure::new(FailureKind::Data, why)),
        Reply::Forbidden { why } => Err(Failure::new(FailureKind::Denied, why)
            .remedy("Ask the administrator of this machine; the attempt was written down.")),
        reply => Ok(reply),
    }
}

/// Where questions are answered.
#[derive(Debug, Clone)]
pub(crate) struct AgentControl {
    shared_status: Arc<SharedStatus>,
    commands: Sender<Command>,
    rules: Rules,
}

impl AgentControl {
    /// A handler that knows the shared status, gives commands, and keeps to the rules.
    pub(crate) const fn new(
        shared_status: Arc<SharedStatus>,
        commands: Sender<Command>,
        rules: Rules,
    ) -> Self {
        Self { shared_status, commands, rules }
    }

    /// Where its commands go.
    pub(crate) const fn commands(&self) -> &Sender<Command> {
        &self.commands
    }

    /// Answers a line; the command that follows from it is to be sent once the answer is out.
    pub(crate) fn line(&self, line: &str) -> (String, Option<Command>) {
        let (reply, command) = match serde_json::from_str(line) {
            Ok(request) => self.answer(&request),
            Err(error) => (Reply::Refused { why: format!("no request: {error}") }, None),
        };
        // An empty answer is told to be no reply; the thread that serves callers must not end.
        (serde_json::to_string(&reply).unwrap_or_default(), command)
    }

    /// Answers a request; the command that follows from it is to be sent once the answer is out.
    pub(crate) fn answer(&self, request: &ControlRequest) -> (Reply, Option<Command>) {
        if let Some(name) = self.forbidden(request) {
            let why = format!("the policy of this machine forbids to {name} mousewarden");
            // Written down even though nothing follows from it: who tried is what an administrator
            // wants to know.
            let note = Command::Refused { request: name, why: why.clone() };
            return (Reply::Forbidden { why }, Some(note));
        }
        match request {
            ControlRequest::Status => (Reply::Status(Box::new(self.shared_status.read())), None),
            // Asked before it is accepted: "accepted" must not be said of what was thrown away.
            _ if self.commands.is_full() => {
                (Reply::Refused { why: "the agent is busy; try again".into() }, None)
            }
            request => (Reply::Accepted, command(request)),
        }
    }

    fn forbidden(&self, request: &ControlRequest) -> Option<Asked> {
        match request {
            ControlRequest::Pause { .. } if !self.rules.allow_pause => Some(Asked::Pause),
            ControlRequest::Stop if !self.rules.allow_stop => Some(Asked::Stop),
            _ => None,
        }
    }

    fn do_it(&self, request: &ControlRequest) -> Result<(), String> {
        let (reply, command) = self.answer(request);
        if let Some(command) = command {
            self.commands.try_send(command).map_err(|_| "the agent is busy; try again")?;
        }
        match reply {
            Reply::Refused { why } | Reply::Forbidden { why } => Err(why),
            Reply::Status(_) | Reply::Accepted => Ok(()),
        }
    }
}

impl ControlHandler for AgentControl {
    fn status(&self) -> String {
        serde_json::to_string(&self.shared_status.read()).unwrap_or_default()
    }

    fn summary(&self) -> StatusSummary {
        self.shared_status.summary()
    }

    fn pause(&self, seconds: Option<u64>) -> Result<(), String> {
        self.do_it(&ControlRequest::Pause { seconds })
    }

    fn resume(&self) -> Result<(), String> {
        self.do_it(&ControlRequest::Resume)
    }

    fn reload(&self) -> Result<(), String> {
        self.do_it(&ControlRequest::Reload)
    }

    fn stop(&self) -> Result<(), String> {
        self.do_it(&ControlRequest::Stop)
    }
}

fn command(request: &ControlRequest) -> Option<Command> {
    match request {
        ControlRequest::Status => None,
        ControlRequest::Pause { seconds } => Some(Command::Pause(seconds.map(Duration::from_secs))),
        ControlRequest::Resume => Some(Command::Resume),
        ControlRequest::Reload => Some(Command::Reload),
        ControlRequest::Stop => Some(Command::Stop("asked to stop".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    fn control(rules: Rules) -> (AgentControl, crossbeam_channel::Receiver<Command>) {
        let (commands, obeyed) = bounded(4);
        (AgentControl::new(Arc::new(SharedStatus::new(Status::default())), commands, rules), obeyed)
    }

    #[test]
    fn what_the_administrator_forbids_is_refused_and_written_down() {
        let (control, obeyed) = control(Rules { allow_stop: false, ..Rules::default() });
        let (reply, note) = control.answer(&ControlRequest::Stop);
        assert!(matches!(reply, Reply::Forbidden { .. }));
        assert!(matches!(note, Some(Command::Refused { request: Asked::Stop, .. })));
        assert!(control.stop().unwrap_err().contains("forbids"));
        assert!(matches!(obeyed.try_recv(), Ok(Command::Refused { .. })));
        control.pause(Some(5)).unwrap();
        assert_eq!(obeyed.try_recv(), Ok(Command::Pause(Some(Duration::from_secs(5)))));
    }

    #[test]
    fn nonsense_is_answered_and_nothing_follows() {
        let (control, _obeyed) = control(Rules::default());
        let (reply, command) = control.line("{\"command\":\"dance\"}");
        assert!(reply.contains("refused") && command.is_none(), "{reply}");
    }
}
