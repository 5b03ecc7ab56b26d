//! The checks of the desktop: session, display, mouse hook and device, bus, notifications, lock.

use std::env;

use super::super::context::Context;
use crate::error::Failure;
use crate::pipeline::MaxAction;
use crate::platform::capture::description::Unknown;
use crate::platform::probe::{self, Check};
use crate::platform::{Capture, CaptureBackend, desktop};

/// All of them; each is looked at when it is asked for.
pub(super) fn all() -> impl Iterator<Item = Check> {
    let context = Context::load().ok();
    let wanted = context.as_ref().map(|context| context.config.capture.backend).unwrap_or_default();
    let (backend, because) = desktop::choice(wanted);
    let mouse = mouse(wanted, &format!("{backend}, because {because}"), context.as_ref());
    let around = probe::surroundings(backend).into_iter();
    let services = probe::services();
    let lock = lock(&services.lockers, context.as_ref());
    around.chain(mouse).chain(services.checks).chain([lock])
}

/// The back end, set up for a moment, and the device that it sees.
fn mouse(wanted: CaptureBackend, chosen: &str, context: Option<&Context>) -> Vec<Check> {
    let opened = env::current_exe()
        .map_err(|error| Failure::io("the path of this program", error))
        .and_then(|program| desktop::mouse(program, wanted));
    match opened {
        Ok(source) => {
            let capture = source.capture().get();
            vec![Check::ok("mouse hook", format!("up; {chosen}")), device(&capture, context)]
        }
        Err(failure) => {
            let why = Check::failed("mouse hook", &failure, "start it inside a desktop session");
            vec![Check { found: format!("{} ({chosen})", why.found), ..why }]
        }
    }
}

fn device(capture: &Capture, context: Option<&Context>) -> Check {
    let name = "device";
    let Some(pointer) = &capture.pointer else {
        return Check::ok(name, "not known before one moves");
    };
    let sizes: Vec<_> = capture.screens.iter().map(|(w, h)| format!("{w}x{h}")).collect();
    let screens = if sizes.is_empty() { String::new() } else { format!(", {}", sizes.join(" ")) };
    let found = format!("{pointer}{screens}");
    let judge = context.and_then(|context| context.judge(None).ok());
    match judge.and_then(|judge| judge.profile().lacks(capture)) {
        None => Check::ok(name, found),
        Some(Unknown::Backend) => unknown(name, found, "back end"),
        Some(Unknown::Pointer) => unknown(name, found, "device"),
        Some(Unknown::Screens) => unknown(name, found, "resolution"),
    }
}

fn unknown(name: &'static str, found: String, what: &str) -> Check {
    let found = format!(
        "{found}: your model does not know this {what}: give your password to make it yours, or enrol with it"
    );
    Check::warn(name, found, "mousewarden --enroll")
}

fn lock(services: &[String], context: Option<&Context>) -> Check {
    let config = context.map(|context| context.config.clone()).unwrap_or_default();
    probe::lock(services, &config.lock.command, config.decision.max_action == MaxAction::Lock)
}
