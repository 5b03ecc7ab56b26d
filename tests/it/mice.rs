//! Where a test gets mice of its own that take the way of real hardware. Nothing is moved here.

use mousewarden_rig::desktop::{TestDesktop, TestDesktopPlan};

/// A display with two mice.
///
/// # Panics
/// When Xorg does not run; only root may start it everywhere.
pub fn hardware() -> TestDesktop {
    match TestDesktop::start(&TestDesktopPlan { mice: 2, ..TestDesktopPlan::bare() }) {
        Ok(desktop) => desktop,
        Err(failure) => panic!("this test needs an X server with mice of its own: {failure}"),
    }
}
