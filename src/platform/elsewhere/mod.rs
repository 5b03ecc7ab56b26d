//! What Windows and macOS have in common.

pub mod lock;

#[cfg(target_os = "macos")]
use super::macos as here;
#[cfg(windows)]
use super::windows as here;
