//! The backbone of every owner's training: a network that describes windows such that many people
//! can be told apart by their hands alone, and the moments of real users in that description.

mod classes;
mod clicks;
mod conv;
mod embedding;
mod episode;
mod recurrent;

pub use clicks::click_population;

use classes::{ClassWindows, users};
use embedding::Views;

use crate::error::{Failure, FailureKind, Result};
use crate::model::{Backbone, BackboneOrigin, SeenWindows};
use crate::nn::{AnyInference, AnyNetwork, ConvNetwork, ConvShape, Linear};
use crate::pipeline::{EmbeddingCovariance, Steps, Window, WindowParams};

use super::population::{self, Features};
use super::train::identity_of;

/// The backbone's architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackboneArchitecture {
    /// Two bidirectional recurrences.
    BiLstm,
    /// Convolutions on a common clock.
    Conv(ConvShape),
}

/// How the backbone is made.
#[derive(Debug, Clone, PartialEq)]
pub struct PretrainOptions {
    /// What is trained.
    pub backbone: BackboneArchitecture,
    /// Go on from this instead of random weights.
    pub from: Option<Backbone>,
    /// Synthetic users.
    pub people: usize,
    /// Windows of each synthetic user on each of their devices.
    pub windows: usize,
    /// Devices of the pool.
    pub devices: usize,
    /// Devices that each person moves on.
    pub devices_each: usize,
    /// Steps of training; 0 leaves random weights, with statistics of the cohort for `conv`.
    pub steps: usize,
    /// Windows a step; `bilstm` only.
    pub batch: usize,
    /// People a step, fewer where there are fewer; this and what follows is for `conv` only.
    pub at_once: usize,
    /// Windows of each of them in a first and in a second group, which are to find each other.
    pub groups: [usize; 2],
    /// Numbers of the projection in which they do.
    pub projection: usize,
    /// Dimensions of the embedding at most; 0 for none.
    pub embedding: usize,
    /// Whether the embedding is found in all that the backbone pools instead of in the projection;
    /// without training they always are.
    pub embedding_of_all: bool,
    /// Adam's step size at the start; it falls to a fiftieth along a half cosine.
    pub learning_rate: f32,
    /// Share of features dropped.
    pub dropout: f32,
    /// Share of real users in a batch, if there are any.
    pub real_share: f64,
    /// Threads; the result does not depend on them. `conv` has one.
    pub threads: usize,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for PretrainOptions {
    fn default() -> Self {
        Self {
            backbone: BackboneArchitecture::Conv(ConvShape::default()),
            from: None,
            people: 300,
            windows: 60,
            devices: 16,
            devices_each: 3,
            steps: 4200,
            batch: 128,
            at_once: 20,
            groups: [8, 6],
            projection: 64,
            embedding: 64,
            embedding_of_all: false,
            learning_rate: 3e-3,
            dropout: 0.15,
            real_share: 0.4,
            threads: 2,
            seed: 1,
        }
    }
}

impl PretrainOptions {
    /// The step size of a step, counted from 0.
    fn rate(&self, step: usize) -> f32 {
        let done = step as f32 / self.steps as f32;
        let falling = 0.02 + 0.49 * (1.0 + (std::f32::consts::PI * done).cos());
        let rising = ((step + 1) as f32 / 100.0).min(1.0);
        self.learning_rate * falling * rising
    }
}

/// Trains a backbone. `real` are the windows of real users, a list a person; `progress` is told the
/// step and the mean loss of late.
///
/// # Errors
/// When there are not two people of a kind, or training breaks down.
pub fn pretrain(
    real: &[Vec<Window>],
    real_source: &str,
    params: WindowParams,
    options: &PretrainOptions,
    progress: &mut dyn FnMut(usize, f32),
) -> Result<Backbone> {
    let users = users(real, params, options);
    if users.kinds.iter().all(|kind| kind.len() < 2) {
        return Err(Failure::new(
            FailureKind::Config,
            "pretraining needs at least two people of a kind",
        ));
    }
    let Learnt { mut network, projection } = learn(&users, options, progress)?;
    let [generated, known] = &users.kinds;
    let origin = BackboneOrigin {
        name: format!("backbone, seed {}", options.seed),
        trained_by: concat!("mousewarden ", env!("CARGO_PKG_VERSION")).into(),
        synthetic_users: generated.len(),
        real_users: known.len(),
        real_source: if known.is_empty() { String::new() } else { real_source.into() },
        real_windows: real.iter().flatten().map(identity_of).collect::<SeenWindows>().sample(),
        windows: users.windows(),
        steps: options.steps + options.from.as_ref().map_or(0, |start| start.origin.steps),
        seed: options.seed,
    };
    let views = views(&network, &users.people[known.clone()]);
    let people: Vec<Features> = views.iter().map(|devices| devices.concat()).collect();
    let population = population::fit(&people);
    let covariance = match &mut network {
        AnyNetwork::Conv(network) => {
            describe(network, projection.as_ref(), &views, options.embedding)
        }
        AnyNetwork::BiLstm(_) => None,
    };
    Ok(Backbone { network, windows: params, population, covariance, clicks: None, origin })
}

/// A backbone, and the projection in which its embedding is to be found, if not in all that it
/// pools.
struct Learnt {
    network: AnyNetwork,
    projection: Option<Linear>,
}

fn learn(
    users: &ClassWindows,
    options: &PretrainOptions,
    progress: &mut dyn FnMut(usize, f32),
) -> Result<Learnt> {
    match (&options.backbone, &options.from) {
        (_, Some(start)) if options.steps == 0 => Ok(alone(start.network.clone())),
        (BackboneArchitecture::BiLstm, _) => {
            Ok(alone(recurrent::learn(users, options, progress)?.into()))
        }
        (BackboneArchitecture::Conv(shape), None) => {
            let learnt = conv::learn(shape, users, options, progress)?;
            let apart = options.steps > 0 && !options.embedding_of_all;
            let projection = apart.then_some(learnt.projection);
            Ok(Learnt { network: learnt.network.into(), projection })
        }
        (BackboneArchitecture::Conv(_), Some(_)) => {
            let what = "a backbone of the architecture conv holds no statistics to go on from";
            Err(Failure::new(FailureKind::Config, what).remedy("Train from random weights."))
        }
    }
}

fn alone(network: AnyNetwork) -> Learnt {
    Learnt { network, projection: None }
}

/// Gives a backbone its embedding, and says how those of these people lie.
fn describe(
    network: &mut ConvNetwork,
    projection: Option<&Linear>,
    views: &[Views],
    most: usize,
) -> Option<EmbeddingCovariance> {
    let found = match projection {
        None => embedding::fit(views, most),
        Some(projection) => embedding::fit(
            &views
                .iter()
                .map(|devices| {
                    devices
                        .iter()
                        .map(|windows| -> Vec<Vec<f32>> {
                            windows.iter().map(|row| projection.apply(row)).collect()
                        })
                        .collect()
                })
                .collect::<Vec<Views>>(),
            most,
        ),
    };
    let embedding::Embedding { map, covariance } = found?;
    network.embedding = Some(match projection {
        None => map,
        Some(projection) => embedding::behind(&map, projection),
    });
    Some(covariance)
}

fn views(network: &AnyNetwork, people: &[Vec<Vec<Steps>>]) -> Vec<Views> {
    let mut inference = AnyInference::new(network);
    let mut device = |windows: &Vec<Steps>| {
        inference.features(&windows.iter().map(Steps::rows).collect::<Vec<_>>())
    };
    people.iter().map(|devices| devices.iter().map(&mut device).collect()).collect()
}

/// The mean loss of late, told to whoever watches.
struct Watch<'a> {
    mean: f32,
    progress: &'a mut dyn FnMut(usize, f32),
}

impl Watch<'_> {
    /// After a step, counted from 0.
    fn step(&mut self, step: usize, loss: f32) -> Result<()> {
        if !loss.is_finite() {
            let what = format!("pretraining broke down in step {}: no finite loss", step + 1);
            return Err(
                Failure::new(FailureKind::Internal, what).remedy("Try a smaller learning rate.")
            );
        }
        self.mean += (loss - self.mean) / (step + 1).min(100) as f32;
        (self.progress)(step + 1, self.mean);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::random::Random;
    use crate::lab::synthesis::cohort::windows_of;
    use crate::lab::synthesis::{Device, SyntheticUser};

    fn small(backbone: BackboneArchitecture) -> PretrainOptions {
        PretrainOptions {
            backbone,
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
        let person =
            |n| windows_of(&SyntheticUser::generate(n), &device, WindowParams::default(), 45, 0);
        vec![person(1), person(2), person(3), person(4)[..20].to_vec()]
    }

    fn small_conv() -> BackboneArchitecture {
        BackboneArchitecture::Conv(ConvShape { layers: vec![(5, 6)], ..ConvShape::default() })
    }

    #[test]
    fn a_seed_fixes_the_start_and_threads_change_nothing() {
        for backbone in [BackboneArchitecture::BiLstm, small_conv()] {
            let make = |threads, seed| {
                let options = PretrainOptions { threads, seed, ..small(backbone.clone()) };
                let params = WindowParams::default();
                pretrain(&real(), "nobody", params, &options, &mut |_, _| {}).unwrap()
            };
            let one = make(1, 1);
            assert_eq!(one, make(2, 1));
            assert_ne!(one.network, make(1, 2).network);
            assert_eq!((one.origin.synthetic_users, one.origin.real_users), (4, 3));
            assert!(one.network.head().weight.iter().all(|weight| *weight == 0.0));
            assert!(one.population.is_some());
        }
    }

    #[test]
    fn without_steps_the_weights_stay_and_only_statistics_are_the_cohorts() {
        let options = PretrainOptions { steps: 0, ..small(small_conv()) };
        let params = WindowParams::default();
        let start = pretrain(&real(), "nobody", params, &options, &mut |_, _| {}).unwrap();
        let AnyNetwork::Conv(network) = start.network else { panic!("another architecture") };
        let fresh = crate::nn::ConvNetwork::new(
            &ConvShape { layers: vec![(5, 6)], ..ConvShape::default() },
            options.seed,
        );
        assert_eq!(network.layers[0].weight, fresh.layers[0].weight);
        assert_ne!(network.layers[0].norm.mean, fresh.layers[0].norm.mean);
    }

    #[test]
    fn nobody_is_told_from_the_other_kind() {
        let users = users(&real(), WindowParams::default(), &small(BackboneArchitecture::BiLstm));
        assert_eq!(users.kinds, [0..4, 4..7]);
        let mut random = Random::new(1, 1);
        for _ in 0..20 {
            let drawn = users.draw(3, 0.5, &mut random);
            assert!(drawn.among.contains(&drawn.class) && users.kinds.contains(&drawn.among));
            assert_eq!(drawn.windows.len(), 3);
        }
    }
}
