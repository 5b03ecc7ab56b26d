//! Synthetic users for the tests of evaluations.

use mousewarden::lab::protocol::{ProtocolUser, SessionWindows};
use mousewarden::lab::synthesis::cohort::windows_of;
use mousewarden::lab::synthesis::{Device, SyntheticUser as Generated};
use mousewarden::pipeline::WindowParams;

/// One person with sessions of these many windows.
pub fn person(number: u64, sessions: &[usize]) -> ProtocolUser {
    let device = Device::steady(125.0, [1920, 1080]);
    let session = |(at, count): (u64, &usize)| {
        let generated = Generated::generate(700 + number);
        let windows = windows_of(&generated, &device, WindowParams::default(), *count, at);
        let minutes = if at == 0 { "3min" } else { "1min" };
        SessionWindows { id: format!("session_{at}_{minutes}"), genuine: true, windows }
    };
    let sessions = (0..).zip(sessions).map(session).collect();
    ProtocolUser { id: format!("user{number}"), sessions, claims: Vec::new() }
}

/// So many people with four sessions each.
pub fn people(count: u64) -> Vec<ProtocolUser> {
    (0..count).map(|number| person(number, &[70, 30, 30, 30])).collect()
}
