//! Hard examples: which training windows the network judged wrongly, and what the next epoch does
//! about them.
//!
//! # Invariants
//! It looks at scores of the training part alone.

use super::sampling::Oversampling;

/// What the next epoch does beside showing every training window once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct HardExamples {
    /// Windows shown once more, the hardest first.
    pub(super) again: Vec<usize>,
    /// What each window weighs, 1 on average; empty: all the same.
    pub(super) weights: Vec<f32>,
}

impl HardExamples {
    /// From the distance between each window's score and its label, 0..=1.
    pub(super) fn of(oversampling: Oversampling, errors: &[f32]) -> Self {
        match oversampling {
            Oversampling::Off => Self::default(),
            Oversampling::Repeat { share } => {
                Self { again: hardest(errors, share), weights: Vec::new() }
            }
            Oversampling::Weights { most } => {
                Self { again: Vec::new(), weights: weights(errors, most as f32) }
            }
        }
    }

    /// What a window weighs.
    pub(super) fn weight(&self, window: usize) -> f32 {
        self.weights.get(window).copied().unwrap_or(1.0)
    }
}

fn hardest(errors: &[f32], share: f64) -> Vec<usize> {
    let mut hard: Vec<usize> = (0..errors.len()).filter(|i| errors[*i] > 0.5).collect();
    hard.sort_by(|a, b| errors[*b].total_cmp(&errors[*a]).then(a.cmp(b)));
    hard.truncate((share * errors.len() as f64) as usize);
    hard
}

fn weights(errors: &[f32], most: f32) -> Vec<f32> {
    let raw = |error: &f32| 1.0 + (most - 1.0) * (2.0 * error - 1.0).clamp(0.0, 1.0);
    let mean = errors.iter().map(raw).sum::<f32>() / errors.len().max(1) as f32;
    errors.iter().map(|error| raw(error) / mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRORS: [f32; 5] = [0.1, 0.9, 0.6, 0.4, 1.0];

    #[test]
    fn the_hardest_come_again_up_to_the_cap() {
        let again = |share| HardExamples::of(Oversampling::Repeat { share }, &ERRORS).again;
        assert_eq!(again(1.0), [4, 1, 2]);
        assert_eq!(again(0.4), [4, 1]);
        assert!(again(0.1).is_empty());
    }

    #[test]
    fn weights_grow_with_the_error_and_are_one_on_average() {
        let emphasis = HardExamples::of(Oversampling::Weights { most: 3.0 }, &ERRORS);
        let weights: Vec<f32> = (0..5).map(|i| emphasis.weight(i)).collect();
        assert!((weights.iter().sum::<f32>() - 5.0).abs() < 1e-5);
        assert!((weights[4] / weights[0] - 3.0).abs() < 1e-5, "{weights:?}");
        assert!((weights[0] - weights[3]).abs() < 1e-6 && weights[1] > weights[2]);
        assert_eq!(HardExamples::of(Oversampling::Off, &ERRORS).weight(4), 1.0);
    }
}
