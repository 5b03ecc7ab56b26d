//! The engine's gradients and scores against an independent network in double precision, on every
//! instruction set of the machine. No recording is read.

use super::reference::{Sequences, loss, network, noise, probability, sequences};
use mousewarden::nn::{Batch, Inference, Kernel, Network, TrainParams, Trainer};

/// One tensor of a network.
pub type Tensor = (&'static str, fn(&mut Network) -> &mut [f32]);

pub const TENSORS: [Tensor; 16] = [
    ("first.forward.w", |n| &mut n.first.forward.w),
    ("first.forward.r", |n| &mut n.first.forward.r),
    ("first.forward.b", |n| &mut n.first.forward.b),
    ("first.backward.w", |n| &mut n.first.backward.w),
    ("first.backward.r", |n| &mut n.first.backward.r),
    ("first.backward.b", |n| &mut n.first.backward.b),
    ("norm.gamma", |n| &mut n.norm.gamma),
    ("norm.beta", |n| &mut n.norm.beta),
    ("second.forward.w", |n| &mut n.second.forward.w),
    ("second.forward.r", |n| &mut n.second.forward.r),
    ("second.forward.b", |n| &mut n.second.forward.b),
    ("second.backward.w", |n| &mut n.second.backward.w),
    ("second.backward.r", |n| &mut n.second.backward.r),
    ("second.backward.b", |n| &mut n.second.backward.b),
    ("head.weight", |n| &mut n.head.weight),
    ("head.bias", |n| std::slice::from_mut(&mut n.head.bias)),
];

struct Case {
    network: Network,
    sequences: Sequences,
    labels: Vec<f32>,
    weights: Vec<f32>,
}

impl Case {
    fn new(hidden: [usize; 2], lengths: &[usize]) -> Self {
        let count = lengths.len();
        Self {
            network: network(hidden),
            sequences: sequences(lengths),
            labels: (0..count).map(|s| (s % 2) as f32).collect(),
            weights: (0..count).map(|s| 1.0 + 0.5 * noise(s as u64)).collect(),
        }
    }

    fn loss(&self, network: &Network) -> f64 {
        loss(network, &self.sequences, &self.labels, &self.weights)
    }

    fn gradients(&self, kernel: Kernel, threads: usize) -> (f32, Network) {
        let params = TrainParams { dropout: 0.0, kernel, threads, ..TrainParams::default() };
        let views: Vec<&[[f32; 3]]> = self.sequences.iter().map(Vec::as_slice).collect();
        Trainer::new(self.network.clone(), params).gradients(&Batch {
            sequences: &views,
            labels: &self.labels,
            weights: &self.weights,
        })
    }

    /// The loss's slope along one parameter, by central differences with Richardson's correction.
    /// Weights are single precision, so the step that was really taken is what divides.
    fn slope(&self, tensor: &Tensor, at: usize) -> f64 {
        let shifted = |by: f32| {
            let mut network = self.network.clone();
            let value = &mut (tensor.1)(&mut network)[at];
            *value += by;
            let value = f64::from(*value);
            (self.loss(&network), value)
        };
        let slope = |by: f32| {
            let ((up, high), (down, low)) = (shifted(by), shifted(-by));
            (up - down) / (high - low)
        };
        (4.0 * slope(1.0 / 512.0) - slope(1.0 / 256.0)) / 3.0
    }

    /// Checks up to `most` entries of every tensor on every kernel, relative to the tensor's norm.
    fn check(&self, most: usize) {
        let exact = self.loss(&self.network);
        let mut gradients: Vec<_> = Kernel::available()
            .into_iter()
            .map(|kernel| (kernel.name(), self.gradients(kernel, 2)))
            .collect();
        for (name, (loss, _)) in &gradients {
            assert!((f64::from(*loss) - exact).abs() < 1e-6, "{name}: loss {loss} {exact}");
        }
        for tensor in &TENSORS {
            let size = (tensor.1)(&mut self.network.clone()).len();
            let entries: Vec<usize> = (0..size).step_by(size.div_ceil(most)).collect();
            let slopes: Vec<f64> = entries.iter().map(|&at| self.slope(tensor, at)).collect();
            let norm = slopes.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-9);
            for (name, (_, gradient)) in &mut gradients {
                let ours = (tensor.1)(gradient);
                let error =
                    entries.iter().zip(&slopes).map(|(&at, x)| (f64::from(ours[at]) - x).powi(2));
                let error = error.sum::<f64>().sqrt() / norm;
                assert!(error < 1e-5, "{} on {name}: relative error {error:.2e}", tensor.0);
            }
        }
    }
}

#[test]
fn gradients_of_every_parameter_of_a_small_network() {
    Case::new([5, 3], &[4, 1, 7, 2, 7]).check(usize::MAX);
}

#[test]
fn gradients_across_groups_and_blocks() {
    let lengths: Vec<usize> = (0..23).map(|s| 1 + s * 7 % 19).collect();
    Case::new([19, 33], &lengths).check(12);
}

#[test]
fn gradients_of_sequences_of_one_step() {
    let mut case = Case::new([4, 4], &[1, 1, 1]);
    // Without a past, forget gates and recurrent weights have no gradient at all.
    case.network.first.forward.r.fill(0.5);
    case.check(20);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let case = Case::new([20, 9], &[30, 1, 12, 12, 3]);
    for kernel in Kernel::available() {
        assert_eq!(case.gradients(kernel, 1), case.gradients(kernel, 2));
    }
}

#[test]
fn scores_equal_the_reference() {
    let network = network([21, 34]);
    let sequences = sequences(&[25, 1, 2, 60, 25, 7]);
    for kernel in Kernel::available() {
        let mut inference = Inference::with_kernel(&network, kernel);
        let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
        for (score, sequence) in inference.probabilities(&views).iter().zip(&sequences) {
            let exact = probability(&network, sequence);
            assert!((f64::from(*score) - exact).abs() < 1e-6, "{}: {score} {exact}", kernel.name());
        }
    }
}

#[test]
fn a_score_does_not_depend_on_its_batch() {
    let network = network([18, 10]);
    let sequences = sequences(&(0..150).map(|s| 1 + s * 13 % 41).collect::<Vec<_>>());
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    for kernel in Kernel::available() {
        let mut inference = Inference::with_kernel(&network, kernel);
        let together = inference.probabilities(&views);
        for (view, score) in views.iter().zip(&together) {
            assert_eq!(inference.probabilities(&[view])[0].to_bits(), score.to_bits());
        }
    }
}

#[test]
fn an_empty_window_has_no_score_and_harms_nobody() {
    let network = network([6, 6]);
    let sequences = sequences(&[3, 0, 5]);
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let mut inference = Inference::new(&network);
    let scores = inference.probabilities(&views);
    assert!(scores[1].is_nan());
    assert_eq!([scores[0], scores[2]].as_slice(), inference.probabilities(&[views[0], views[2]]));
    assert!(inference.probabilities(&[]).is_empty());
}
