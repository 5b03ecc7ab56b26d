//! A network of any architecture, for those who only want its scores.

use super::conv::{ConvInference, ConvNetwork};
use super::inference::Inference;
use super::network::{Dense, Linear, Network};

/// A network of one of the architectures.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it at a time")]
pub enum AnyNetwork {
    /// Two bidirectional recurrences.
    BiLstm(Network),
    /// Convolutions on a common clock, pooled.
    Conv(ConvNetwork),
}

impl AnyNetwork {
    /// Its architecture, as the model contract calls it.
    pub const fn architecture(&self) -> &'static str {
        match self {
            Self::BiLstm(_) => "bilstm",
            Self::Conv(_) => "conv",
        }
    }

    /// From what describes a window to the logit.
    pub const fn head(&self) -> &Dense {
        match self {
            Self::BiLstm(network) => &network.head,
            Self::Conv(network) => &network.head,
        }
    }

    /// The same, to be replaced.
    pub const fn head_mut(&mut self) -> &mut Dense {
        match self {
            Self::BiLstm(network) => &mut network.head,
            Self::Conv(network) => &mut network.head,
        }
    }

    /// From the same to the window's embedding, where it gives any.
    pub const fn embedding(&self) -> Option<&Linear> {
        match self {
            // Its scores are the sigmoid of final states; groups of them are judged by their mean.
            Self::BiLstm(_) => None,
            Self::Conv(network) => network.embedding.as_ref(),
        }
    }

    /// Units a direction, or channels, of each layer.
    pub fn widths(&self) -> Vec<usize> {
        match self {
            Self::BiLstm(network) => vec![network.first.hidden, network.second.hidden],
            Self::Conv(network) => network.layers.iter().map(|layer| layer.output).collect(),
        }
    }

    /// The recurrent network, if it is one.
    pub const fn as_bilstm(&self) -> Option<&Network> {
        match self {
            Self::BiLstm(network) => Some(network),
            Self::Conv(_) => None,
        }
    }
}

impl From<Network> for AnyNetwork {
    fn from(network: Network) -> Self {
        Self::BiLstm(network)
    }
}

impl From<ConvNetwork> for AnyNetwork {
    fn from(network: ConvNetwork) -> Self {
        Self::Conv(network)
    }
}

/// Any network, packed for scoring.
#[derive(Debug)]
pub struct AnyInference(Packed);

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it at a time")]
enum Packed {
    BiLstm(Inference),
    Conv(ConvInference),
}

/// On the fastest instruction set.
impl From<&Network> for AnyInference {
    fn from(network: &Network) -> Self {
        Self(Packed::BiLstm(Inference::new(network)))
    }
}

/// On the fastest instruction set.
impl From<&AnyNetwork> for AnyInference {
    fn from(network: &AnyNetwork) -> Self {
        Self(match network {
            AnyNetwork::BiLstm(network) => Packed::BiLstm(Inference::new(network)),
            AnyNetwork::Conv(network) => Packed::Conv(ConvInference::new(network)),
        })
    }
}

impl AnyInference {
    /// On the fastest instruction set.
    pub fn new(network: &AnyNetwork) -> Self {
        network.into()
    }

    /// As [`Inference::probabilities`].
    pub fn probabilities(&mut self, windows: &[&[[f32; 3]]]) -> Vec<f32> {
        match &mut self.0 {
            Packed::BiLstm(inference) => inference.probabilities(windows),
            Packed::Conv(inference) => inference.probabilities(windows),
        }
    }

    /// The same, each with the window's embedding: empty from a network that gives none.
    pub fn described(&mut self, windows: &[&[[f32; 3]]]) -> Vec<(f32, Vec<f32>)> {
        match &mut self.0 {
            Packed::BiLstm(inference) => {
                inference.probabilities(windows).into_iter().map(|p| (p, Vec::new())).collect()
            }
            Packed::Conv(inference) => inference.described(windows),
        }
    }

    /// What the head sees of each window, in order; an empty row for one without steps.
    pub fn features(&mut self, windows: &[&[[f32; 3]]]) -> Vec<Vec<f32>> {
        match &mut self.0 {
            Packed::BiLstm(inference) => inference.features(windows),
            Packed::Conv(inference) => inference.features(windows),
        }
    }
}
