//! Notices: how the person is told, and the answers to it.

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
