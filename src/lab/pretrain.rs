//! The start of every owner's training: a trunk that learns to tell many people apart, by their
//! hands and not by their devices. Generated people are told from generated ones and real ones from
//! real ones, so that nothing is gained by telling the two kinds apart; everybody moves on several
//! devices of one pool, so that nothing is gained by telling devices apart.

use std::ops::Range;

use crate::error::{Failure, Kind, Result};
use crate::model::{Origin, SeenWindows, Start};
use crate::nn::{ClassBatch, Classes, Classifier, Conditioning, Inference, Network, TrainParams};
use crate::pipeline::{Steps, Window, WindowParams};

use super::crowd::windows_of;
use super::people::{Device, Person};
use super::population::{self, Features};
use super::random::Random;
use super::train::identity_of;
use super::trial::on_device;

/// Hidden units of both recurrences.
const HIDDEN: [usize; 2] = [64, 64];
/// Seeds of the generated people start here: no owner, stranger or impostor elsewhere is one.
const FIRST_PERSON: u64 = 1 << 40;
/// Rates of the pool's slowest and fastest mouse, Hz.
const RATES_HZ: [f64; 2] = [60.0, 1000.0];
/// Their screens.
const SCREENS: [[u32; 2]; 4] = [[1280, 800], [1366, 768], [1920, 1080], [2560, 1440]];
/// A real person with fewer windows than this is left out.
const FEWEST_WINDOWS: usize = 40;

/// How the start is made.
#[derive(Debug, Clone, PartialEq)]
pub struct PretrainOptions {
    /// Go on from this instead of random weights.
    pub from: Option<Start>,
    /// Generated people.
    pub people: usize,
    /// Windows of each generated person on each of their devices.
    pub windows: usize,
    /// Devices of the pool.
    pub devices: usize,
    /// Devices that each person moves on.
    pub devices_each: usize,
    /// Steps of training.
    pub steps: usize,
    /// Windows a step.
    pub batch: usize,
    /// Adam's step size at the start; it falls to a fiftieth along a half cosine.
    pub learning_rate: f32,
    /// Share of features dropped between the recurrences.
    pub dropout: f32,
    /// Share of real people in a batch, if there are any.
    pub real_share: f64,
    /// Threads; the result does not depend on them.
    pub threads: usize,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for PretrainOptions {
    fn default() -> Self {
        Self {
            from: None,
            people: 300,
            windows: 60,
            devices: 16,
            devices_each: 3,
            steps: 4200,
            batch: 128,
            learning_rate: 3e-3,
            dropout: 0.15,
            real_share: 0.4,
            threads: 2,
            seed: 1,
        }
    }
}

/// Windows of each class, a class a person.
struct Crowd {
    people: Vec<Vec<Steps>>,
    /// The classes of the generated and of the real people.
    kinds: [Range<usize>; 2],
}

/// Trains a start. `real` are the windows of real people, a list a person; `progress` is told the
/// step and the mean loss of late.
///
/// # Errors
/// When there are not two people, or training breaks down.
pub fn pretrain(
    real: &[Vec<Window>],
    real_source: &str,
    params: WindowParams,
    options: &PretrainOptions,
    progress: &mut dyn FnMut(usize, f32),
) -> Result<Start> {
    let crowd = crowd(real, params, options);
    if crowd.kinds[0].len() < 2 {
        return Err(Failure::new(Kind::Config, "pretraining needs at least two generated people"));
    }
    let rows = crowd.people.iter().flatten().flat_map(|steps| steps.rows().iter().copied());
    let network = match &options.from {
        Some(start) => start.network.clone(),
        None => Network::new(HIDDEN, Conditioning::fit(rows), options.seed),
    };
    let network = learn(&network, &crowd, options, progress)?;
    let real_people = crowd.kinds[1].len();
    let origin = Origin {
        name: format!("start, seed {}", options.seed),
        trained_by: concat!("mousewarden ", env!("CARGO_PKG_VERSION")).into(),
        generated_people: crowd.kinds[0].len(),
        real_people,
        real_source: if real_people > 0 { real_source.into() } else { String::new() },
        real_windows: real.iter().flatten().map(identity_of).collect::<SeenWindows>().sample(),
        windows: crowd.people.iter().map(Vec::len).sum(),
        steps: options.steps + options.from.as_ref().map_or(0, |start| start.origin.steps),
        seed: options.seed,
    };
    let population = population::fit(&features(&network, &crowd.people[crowd.kinds[1].clone()]));
    Ok(Start { network, windows: params, population, origin })
}

fn features(network: &Network, people: &[Vec<Steps>]) -> Vec<Features> {
    let mut inference = Inference::new(network);
    let mut of = |windows: &Vec<Steps>| {
        inference.features(&windows.iter().map(Steps::rows).collect::<Vec<_>>())
    };
    people.iter().map(&mut of).collect()
}

fn learn(
    network: &Network,
    crowd: &Crowd,
    options: &PretrainOptions,
    progress: &mut dyn FnMut(usize, f32),
) -> Result<Network> {
    let classes = Classes::zeros(crowd.people.len(), 2 * HIDDEN[1]);
    let train = TrainParams {
        dropout: options.dropout,
        threads: options.threads,
        seed: options.seed,
        norm_momentum: 0.995,
        ..TrainParams::default()
    };
    let mut classifier = Classifier::new(network, &classes, train);
    let mut random = Random::new(options.seed, 0x9BE);
    let mut mean = 0.0;
    for step in 0..options.steps {
        let done = step as f32 / options.steps as f32;
        let falling = 0.02 + 0.49 * (1.0 + (std::f32::consts::PI * done).cos());
        let rising = ((step + 1) as f32 / 100.0).min(1.0);
        classifier.set_learning_rate(options.learning_rate * falling * rising);
        let loss = classifier.step(&crowd.draw(options, &mut random).batch());
        if !loss.is_finite() {
            let what = format!("pretraining broke down in step {}: no finite loss", step + 1);
            return Err(Failure::new(Kind::Internal, what).remedy("Try a smaller learning rate."));
        }
        mean += (loss - mean) / (step + 1).min(100) as f32;
        progress(step + 1, mean);
    }
    Ok(classifier.network())
}

/// A batch before it is borrowed.
#[derive(Default)]
struct Drawn<'a> {
    sequences: Vec<&'a [[f32; 3]]>,
    classes: Vec<usize>,
    among: Vec<Range<usize>>,
}

impl Drawn<'_> {
    fn batch(&self) -> ClassBatch<'_> {
        let Self { sequences, classes, among } = self;
        ClassBatch { sequences, classes, among }
    }
}

impl Crowd {
    /// Random windows of random people: everybody of a kind is equally likely.
    fn draw(&self, options: &PretrainOptions, random: &mut Random) -> Drawn<'_> {
        let mut drawn = Drawn::default();
        for _ in 0..options.batch {
            let is_real = !self.kinds[1].is_empty() && random.chance(options.real_share);
            let kind = self.kinds[usize::from(is_real)].clone();
            let class = kind.start + random.below(kind.len());
            let windows = &self.people[class];
            drawn.sequences.push(windows[random.below(windows.len())].rows());
            drawn.classes.push(class);
            drawn.among.push(kind);
        }
        drawn
    }
}

fn crowd(real: &[Vec<Window>], params: WindowParams, options: &PretrainOptions) -> Crowd {
    let mut random = Random::new(options.seed, 0xC0D);
    let pool: Vec<Device> = (0..options.devices.max(1)).map(|_| device(&mut random)).collect();
    let mut pick = || -> Vec<&Device> {
        (0..options.devices_each.max(1)).map(|_| &pool[random.below(pool.len())]).collect()
    };
    let generated = (0..options.people as u64).map(|number| {
        let person = Person::generate(FIRST_PERSON + options.seed * 1_000_000 + number);
        let day = |(session, device): (u64, &&Device)| {
            windows_of(&person, device, params, options.windows, session)
        };
        (0..).zip(&pick()).flat_map(day).collect::<Vec<_>>()
    });
    let mut people: Vec<Vec<Window>> = generated.collect();
    people.retain(|windows| windows.len() >= options.windows);
    let border = people.len();
    for windows in real.iter().filter(|windows| windows.len() >= FEWEST_WINDOWS) {
        let one = std::slice::from_ref(windows);
        people.push(
            pick().iter().flat_map(|device| on_device(device, params, one)).flatten().collect(),
        );
    }
    let all = people.len();
    let people = people.iter().map(|windows| windows.iter().map(Steps::from).collect()).collect();
    Crowd { people, kinds: [0..border, border..all] }
}

fn device(random: &mut Random) -> Device {
    let [slow, fast] = RATES_HZ.map(f64::ln);
    let rate = random.between(slow, fast).exp();
    Device::steady(rate, SCREENS[random.below(SCREENS.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> PretrainOptions {
        PretrainOptions {
            people: 4,
            windows: 10,
            devices: 3,
            devices_each: 2,
            steps: 3,
            batch: 8,
            ..PretrainOptions::default()
        }
    }

    fn real() -> Vec<Vec<Window>> {
        let device = Device::steady(125.0, [1280, 800]);
        let person = |n| windows_of(&Person::generate(n), &device, WindowParams::default(), 45, 0);
        vec![person(1), person(2), person(3)[..20].to_vec()]
    }

    #[test]
    fn a_seed_fixes_the_start_and_threads_change_nothing() {
        let make = |threads, seed| {
            let options = PretrainOptions { threads, seed, ..small() };
            pretrain(&real(), "nobody", WindowParams::default(), &options, &mut |_, _| {}).unwrap()
        };
        let one = make(1, 1);
        assert_eq!(one, make(2, 1));
        assert_ne!(one.network, make(1, 2).network);
        assert_eq!((one.origin.generated_people, one.origin.real_people), (4, 2));
        assert!(one.network.head.weight.iter().all(|weight| *weight == 0.0));
    }

    #[test]
    fn nobody_is_told_from_the_other_kind() {
        let crowd = crowd(&real(), WindowParams::default(), &small());
        assert_eq!(crowd.kinds, [0..4, 4..6]);
        let drawn = crowd.draw(&small(), &mut Random::new(1, 1));
        for (class, among) in drawn.classes.iter().zip(&drawn.among) {
            assert!(among.contains(class) && crowd.kinds.contains(among));
        }
    }
}
