//! Whom a backbone learns to tell apart. Synthetic users are told from synthetic ones and real ones
//! from real ones, so that telling the two kinds apart gains it as little as telling devices apart:
//! everybody moves on several devices of one pool.

use std::ops::Range;

use super::PretrainOptions;
use crate::lab::random::Random;
use crate::lab::synthesis::cohort::windows_of;
use crate::lab::synthesis::{Device, SyntheticUser};
use crate::lab::trial::on_device;
use crate::pipeline::{Steps, Window, WindowParams};

/// Seeds of the synthetic users start here: no owner, impostor or impostor elsewhere is one.
const FIRST_PERSON: u64 = 1 << 40;
/// Rates of the pool's slowest and fastest mouse, Hz.
const RATES_HZ: [f64; 2] = [60.0, 1000.0];
/// Their screens.
const SCREENS: [[u32; 2]; 4] = [[1280, 800], [1366, 768], [1920, 1080], [2560, 1440]];
/// A real person with fewer windows than this is left out.
const FEWEST_WINDOWS: usize = 40;

/// Windows of each class, a class a person.
pub(super) struct ClassWindows {
    /// Windows of each person, device by device.
    pub(super) people: Vec<Vec<Vec<Steps>>>,
    /// The classes of the generated and of the real users.
    pub(super) kinds: [Range<usize>; 2],
}

/// Whom a group of windows was drawn from.
pub(super) struct Drawn<'a> {
    pub(super) class: usize,
    pub(super) among: Range<usize>,
    pub(super) windows: Vec<&'a [[f32; 3]]>,
}

impl ClassWindows {
    /// Rows of everybody's steps.
    pub(super) fn rows(&self) -> impl Iterator<Item = [f32; 3]> {
        let windows = self.people.iter().flatten().flatten();
        windows.flat_map(|steps| steps.rows().iter().copied())
    }

    /// How many windows there are.
    pub(super) fn windows(&self) -> usize {
        self.people.iter().flatten().map(Vec::len).sum()
    }

    /// The classes of generated or of real users, whichever there are.
    pub(super) fn kind(&self, real_share: f64, random: &mut Random) -> Range<usize> {
        let [generated, real] = &self.kinds;
        let is_real = generated.is_empty() || !real.is_empty() && random.chance(real_share);
        if is_real { real.clone() } else { generated.clone() }
    }

    /// `size` random windows of a random person on one of their devices: everybody of a kind is
    /// equally likely.
    pub(super) fn draw(&self, size: usize, real_share: f64, random: &mut Random) -> Drawn<'_> {
        let among = self.kind(real_share, random);
        let class = among.start + random.below(among.len());
        let devices = &self.people[class];
        let windows = &devices[random.below(devices.len())];
        Drawn {
            class,
            among,
            windows: (0..size).map(|_| windows[random.below(windows.len())].rows()).collect(),
        }
    }
}

/// Everybody on their devices.
pub(super) fn users(
    real: &[Vec<Window>],
    params: WindowParams,
    options: &PretrainOptions,
) -> ClassWindows {
    let mut random = Random::new(options.seed, 0xC0D);
    let pool: Vec<Device> = (0..options.devices.max(1)).map(|_| device(&mut random)).collect();
    let mut pick = || -> Vec<&Device> {
        (0..options.devices_each.max(1)).map(|_| &pool[random.below(pool.len())]).collect()
    };
    let mut people: Vec<Vec<Vec<Window>>> = Vec::new();
    for number in 0..options.people as u64 {
        let person = SyntheticUser::generate(FIRST_PERSON + options.seed * 1_000_000 + number);
        let days: Vec<Vec<Window>> = (0..)
            .zip(&pick())
            .map(|(session, device)| windows_of(&person, device, params, options.windows, session))
            .collect();
        if days.iter().all(|windows| windows.len() >= options.windows) {
            people.push(days);
        }
    }
    let border = people.len();
    for windows in real.iter().filter(|windows| windows.len() >= FEWEST_WINDOWS) {
        let one = std::slice::from_ref(windows);
        let days = pick().into_iter().map(|device| on_device(device, params, one).concat());
        let days: Vec<_> = days.filter(|windows| !windows.is_empty()).collect();
        people.extend((!days.is_empty()).then_some(days));
    }
    let kinds = [0..border, border..people.len()];
    ClassWindows {
        people: people
            .iter()
            .map(|days| {
                days.iter().map(|windows| windows.iter().map(Steps::from).collect()).collect()
            })
            .collect(),
        kinds,
    }
}

fn device(random: &mut Random) -> Device {
    let [slow, fast] = RATES_HZ.map(f64::ln);
    let rate = random.between(slow, fast).exp();
    Device::steady(rate, SCREENS[random.below(SCREENS.len())])
}
