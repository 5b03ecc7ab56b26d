//! A second process that stands by while the first one counts down to a lock: it locks when the
//! first is killed, or stopped, before it has said how the countdown ended.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use super::{LockCommand, StartedLocker};
use crate::error::{Failure, FailureKind, Result};

/// How much later than announced the first process may begin to lock.
// A busy machine delays the first process; a guard that comes first would lock beside it.
const SLACK: Duration = Duration::from_secs(3);
/// How often it is looked whether one that ought to lock is stopped.
// A stopped process says nothing and holds its end open: only looking shows it.
const LOOK: Duration = Duration::from_millis(300);
/// How long it may take from one try to the next.
// All ways of locking with their deadlines, one after another, take less.
const TRY: Duration = Duration::from_secs(60);

/// What the first process tells; a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// The lock is being tried now.
    Acts,
    /// A locker was started for it, and its outcome is awaited.
    Started(StartedLocker),
    /// There is nothing to lock any more.
    Over,
}

impl Word {
    fn line(&self) -> String {
        match self {
            Self::Acts => "acts\n".to_owned(),
            Self::Started(StartedLocker::Process(pid)) => format!("process {pid}\n"),
            Self::Started(StartedLocker::Unit(name)) => format!("unit {name}\n"),
            Self::Over => "over\n".to_owned(),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        Some(match line.split_once(' ').unwrap_or((line, "")) {
            ("acts", _) => Self::Acts,
            ("process", pid) => Self::Started(StartedLocker::Process(pid.parse().ok()?)),
            ("unit", name) => Self::Started(StartedLocker::Unit(name.to_owned())),
            ("over", _) => Self::Over,
            _ => return None,
        })
    }
}

/// Somebody who locks when this process no longer can.
pub trait Guard: Send {
    /// Says that this process is locking now.
    fn acts(&mut self);

    /// Says which locker it has started, so that the guard starts no second one beside it.
    fn started(&mut self, locker: &StartedLocker);

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
        // What it prints would stand among the lines that the agent's own caller reads.
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

    fn say(&mut self, word: &Word) {
        // A guard that is gone hears nothing, and this process locks by itself anyway.
        let _ = self.line.write_all(word.line().as_bytes());
    }
}

impl Guard for GuardProcess {
    fn acts(&mut self) {
        self.say(&Word::Acts);
    }

    fn started(&mut self, locker: &StartedLocker) {
        self.say(&Word::Started(locker.clone()));
    }

    fn stands_down(mut self: Box<Self>) {
        self.say(&Word::Over);
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

/// Why a guard need not stand by any longer, and the locker whose outcome nobody awaits then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The first process said that there is nothing left to lock.
    Over,
    /// The first process is gone.
    Lost(Option<StartedLocker>),
    /// The first process has neither locked nor said a word in time.
    Late(Option<StartedLocker>),
}

/// Stands by, in the guard's own process: listens to the first process until it has no more to say.
pub(crate) fn stand_by(line: impl Read + Send + 'static, seconds: u32) -> Ending {
    let words = listen(line);
    // From the guard's own clock: the first process may be stopped and tell nothing any more.
    let mut due = Instant::now() + Duration::from_secs(u64::from(seconds));
    let mut limit = due + SLACK;
    let mut started = None;
    loop {
        // Short looks only once it is due: until then the guard sleeps as long as the countdown
        // takes.
        match words.recv_deadline(limit.min(due.max(Instant::now()) + LOOK)) {
            Ok(Word::Over) => return Ending::Over,
            Ok(Word::Acts) => {
                // A new try has its own time, and what a locker of the try before came to is known.
                due = Instant::now();
                limit = due + TRY;
                started = None;
            }
            Ok(Word::Started(locker)) => started = Some(locker),
            Err(RecvTimeoutError::Disconnected) => return Ending::Lost(started),
            // A machine that is busy is not the first process's fault.
            Err(RecvTimeoutError::Timeout) if Instant::now() < limit && !parent_is_stopped() => {}
            Err(RecvTimeoutError::Timeout) => return Ending::Late(started),
        }
    }
}

/// Whether the process that started this one is stopped.
#[cfg(target_os = "linux")]
fn parent_is_stopped() -> bool {
    let parent = std::os::unix::process::parent_id();
    let stat = std::fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
    // The name before the state may hold anything.
    // From the last parenthesis on: a program may call itself "a) T".
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}

/// Whether the process that started this one is stopped: this system does not tell.
#[cfg(not(target_os = "linux"))]
fn parent_is_stopped() -> bool {
    false
}

/// The words that come, until there are no more.
fn listen(line: impl Read + Send + 'static) -> Receiver<Word> {
    // A few words is all there ever are; a bound keeps a mad writer from filling memory.
    let (heard, words) = bounded(16);
    drop(thread::Builder::new().name("line".into()).spawn(move || {
        for line in BufReader::new(line).lines().map_while(std::io::Result::ok) {
            if Word::parse(&line).is_some_and(|word| heard.send(word).is_err()) {
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

    fn says(line: &mut UnixStream, word: &Word) {
        line.write_all(word.line().as_bytes()).unwrap();
    }

    #[test]
    fn a_first_process_that_is_gone_without_a_word_is_lost() {
        let (mut line, guard) = standing_by(600);
        says(&mut line, &Word::Acts);
        drop(line);
        assert_eq!(guard.join().unwrap(), Ending::Lost(None));
    }

    #[test]
    fn a_locker_that_was_started_is_handed_over_until_the_next_try() {
        let process = StartedLocker::Process(4711);
        let unit = StartedLocker::Unit("lock 1.service".into());
        for locker in [process, unit] {
            let (mut line, guard) = standing_by(600);
            [Word::Acts, Word::Started(locker.clone())].iter().for_each(|it| says(&mut line, it));
            drop(line);
            assert_eq!(guard.join().unwrap(), Ending::Lost(Some(locker.clone())));
            let (mut line, guard) = standing_by(600);
            [Word::Started(locker), Word::Acts].iter().for_each(|it| says(&mut line, it));
            drop(line);
            assert_eq!(guard.join().unwrap(), Ending::Lost(None));
        }
    }

    #[test]
    fn a_word_sends_the_guard_home() {
        let (mut line, guard) = standing_by(600);
        says(&mut line, &Word::Over);
        assert_eq!(guard.join().unwrap(), Ending::Over);
    }

    #[test]
    fn a_first_process_that_is_stopped_is_late() {
        let (_line, guard) = standing_by(0);
        assert_eq!(guard.join().unwrap(), Ending::Late(None));
    }
}
