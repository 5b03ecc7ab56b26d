//! The icon in the desktop's tray.

#[cfg(feature = "tray")]
#[cfg(target_os = "linux")]
pub(crate) mod linux;
