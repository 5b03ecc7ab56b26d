//! A second process that stands by while the first one counts down to a lock: it locks when the
//! first is killed, or stopped, before it has said how the countdown ended.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use super::LockCommand;
use crate::error::{Failure, FailureKind, Result};

/// "The lock is being tried now".
const ACTS: u8 = b'a';
/// "There is nothing to lock any more".
const OVER: u8 = b'k';
/// How much later than announced the first process may begin to lock.
const SLACK: Duration = Duration::from_secs(3);
/// The same for one that is stopped.
const STOPPED: Duration = Duration::from_millis(300);
/// How long it may take from one try to the next.
const TRY: Duration = Duration::from_secs(60);

/// Somebody who locks when this process no longer can.
pub trait Guard: Send {
    /// Says that this process is locking now.
    fn acts(&mut self);

    /// Sends the guard home. Dropped without it, the guard locks.
    fn stands_down(self: Box<Self>);
}

/// The guard as a process of this program.
#[derive(Debug)]
pub(crate) struct GuardProcess {
    line: Line,
}

impl GuardProcess {
    /// Has `program` stand by for so many seconds; `command` is what it locks with where no service
    /// does.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn post(program: &Path, seconds: u32, command: &LockCommand) -> Result<Self> {
        let mut guard = Command::new(program);
        guard.args(["guard", "--seconds", &seconds.to_string(), "--"]).args(command);
        guard.stdout(Stdio::null());
        // Whatever ends this process's group is not to end the guard.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut guard, 0);
        let (line, child) = connect(guard).map_err(|error| {
            let what = format!("{}: no guard for the countdown: {error}", program.display());
            Failure::new(FailureKind::Unavailable, what)
        })?;
        reap(child);
        Ok(Self { line })
    }

    fn say(&mut self, word: u8) {
        // A guard that is gone hears nothing, and this process locks by itself anyway.
        let _ = self.line.write_all(&[word]);
    }
}

impl Guard for GuardProcess {
    fn acts(&mut self) {
        self.say(ACTS);
    }

    fn stands_down(mut self: Box<Self>) {
        self.say(OVER);
    }
}

fn reap(mut child: Child) {
    // It ends long after this returns; where no thread is to be had, the system reaps it with us.
    drop(thread::Builder::new().name("guard".into()).spawn(move || child.wait()));
}

/// A socket, because a pipe could be opened by others through /proc and kept from its end.
#[cfg(unix)]
type Line = std::os::unix::net::UnixStream;

#[cfg(unix)]
fn connect(mut guard: Command) -> std::io::Result<(Line, Child)> {
    let (ours, theirs) = Line::pair()?;
    let child = guard.stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs))).spawn()?;
    Ok((ours, child))
}

#[cfg(not(unix))]
type Line = std::process::ChildStdin;

#[cfg(not(unix))]
fn connect(mut guard: Command) -> std::io::Result<(Line, Child)> {
    let mut child = guard.stdin(Stdio::piped()).spawn()?;
    let line = child.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    Ok((line, child))
}

/// Why a guard need not stand by any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The first process said that there is nothing left to lock.
    Over,
    /// The first process is gone.
    Lost,
    /// The first process has neither locked nor said a word in time.
    Late,
}

/// Stands by, in the guard's own process: listens to the first process until it has no more to say.
pub(crate) fn stand_by(line: impl Read + Send + 'static, seconds: u32) -> Ending {
    let words = listen(line);
    let due = Instant::now() + Duration::from_secs(u64::from(seconds));
    let (mut until, mut is_near) = (due + STOPPED, true);
    loop {
        match words.recv_deadline(until) {
            Ok(OVER) => return Ending::Over,
            Ok(_) => (until, is_near) = (Instant::now() + TRY, false),
            Err(RecvTimeoutError::Disconnected) => return Ending::Lost,
            // A machine that is busy is not the first process's fault.
            Err(RecvTimeoutError::Timeout) if is_near && !parent_is_stopped() => {
                (until, is_near) = (due + SLACK, false);
            }
            Err(RecvTimeoutError::Timeout) => return Ending::Late,
        }
    }
}

/// Whether the process that started this one is stopped.
#[cfg(target_os = "linux")]
fn parent_is_stopped() -> bool {
    let parent = std::os::unix::process::parent_id();
    let stat = std::fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
    // The name before the state may hold anything.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}

/// Whether the process that started this one is stopped: this system does not tell.
#[cfg(not(target_os = "linux"))]
fn parent_is_stopped() -> bool {
    false
}

/// The bytes that come, until there are no more.
fn listen(mut line: impl Read + Send + 'static) -> Receiver<u8> {
    let (heard, words) = bounded(16);
    drop(thread::Builder::new().name("line".into()).spawn(move || {
        let mut word = [0];
        while let Ok(1) = line.read(&mut word) {
            if heard.send(word[0]).is_err() {
                return;
            }
        }
    }));
    words
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn standing_by(seconds: u32) -> (UnixStream, thread::JoinHandle<Ending>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (ours, thread::spawn(move || stand_by(theirs, seconds)))
    }

    #[test]
    fn a_first_process_that_is_gone_without_a_word_is_lost() {
        let (mut line, guard) = standing_by(600);
        line.write_all(&[ACTS]).unwrap();
        drop(line);
        assert_eq!(guard.join().unwrap(), Ending::Lost);
    }

    #[test]
    fn a_word_sends_the_guard_home() {
        let (mut line, guard) = standing_by(600);
        line.write_all(&[OVER]).unwrap();
        assert_eq!(guard.join().unwrap(), Ending::Over);
    }

    #[test]
    fn a_first_process_that_is_stopped_is_late() {
        let (_line, guard) = standing_by(0);
        assert_eq!(guard.join().unwrap(), Ending::Late);
    }
}
