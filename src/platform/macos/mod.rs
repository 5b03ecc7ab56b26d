//! macOS: what its mouse hook, session, lock and notifications share.

pub(crate) mod screen;
