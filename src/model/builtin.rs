//! Scores with the engine of this program, where no ONNX Runtime is: the same weights, read from
//! the same file, the same scores. No library, no thread.

use crate::nn::{BiLstm, LstmWeights, Network};
use crate::pipeline::{Score, ScoreError, Scorer, Steps};

/// As many rows as the other scorer takes at once; more would only need more memory.
const MAX_BATCH: usize = 8;

/// Scores windows with the engine that trained them.
#[derive(Debug)]
pub struct BuiltinScorer {
    inference: Inference,
}

impl BuiltinScorer {
    /// From the weights of a bundle.
    pub fn new(network: &Network) -> Self {
        Self { inference: Inference::new(network) }
    }
}

impl Scorer for BuiltinScorer {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<Score>, ScoreError> {
        if windows.iter().any(Steps::is_empty) {
            return Err(ScoreError("a window without steps".into()));
        }
        let mut scores = Vec::with_capacity(windows.len());
        for batch in windows.chunks(MAX_BATCH) {
            let rows: Vec<_> = batch.iter().map(Steps::rows).collect();
            scores.extend(self.inference.probabilities(&rows).into_iter().map(Score::new));
        }
        Ok(scores)
    }
}

/// The forward pass, one number at a time.
#[derive(Debug)]
struct Inference(Network);

impl Inference {
    fn new(network: &Network) -> Self {
        Self(network.clone())
    }

    fn probabilities(&self, windows: &[&[[f32; 3]]]) -> Vec<f32> {
        windows.iter().map(|steps| self.probability(steps)).collect()
    }

    fn probability(&self, steps: &[[f32; 3]]) -> f32 {
        let Network { conditioning: c, first, norm, second, head } = &self.0;
        let scaled = |step: &[f32; 3]| {
            let column = |k: usize| ((step[k] * c.scale[k]).asinh() - c.shift[k]) * c.gain[k];
            (0..3).map(column).collect::<Vec<f32>>()
        };
        let inputs: Vec<_> = steps.iter().map(scaled).collect();
        let (forward, backward) = both(first, &inputs);
        let normed = |(f, b): (&Vec<f32>, &Vec<f32>)| {
            let feature = |(k, value): (usize, f32)| {
                let factor = norm.gamma[k] / (norm.variance[k] + norm.epsilon).sqrt();
                (value - norm.mean[k]) * factor + norm.beta[k]
            };
            [&f[..], b].concat().into_iter().enumerate().map(feature).collect::<Vec<f32>>()
        };
        let joined: Vec<_> = forward.iter().zip(&backward).map(normed).collect();
        let (forward, backward) = both(second, &joined);
        let last = |side: &[Vec<f32>]| side.last().cloned().unwrap_or_default();
        let joined = [last(&forward), backward.first().cloned().unwrap_or_default()].concat();
        sigmoid(head.bias + dot(&head.weight, &joined))
    }
}

/// Outputs of both directions in the order of time.
fn both(layer: &BiLstm, inputs: &[Vec<f32>]) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let forward = run(&layer.forward, layer.hidden, inputs.iter());
    let mut backward = run(&layer.backward, layer.hidden, inputs.iter().rev());
    backward.reverse();
    (forward, backward)
}

fn run<'a>(
    weights: &LstmWeights,
    hidden: usize,
    inputs: impl Iterator<Item = &'a Vec<f32>>,
) -> Vec<Vec<f32>> {
    let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
    let mut step = |x: &Vec<f32>| {
        let gates = (0..4 * hidden).map(|row| {
            weights.b[row]
                + dot(&weights.w[row * x.len()..][..x.len()], x)
                + dot(&weights.r[row * hidden..][..hidden], &h)
        });
        let gates: Vec<f32> = gates.collect();
        for unit in 0..hidden {
            let [i, o, f] = [0, 1, 2].map(|gate| sigmoid(gates[gate * hidden + unit]));
            c[unit] = f * c[unit] + i * gates[3 * hidden + unit].tanh();
            h[unit] = o * c[unit].tanh();
        }
        h.clone()
    };
    inputs.map(&mut step).collect()
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
