//! What Windows and macOS have in common, and what only Linux has: the same names, which say so when
//! they are used.

pub mod lock;
pub mod stage;

#[cfg(target_os = "macos")]
use super::macos as here;
#[cfg(windows)]
use super::windows as here;
