//! The network as plain numbers, in the order in which ONNX wants them: the canonical layout, from
//! which kernels pack panels of their own.

/// Scaling of the raw steps inside the model: `z = (asinh(x * scale) - shift) * gain`, a column
/// each for dx, dy, dt. The inverse hyperbolic sine is linear for small steps and logarithmic for
/// large ones, so that one fast flick doesn't drown a slow hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditioning {
    /// Multiplies the raw value before asinh.
    pub scale: [f32; 3],
    /// Mean of asinh(x * scale) over the training part.
    pub shift: [f32; 3],
    /// One over its standard deviation.
    pub gain: [f32; 3],
}

/// One direction of an LSTM with `H` hidden units and `I` inputs; gates in ONNX order i, o, f, c.
#[derive(Debug, Clone, PartialEq)]
pub struct LstmWeights {
    /// Input weights, `[4H, I]`, row-major.
    pub w: Vec<f32>,
    /// Recurrent weights, `[4H, H]`, row-major.
    pub r: Vec<f32>,
    /// Bias, `[4H]`.
    pub b: Vec<f32>,
}

/// A bidirectional LSTM; its output at a step is forward then backward, `[2H]`.
#[derive(Debug, Clone, PartialEq)]
pub struct BiLstm {
    /// Inputs a step.
    pub input: usize,
    /// Hidden units of one direction.
    pub hidden: usize,
    /// Reads the sequence from its start.
    pub forward: LstmWeights,
    /// Reads it from its end.
    pub backward: LstmWeights,
}

/// Batch normalisation over the features of every valid step.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNorm {
    /// Learnt scale, `[F]`.
    pub gamma: Vec<f32>,
    /// Learnt offset, `[F]`.
    pub beta: Vec<f32>,
    /// Running mean, `[F]`.
    pub mean: Vec<f32>,
    /// Running variance, `[F]`.
    pub variance: Vec<f32>,
    /// Added to the variance.
    pub epsilon: f32,
}

impl BatchNorm {
    /// A normalisation that changes nothing but for `epsilon`: what training starts from.
    pub fn identity(features: usize, epsilon: f32) -> Self {
        Self {
            gamma: vec![1.0; features],
            beta: vec![0.0; features],
            mean: vec![0.0; features],
            variance: vec![1.0; features],
            epsilon,
        }
    }
}

/// A linear layer with one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Weights, `[F]`.
    pub weight: Vec<f32>,
    /// Bias.
    pub bias: f32,
}

/// A linear layer with several outputs: a logit for each of several classes, or the embedding of a
/// window.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Weights, `[K, F]`, row-major.
    pub weight: Vec<f32>,
    /// Biases, `[K]`.
    pub bias: Vec<f32>,
}

impl Linear {
    /// `count` outputs that are 0 whatever the features.
    pub fn zeros(count: usize, features: usize) -> Self {
        Self { weight: vec![0.0; count * features], bias: vec![0.0; count] }
    }

    /// How many outputs there are.
    pub fn count(&self) -> usize {
        self.bias.len()
    }

    /// The outputs for one row of features; in double precision, so that the order of the sums does
    /// not matter.
    pub fn apply(&self, features: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(features.len().max(1)).zip(&self.bias);
        rows.map(|(row, bias)| {
            let products = row.iter().zip(features).map(|(w, x)| f64::from(*w) * f64::from(*x));
            (products.sum::<f64>() + f64::from(*bias)) as f32
        })
        .collect()
    }
}

/// The architecture `bilstm`: conditioning, BiLSTM over all steps, batch normalisation, dropout
/// (training only), BiLSTM whose two final states are joined, one linear unit, sigmoid.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Scaling of the inputs; fixed before training.
    pub conditioning: Conditioning,
    /// First recurrence, 3 inputs, every step's output is used.
    pub first: BiLstm,
    /// Over the `2 * first.hidden` outputs of every valid step.
    pub norm: BatchNorm,
    /// Second recurrence, only its final states are used: the forward direction's after the last
    /// step, the backward direction's after the first.
    pub second: BiLstm,
    /// From `2 * second.hidden` to the logit.
    pub head: Dense,
}
