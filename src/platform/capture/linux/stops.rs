//! The end of a capture process that somebody stops: the kernel tells its parent of a stop at once,
//! so that a sleeping thread is enough to hear of it.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};

/// Ends the child as soon as it is stopped by a signal, and notes that in what it returns.
pub(crate) fn end_when_stopped(child: &Child) -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Without it, as on kernels before 5.4, the heartbeat notices the stop some seconds later.
    let Some(process) = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else {
        return stopped;
    };
    let noted = Arc::clone(&stopped);
    let waiting = thread::Builder::new().name("capture-stops".to_owned()).stack_size(64 * 1024);
    drop(waiting.spawn(move || wait(&process, &noted)));
    stopped
}

fn wait(process: &OwnedFd, stopped: &AtomicBool) {
    // The end of the process is left for its owner to collect.
    let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::PidFd(process.as_fd()), options) {
            Ok(Some(status)) if status.stopped() => {
                stopped.store(true, Ordering::Release);
                let _ = pidfd_send_signal(process, Signal::KILL);
                return;
            }
            Err(Errno::INTR) => {}
            // It has ended, or its end was collected already.
            Ok(_) | Err(_) => return,
        }
    }
}
