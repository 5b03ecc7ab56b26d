//! The capture process: sets up the way of seeing the mouse that was asked for, shuts itself in,
//! and ends with its parent.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::backend::{Hook, start};
use super::choice::{Surroundings, choose};
use super::confine;
use super::evdev::{DeviceRoots, EvdevHook};
use super::hook::RdevHook;
use super::pipe_writer::{Line, PipeWriter};
use super::raw::RawHook;
use super::record::Record;
use super::refusal::Refusal;
use crate::error::{Failure, Result};
use crate::platform::CaptureBackend;
use crate::platform::capture::HookParams;

/// Runs the hook until the parent closes standard input. Writes records to standard output, which
/// must be a pipe: first what captures and that the hook is up, or why it cannot be.
///
/// # Errors
/// Why there is no hook; the parent has been told.
pub(crate) fn hold(params: &HookParams) -> Result<()> {
    let (lifeline, out) = inherited()?;
    let line = Line::new(out)?;
    let session = Surroundings::of_environment();
    let backend = choose(params.backend, &session).backend;
    confine::before_set_up(backend, params.root.as_deref());
    let listening = open(params, backend, &session).and_then(|hook| {
        let attended = Arc::clone(&line);
        start("capture-warden", move || attended.attend(&lifeline))?;
        hook.listen(PipeWriter::new(Arc::clone(&line)))
    });
    match listening {
        Ok(never) => match never {},
        Err(refusal) => {
            line.write(&Record::Refused(refusal).to_bytes());
            Err(refusal.failure())
        }
    }
}

fn open(
    params: &HookParams,
    backend: CaptureBackend,
    session: &Surroundings,
) -> Result<Box<dyn Hook>, Refusal> {
    Ok(match backend {
        CaptureBackend::XInput2 => Box::new(RawHook::open(session)?),
        CaptureBackend::Evdev => {
            Box::new(EvdevHook::open(DeviceRoots::below(params.root.as_deref()))?)
        }
        CaptureBackend::Auto | CaptureBackend::Rdev => {
            Box::new(RdevHook::open(session, params.untapped)?)
        }
    })
}

/// The descriptors of the capture process that its parent gave it: lifeline and pipe.
fn inherited() -> Result<(OwnedFd, OwnedFd)> {
    let pipes = rustix::io::dup(std::io::stdin())
        .and_then(|lifeline| Ok((lifeline, rustix::io::dup(std::io::stdout())?)));
    pipes.map_err(|error| Failure::io("the capture process's pipes", error.into()))
}
