//! Impostors by the dozen: synthetic users' movement on one device, cut by the same segmenter as
//! everybody's.

use crate::pipeline::{Segmenter, Signal, Timestamp, Window, WindowParams};

use super::{Device, Pauses, SyntheticUser};

/// More events than any window can need; a person who shows less than this a window is given up.
const EVENTS_PER_WINDOW: usize = 4096;

/// The windows of each impostor person, in order of time.
pub(crate) type Cohort = Vec<Vec<Window>>;

/// `users` generated impostors with `windows` windows each, all on this device. Seeds of different
/// cohorts give different people.
pub fn generated(
    device: &Device,
    params: WindowParams,
    users: usize,
    windows: usize,
    seed: u64,
) -> Cohort {
    let user =
        |number: u64| SyntheticUser::generate(seed.wrapping_mul(0x9E37_79B9).wrapping_add(number));
    (0..users as u64).map(|n| windows_of(&user(n), device, params, windows, 0)).collect()
}

/// The first windows of one session of a synthetic user.
pub fn windows_of(
    user: &SyntheticUser,
    device: &Device,
    params: WindowParams,
    windows: usize,
    session: u64,
) -> Vec<Window> {
    let mut segmenter = Segmenter::new(params);
    user.moves(device, session, Timestamp::default(), Pauses::AtMost(1.0))
        .take(windows.saturating_mul(EVENTS_PER_WINDOW))
        .filter_map(|event| segmenter.push(Signal::Mouse(event)))
        .take(windows)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gives_as_many_windows_as_asked_and_nobody_is_another() {
        let device = Device::steady(125.0, [1280, 800]);
        let cohort = generated(&device, WindowParams::default(), 6, 30, 1);
        assert!(cohort.iter().all(|windows| windows.len() == 30));
        assert_ne!(cohort[0], cohort[1]);
        let other = generated(&device, WindowParams::default(), 6, 30, 2);
        assert!(cohort.iter().all(|windows| !other.contains(windows)));
    }
}
