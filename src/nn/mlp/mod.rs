//! Multilayer perceptrons over rows of features: scaling by quantiles or by least and most, dense
//! layers with ReLU, softmax, and the mean of several such networks.

mod layers;
mod relevance;
mod scaling;
mod train;

pub use layers::MlpInference;
pub use scaling::Scaling;
pub use train::{MlpParams, train};

/// One dense layer in single precision, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct MlpLayer {
    /// Numbers that come in.
    pub input: usize,
    /// Numbers that go out.
    pub output: usize,
    /// `[input, output]`, row-major.
    pub weight: Vec<f32>,
    /// `[output]`.
    pub bias: Vec<f32>,
}

/// Several networks behind one scaling. Each has ReLU between its layers and a softmax behind the
/// last; the answer is the mean of their probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    /// Fitted on the training rows.
    pub scaling: Scaling,
    /// At least one, each with at least one layer; all with as many outputs.
    pub members: Vec<Vec<MlpLayer>>,
}

impl Mlp {
    /// Features a row.
    pub fn features(&self) -> usize {
        self.scaling.features
    }

    /// Linear that it tells apart; 0 without members.
    pub fn classes(&self) -> usize {
        self.members.first().and_then(|member| member.last()).map_or(0, |layer| layer.output)
    }

    /// Whether every number in it is finite.
    pub fn is_finite(&self) -> bool {
        let mut layers = self.members.iter().flatten();
        all_finite(&self.scaling.low)
            && all_finite(&self.scaling.factor)
            && all_finite(&self.scaling.clip)
            && layers.all(|layer| all_finite(&layer.weight) && all_finite(&layer.bias))
    }

    /// Whether all shapes fit each other, for any input of `features` numbers.
    pub fn fits(&self) -> bool {
        let columns = self.scaling.columns();
        let classes = self.classes();
        self.scaling.fits()
            && !self.members.is_empty()
            && self.members.iter().all(|member| {
                let sizes = member.iter().map(|layer| (layer.input, layer.output));
                let ends = sizes.clone().try_fold(columns, |size, (input, output)| {
                    (size == input && input > 0 && output > 0).then_some(output)
                });
                !member.is_empty()
                    && ends == Some(classes)
                    && member.iter().all(|layer| {
                        layer.weight.len() == layer.input * layer.output
                            && layer.bias.len() == layer.output
                    })
            })
    }
}

fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}
