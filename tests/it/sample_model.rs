//! Random but reproducible models and windows for the tests of bundles and scorers. Nothing here
//! was trained, and nothing comes from a person.
#![allow(dead_code, reason = "every test file uses its own part")]

use mousewarden::model::{Bundle, Limit, OperatingPoint, Provenance, SeenWindows};
use mousewarden::nn::{
    BatchNorm, BiLstm, Conditioning, ConvNetwork, ConvShape, Dense, Linear, LstmWeights, Network,
};
use mousewarden::pipeline::{
    EmbeddingCovariance, KnownMovement, OwnerModel, ScoreCalibration, Steps, WindowParams,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The size of the embedding of the networks of convolutions.
const EMBEDDING: usize = 5;

/// A valid bundle around a random network of convolutions.
pub fn conv_bundle(layers: &[(usize, usize)], seed: u64) -> Bundle {
    let shape = ConvShape { layers: layers.to_vec(), scales: vec![1, 3] };
    let mut network = ConvNetwork::new(&shape, seed);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for layer in &mut network.layers {
        let width = layer.output;
        let norm = &mut layer.norm;
        norm.gamma = uniform(&mut random, width, 0.5, 1.5);
        norm.beta = uniform(&mut random, width, -0.5, 0.5);
        norm.mean = uniform(&mut random, width, -0.3, 0.3);
        norm.variance = uniform(&mut random, width, 0.5, 2.0);
    }
    let features = network.features();
    // So large that the scores of random windows spread: random signs mostly cancel.
    let reach = 8.0 / (features as f32).sqrt();
    network.head.weight = uniform(&mut random, features, -reach, reach);
    network.embedding = Some(Linear {
        weight: uniform(&mut random, EMBEDDING * features, -reach, reach),
        bias: uniform(&mut random, EMBEDDING, -reach, reach),
    });
    let mut above = |least, most| uniform(&mut random, EMBEDDING, least, most);
    let covariance = EmbeddingCovariance {
        between_user: above(0.5, 1.0),
        between_session: above(0.0, 0.1),
        within_session: above(1.0, 2.0),
    };
    let owner_model = OwnerModel::of(&covariance, &[10.0; EMBEDDING], 40, 1.0);
    Bundle { network: network.into(), owner_model: Some(owner_model), ..bundle([1, 1], seed) }
}

/// A valid bundle around a random network.
pub fn bundle(hidden: [usize; 2], seed: u64) -> Bundle {
    Bundle {
        network: network(hidden, seed).into(),
        windows: WindowParams::default(),
        operating_points: vec![point(1, 0.48), point(5, 0.52)],
        default_group: 5,
        score_calibration: Some(ScoreCalibration { slope: 1.0, intercept: 0.0 }),
        owner_model: None,
        limits: [(8.0, 10.0), (40.0, 15.0)]
            .map(|(hours_between_alarms, llr)| Limit { hours_between_alarms, llr })
            .to_vec(),
        kinematics: None,
        provenance: Provenance {
            trained_by: "a test".into(),
            subject: "nobody".into(),
            genuine_source: "random numbers".into(),
            impostor_source: "random numbers".into(),
            seed,
            epochs: 0,
            genuine_windows: [0, 0],
            impostor_windows: [0, 0],
            training_sha256: String::new(),
            seen_windows: SeenWindows::default(),
            own_movement: KnownMovement::default(),
            backbone_users: None,
            recipe_sha256: String::new(),
            capture: "recording".into(),
            backbone: "random weights".into(),
        },
    }
}

fn point(windows: usize, threshold: f32) -> OperatingPoint {
    OperatingPoint {
        windows,
        threshold,
        eer: 0.1,
        far: 0.1,
        frr: 0.1,
        far_interval: [0.05, 0.2],
        frr_interval: [0.05, 0.2],
        genuine_groups: 30,
        impostor_groups: 30,
        movement_s: 0.6 * windows as f32,
    }
}

/// A network with weights of the size that training gives, and statistics that are not trivial.
pub fn network(hidden: [usize; 2], seed: u64) -> Network {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let joined = 2 * hidden[0];
    Network {
        conditioning: Conditioning {
            scale: [0.3, 0.25, 0.1],
            shift: [0.01, -0.02, 1.2],
            gain: [0.7, 0.8, 1.9],
        },
        first: lstm(&mut random, 3, hidden[0]),
        norm: BatchNorm {
            gamma: uniform(&mut random, joined, 0.5, 1.5),
            beta: uniform(&mut random, joined, -0.5, 0.5),
            mean: uniform(&mut random, joined, -0.3, 0.3),
            variance: uniform(&mut random, joined, 0.01, 0.5),
            epsilon: 1e-3,
        },
        second: lstm(&mut random, joined, hidden[1]),
        head: Dense { weight: uniform(&mut random, 2 * hidden[1], -1.0, 1.0), bias: 0.1 },
    }
}

fn lstm(random: &mut ChaCha8Rng, input: usize, hidden: usize) -> BiLstm {
    let mut side = || LstmWeights {
        w: glorot(random, 4 * hidden, input),
        r: glorot(random, 4 * hidden, hidden),
        b: uniform(random, 4 * hidden, -0.2, 1.0),
    };
    BiLstm { input, hidden, forward: side(), backward: side() }
}

fn glorot(random: &mut ChaCha8Rng, rows: usize, columns: usize) -> Vec<f32> {
    let limit = (6.0 / (rows / 4 + columns) as f32).sqrt();
    uniform(random, rows * columns, -limit, limit)
}

fn uniform(random: &mut ChaCha8Rng, count: usize, from: f32, to: f32) -> Vec<f32> {
    (0..count).map(|_| random.random_range(from..to)).collect()
}

/// Windows of the given lengths: small steps, now and then a flick or a long wait.
pub fn windows(lengths: &[usize], seed: u64) -> Vec<Steps> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut step = || {
        let reach = if random.random_bool(0.05) { 900.0 } else { 12.0 };
        let [dx, dy] = [0, 1].map(|_| random.random_range(-reach..reach));
        let longest = if random.random_bool(0.1) { 249.0 } else { 17.0 };
        [dx, dy, random.random_range(1.0..longest)]
    };
    lengths.iter().map(|&t| Steps::from_rows((0..t).map(|_| step()).collect())).collect()
}
