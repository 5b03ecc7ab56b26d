//! The convolutional architecture: gradients against differences of a reference in double
//! precision on every instruction set, scoring against the reference, and that training learns.

use super::reference::{Sequences, noise, sequences};
use mousewarden::nn::conv::clock::channels;
use mousewarden::nn::{
    ConvEncoder, ConvInference, ConvLayer, ConvNetwork, ConvShape, Kernel, Linear, PairBatch,
    TrainParams,
};

const LENGTHS: [usize; 9] = [4, 1, 7, 2, 7, 12, 3, 5, 6];
/// Windows of a first and of a second group: three people.
const SIZES: [usize; 2] = [1, 2];
/// Numbers of the embedding.
const COUNT: usize = 5;

type Rows = Vec<Vec<f64>>;
type Tensor = fn(&mut ConvNetwork, usize) -> &mut [f32];

fn network() -> ConvNetwork {
    let shape = ConvShape { layers: vec![(5, 6), (3, 5), (3, 7)], scales: vec![] };
    let mut network = ConvNetwork::new(&shape, 3);
    for (at, layer) in network.layers.iter_mut().enumerate() {
        for (j, beta) in layer.norm.beta.iter_mut().enumerate() {
            *beta = 0.2 * noise((100 * at + j) as u64);
        }
        for (j, mean) in layer.norm.mean.iter_mut().enumerate() {
            *mean = 0.1 * noise((900 + 100 * at + j) as u64);
        }
        layer.norm.variance.fill(0.7);
    }
    let weight = &mut network.head.weight;
    weight.iter_mut().enumerate().for_each(|(i, w)| *w = noise(5000 + i as u64));
    network
}

fn embedding(features: usize) -> Linear {
    let value = |at: usize| 0.5 * noise(700 + at as u64);
    Linear {
        weight: (0..COUNT * features).map(value).collect(),
        bias: (0..COUNT).map(value).collect(),
    }
}

fn convolved(layer: &ConvLayer, rows: &Rows) -> Rows {
    let half = layer.kernel / 2;
    let at = |row: usize, o: usize| -> f64 {
        let tap = |c: usize, k: usize| {
            let from = (row + k).checked_sub(half).and_then(|from| rows.get(from));
            let weight = layer.weight[(o * layer.input + c) * layer.kernel + k];
            from.map_or(0.0, |from| from[c] * f64::from(weight))
        };
        (0..layer.input)
            .flat_map(|c| (0..layer.kernel).map(move |k| (c, k)))
            .map(|(c, k)| tap(c, k))
            .sum()
    };
    (0..rows.len()).map(|row| (0..layer.output).map(|o| at(row, o)).collect()).collect()
}

/// With the batch's own statistics, or with the running ones.
fn normalised(layer: &ConvLayer, windows: &mut [Rows], of_batch: bool) {
    let count: usize = windows.iter().map(Vec::len).sum();
    for o in 0..layer.output {
        let all = || windows.iter().flatten().map(|row| row[o]);
        let mean = all().sum::<f64>() / count as f64;
        let variance = all().map(|x| (x - mean).powi(2)).sum::<f64>() / count as f64;
        let norm = &layer.norm;
        let running = (f64::from(norm.mean[o]), f64::from(norm.variance[o]));
        let (mean, variance) = if of_batch { (mean, variance) } else { running };
        let scale = f64::from(norm.gamma[o]) / (variance + f64::from(norm.epsilon)).sqrt();
        for row in windows.iter_mut().flatten() {
            row[o] = ((row[o] - mean) * scale + f64::from(norm.beta[o])).max(0.0);
        }
    }
}

fn features(network: &ConvNetwork, sequences: &Sequences, of_batch: bool) -> Rows {
    let on_clock = |steps: &Vec<[f32; 3]>| -> Rows {
        let mut ways = vec![[0.0; 2]; network.clock.count(steps)];
        network.clock.resample(steps, &mut ways);
        ways.iter().map(|way| channels(*way, network.scale).map(f64::from).to_vec()).collect()
    };
    let mut windows: Vec<Rows> = sequences.iter().map(on_clock).collect();
    for layer in &network.layers {
        windows = windows.iter().map(|rows| convolved(layer, rows)).collect();
        normalised(layer, &mut windows, of_batch);
    }
    let pooled = |rows: &Rows| -> Vec<f64> {
        let count = rows.len() as f64;
        let channel = |o: usize| rows.iter().map(move |row| row[o]);
        let mean = |o: usize| channel(o).sum::<f64>() / count;
        let deviation = |o: usize| {
            let mean = mean(o);
            (channel(o).map(|x| (x - mean).powi(2)).sum::<f64>() / count + 1e-4).sqrt()
        };
        (0..network.channels()).map(mean).chain((0..network.channels()).map(deviation)).collect()
    };
    windows.iter().map(pooled).collect()
}

fn cross_entropy(logits: &[f64], class: usize) -> f64 {
    logits.iter().map(|z| z.exp()).sum::<f64>().ln() - logits[class]
}

/// The prototypical loss from its definition.
fn loss(network: &ConvNetwork, embedding: &Linear, sequences: &Sequences) -> f64 {
    let size = network.features();
    let number = |row: &Vec<f64>, at: usize| -> f64 {
        let weights = &embedding.weight[at * size..(at + 1) * size];
        row.iter().zip(weights).map(|(x, w)| x * f64::from(*w)).sum::<f64>()
            + f64::from(embedding.bias[at])
    };
    let rows = features(network, sequences, true);
    let mean = |rows: &[Vec<f64>]| -> Vec<f64> {
        let over = |at| rows.iter().map(|row| number(row, at)).sum::<f64>() / rows.len() as f64;
        (0..COUNT).map(over).collect()
    };
    let pairs: Vec<[Vec<f64>; 2]> = rows
        .chunks_exact(SIZES[0] + SIZES[1])
        .map(|rows| [mean(&rows[..SIZES[0]]), mean(&rows[SIZES[0]..])])
        .collect();
    let near = |i: usize, j: usize| -> f64 {
        -pairs[i][1].iter().zip(&pairs[j][0]).map(|(b, a)| (b - a).powi(2)).sum::<f64>()
    };
    let people = pairs.len();
    let both = |i: usize| {
        let row: Vec<f64> = (0..people).map(|j| near(i, j)).collect();
        let column: Vec<f64> = (0..people).map(|j| near(j, i)).collect();
        0.5 * (cross_entropy(&row, i) + cross_entropy(&column, i))
    };
    (0..people).map(both).sum::<f64>() / people as f64
}

fn params(kernel: Kernel) -> TrainParams {
    TrainParams { dropout: 0.0, kernel, ..TrainParams::default() }
}

fn assert_slopes(name: &str, ours: &[f32], slope: impl Fn(usize) -> f64) {
    let (mut error, mut norm) = (0.0, 0.0);
    for at in (0..ours.len()).step_by(ours.len().div_ceil(40)) {
        let exact = slope(at);
        error += (f64::from(ours[at]) - exact).powi(2);
        norm += exact * exact;
    }
    let error = (error / norm.max(1e-18)).sqrt();
    assert!(error < 1e-5, "{name}: relative error {error:.2e}");
}

#[test]
fn gradients_equal_differences_of_the_reference() {
    const BY: f32 = 1.0 / 16384.0;
    const TENSORS: [(&str, Tensor); 3] = [
        ("weight", |network, layer| &mut network.layers[layer].weight),
        ("gamma", |network, layer| &mut network.layers[layer].norm.gamma),
        ("beta", |network, layer| &mut network.layers[layer].norm.beta),
    ];
    let (network, sequences) = (network(), sequences(&LENGTHS));
    let embedding = embedding(network.features());
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let batch = PairBatch { sequences: &views, sizes: SIZES };
    for kernel in Kernel::available() {
        let mut trainer = ConvEncoder::new(&network, &embedding, params(kernel));
        let (found, mut backbone, of_embedding) = trainer.gradients(&batch);
        assert!((f64::from(found) - loss(&network, &embedding, &sequences)).abs() < 1e-5);
        for layer in 0..network.layers.len() {
            for (name, tensor) in TENSORS {
                assert_slopes(&format!("{name} {layer}"), tensor(&mut backbone, layer), |at| {
                    let shifted = |by: f32| {
                        let mut network = network.clone();
                        tensor(&mut network, layer)[at] += by;
                        let loss = loss(&network, &embedding, &sequences);
                        (loss, f64::from(tensor(&mut network, layer)[at]))
                    };
                    let ((up, high), (down, low)) = (shifted(BY), shifted(-BY));
                    (up - down) / (high - low)
                });
            }
        }
        assert_slopes("embedding", &of_embedding.weight, |at| {
            let shifted = |by: f32| {
                let mut embedding = embedding.clone();
                embedding.weight[at] += by;
                (loss(&network, &embedding, &sequences), f64::from(embedding.weight[at]))
            };
            let ((up, high), (down, low)) = (shifted(BY), shifted(-BY));
            (up - down) / (high - low)
        });
    }
}

#[test]
fn scoring_is_the_definition_on_every_kernel_and_in_any_batch() {
    let (network, sequences) = (network(), sequences(&LENGTHS));
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let exact = features(&network, &sequences, false);
    for kernel in Kernel::available() {
        let mut inference = ConvInference::with_kernel(&network, kernel);
        let rows = inference.features(&views);
        let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() < 2e-6 * b.abs().max(1.0);
        assert!(rows.iter().flatten().zip(exact.iter().flatten()).all(near));
        let together = inference.probabilities(&views);
        let alone: Vec<f32> =
            views.iter().flat_map(|view| inference.probabilities(&[view])).collect();
        assert_eq!(together, alone);
        assert!(inference.probabilities(&[&[]])[0].is_nan());
    }
}

#[test]
fn it_learns_who_moves_fast_and_who_turns() {
    let person = |fast: bool, turn: f32, key: u64| -> Vec<[f32; 3]> {
        let speed = if fast { 12.0 } else { 4.0 };
        (0..20)
            .map(|i| {
                let angle = turn * i as f32 + noise(key * 100 + i);
                [speed * angle.cos(), speed * angle.sin(), 12.0]
            })
            .collect()
    };
    let people = [(true, 0.0), (true, 0.4), (false, 0.0), (false, 0.4)];
    let windows = |round: u64| -> Vec<Vec<[f32; 3]>> {
        let of = |(at, (fast, turn)): (usize, (bool, f32))| {
            (0..4).map(move |n| person(fast, turn, round * 1000 + at as u64 * 10 + n))
        };
        people.into_iter().enumerate().flat_map(of).collect()
    };
    let start = ConvNetwork::new(&ConvShape { layers: vec![(5, 16), (3, 16)], scales: vec![] }, 1);
    let params = TrainParams { learning_rate: 3e-3, ..params(Kernel::best()) };
    let mut encoder = ConvEncoder::new(&start, &start.fresh_embedding(8, 1), params);
    let mut losses = Vec::new();
    for round in 0..80 {
        let windows = windows(round);
        let views: Vec<&[[f32; 3]]> = windows.iter().map(Vec::as_slice).collect();
        losses.push(encoder.step(&PairBatch { sequences: &views, sizes: [2, 2] }));
    }
    let last: f32 = losses[70..].iter().sum::<f32>() / 10.0;
    assert!(losses[0] > 0.6 && last < 0.1, "{losses:?}");
    assert_ne!(encoder.network().layers[0].norm.mean, start.layers[0].norm.mean);
}

#[test]
fn windows_that_make_no_whole_pair_do_not_count() {
    let (network, sequences) = (network(), sequences(&LENGTHS));
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let loss = |views: &[&[[f32; 3]]]| {
        let embedding = embedding(network.features());
        ConvEncoder::new(&network, &embedding, params(Kernel::best()))
            .gradients(&PairBatch { sequences: views, sizes: SIZES })
            .0
    };
    assert_eq!(loss(&views[..8]), loss(&views[..6]));
    assert_eq!(loss(&views[..2]), 0.0);
}
