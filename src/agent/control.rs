//! The language spoken at the control socket: one JSON line in, one JSON line out. Only the owner's
//! processes get this far; the socket itself is the platform's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Kind, Result};
use crate::platform::endpoint;

use super::board::{Board, Status};
use super::engine::Command;

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
        reply => Ok(reply),
    }
}

/// Answers one line; the command that follows from it is to be sent once the answer is out.
pub fn answer(
    line: &str,
    board: &Arc<Board>,
    commands: &Sender<Command>,
) -> (String, Option<Command>) {
    let (reply, command) = match serde_json::from_str(line) {
        Ok(Request::Status) => (Reply::Status(Box::new(board.read())), None),
        Ok(_) if commands.is_full() => {
            (Reply::Refused { why: "the agent is busy; try again".into() }, None)
        }
        Ok(request) => (Reply::Accepted, command(request)),
        Err(error) => (Reply::Refused { why: format!("no request: {error}") }, None),
    };
    (serde_json::to_string(&reply).unwrap_or_default(), command)
}

fn command(request: Request) -> Option<Command> {
    match request {
        Request::Status => None,
        Request::Pause { seconds } => Some(Command::Pause(seconds.map(Duration::from_secs))),
        Request::Resume => Some(Command::Resume),
        Request::Reload => Some(Command::Reload),
        Request::Stop => Some(Command::Stop("asked to stop".into())),
    }
}
