//! The network in double precision, written from its equations without any of the engine's code
//! beyond the plain weights: the oracle of the engine's tests. It never trains.

use std::ops::Range;

use mousewarden::nn::{BiLstm, Conditioning, Linear, LstmWeights, Network};

/// Ragged batch of raw steps.
pub type Sequences = Vec<Vec<[f32; 3]>>;

/// Reproducible numbers in -1..1.
pub fn noise(index: u64) -> f32 {
    let mut z = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0;
    z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 32)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z >> 40) as f32 / (1_u32 << 23) as f32) - 1.0
}

/// Sequences of the given lengths.
pub fn sequences(lengths: &[usize]) -> Sequences {
    let step = |s: usize, t: usize| {
        let at = (s * 1000 + t) as u64 * 3;
        [20.0 * noise(at), 9.0 * noise(at + 1), 8.0 + 4.0 * noise(at + 2)]
    };
    lengths.iter().enumerate().map(|(s, &n)| (0..n).map(|t| step(s, t)).collect()).collect()
}

/// A network whose every parameter is away from its default.
pub fn network(hidden: [usize; 2]) -> Network {
    let rows = sequences(&[200]).remove(0);
    let mut network = Network::new(hidden, Conditioning::fit(rows), 5);
    let norm = &mut network.norm;
    for (at, value) in norm.gamma.iter_mut().enumerate() {
        *value = 1.0 + 0.3 * noise(at as u64);
    }
    for (at, value) in norm.beta.iter_mut().chain(&mut norm.mean).enumerate() {
        *value = 0.2 * noise(50 + at as u64);
    }
    for (at, value) in norm.variance.iter_mut().enumerate() {
        *value = 0.3 + 0.2 * noise(90 + at as u64);
    }
    network.head.bias = 0.1;
    network
}

type Rows = Vec<Vec<f64>>;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn direction(weights: &LstmWeights, hidden: usize, rows: &[&Vec<f64>]) -> Rows {
    let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
    let mut out = Vec::new();
    for x in rows {
        let gate: Vec<f64> = (0..4 * hidden)
            .map(|j| {
                let input: f64 = x
                    .iter()
                    .enumerate()
                    .map(|(k, x)| x * f64::from(weights.w[j * x_len(rows) + k]))
                    .sum();
                let recurrent: f64 = h
                    .iter()
                    .enumerate()
                    .map(|(k, h)| h * f64::from(weights.r[j * hidden + k]))
                    .sum();
                input + recurrent + f64::from(weights.b[j])
            })
            .collect();
        for u in 0..hidden {
            let (i, o, f) =
                (sigmoid(gate[u]), sigmoid(gate[hidden + u]), sigmoid(gate[2 * hidden + u]));
            c[u] = f * c[u] + i * gate[3 * hidden + u].tanh();
            h[u] = o * c[u].tanh();
        }
        out.push(h.clone());
    }
    out
}

fn x_len(rows: &[&Vec<f64>]) -> usize {
    rows[0].len()
}

/// Forward outputs in order, backward outputs put back in order.
fn bilstm(layer: &BiLstm, rows: &Rows) -> [Rows; 2] {
    let ahead: Vec<&Vec<f64>> = rows.iter().collect();
    let back: Vec<&Vec<f64>> = rows.iter().rev().collect();
    let forward = direction(&layer.forward, layer.hidden, &ahead);
    let mut backward = direction(&layer.backward, layer.hidden, &back);
    backward.reverse();
    [forward, backward]
}

fn first(network: &Network, sequence: &[[f32; 3]]) -> Rows {
    let scaling = &network.conditioning;
    let condition = |row: &[f32; 3]| -> Vec<f64> {
        (0..3)
            .map(|k| {
                let bent = (f64::from(row[k]) * f64::from(scaling.scale[k])).asinh();
                (bent - f64::from(scaling.shift[k])) * f64::from(scaling.gain[k])
            })
            .collect()
    };
    let rows: Rows = sequence.iter().map(condition).collect();
    let [forward, backward] = bilstm(&network.first, &rows);
    forward.into_iter().zip(backward).map(|(a, b)| [a, b].concat()).collect()
}

fn finish(network: &Network, rows: &Rows, mean: &[f64], variance: &[f64]) -> f64 {
    let last = last(network, rows, mean, variance);
    dot(&last, &network.head.weight) + f64::from(network.head.bias)
}

fn dot(a: &[f64], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, &b)| a * f64::from(b)).sum()
}

/// Final states of the second recurrence.
fn last(network: &Network, rows: &Rows, mean: &[f64], variance: &[f64]) -> Vec<f64> {
    let norm = &network.norm;
    let normed: Rows = rows
        .iter()
        .map(|row| {
            (0..row.len())
                .map(|j| {
                    let scale =
                        f64::from(norm.gamma[j]) / (variance[j] + f64::from(norm.epsilon)).sqrt();
                    (row[j] - mean[j]) * scale + f64::from(norm.beta[j])
                })
                .collect()
        })
        .collect();
    let [forward, backward] = bilstm(&network.second, &normed);
    [forward[forward.len() - 1].as_slice(), backward[0].as_slice()].concat()
}

/// Final states with the running statistics.
pub fn features(network: &Network, sequence: &[[f32; 3]]) -> Vec<f64> {
    let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let rows = first(network, sequence);
    last(network, &rows, &wide(&network.norm.mean), &wide(&network.norm.variance))
}

/// Probability with the running statistics.
pub fn probability(network: &Network, sequence: &[[f32; 3]]) -> f64 {
    let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let rows = first(network, sequence);
    sigmoid(finish(network, &rows, &wide(&network.norm.mean), &wide(&network.norm.variance)))
}

/// Weighted mean cross-entropy with the batch's statistics.
pub fn loss(network: &Network, sequences: &Sequences, labels: &[f32], weights: &[f32]) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (s, last) in finals(network, sequences).iter().enumerate() {
        let logit = dot(last, &network.head.weight) + f64::from(network.head.bias);
        let (label, weight) = (f64::from(labels[s]), f64::from(weights[s]));
        sum += weight * (logit.max(0.0) + (-logit.abs()).exp().ln_1p() - label * logit);
        total += weight;
    }
    sum / total
}

/// Mean cross-entropy of a softmax over each sequence's range of classes, with the batch's
/// statistics.
pub fn class_loss(
    network: &Network,
    head: &Linear,
    sequences: &Sequences,
    classes: &[usize],
    among: &[Range<usize>],
) -> f64 {
    let finals = finals(network, sequences);
    let one = |s: usize| {
        let logit = |class: usize| {
            let size = finals[s].len();
            let row = &head.weight[class * size..(class + 1) * size];
            dot(&finals[s], row) + f64::from(head.bias[class])
        };
        among[s].clone().map(|class| logit(class).exp()).sum::<f64>().ln() - logit(classes[s])
    };
    (0..finals.len()).map(one).sum::<f64>() / finals.len() as f64
}

/// Final states of each sequence with the batch's statistics.
fn finals(network: &Network, sequences: &Sequences) -> Rows {
    let firsts: Vec<Rows> = sequences.iter().map(|sequence| first(network, sequence)).collect();
    let features = network.norm.gamma.len();
    let count: usize = firsts.iter().map(Vec::len).sum();
    let average = |term: &dyn Fn(f64, usize) -> f64| -> Vec<f64> {
        let column = |j| firsts.iter().flatten().map(|row| term(row[j], j)).sum::<f64>();
        (0..features).map(|j| column(j) / count as f64).collect()
    };
    let mean = average(&|x, _| x);
    let variance = average(&|x, j| (x - mean[j]).powi(2));
    firsts.iter().map(|rows| last(network, rows, &mean, &variance)).collect()
}
