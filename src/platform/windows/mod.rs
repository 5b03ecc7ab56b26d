//! Windows: the mouse hook, the state of the session, the lock, toasts, and the pipe by which a
//! running agent is asked. Nothing here decides anything about the person.

pub mod console;
pub mod door;
pub mod lock;
pub mod probe;
pub mod screen;
pub mod sensor;
pub mod session;
pub mod ticks;
pub mod toast;
