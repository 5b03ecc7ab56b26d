//! Where a test gets mice of its own that take the way of real hardware. Nothing is moved here.

use mousewarden_rig::desktop::{Plan, TestDesktop};

/// A display with two mice; `None`, with the reason on stderr, where Xorg does not run. Only root
/// may start it everywhere.
///
/// # Panics
/// When root cannot start it.
pub fn hardware() -> Option<TestDesktop> {
    match TestDesktop::start(&Plan { mice: 2, ..Plan::bare() }) {
        Ok(desktop) => Some(desktop),
        Err(failure) if rustix::process::getuid().is_root() => panic!("{failure}"),
        Err(failure) => {
            eprintln!("skipped, no X server with mice of its own: {failure}");
            None
        }
    }
}
