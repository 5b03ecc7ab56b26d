//! Linux: the mouse hook and the desktop's services on D-Bus.

pub mod bus;
pub(crate) mod bus_and_tray;
pub(crate) mod logind;
