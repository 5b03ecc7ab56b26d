//! Linux: the mouse hook and the desktop's services on D-Bus.

pub mod bus;
pub mod bus_and_tray;
pub mod logind;
