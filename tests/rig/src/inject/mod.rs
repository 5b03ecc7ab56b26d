//! Hands on a session's mouse: recorded or generated movement, played so that the system takes it for
//! the mouse's own. The person's own input is never touched.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod pace;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub use linux::Player;
#[cfg(target_os = "macos")]
pub use macos::Player;
#[cfg(windows)]
pub use windows::Player;
