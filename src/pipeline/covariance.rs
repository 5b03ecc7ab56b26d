//! How embeddings lie among users, whoever the owner is: what a backbone brings along.

use serde::{Deserialize, Serialize};

/// How embeddings lie among users: the variances of each dimension, which are taken to be
/// independent. Embeddings are centred: their mean over people is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingCovariance {
    /// Between users.
    pub between_user: Vec<f32>,
    /// Between sessions of one user.
    pub between_session: Vec<f32>,
    /// Between windows of one session.
    pub within_session: Vec<f32>,
}

impl EmbeddingCovariance {
    /// The number of dimensions.
    pub fn dimensions(&self) -> usize {
        self.between_user.len()
    }

    /// Says what cannot work, if anything.
    ///
    /// # Errors
    /// When the three are not equally long, or a variance is not a number above 0
    /// (`between_session`: or 0).
    pub fn validate(&self) -> Result<(), String> {
        let Self { between_user, between_session, within_session } = self;
        if between_session.len() != between_user.len()
            || within_session.len() != between_user.len()
            || between_user.is_empty()
        {
            return Err("its embedding does not have a covariance of each kind".into());
        }
        let above = |values: &[f32]| values.iter().all(|v| v.is_finite() && *v > 0.0);
        // No variance between sessions is possible (one session each); no variance of the others
        // divides by 0.
        if !(above(between_user)
            && above(within_session)
            && between_session.iter().all(|v| v.is_finite() && *v >= 0.0))
        {
            return Err("its embedding has a variance that is not above 0".into());
        }
        Ok(())
    }
}
