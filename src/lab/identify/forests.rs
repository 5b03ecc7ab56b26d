//! Forests and boosted trees from a library, in builds that have it (`--features forests`):
//! alternatives to compare with, in memory only.

use serde::Serialize;

#[cfg(not(feature = "forests"))]
use super::classifier::FittedClassifier;
use super::samples::Labelled;
use crate::error::Result;

/// How trees are grown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct ForestParams {
    /// Trees of a forest, or rounds of boosting.
    pub trees: usize,
    /// Share of the features that a split of a forest chooses from, 0..=1.
    pub share: f64,
    /// Depth of a boosted tree.
    pub depth: u16,
    /// Step size of boosting.
    pub learning_rate: f64,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self { trees: 200, share: 0.3, depth: 3, learning_rate: 0.1, seed: 1 }
    }
}

impl ForestParams {
    /// Features that a split of a forest chooses from.
    #[cfg(feature = "forests")]
    fn choices(&self, labelled: &Labelled) -> usize {
        let features = labelled.rows.first().map_or(1, Vec::len);
        ((features as f64 * self.share).round() as usize).clamp(1, features.max(1))
    }
}

#[cfg(feature = "forests")]
mod grown;

/// Whether this build has them.
///
/// # Errors
/// When it was built without.
#[cfg(feature = "forests")]
pub(super) fn available() -> Result<()> {
    Ok(())
}

#[cfg(feature = "forests")]
pub(super) use grown::{boosted, extra_trees, random_forest};

#[cfg(not(feature = "forests"))]
pub(super) use missing::{available, boosted, extra_trees, random_forest};

#[cfg(not(feature = "forests"))]
mod missing {
    //! What a build without the library says.

    use super::{FittedClassifier, ForestParams, Labelled, Result};
    use crate::error::{Failure, FailureKind};

    pub(in super::super) fn available() -> Result<()> {
        Err(Failure::new(
            FailureKind::Unavailable,
            "this build has no forests and no boosted trees",
        )
        .remedy("Build it with `cargo build --release --features forests`, or use mlp."))
    }

    fn refused() -> Result<Box<dyn FittedClassifier>> {
        available().map(|()| Box::new(Nobody) as Box<dyn FittedClassifier>)
    }

    /// Never made: `available` has failed before.
    struct Nobody;

    impl FittedClassifier for Nobody {
        fn probabilities(&mut self, _rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
            Ok(Vec::new())
        }
    }

    pub(in super::super) fn random_forest(
        _: &Labelled,
        _: &ForestParams,
    ) -> Result<Box<dyn FittedClassifier>> {
        refused()
    }

    pub(in super::super) fn extra_trees(
        _: &Labelled,
        _: &ForestParams,
    ) -> Result<Box<dyn FittedClassifier>> {
        refused()
    }

    pub(in super::super) fn boosted(
        _: &Labelled,
        _: &ForestParams,
    ) -> Result<Box<dyn FittedClassifier>> {
        refused()
    }
}
