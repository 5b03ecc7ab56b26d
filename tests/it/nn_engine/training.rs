//! Training as callers see it: it learns, repeats itself exactly, survives odd batches, and what it
//! gives back scores as it trained. No timing is asserted.

use super::reference::{Sequences, network, noise, sequences};
use mousewarden::nn::{Batch, Inference, Kernel, Network, TrainParams, Trainer};

/// Labels that only the order of the steps can tell: does dx rise or fall?
fn task(count: usize) -> (Sequences, Vec<f32>) {
    let labels: Vec<f32> = (0..count).map(|s| (s % 2) as f32).collect();
    let mut sequences = sequences(&(0..count).map(|s| 3 + s % 9).collect::<Vec<_>>());
    for (sequence, &label) in sequences.iter_mut().zip(&labels) {
        sequence.sort_by(|a, b| a[0].total_cmp(&b[0]));
        if label > 0.5 {
            sequence.reverse();
        }
    }
    (sequences, labels)
}

fn train(steps: usize, params: TrainParams) -> (Vec<f32>, Network) {
    let (sequences, labels) = task(48);
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let mut trainer = Trainer::new(network([16, 12]), params);
    let batch = Batch { sequences: &views, labels: &labels, weights: &[1.0; 48] };
    let losses = (0..steps).map(|_| trainer.step(&batch)).collect();
    (losses, trainer.network())
}

#[test]
fn learns_what_only_the_order_tells() {
    let params = TrainParams { learning_rate: 0.01, ..TrainParams::default() };
    let (losses, network) = train(60, params);
    assert!(losses[59] < 0.2 * losses[0], "{} {}", losses[0], losses[59]);
    let (sequences, labels) = task(48);
    let views: Vec<&[[f32; 3]]> = sequences.iter().map(Vec::as_slice).collect();
    let scores = Inference::new(&network).probabilities(&views);
    let right = scores.iter().zip(&labels).filter(|(s, l)| (**s > 0.5) == (**l > 0.5)).count();
    assert!(right >= 46, "{right} of 48");
}

#[test]
fn the_same_seed_gives_the_same_network_on_any_number_of_threads() {
    for kernel in Kernel::available() {
        let params =
            |threads, seed| TrainParams { threads, seed, kernel, ..TrainParams::default() };
        let (losses, network) = train(6, params(2, 3));
        assert_eq!((losses.clone(), network.clone()), train(6, params(1, 3)));
        assert_ne!(losses, train(6, params(2, 4)).0);
        assert!(network.norm.mean.iter().any(|&mean| mean != 0.0));
    }
}

#[test]
fn kernels_train_alike() {
    let train = |kernel| train(5, TrainParams { kernel, ..TrainParams::default() }).0;
    let best = train(Kernel::best());
    for kernel in Kernel::available() {
        for (a, b) in train(kernel).iter().zip(&best) {
            assert!((a - b).abs() < 1e-4, "{}: {a} {b}", kernel.name());
        }
    }
}

#[test]
fn steps_of_one_trainer_do_not_depend_on_what_was_larger_before() {
    let all = sequences(&[9, 30, 4]);
    let views: Vec<&[[f32; 3]]> = all.iter().map(Vec::as_slice).collect();
    let batch = Batch { sequences: &views[2..], labels: &[1.0], weights: &[1.0] };
    let large = Batch { sequences: &views, labels: &[1.0, 0.0, 1.0], weights: &[1.0; 3] };
    let start = network([7, 5]);
    let mut used = Trainer::new(start.clone(), TrainParams::default());
    used.gradients(&large);
    let mut fresh = Trainer::new(start, TrainParams::default());
    assert_eq!(used.gradients(&batch), fresh.gradients(&batch));
}

#[test]
fn empty_batches_and_empty_sequences_move_nothing() {
    let start = network([6, 4]);
    let mut trainer = Trainer::new(start.clone(), TrainParams::default());
    let none: [&[[f32; 3]]; 2] = [&[], &[]];
    assert_eq!(trainer.step(&Batch { sequences: &[], labels: &[], weights: &[] }), 0.0);
    let loss = trainer.step(&Batch { sequences: &none, labels: &[1.0, 0.0], weights: &[1.0, 1.0] });
    assert_eq!(loss, 0.0);
    assert_eq!(trainer.network(), start);
}

#[test]
fn a_poisonous_batch_does_not_reach_the_weights() {
    let start = network([6, 4]);
    let mut trainer = Trainer::new(start.clone(), TrainParams::default());
    let broken = [[f32::NAN, 1.0, 8.0], [2.0, 1.0, 8.0]];
    trainer.step(&Batch { sequences: &[&broken], labels: &[1.0], weights: &[1.0] });
    let network = trainer.network();
    assert_eq!((network.first, network.second), (start.first, start.second));
}

#[test]
fn the_gradient_is_clipped_and_the_rate_is_obeyed() {
    let start = network([6, 4]);
    let params = TrainParams { learning_rate: 0.0, ..TrainParams::default() };
    let mut trainer = Trainer::new(start.clone(), params);
    let rows: Vec<[f32; 3]> = (0..8).map(|t| [noise(t), 2.0, 8.0]).collect();
    let batch = Batch { sequences: &[&rows], labels: &[1.0], weights: &[1.0] };
    trainer.step(&batch);
    assert_eq!(trainer.network().second, start.second);
    trainer.set_learning_rate(0.1);
    trainer.step(&batch);
    let moved = trainer.network();
    let steps = moved.head.weight.iter().zip(&start.head.weight).map(|(a, b)| (a - b).abs());
    // Adam never moves a parameter much further than its rate.
    assert!(steps.clone().fold(0.0, f32::max) <= 0.15);
    assert!(steps.fold(0.0, f32::max) > 0.0);
}
