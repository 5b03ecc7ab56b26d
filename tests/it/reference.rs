//! The network written out plainly in double precision: the oracle that both scorers are compared
//! with. Slow on purpose; follows the definitions of the ONNX operators line by line.

#![allow(dead_code, reason = "every test file uses its own part")]

use mousewarden::nn::{BiLstm, LstmWeights, Network};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Probability of the owner for one window of raw steps (dx px, dy px, dt ms).
pub fn probability(network: &Network, steps: &[[f32; 3]]) -> f64 {
    let inputs = steps.iter().map(|step| conditioned(network, step)).collect::<Vec<_>>();
    let (forward, backward) = both(&network.first, &inputs);
    let joined =
        forward.iter().zip(&backward).map(|(f, b)| normalised(network, &[&f[..], b].concat()));
    let (forward, backward) = both(&network.second, &joined.collect::<Vec<_>>());
    let last = [&forward[forward.len() - 1][..], &backward[0]].concat();
    sigmoid(f64::from(network.head.bias) + dot(&network.head.weight, &last))
}

/// How far single precision alone can move the score of this window: the largest change of the
/// definition over eight draws in which every weight is off by up to one unit in the last place.
/// A recurrence of random weights over two hundred steps can be chaotic, so that no two correct
/// programs agree closely on it; for the others this is far below 1e-6.
pub fn rounding(network: &Network, steps: &[[f32; 3]]) -> f32 {
    let exact = probability(network, steps);
    let moved = |seed| (probability(&jittered(network, seed), steps) - exact).abs() as f32;
    (0..8).map(moved).fold(0.0, f32::max)
}

fn jittered(network: &Network, seed: u64) -> Network {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut network = network.clone();
    let sides = [&mut network.first, &mut network.second]
        .into_iter()
        .flat_map(|layer| [&mut layer.forward, &mut layer.backward]);
    for weight in sides.flat_map(|side| [&mut side.w, &mut side.r, &mut side.b]).flatten() {
        *weight *= 1.0 + random.random_range(-f32::EPSILON..f32::EPSILON);
    }
    network
}

fn conditioned(network: &Network, step: &[f32; 3]) -> Vec<f64> {
    let c = &network.conditioning;
    let column = |k: usize| {
        let squeezed = (f64::from(step[k]) * f64::from(c.scale[k])).asinh();
        (squeezed - f64::from(c.shift[k])) * f64::from(c.gain[k])
    };
    (0..3).map(column).collect()
}

fn normalised(network: &Network, values: &[f64]) -> Vec<f64> {
    let n = &network.norm;
    let feature = |k: usize| {
        let deviation = (f64::from(n.variance[k]) + f64::from(n.epsilon)).sqrt();
        f64::from(n.gamma[k]) * (values[k] - f64::from(n.mean[k])) / deviation
            + f64::from(n.beta[k])
    };
    (0..values.len()).map(feature).collect()
}

/// Outputs of both directions, in the order of time.
fn both(layer: &BiLstm, inputs: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let forward = run(&layer.forward, layer.hidden, inputs.iter());
    let mut backward = run(&layer.backward, layer.hidden, inputs.iter().rev());
    backward.reverse();
    (forward, backward)
}

fn run<'a>(
    weights: &LstmWeights,
    hidden: usize,
    inputs: impl Iterator<Item = &'a Vec<f64>>,
) -> Vec<Vec<f64>> {
    let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
    let mut step = |x: &Vec<f64>| {
        let gate = |gate: usize, unit: usize, h: &[f64]| {
            let row = gate * hidden + unit;
            f64::from(weights.b[row])
                + dot(&weights.w[row * x.len()..][..x.len()], x)
                + dot(&weights.r[row * hidden..][..hidden], h)
        };
        let before = h.clone();
        for unit in 0..hidden {
            let [i, o, f] = [0, 1, 2].map(|k| sigmoid(gate(k, unit, &before)));
            c[unit] = f * c[unit] + i * gate(3, unit, &before).tanh();
            h[unit] = o * c[unit].tanh();
        }
        h.clone()
    };
    inputs.map(&mut step).collect()
}

fn dot(weights: &[f32], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(w, v)| f64::from(*w) * v).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
