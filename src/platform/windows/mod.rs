//! Windows: what its mouse hook, session, lock, toasts and control pipe share.

pub(crate) mod console;
pub mod screen;
pub(crate) mod ticks;
