//! What training sees how often: hard examples, synthetic windows, the weight of the classes.

use serde::{Deserialize, Serialize};

/// What becomes of training windows that the network of the pass before judged wrongly. Only the
/// training part is ever looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Oversampling {
    /// Nothing.
    #[default]
    Off,
    /// The hardest come once more in the next epoch.
    Repeat {
        /// At most this share of the training windows, 0..=1.
        share: f64,
    },
    /// They weigh more in the next epoch, the more the more wrongly they were judged.
    Weights {
        /// A window judged entirely wrongly weighs so many times as much, 1..=10.
        most: f64,
    },
}

/// Windows made from the owner's, anew in each epoch.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Synthesis {
    /// None.
    #[default]
    Off,
    /// Turning points displaced, speed preserved.
    TurningPoint {
        /// Synthetic windows for each real one, 0..=10.
        share: f64,
        /// Deviation of the displacement, pixels.
        noise_px: f64,
    },
    /// Strokes with a sigma-lognormal speed, their parameters varied.
    SigmaLognormal {
        /// Synthetic windows for each real one, 0..=10.
        share: f64,
        /// Deviation of each parameter's logarithm, 0..=0.5.
        spread: f64,
    },
}

/// How much the owner's windows and the impostors' weigh in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// Both classes alike, however many windows they have.
    #[default]
    Balanced,
    /// Every window alike.
    None,
}

impl Oversampling {
    /// Whether its values can work.
    pub(super) fn is_valid(self) -> bool {
        match self {
            Self::Off => true,
            Self::Repeat { share } => (0.0..=1.0).contains(&share),
            Self::Weights { most } => (1.0..=10.0).contains(&most),
        }
    }
}

impl Synthesis {
    /// Synthetic windows for each real one.
    pub(super) const fn share(self) -> f64 {
        match self {
            Self::Off => 0.0,
            Self::TurningPoint { share, .. } | Self::SigmaLognormal { share, .. } => share,
        }
    }

    /// Whether its values can work.
    pub(super) fn is_valid(self) -> bool {
        let scale = match self {
            Self::Off => true,
            Self::TurningPoint { noise_px, .. } => (0.0..=1000.0).contains(&noise_px),
            Self::SigmaLognormal { spread, .. } => (0.0..=0.5).contains(&spread),
        };
        scale && (0.0..=10.0).contains(&self.share())
    }
}
