//! The ways to ask a running agent: a socket, a named pipe, and the session bus.

pub(crate) mod endpoint;
#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
pub(crate) mod windows;
