//! Locking the screen: the system's ways in their order, then a configured command.

pub mod command;
#[cfg(not(target_os = "linux"))]
pub mod elsewhere;
#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(target_os = "macos")]
pub mod macos;
#[cfg(windows)]
pub mod windows;

#[cfg(target_os = "macos")]
pub(super) use macos as here;
#[cfg(windows)]
pub(super) use windows as here;
