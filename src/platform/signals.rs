//! What the system asks of the process from outside: to end, or to read its configuration again;
//! and an end that comes in any case.

use std::time::Duration;

use crate::error::Result;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessSignal {
    /// SIGTERM, or an end of the session.
    Terminate,
    /// Ctrl-C at the terminal.
    Interrupt,
    /// SIGHUP.
    Reload,
}

/// Calls `heard` from a thread of its own, once for every signal; the default effect (death of the
/// process) is off from here on.
///
/// # Errors
/// When the handlers cannot be installed.
#[cfg(unix)]
pub(crate) fn listen(heard: impl FnMut(ProcessSignal) + Send + 'static) -> Result<()> {
    use crate::error::Failure;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    // A thread and not a handler, because a handler may neither allocate nor take a lock.
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])
        .map_err(Failure::at("installing signal handlers"))?;
    let mut heard = heard;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in &mut signals {
                heard(match signal {
                    SIGHUP => ProcessSignal::Reload,
                    SIGINT => ProcessSignal::Interrupt,
                    _ => ProcessSignal::Terminate,
                });
            }
        })
        .map_err(Failure::at("installing signal handlers"))?;
    Ok(())
}

/// Has this process ignore what asks it to end, for one that ends with its parent: whoever asks the
/// whole group, as an end of the session does, means the parent.
#[cfg(unix)]
pub(crate) fn ignore_requests_to_end() {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: no handler is installed; the signal is only ignored.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Windows asks no process of a group but by its console, which this one does not share.
#[cfg(not(unix))]
pub(crate) fn ignore_requests_to_end() {}

/// Calls `heard` from a thread of Windows, once for every event of the console. A session that ends
/// leaves the process a few seconds; Ctrl-C alone no longer ends it.
///
/// # Errors
/// When the handler cannot be installed.
#[cfg(windows)]
pub(crate) fn listen(heard: impl FnMut(ProcessSignal) + Send + 'static) -> Result<()> {
    super::windows::console::listen(Box::new(heard))
        .map_err(|e| crate::error::Failure::io("installing the console handler", e))
}

/// Ends the process after `grace`, whatever its other threads wait for; nothing of it is run at its
/// end, and the exit code is that of an orderly one. Where the process ends by itself before, nothing
/// happens.
pub(crate) fn end_within(grace: Duration) {
    if let Err(error) = std::thread::Builder::new().name("end".into()).spawn(move || {
        std::thread::sleep(grace);
        // `_exit`: handlers at exit could wait for the very thread that hangs.
        #[cfg(unix)]
        signal_hook::low_level::exit(0);
        #[cfg(not(unix))]
        std::process::exit(0);
    }) {
        tracing::warn!("no thread to end the process in time: {error}");
    }
}
