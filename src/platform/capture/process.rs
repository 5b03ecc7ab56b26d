//! The capture process as its parent has it: started, asked how it is, ended.

use std::process::{Child, Command, Stdio};
#[cfg(target_os = "linux")]
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::CaptureParams;
use super::pipe_reader::PipeReader;
use crate::error::{Failure, Result};
use crate::pipeline::Timestamp;
#[cfg(target_os = "linux")]
use crate::platform::capture::linux::{ALLOCATOR, end_when_stopped};
use crate::platform::clock;

/// `CREATE_NO_WINDOW`: a console of its own, which is not shown.
#[cfg(windows)]
const NO_WINDOW: u32 = 0x0800_0000;
/// How long a process whose line has ended may take to end itself.
// A process that is about to exit closes its descriptors first.
const ENDING: Duration = Duration::from_millis(50);

/// The child and its line. Ended on drop.
#[derive(Debug)]
pub(crate) struct RunningCapture {
    child: Child,
    /// What it sends.
    pub reader: PipeReader,
    /// When it was started, or said that its hook is up.
    pub since: Timestamp,
    /// Whether its hook is up.
    pub ready: bool,
    /// Whether it was found stopped.
    #[cfg(target_os = "linux")]
    stopped: Arc<AtomicBool>,
}

impl Drop for RunningCapture {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        // Waited for, or it stays behind as a zombie.
        let _ = self.child.wait();
    }
}

impl RunningCapture {
    /// Starts it. It ends when its standard input does, whichever way this process goes.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(params: &CaptureParams) -> Result<Self> {
        let mut command = Command::new(&params.program);
        command.args(["capture-process", "--backend", params.backend.word()]);
        command.args(params.untapped.then_some("--untapped"));
        command.args(params.root.iter().flat_map(|root| ["--root".as_ref(), root.as_os_str()]));
        command.envs(params.environment.iter().map(|(name, value)| (name, value)));
        // Its refusals come by the line; what Xlib prints when a display goes is noise.
        command.stderr(Stdio::null());
        #[cfg(target_os = "linux")]
        command.env(ALLOCATOR.0, ALLOCATOR.1);
        // Ctrl-C is for the agent, which ends its capture process by itself.
        #[cfg(windows)]
        std::os::windows::process::CommandExt::creation_flags(&mut command, NO_WINDOW);
        let name = params.program.display();
        let started = PipeReader::start(command);
        let (child, reader) =
            started.map_err(|error| Failure::io(format_args!("capture process {name}"), error))?;
        #[cfg(target_os = "linux")]
        let stopped = end_when_stopped(&child);
        Ok(Self {
            child,
            reader,
            since: clock::now(),
            ready: false,
            #[cfg(target_os = "linux")]
            stopped,
        })
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Why its line has ended, in half a sentence.
    pub(crate) fn ended(&mut self) -> String {
        #[cfg(target_os = "linux")]
        if self.stopped.load(Ordering::Acquire) {
            return "it was stopped from outside, and ended for that".to_owned();
        }
        // The line ends a moment before the process does.
        let deadline = clock::now().micros() + ENDING.as_micros() as i64;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return format!("it ended ({status})"),
                Ok(None) if clock::now().micros() < deadline => std::thread::yield_now(),
                Ok(None) | Err(_) => return "it closed its line".to_owned(),
            }
        }
    }

    /// What the system says it does, in a word.
    #[cfg(target_os = "linux")]
    pub(crate) fn state(&self) -> &'static str {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // The name before it may hold anything.
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        match state {
            Some('T' | 't') => "stopped",
            Some('D') => "waiting for a disk or device",
            Some('Z' | 'X') => "ended",
            Some('R') => "busy",
            Some(_) => "asleep",
            None => "in an unknown state",
        }
    }

    /// What the system says it does, in a word.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn state(&self) -> &'static str {
        "in an unknown state"
    }
}
