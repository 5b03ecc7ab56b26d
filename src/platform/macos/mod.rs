//! macOS: the mouse hook, the state of the session, the lock and notifications. Nothing here
//! decides anything about the person.

pub mod screen;
