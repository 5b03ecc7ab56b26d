//! The softmax head: its gradients against the reference on every instruction set, its ranges of
//! classes, and what is left of it afterwards. No recording is read.

use std::ops::Range;

use super::gradients::TENSORS;
use super::reference::{Sequences, class_loss, features, network, noise, sequences};
use mousewarden::nn::{
    ClassBatch, ClassifierTrainer, Inference, Kernel, Linear, Network, TrainParams,
};

const LENGTHS: [usize; 7] = [4, 1, 7, 2, 7, 12, 3];
const CLASSES: [usize; 7] = [0, 3, 1, 20, 4, 2, 19];

/// One tensor of the head.
type Tensor = fn(&mut Linear) -> &mut [f32];

/// The first five classes are told from each other, and so are the rest.
fn among() -> Vec<Range<usize>> {
    CLASSES.iter().map(|&class| if class < 5 { 0..5 } else { 5..21 }).collect()
}

fn head(features: usize) -> Linear {
    let value = |at: usize| 0.5 * noise(700 + at as u64);
    Linear { weight: (0..21 * features).map(value).collect(), bias: (0..21).map(value).collect() }
}

fn gradients(
    network: &Network,
    head: &Linear,
    sequences: &Sequences,
    (kernel, threads): (Kernel, usize),
) -> (f32, Network, Linear) {
    let params = TrainParams { dropout: 0.0, kernel, threads, ..TrainParams::default() };
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let batch = ClassBatch { sequences: &views, classes: &CLASSES, among: &among() };
    ClassifierTrainer::new(network, head, params).gradients(&batch)
}

fn assert_slopes(name: &str, ours: &[f32], slope: impl Fn(usize, f32) -> f64) {
    let entries: Vec<usize> = (0..ours.len()).step_by(ours.len().div_ceil(40)).collect();
    // Central differences with Richardson's correction.
    let exact = |at: usize| (4.0 * slope(at, 1.0 / 512.0) - slope(at, 1.0 / 256.0)) / 3.0;
    let (mut error, mut norm) = (0.0, 0.0);
    for at in entries {
        let exact = exact(at);
        error += (f64::from(ours[at]) - exact).powi(2);
        norm += exact * exact;
    }
    let error = (error / norm.max(1e-18)).sqrt();
    assert!(error < 1e-5, "{name}: relative error {error:.2e}");
}

#[test]
fn gradients_of_backbone_and_classes_equal_the_reference() {
    let (network, head, sequences) = (network([5, 3]), head(6), sequences(&LENGTHS));
    let loss = |network: &Network, head: &Linear| {
        class_loss(network, head, &sequences, &CLASSES, &among())
    };
    for kernel in Kernel::available() {
        let (found, mut backbone, classes) = gradients(&network, &head, &sequences, (kernel, 2));
        assert!((f64::from(found) - loss(&network, &head)).abs() < 1e-6);
        // A power of two, added to numbers near one, is added exactly enough for these bounds.
        for (name, tensor) in TENSORS.iter().filter(|(name, _)| !name.starts_with("head")) {
            assert_slopes(name, tensor(&mut backbone), |at, by| {
                let shifted = |by: f32| {
                    let mut network = network.clone();
                    tensor(&mut network)[at] += by;
                    (loss(&network, &head), f64::from(tensor(&mut network)[at]))
                };
                let ((up, high), (down, low)) = (shifted(by), shifted(-by));
                (up - down) / (high - low)
            });
        }
        let parts: [(&[f32], Tensor); 2] =
            [(&classes.weight, |c| &mut c.weight), (&classes.bias, |c| &mut c.bias)];
        for (ours, tensor) in parts {
            assert_slopes("classes", ours, |at, by| {
                let shifted = |by: f32| {
                    let mut head = head.clone();
                    tensor(&mut head)[at] += by;
                    (loss(&network, &head), f64::from(tensor(&mut head)[at]))
                };
                let ((up, high), (down, low)) = (shifted(by), shifted(-by));
                (up - down) / (high - low)
            });
        }
    }
}

#[test]
fn threads_change_no_bit_and_a_wrong_class_moves_nothing() {
    let (network, head, sequences) = (network([20, 9]), head(18), sequences(&LENGTHS));
    for kernel in Kernel::available() {
        let one = gradients(&network, &head, &sequences, (kernel, 1));
        assert_eq!(one, gradients(&network, &head, &sequences, (kernel, 2)));
    }
    let mut classifier = ClassifierTrainer::new(&network, &head, TrainParams::default());
    let among = std::slice::from_ref(&(0..22));
    let batch = ClassBatch { sequences: &[&sequences[0]], classes: &[21], among };
    assert_eq!(classifier.step(&batch), 0.0);
    assert_eq!(classifier.classes(), head);
}

#[test]
fn it_learns_classes_and_leaves_a_backbone_whose_head_says_nothing() {
    let sequences: Sequences = (0..24)
        .map(|s| (0..9).map(|t| [noise(t + s * 9) * 4.0, (s % 3) as f32 * 3.0, 8.0]).collect())
        .collect();
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let classes: Vec<usize> = (0..24).map(|s| s % 3).collect();
    let among = vec![0..3; 24];
    let params = TrainParams { learning_rate: 0.02, ..TrainParams::default() };
    let start = network([16, 12]);
    let mut classifier = ClassifierTrainer::new(&start, &Linear::zeros(3, 24), params);
    let batch = ClassBatch { sequences: &views, classes: &classes, among: &among };
    let losses: Vec<f32> = (0..60).map(|_| classifier.step(&batch)).collect();
    assert!((losses[0] - 3.0f32.ln()).abs() < 1e-5);
    assert!(losses[59] < 0.3, "{}", losses[59]);
    let scores = Inference::new(&classifier.network()).probabilities(&views);
    assert!(scores.iter().all(|score| *score == 0.5));
}

#[test]
fn features_are_the_final_states() {
    let network = network([21, 34]);
    let sequences = sequences(&[25, 1, 2, 60]);
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    for kernel in Kernel::available() {
        let found = Inference::with_kernel(&network, kernel).features(&views);
        for (found, sequence) in found.iter().zip(&sequences) {
            let exact = features(&network, sequence);
            assert_eq!(found.len(), exact.len());
            assert!(found.iter().zip(&exact).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5));
        }
    }
    assert!(Inference::new(&network).features(&[&[]])[0].is_empty());
}
