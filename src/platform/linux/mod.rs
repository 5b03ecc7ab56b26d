//! Linux: the mouse hook and the desktop's services on D-Bus.

pub mod bus;
pub mod counter;
pub mod face;
pub mod lock;
pub mod logind;
pub mod notify;
pub mod probe;
pub mod sensor;
pub mod session;
#[cfg(feature = "tray")]
pub mod tray;
