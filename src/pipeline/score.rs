//! What a model makes of a window, and who says so. Whatever a model answers becomes a number from
//! 0 (impostor) to 1 (owner) here; anything else, such as NaN, counts as an impostor.

use serde::{Deserialize, Serialize};

use super::clicks::ClickSums;
use super::steps::Steps;

/// How much a window looks like the owner's: 0 impostor, 1 owner.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(from = "f32", into = "f32")]
pub struct Score(f32);

impl Score {
    /// Clamps into 0..=1; not-a-number becomes 0.
    pub fn new(raw: f32) -> Self {
        // NaN is a model's fault, but taken for the owner it would switch the watch off.
        if raw.is_nan() { Self(0.0) } else { Self(raw.clamp(0.0, 1.0)) }
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0
    }
}

impl From<f32> for Score {
    fn from(raw: f32) -> Self {
        Self::new(raw)
    }
}

impl From<Score> for f32 {
    fn from(score: Score) -> Self {
        score.get()
    }
}

/// What a model makes of one window, and the clicks that go with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowScore {
    /// How much it looks like the owner's.
    pub score: Score,
    /// Numbers that describe it, from a model that judges groups by them; else none.
    pub embedding: Vec<f32>,
    /// The clicks since the window before; a scorer knows none.
    #[serde(default, skip_serializing_if = "ClickSums::is_empty")]
    pub clicks: ClickSums,
}

impl WindowScore {
    /// Of a scorer, which sees the movement alone.
    pub fn of_movement(score: Score, embedding: Vec<f32>) -> Self {
        Self { score, embedding, clicks: ClickSums::default() }
    }
}

/// Of a model that gives scores alone.
impl From<Score> for WindowScore {
    fn from(score: Score) -> Self {
        Self::of_movement(score, Vec::new())
    }
}

/// A scorer failed. Never a reason to distrust the person: the agent reports it and restarts.
#[derive(Debug, thiserror::Error)]
#[error("the model could not score a window: {0}")]
pub struct ScoreError(pub String);

/// Anything that has an opinion of windows.
pub trait Scorer {
    /// One score a window, in order.
    ///
    /// # Errors
    /// When the model behind it fails; no score is invented.
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError>;
}

impl<S: Scorer + ?Sized> Scorer for Box<S> {
    fn score(&mut self, windows: &[Steps]) -> Result<Vec<WindowScore>, ScoreError> {
        (**self).score(windows)
    }
}
