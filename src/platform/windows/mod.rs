//! Windows: the mouse hook, the state of the session, the lock, toasts, and the pipe by which a
//! running agent is asked. Nothing here decides anything about the person.

pub mod console;
pub mod screen;
pub mod ticks;
