//! Linux: the X11 hook, the desktop's services on D-Bus, and a private stage with all of them for
//! demonstrations, benchmarks and tests. Nothing here decides anything about the person.

pub mod bus;
pub mod child;
pub mod counter;
pub mod face;
pub mod inject;
pub mod lock;
pub mod logind;
pub mod notify;
pub mod probe;
pub mod sensor;
pub mod session;
pub mod stage;
#[cfg(feature = "tray")]
pub mod tray;
