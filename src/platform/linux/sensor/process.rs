//! The sensor process: sets up the way of seeing the mouse that was asked for, and ends with its
//! parent. Nothing here stores an event or looks at what the movement means.

use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::choice::{Surroundings, choose};
use super::evdev::{EvdevHook, Places};
use super::hook::RdevHook;
use super::outlet::{Outlet, Pipe};
use super::raw::RawHook;
use super::record::Record;
use super::refusal::Refusal;
use crate::error::{Failure, Result};
use crate::platform::Backend;
use crate::platform::sensor::HookParams;

/// A way of seeing the mouse, ready to begin.
pub(super) trait Hook {
    /// Describes itself, says that it is ready, and hands over what the mouse does, until it can
    /// see nothing any more. Blocks for as long.
    fn listen(self: Box<Self>, outlet: Outlet) -> Result<Infallible, Refusal>;
}

/// Runs the hook until the parent closes standard input. Writes records to standard output, which
/// must be a pipe: first what captures and that the hook is up, or why it cannot be.
///
/// # Errors
/// Why there is no hook; the parent has been told.
pub fn hold(params: &HookParams) -> Result<()> {
    let (lifeline, out) = inherited()?;
    let pipe = Pipe::new(out)?;
    let listening = open(params).and_then(|hook| {
        start("sensor-warden", move || watch_lifeline(&lifeline))?;
        hook.listen(Outlet::new(Arc::clone(&pipe)))
    });
    match listening {
        Ok(never) => match never {},
        Err(refusal) => {
            pipe.write(&Record::Refused(refusal).to_bytes());
            Err(refusal.failure())
        }
    }
}

fn open(params: &HookParams) -> Result<Box<dyn Hook>, Refusal> {
    let session = Surroundings::of_environment();
    Ok(match choose(params.backend, &session).backend {
        Backend::XInput2 => Box::new(RawHook::open(&session)?),
        Backend::Evdev => Box::new(EvdevHook::open(Places::below(params.root.as_deref()))?),
        Backend::Auto | Backend::Rdev => Box::new(RdevHook::open(&session, params.untapped)?),
    })
}

/// Starts a thread that the process does not wait for.
pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Refusal> {
    let started = thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024).spawn(work);
    started.map(drop).map_err(|_| Refusal::Hook)
}

/// Ends the process when the parent is gone, which closes the other end of `lifeline`.
fn watch_lifeline(lifeline: &OwnedFd) {
    loop {
        match poll(&mut [PollFd::new(lifeline, PollFlags::IN)], None) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => std::process::exit(0),
        }
    }
}

/// The descriptors of the sensor process that its parent gave it: lifeline and pipe.
fn inherited() -> Result<(OwnedFd, OwnedFd)> {
    let pipes = rustix::io::dup(std::io::stdin())
        .and_then(|lifeline| Ok((lifeline, rustix::io::dup(std::io::stdout())?)));
    pipes.map_err(|error| Failure::io("the sensor's pipes", error.into()))
}
