//! What an owner's training starts from: a network that was trained to tell many people apart, in
//! the same ONNX contract as a model, but without thresholds. It is nobody's model and is refused
//! as one; no score is ever taken from it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::bundle::{CONTRACT, StartPeople};
use super::check::check_network;
use super::content::{self, Content};
use super::fault::Fault;
use super::file::{decode, encoded, versions};
use super::metadata::{
    ARCHITECTURE_KEY, CONTRACT_KEY, WINDOWS_KEY, architecture_of, entry, optional, read,
};
use super::seal;
use super::seen::SeenWindows;
use super::weights::network_of;
use crate::error::Result;
use crate::nn::{AnyNetwork, Linear, Network};
use crate::pipeline::{TraitSpread, WindowParams};

const START_KEY: &str = "mousewarden.start";
const POPULATION_KEY: &str = "mousewarden.start_population";
const SPREAD_KEY: &str = "mousewarden.start_traits";
const STATISTICS_KEY: &str = "mousewarden.start_statistics";

/// How such a network was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Short name, for the provenance of models that start from it.
    pub name: String,
    /// Program and version that trained it.
    pub trained_by: String,
    /// Generated people it learnt to tell apart.
    pub generated_people: usize,
    /// Real people it learnt to tell apart.
    pub real_people: usize,
    /// Where the real people come from; empty without any.
    pub real_source: String,
    /// A sample of the real people's windows, as they were recorded, so that an evaluation on these
    /// people is noticed; empty in files of before.
    #[serde(default)]
    pub real_windows: SeenWindows,
    /// Windows it learnt from.
    pub windows: usize,
    /// Steps of training.
    pub steps: usize,
    /// Seed of every random choice.
    pub seed: u64,
}

/// What real people look like to the trunk: a normal distribution of their means, and one of a
/// person's windows around theirs. It says how a crowd differs; nobody can be found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Population {
    /// Mean of the people's means, `[F]`.
    pub mean: Vec<f32>,
    /// Lower Cholesky factor of the covariance between people, its rows up to the diagonal.
    pub between: Vec<f32>,
    /// The same of the covariance within a person.
    pub within: Vec<f32>,
}

impl Population {
    fn fits(&self, features: usize) -> bool {
        let half = features * (features + 1) / 2;
        let sizes = [(&self.mean, features), (&self.between, half), (&self.within, half)];
        sizes.iter().all(|(v, size)| v.len() == *size && v.iter().all(|x| x.is_finite()))
    }
}

/// The network with its origin. Its head is zero: it has no opinion of anybody.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Conditioning and trunk.
    pub network: AnyNetwork,
    /// How windows were cut for it.
    pub windows: WindowParams,
    /// What real people look like to it, if it has seen any.
    pub population: Option<Population>,
    /// How the traits of real people lie, if the network gives traits.
    pub spread: Option<TraitSpread>,
    /// How it was made.
    pub origin: Origin,
}

/// The running statistics, which the graph has folded into factor and offset: without them,
/// training could not go on.
#[derive(Debug, Serialize, Deserialize)]
struct Statistics {
    mean: Vec<f32>,
    variance: Vec<f32>,
    epsilon: f32,
}

impl Statistics {
    fn of(network: &Network) -> Self {
        let norm = &network.norm;
        Self { mean: norm.mean.clone(), variance: norm.variance.clone(), epsilon: norm.epsilon }
    }
}

impl Start {
    /// Reads and checks the content of a file.
    ///
    /// # Errors
    /// When it is not a start that this build can honour.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        content::from_bytes(bytes)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When there is no such file, or it is not a start that this build can honour.
    pub fn read(path: &Path) -> Result<Self> {
        content::read(path)
    }

    /// The real people that it has learnt from, for the provenance of models; none if it knows none.
    pub fn people(&self) -> Option<StartPeople> {
        let Origin { real_people, real_source, real_windows, .. } = &self.origin;
        let people = || StartPeople { source: real_source.clone(), windows: real_windows.clone() };
        (*real_people > 0).then(people)
    }

    /// Writes a file atomically.
    ///
    /// # Errors
    /// When the network is not valid, or the disk refuses.
    pub fn write(&self, path: &Path) -> Result<()> {
        content::write(self, path)
    }

    fn check_spread(&self) -> Result<(), Fault> {
        let traits = self.network.traits().map_or(0, Linear::count);
        match &self.spread {
            None => Ok(()),
            Some(spread) if spread.traits() == traits => spread.validate().map_err(Fault::Value),
            Some(_) => Err(Fault::Value("its people have other traits than its network".into())),
        }
    }
}

impl Content for Start {
    const CALLED: &'static str = "the start";
    const MAKE: &'static str = "Make one from the source: `cargo run --release -p mousewarden-rig -- pretrain --out FILE`.";

    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let model = decode(bytes)?;
        let architecture = architecture_of(&model)?;
        let origin = read(&model, START_KEY)?;
        let windows: WindowParams = read(&model, WINDOWS_KEY)?;
        let population: Option<Option<Population>> = optional(&model, POPULATION_KEY)?;
        let population = population.flatten();
        let spread: Option<TraitSpread> = optional(&model, SPREAD_KEY)?;
        let statistics: Option<Statistics> = optional(&model, STATISTICS_KEY)?;
        versions(&model)?;
        let sealed = seal::check(&model);
        let graph = model.graph.ok_or_else(|| Fault::Graph("it has none".into()))?;
        let mut network = network_of(&graph, architecture)?;
        if let AnyNetwork::BiLstm(network) = &mut network {
            unfold(network, statistics.ok_or(Fault::Missing(STATISTICS_KEY))?)?;
        }
        windows.validate().map_err(Fault::Value)?;
        check_network(&network)?;
        if !population.iter().all(|people| people.fits(network.head().weight.len())) {
            return Err(Fault::Value("its population has other features".into()));
        }
        let start = Self { network, windows, population, spread, origin };
        start.check_spread()?;
        sealed.map(|()| start)
    }

    fn encode(&self) -> Result<Vec<u8>, Fault> {
        check_network(&self.network)?;
        self.check_spread()?;
        let mut entries = vec![
            entry(CONTRACT_KEY, &CONTRACT)?,
            entry(ARCHITECTURE_KEY, &self.network.architecture())?,
            entry(WINDOWS_KEY, &self.windows)?,
            entry(START_KEY, &self.origin)?,
            entry(POPULATION_KEY, &self.population)?,
        ];
        if let Some(spread) = &self.spread {
            entries.push(entry(SPREAD_KEY, spread)?);
        }
        if let AnyNetwork::BiLstm(network) = &self.network {
            entries.push(entry(STATISTICS_KEY, &Statistics::of(network))?);
        }
        encoded(&self.network, entries)
    }
}

/// Gives factor and offset back as gamma and beta over these statistics.
fn unfold(network: &mut Network, statistics: Statistics) -> Result<(), Fault> {
    let Statistics { mean, variance, epsilon } = statistics;
    let norm = &mut network.norm;
    if [&mean, &variance].iter().any(|values| values.len() != norm.gamma.len()) {
        return Err(Fault::Value("its statistics are not those of its normalisation".into()));
    }
    let factors = norm.gamma.iter_mut().zip(&mut norm.beta);
    for ((gamma, beta), (mean, variance)) in factors.zip(mean.iter().zip(&variance)) {
        *beta += mean * *gamma;
        *gamma *= (variance + epsilon).sqrt();
    }
    (norm.mean, norm.variance, norm.epsilon) = (mean, variance, epsilon);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Bundle;
    use crate::nn::{AnyInference, Conditioning};

    fn start() -> Start {
        let mut network = Network::new([5, 4], Conditioning::IDENTITY, 3);
        network.norm.mean.iter_mut().enumerate().for_each(|(i, mean)| *mean = 0.1 * i as f32);
        network.norm.variance.fill(0.3);
        let origin = Origin {
            name: "test".into(),
            trained_by: "test".into(),
            generated_people: 4,
            real_people: 0,
            real_source: String::new(),
            real_windows: SeenWindows::default(),
            windows: 40,
            steps: 1,
            seed: 1,
        };
        Start {
            network: network.into(),
            windows: WindowParams::default(),
            population: None,
            spread: None,
            origin,
        }
    }

    #[test]
    fn a_start_comes_back_as_it_was_and_is_no_model() {
        let bytes = start().encode().unwrap();
        let back = Start::from_bytes(&bytes).unwrap();
        assert_eq!((&back.origin, back.windows), (&start().origin, start().windows));
        let norm = |start: &Start| start.network.as_bilstm().unwrap().norm.clone();
        let (back_norm, norm) = (norm(&back), norm(&start()));
        assert_eq!(back_norm.mean, norm.mean);
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&back_norm.gamma, &norm.gamma));
        assert!(near(&back_norm.beta, &norm.beta));
        let window: &[[f32; 3]] = &[[3.0, -1.0, 8.0], [5.0, 0.0, 8.0]];
        let score = |network: &AnyNetwork| AnyInference::new(network).probabilities(&[window])[0];
        assert!((score(&back.network) - score(&start().network)).abs() < 1e-6);
        let said = Bundle::from_bytes(&bytes).unwrap_err().to_string();
        assert!(said.contains("mousewarden.operating_points"), "{said}");
    }

    #[test]
    fn foreign_statistics_are_refused() {
        let mut other = start();
        let AnyNetwork::BiLstm(network) = &mut other.network else { panic!("another") };
        network.norm.mean.pop();
        assert!(other.encode().is_err());
    }
}
