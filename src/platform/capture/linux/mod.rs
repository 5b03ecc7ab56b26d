//! The capture process on Linux: the `rdev` hook and the raw events of an X server, and the
//! kernel's devices. What it tells its parent, and the parent's side, are the same on every system.

mod backend;
mod choice;
pub(crate) mod confine;
mod devices;
mod evdev;
mod hook;
mod origin;
mod pipe_writer;
mod process;
mod raw;
mod stops;
mod tap;
mod tracker;
mod watchdog;

pub(crate) use choice::{Surroundings, choose};
pub(crate) use process::hold;
pub(in crate::platform) use stops::end_when_stopped;

/// Has the C library overwrite memory that is given back. What the hook's libraries read of key
/// presses would otherwise stay in it for a while.
pub(in crate::platform) const ALLOCATOR: (&str, &str) =
    ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165");

use crate::platform::capture::{record, refusal, translate};
