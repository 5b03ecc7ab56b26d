//! The state of the session: locked, away, asleep, as boundaries among the signals.

pub(crate) mod attendance;
#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(target_os = "macos")]
pub(crate) mod macos;
#[cfg(windows)]
pub(crate) mod windows;

#[cfg(target_os = "macos")]
pub(super) use macos as here;
#[cfg(windows)]
pub(super) use windows as here;
