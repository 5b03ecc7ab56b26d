//! What a training says of itself while it goes on, as values for whoever shows it.

use serde::Serialize;

/// One epoch over the training part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EpochFigures {
    /// Counting from 1.
    pub number: usize,
    /// At most this many.
    pub of: usize,
    /// Mean weighted cross entropy of the pass, with dropout and synthetic windows if there are
    /// any.
    pub training_loss: f32,
    /// Mean cross entropy on the validation part, both classes weighing alike.
    pub validation_loss: f64,
    /// Area under the ROC curve on the validation part.
    pub validation_auc: f64,
    /// Whether these weights are the best so far.
    pub better: bool,
}

/// How far the training is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TrainingProgress {
    /// The split is made: genuine and impostor windows in training, validation and calibration.
    Split {
        /// Genuine windows.
        genuine: [usize; 3],
        /// Impostor windows.
        impostor: [usize; 3],
    },
    /// A pass over the training part is done.
    Epoch(EpochFigures),
    /// The weights are chosen; thresholds are being measured.
    Calibrating,
}
