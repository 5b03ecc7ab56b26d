//! A child process that cannot outlive its owner: ended on drop, and by the kernel when the thread
//! that started it dies.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

use mousewarden::error::{Failure, FailureKind, Result};

/// How long a child may take to end by itself after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// A running program, ended when this is dropped. It also ends when the thread that started it
/// does, so start it on a thread that lives as long as it is needed.
#[derive(Debug)]
pub struct ChildProcess {
    name: String,
    child: Child,
}

impl ChildProcess {
    /// Starts the command. Its standard output is a pipe if `command` says so.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when there is no such program; `package` is the Debian package
    /// that brings it.
    pub fn start(mut command: Command, package: &str) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        // SAFETY: between fork and exec only one system call (prctl) is made: no allocation, no
        // lock.
        unsafe {
            command.pre_exec(|| {
                set_parent_process_death_signal(Some(Signal::TERM)).map_err(std::io::Error::from)
            });
        }
        let child = command.stdin(Stdio::null()).spawn().map_err(|error| {
            let what = format!("cannot start {name}: {error}");
            match error.kind() {
                std::io::ErrorKind::NotFound => Failure::new(FailureKind::Unavailable, what)
                    .remedy(format!("Install it: apt-get install {package}")),
                _ => Failure::new(FailureKind::Unavailable, what),
            }
        })?;
        Ok(Self { name, child })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The first line that it prints on its standard output, which must be a pipe.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when it ends or says nothing in time.
    pub fn first_line(&mut self, within: Duration) -> Result<String> {
        let silent =
            || Failure::new(FailureKind::Unavailable, format!("{} did not start", self.name));
        let output = self.child.stdout.take().ok_or_else(silent)?;
        let lines = first_line_of(output);
        lines.recv_timeout(within).map_err(|_| silent())
    }

    /// Ends it at once, as a crash would.
    pub fn crash(&mut self) {
        // It may have ended by itself: nothing is left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, waits a moment, then ends it.
    pub fn end(&mut self) {
        if self.ended().is_some() {
            return;
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let asked = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        let deadline = Instant::now() + GRACE;
        while asked && Instant::now() < deadline {
            if self.ended().is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.crash();
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads the first line and then goes on draining, so that the child never meets a closed pipe.
fn first_line_of(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines().map_while(std::io::Result::ok);
        if let Some(line) = lines.next() {
            // Nobody may be waiting any more.
            let _ = sender.send(line);
        }
        lines.for_each(drop);
    });
    receiver
}
