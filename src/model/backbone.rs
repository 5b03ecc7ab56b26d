//! What an owner's training starts from: a network that was trained to tell many people apart, in
//! the same ONNX contract as a model, with the thresholds left out.
//!
//! # Invariants
//! It is nobody's model and is refused as one; no score is ever taken from it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::bundle::{BackboneUsers, CONTRACT};
use super::check::check_network;
use super::checksum;
use super::content::{self, Content};
use super::fault::ModelFault;
use super::file::{decode, encoded, versions};
use super::metadata::{
    ARCHITECTURE_KEY, CONTRACT_KEY, WINDOWS_KEY, architecture_of, entry, optional, read,
};
use super::seen::SeenWindows;
use super::weights::network_of;
use crate::error::Result;
use crate::nn::{AnyNetwork, Linear, Network};
use crate::pipeline::{ClickPopulation, EmbeddingCovariance, WindowParams};

const BACKBONE_KEY: &str = "mousewarden.backbone";
const POPULATION_KEY: &str = "mousewarden.backbone_population";
const COVARIANCE_KEY: &str = "mousewarden.backbone_covariance";
const CLICKS_KEY: &str = "mousewarden.backbone_clicks";
const STATISTICS_KEY: &str = "mousewarden.backbone_statistics";

/// How such a network was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackboneOrigin {
    /// Short name, for the provenance of models that start from it.
    pub name: String,
    /// Program and version that trained it.
    pub trained_by: String,
    /// Synthetic users it learnt to tell apart.
    pub synthetic_users: usize,
    /// Real users it learnt to tell apart.
    pub real_users: usize,
    /// Where the real users come from; empty without any.
    pub real_source: String,
    /// A sample of the real users's windows, as they were recorded, so that an evaluation on these
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

/// What real users look like to the backbone: a normal distribution of their means, and one of a
/// person's windows around theirs. It says how a cohort differs; nobody can be found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Population {
    /// Mean of the people's means, `[F]`.
    // Triangles, because a file of 256 features would otherwise carry every number twice.
    pub mean: Vec<f32>,
    /// Lower Cholesky factor of the covariance between people, its rows up to the diagonal.
    pub between_user: Vec<f32>,
    /// The same of the covariance within a person.
    pub within_session: Vec<f32>,
}

impl Population {
    fn fits(&self, features: usize) -> bool {
        // A lower triangle with its diagonal.
        let half = features * (features + 1) / 2;
        let sizes =
            [(&self.mean, features), (&self.between_user, half), (&self.within_session, half)];
        // An infinite covariance would draw cohorts of nothing but not-a-number.
        sizes.iter().all(|(v, size)| v.len() == *size && v.iter().all(|x| x.is_finite()))
    }
}

/// The network with its origin. Its head is zero: it has no opinion of anybody.
#[derive(Debug, Clone, PartialEq)]
pub struct Backbone {
    /// Conditioning and backbone.
    pub network: AnyNetwork,
    /// How windows were cut for it.
    pub windows: WindowParams,
    /// What real users look like to it, if it has seen any.
    pub(crate) population: Option<Population>,
    /// How the embeddings of real users lie, if the network gives any.
    pub covariance: Option<EmbeddingCovariance>,
    /// How click timings lie among real users, if it has seen any click.
    pub clicks: Option<ClickPopulation>,
    /// How it was made.
    pub origin: BackboneOrigin,
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

impl Backbone {
    /// Reads and checks the content of a file.
    ///
    /// # Errors
    /// When it is not a backbone that this build can honour.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        content::from_bytes(bytes)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When there is no such file, or it is not a backbone that this build can honour.
    pub fn read(path: &Path) -> Result<Self> {
        content::read(path)
    }

    /// The real users that it has learnt from, for the provenance of models; none if it knows none.
    pub fn people(&self) -> Option<BackboneUsers> {
        let BackboneOrigin { real_users, real_source, real_windows, .. } = &self.origin;
        // A backbone of synthetic people alone has nobody that an evaluation could meet again.
        (*real_users > 0)
            .then(|| BackboneUsers { source: real_source.clone(), windows: real_windows.clone() })
    }

    /// Writes a file atomically.
    ///
    /// # Errors
    /// When the network is not valid, or the disk refuses.
    pub fn write(&self, path: &Path) -> Result<()> {
        content::write(self, path)
    }

    fn check_clicks(&self) -> Result<(), ModelFault> {
        let clicks = self.clicks.as_ref();
        clicks.map_or(Ok(()), ClickPopulation::validate).map_err(ModelFault::Value)
    }

    fn check_covariance(&self) -> Result<(), ModelFault> {
        let embedding = self.network.embedding().map_or(0, Linear::count);
        match &self.covariance {
            None => Ok(()),
            // Embeddings are compared dimension by dimension.
            Some(covariance) if covariance.dimensions() == embedding => {
                covariance.validate().map_err(ModelFault::Value)
            }
            Some(_) => Err(ModelFault::Value(
                "its covariance has other dimensions than its embedding".into(),
            )),
        }
    }
}

impl Content for Backbone {
    const CALLED: &'static str = "the backbone";
    const MAKE: &'static str = "Make one from the source: `cargo run --release -p mousewarden-rig -- pretrain --out FILE`.";

    fn parse(bytes: &[u8]) -> Result<Self, ModelFault> {
        let model = decode(bytes)?;
        let architecture = architecture_of(&model)?;
        let origin = read(&model, BACKBONE_KEY)?;
        let windows: WindowParams = read(&model, WINDOWS_KEY)?;
        let population: Option<Option<Population>> = optional(&model, POPULATION_KEY)?;
        // `null` and no entry both mean that it has seen nobody.
        let population = population.flatten();
        let covariance: Option<EmbeddingCovariance> = optional(&model, COVARIANCE_KEY)?;
        let clicks: Option<ClickPopulation> = optional(&model, CLICKS_KEY)?;
        let statistics: Option<Statistics> = optional(&model, STATISTICS_KEY)?;
        versions(&model)?;
        // Asked before the graph is taken apart, told last: whatever else is wrong says more.
        let unchanged = checksum::check(&model);
        let graph = model.graph.ok_or_else(|| ModelFault::Graph("it has none".into()))?;
        let mut network = network_of(&graph, architecture)?;
        // The graph folds the statistics in; to go on with training they have to come out again.
        if let AnyNetwork::BiLstm(network) = &mut network {
            unfold(network, statistics.ok_or(ModelFault::Missing(STATISTICS_KEY))?)?;
        }
        windows.validate().map_err(ModelFault::Value)?;
        check_network(&network)?;
        // Drawn cohorts go straight into the head.
        if !population.iter().all(|people| people.fits(network.head().weight.len())) {
            return Err(ModelFault::Value("its population has other features".into()));
        }
        let backbone = Self { network, windows, population, covariance, clicks, origin };
        backbone.check_covariance()?;
        backbone.check_clicks()?;
        unchanged.map(|()| backbone)
    }

    fn encode(&self) -> Result<Vec<u8>, ModelFault> {
        check_network(&self.network)?;
        self.check_covariance()?;
        self.check_clicks()?;
        let mut entries = vec![
            entry(CONTRACT_KEY, &CONTRACT)?,
            entry(ARCHITECTURE_KEY, &self.network.architecture())?,
            entry(WINDOWS_KEY, &self.windows)?,
            entry(BACKBONE_KEY, &self.origin)?,
            entry(POPULATION_KEY, &self.population)?,
        ];
        if let Some(covariance) = &self.covariance {
            entries.push(entry(COVARIANCE_KEY, covariance)?);
        }
        if let Some(clicks) = &self.clicks {
            entries.push(entry(CLICKS_KEY, clicks)?);
        }
        if let AnyNetwork::BiLstm(network) = &self.network {
            entries.push(entry(STATISTICS_KEY, &Statistics::of(network))?);
        }
        encoded(&self.network, entries)
    }
}

/// Gives factor and offset back as gamma and beta over these statistics.
fn unfold(network: &mut Network, statistics: Statistics) -> Result<(), ModelFault> {
    let Statistics { mean, variance, epsilon } = statistics;
    let norm = &mut network.norm;
    if [&mean, &variance].iter().any(|values| values.len() != norm.gamma.len()) {
        return Err(ModelFault::Value("its statistics are not those of its normalisation".into()));
    }
    let factors = norm.gamma.iter_mut().zip(&mut norm.beta);
    for ((gamma, beta), (mean, variance)) in factors.zip(mean.iter().zip(&variance)) {
        // The fold in reverse: offset = beta - mean * factor, factor = gamma / deviation.
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

    fn backbone() -> Backbone {
        let mut network = Network::new([5, 4], Conditioning::IDENTITY, 3);
        network.norm.mean.iter_mut().enumerate().for_each(|(i, mean)| *mean = 0.1 * i as f32);
        network.norm.variance.fill(0.3);
        let origin = BackboneOrigin {
            name: "test".into(),
            trained_by: "test".into(),
            synthetic_users: 4,
            real_users: 0,
            real_source: String::new(),
            real_windows: SeenWindows::default(),
            windows: 40,
            steps: 1,
            seed: 1,
        };
        Backbone {
            network: network.into(),
            windows: WindowParams::default(),
            population: None,
            covariance: None,
            clicks: None,
            origin,
        }
    }

    #[test]
    fn a_backbone_comes_back_as_it_was_and_is_no_model() {
        let bytes = backbone().encode().unwrap();
        let back = Backbone::from_bytes(&bytes).unwrap();
        assert_eq!((&back.origin, back.windows), (&backbone().origin, backbone().windows));
        let norm = |one: &Backbone| one.network.as_bilstm().unwrap().norm.clone();
        let (back_norm, norm) = (norm(&back), norm(&backbone()));
        assert_eq!(back_norm.mean, norm.mean);
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&back_norm.gamma, &norm.gamma));
        assert!(near(&back_norm.beta, &norm.beta));
        let window: &[[f32; 3]] = &[[3.0, -1.0, 8.0], [5.0, 0.0, 8.0]];
        let score = |network: &AnyNetwork| AnyInference::new(network).probabilities(&[window])[0];
        assert!((score(&back.network) - score(&backbone().network)).abs() < 1e-6);
        let said = Bundle::from_bytes(&bytes).unwrap_err().to_string();
        assert!(said.contains("mousewarden.operating_points"), "{said}");
    }

    #[test]
    fn foreign_statistics_are_refused() {
        let mut other = backbone();
        let AnyNetwork::BiLstm(network) = &mut other.network else { panic!("another") };
        network.norm.mean.pop();
        assert!(other.encode().is_err());
    }
}
