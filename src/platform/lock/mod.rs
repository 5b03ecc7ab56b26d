//! Locking the screen: the system's ways in their order, then a configured command.

pub(crate) mod command;
#[cfg(not(target_os = "linux"))]
pub(crate) mod elsewhere;
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
