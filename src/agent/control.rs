//! What a running agent can be asked, and what it answers: by JSON lines at the control socket, and
//! by the same questions on the session bus. Who may ask is decided where the question comes in;
//! what an administrator forbids is refused, and written down.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Kind, Result};
use crate::platform::{Counter, Glance, endpoint};

use super::board::{Board, Status};
use super::engine::Command;
use super::entry::Asked;
use super::rules::Rules;

/// How long a caller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
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
pub fn ask(socket: &Path, request: &Request) -> Result<Reply> {
    let foreign = |e: serde_json::Error| {
        Failure::new(Kind::Data, format!("the running mousewarden answered strangely: {e}"))
            .remedy("It may be another version: `mousewarden stop`, then start it again.")
    };
    let line = serde_json::to_string(request).map_err(foreign)?;
    match serde_json::from_str(&endpoint::ask(socket, &line, PATIENCE)?).map_err(foreign)? {
        Reply::Refused { why } => Err(Failure::new(Kind::Data, why)),
        Reply::Forbidden { why } => Err(Failure::new(Kind::Denied, why)
            .remedy("Ask the administrator of this machine; the attempt was written down.")),
        reply => Ok(reply),
    }
}

/// Where questions are answered.
#[derive(Debug, Clone)]
pub struct Desk {
    board: Arc<Board>,
    commands: Sender<Command>,
    rules: Rules,
}

impl Desk {
    /// A desk that knows the board, gives commands, and keeps to the rules.
    pub const fn new(board: Arc<Board>, commands: Sender<Command>, rules: Rules) -> Self {
        Self { board, commands, rules }
    }

    /// Where its commands go.
    pub const fn commands(&self) -> &Sender<Command> {
        &self.commands
    }

    /// Answers a line; the command that follows from it is to be sent once the answer is out.
    pub fn line(&self, line: &str) -> (String, Option<Command>) {
        let (reply, command) = match serde_json::from_str(line) {
            Ok(request) => self.answer(&request),
            Err(error) => (Reply::Refused { why: format!("no request: {error}") }, None),
        };
        (serde_json::to_string(&reply).unwrap_or_default(), command)
    }

    /// Answers a request; the command that follows from it is to be sent once the answer is out.
    pub fn answer(&self, request: &Request) -> (Reply, Option<Command>) {
        if let Some(name) = self.forbidden(request) {
            let why = format!("the policy of this machine forbids to {name} mousewarden");
            let note = Command::Refused { request: name, why: why.clone() };
            return (Reply::Forbidden { why }, Some(note));
        }
        match request {
            Request::Status => (Reply::Status(Box::new(self.board.read())), None),
            _ if self.commands.is_full() => {
                (Reply::Refused { why: "the agent is busy; try again".into() }, None)
            }
            request => (Reply::Accepted, command(request)),
        }
    }

    fn forbidden(&self, request: &Request) -> Option<Asked> {
        match request {
            Request::Pause { .. } if !self.rules.allow_pause => Some(Asked::Pause),
            Request::Stop if !self.rules.allow_stop => Some(Asked::Stop),
            _ => None,
        }
    }

    fn do_it(&self, request: &Request) -> Result<(), String> {
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

impl Counter for Desk {
    fn status(&self) -> String {
        serde_json::to_string(&self.board.read()).unwrap_or_default()
    }

    fn glance(&self) -> Glance {
        self.board.glance()
    }

    fn pause(&self, seconds: Option<u64>) -> Result<(), String> {
        self.do_it(&Request::Pause { seconds })
    }

    fn resume(&self) -> Result<(), String> {
        self.do_it(&Request::Resume)
    }

    fn reload(&self) -> Result<(), String> {
        self.do_it(&Request::Reload)
    }

    fn stop(&self) -> Result<(), String> {
        self.do_it(&Request::Stop)
    }
}

fn command(request: &Request) -> Option<Command> {
    match request {
        Request::Status => None,
        Request::Pause { seconds } => Some(Command::Pause(seconds.map(Duration::from_secs))),
        Request::Resume => Some(Command::Resume),
        Request::Reload => Some(Command::Reload),
        Request::Stop => Some(Command::Stop("asked to stop".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    fn desk(rules: Rules) -> (Desk, crossbeam_channel::Receiver<Command>) {
        let (commands, obeyed) = bounded(4);
        (Desk::new(Arc::new(Board::new(Status::default())), commands, rules), obeyed)
    }

    #[test]
    fn what_the_administrator_forbids_is_refused_and_written_down() {
        let (desk, obeyed) = desk(Rules { allow_stop: false, ..Rules::default() });
        let (reply, note) = desk.answer(&Request::Stop);
        assert!(matches!(reply, Reply::Forbidden { .. }));
        assert!(matches!(note, Some(Command::Refused { request: Asked::Stop, .. })));
        assert!(desk.stop().unwrap_err().contains("forbids"));
        assert!(matches!(obeyed.try_recv(), Ok(Command::Refused { .. })));
        desk.pause(Some(5)).unwrap();
        assert_eq!(obeyed.try_recv(), Ok(Command::Pause(Some(Duration::from_secs(5)))));
    }

    #[test]
    fn nonsense_is_answered_and_nothing_follows() {
        let (desk, _obeyed) = desk(Rules::default());
        let (reply, command) = desk.line("{\"command\":\"dance\"}");
        assert!(reply.contains("refused") && command.is_none(), "{reply}");
    }
}
