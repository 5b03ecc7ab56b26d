//! Recordings as other hardware would have made them: everybody on the clock of the slowest device
//! before anything is parted, or a test part on its owner's device. The hand stays; what sampling
//! and rounding tell goes.

use super::rules::{Protocol, Recordings};
use super::users::{ProtocolUser, SessionWindows};
use crate::lab::synthesis::{Device, MovementStyle};
use crate::pipeline::{Window, WindowParams};

impl Protocol {
    /// What the protocol does to everybody's recordings before they are parted.
    pub fn prepare(&self, people: Vec<ProtocolUser>, params: WindowParams) -> Vec<ProtocolUser> {
        match self.recordings {
            Recordings::OnOneClock => on_one_clock(people, params),
            Recordings::AsRecorded | Recordings::OnOwnersDevice => people,
        }
    }
}

/// All sampled at the slowest rate among them, with the same jitter and whole pixels.
fn on_one_clock(people: Vec<ProtocolUser>, params: WindowParams) -> Vec<ProtocolUser> {
    let devices = people.iter().filter_map(|person| {
        let windows: Vec<Window> = person
            .sessions
            .iter()
            .flat_map(|session| &session.windows)
            .take(1000)
            .cloned()
            .collect();
        Device::from_windows(&windows)
    });
    let mut interval = 0.0_f64;
    let mut screen = [0.0_f64; 2];
    for device in devices {
        interval = interval.max(device.median_interval_ms());
        screen = [0, 1].map(|axis| screen[axis].max(device.screen()[axis]));
    }
    if interval <= 0.0 {
        return people;
    }
    let common = Device::steady(1e3 / interval, screen.map(|px| px as u32));
    (0..)
        .zip(people)
        .map(|(at, person)| ProtocolUser {
            id: person.id,
            sessions: resample(&common, params, person.sessions, at << 20),
            claims: resample(&common, params, person.claims, at << 20 | 1 << 19),
        })
        .collect()
}

fn resample(
    common: &Device,
    params: WindowParams,
    sessions: Vec<SessionWindows>,
    seed: u64,
) -> Vec<SessionWindows> {
    (0..)
        .zip(sessions)
        .map(|(at, session)| {
            let windows = resampled(&session.windows, common, params, seed ^ at);
            SessionWindows { windows, ..session }
        })
        .collect()
}

/// One person's windows as another device would have reported them.
pub(crate) fn resampled(
    windows: &[Window],
    device: &Device,
    params: WindowParams,
    seed: u64,
) -> Vec<Window> {
    MovementStyle::OWN.apply(windows, device, params, seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::synthesis::SyntheticUser as Generated;
    use crate::lab::synthesis::cohort::windows_of;

    fn median_dt(person: &ProtocolUser) -> f64 {
        let windows = &person.sessions[0].windows;
        Device::from_windows(windows).unwrap().median_interval_ms()
    }

    #[test]
    fn on_one_clock_nobody_is_faster_than_the_slowest() {
        let params = WindowParams::default();
        let person = |rate: f64| {
            let device = Device::steady(rate, [1920, 1080]);
            let windows = windows_of(&Generated::generate(rate as u64), &device, params, 60, 0);
            let session = SessionWindows { id: "a".into(), genuine: true, windows };
            ProtocolUser { id: rate.to_string(), sessions: vec![session], claims: Vec::new() }
        };
        let people = vec![person(125.0), person(60.0), person(30.0)];
        let protocol = Protocol::find("time-resampled").unwrap();
        let same = protocol.prepare(people.clone(), params);
        let slowest = median_dt(&people[2]);
        for person in &same {
            let dt = median_dt(person);
            assert!((dt / slowest - 1.0).abs() < 0.1, "{} {dt} {slowest}", person.id);
        }
        let untouched = Protocol::find("open-set").unwrap().prepare(people.clone(), params);
        assert_eq!(untouched, people);
    }
}
