//! Scores with the engine of this program, where ONNX Runtime is missing: the same weights, read
//! from the same file, the same scores to 1e-6.

use crate::nn::{AnyInference, AnyNetwork};
use crate::pipeline::{Score, ScoreError, Scorer, Steps, WindowScore};

/// Scores windows with the engine that trained them.
#[derive(Debug)]
pub(crate) struct BuiltinScorer {
    inference: AnyInference,
}

impl BuiltinScorer {
    /// From the weights of a bundle.
    pub(crate) fn new(network: &AnyNetwork) -> Self {
        Self { inference: AnyInference::new(network) }
    }
}

impl Scorer for BuiltinScorer {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        // As ONNX Runtime's scorer does: both refuse the same windows.
        if windows.iter().any(Steps::is_empty) {
            return Err(ScoreError("a window without steps".into()));
        }
        let rows: Vec<_> = windows.iter().map(Steps::rows).collect();
        let described = self.inference.described(&rows).into_iter();
        Ok(described
            .map(|(p, embedding)| WindowScore::of_movement(Score::new(p), embedding))
            .collect())
    }
}
