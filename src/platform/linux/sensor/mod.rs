//! The sensor process on Linux: the `rdev` hook and the raw events of an X server, and the kernel's
//! devices. What it tells its parent, and the parent's side, are the same on every system.

mod choice;
mod evdev;
mod hook;
mod outlet;
mod process;
mod raw;
mod roster;
mod silence;
mod tap;

pub use choice::{Choice, Surroundings, choose};
pub use process::hold;

use crate::platform::sensor::{record, refusal, translate};
