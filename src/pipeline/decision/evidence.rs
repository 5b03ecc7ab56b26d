//! Evidence against the owner, piled up over blocks of windows: Page's cumulative sum (Page 1954,
//! Biometrika 41) over log-likelihood ratios, another user to the owner.
//!
//! Windows of one session are alike, so that the ratios of single windows must not simply be added:
//! a block of windows is judged by its mean under the two-covariance model, which knows that
//! sessions of one user differ, and what one block may say is bounded.

use serde::{Deserialize, Serialize};

use crate::clicks::ClickSums;
use crate::owner_model::{GroupMean, OwnerModel, log_odds};
use crate::score::{Score, WindowScore};

/// Windows of a block.
pub const BLOCK: usize = 10;
/// The most that one block says for or against the owner, nats.
pub const MOST: f64 = 8.0;

/// The log-likelihood ratio of a single score as a line over its log-odds (Platt 1999, for equally
/// frequent classes): for models that have no embedding to judge blocks by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreCalibration {
    /// Nats for each unit of log-odds; above 0.
    pub slope: f32,
    /// Nats at a score of one half.
    pub intercept: f32,
}

impl ScoreCalibration {
    /// The log-likelihood ratio of a score, owner to another user, nats.
    pub fn llr(self, score: Score) -> f32 {
        self.slope * log_odds(score) + self.intercept
    }

    /// Says which value cannot work, if any.
    ///
    /// # Errors
    /// When the slope is not above 0, or the intercept is no number.
    pub fn validate(&self) -> Result<(), String> {
        let Self { slope, intercept } = self;
        if !(slope.is_finite() && *slope > 0.0) {
            return Err(format!("slope = {slope} must be above 0"));
        }
        if !intercept.is_finite() {
            return Err(format!("intercept = {intercept} must be a finite number"));
        }
        Ok(())
    }
}

/// How a block of windows becomes a log-likelihood ratio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockModel {
    /// By the mean of the windows' embeddings under the owner's two-covariance model.
    Embedding(Box<OwnerModel>),
    /// By the sum over the windows' calibrated scores.
    Scores(ScoreCalibration),
}

impl BlockModel {
    /// The owner model, where blocks are judged by it.
    pub fn owner(&self) -> Option<&OwnerModel> {
        match self {
            Self::Embedding(owner) => Some(owner),
            Self::Scores(_) => None,
        }
    }

    /// Says which value cannot work, if any.
    ///
    /// # Errors
    /// When the owner model or the calibration cannot work.
    pub fn validate(&self) -> Result<(), String> {
        match self {
            Self::Embedding(owner) => owner.validate(),
            Self::Scores(calibration) => calibration.validate(),
        }
    }
}

/// Sums over the windows of an unfinished block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Windows so far.
    windows: usize,
    /// Sum of each number of their embeddings.
    embedding: Vec<f64>,
    /// The clicks that go with them.
    #[serde(default)]
    clicks: ClickSums,
    /// Sum of their scores' calibrated log-likelihood ratios; 0 under an owner model.
    calibrated: f64,
}

impl Block {
    /// Takes what the model made of the next window.
    pub fn push(&mut self, seen: &WindowScore, model: &BlockModel) {
        self.windows += 1;
        self.embedding.resize(seen.embedding.len(), 0.0);
        for (sum, x) in self.embedding.iter_mut().zip(&seen.embedding) {
            *sum += f64::from(*x);
        }
        self.clicks.add(&seen.clicks);
        if let BlockModel::Scores(calibration) = model {
            self.calibrated += f64::from(calibration.llr(seen.score));
        }
    }

    /// The bounded log-likelihood ratio, owner to another user, nats; 0 before the first window.
    pub fn llr(&self, model: &BlockModel) -> f64 {
        if self.windows == 0 {
            return 0.0;
        }
        let llr = match model {
            BlockModel::Embedding(owner) => owner.evidence(&self.mean(), self.windows),
            BlockModel::Scores(_) => self.calibrated,
        };
        // Not a number counts as the strongest word against the owner, like such a score.
        if llr.is_nan() { -MOST } else { llr.clamp(-MOST, MOST) }
    }

    /// The head's scores are left out: the limits are of the embedding alone.
    fn mean(&self) -> GroupMean {
        let n = self.windows as f64;
        let embedding = self.embedding.iter().map(|sum| sum / n).collect();
        GroupMean { embedding, log_odds: 0.0, clicks: self.clicks }
    }
}

/// Page's cumulative sum against the owner, nats: never below 0, and begun anew by whoever speaks
/// for the owner long enough.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageSum(f64);

impl PageSum {
    /// Takes the log-likelihood ratio of the next block, owner to another user; no more than
    /// `ceiling` is kept.
    pub fn add(&mut self, llr: f64, ceiling: f64) -> f64 {
        self.0 = (self.0 - llr).clamp(0.0, ceiling);
        self.0
    }

    /// The same for counting alarms: whether the sum has reached the limit. It begins anew then.
    pub fn alarms(&mut self, llr: f64, limit: f64) -> bool {
        let alarms = self.add(llr, f64::MAX) >= limit;
        if alarms {
            self.0 = 0.0;
        }
        alarms
    }
}

/// The evidence against the owner so far: all of its state.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Over finished blocks.
    sum: PageSum,
    /// The block that is not full yet.
    block: Block,
    /// Windows since the sum was 0 last, those of the unfinished block included.
    windows: usize,
}

/// What a window did to the evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The evidence against the owner now, nats.
    pub sum: f64,
    /// The log-likelihood ratio of the block that the window completed, owner to another user.
    pub block: Option<f64>,
}

impl Evidence {
    /// The evidence against the owner, nats.
    pub const fn sum(&self) -> f64 {
        self.sum.0
    }

    /// Windows that it rests on.
    pub const fn windows(&self) -> usize {
        self.windows
    }

    /// Takes what the model made of the next window. No more than `ceiling` is kept: however long
    /// another user stayed, the owner who returns is believed after the same number of windows.
    pub fn push(&mut self, seen: &WindowScore, model: &BlockModel, ceiling: f64) -> Step {
        self.block.push(seen, model);
        self.windows = self.windows.saturating_add(1);
        if self.block.windows < BLOCK {
            return Step { sum: self.sum.0, block: None };
        }
        let llr = std::mem::take(&mut self.block).llr(model);
        let sum = self.sum.add(llr, ceiling);
        if sum == 0.0 {
            self.windows = 0;
        }
        Step { sum, block: Some(llr) }
    }

    /// Whether the sums can go on under a model whose embedding has so many numbers.
    pub fn fits(&self, embedding: usize) -> bool {
        let sums = &self.block.embedding;
        let finite = sums.iter().chain([&self.sum.0, &self.block.calibrated]);
        (sums.is_empty() || sums.len() == embedding)
            && self.sum.0 >= 0.0
            && finite.into_iter().all(|x| x.is_finite())
            && self.block.windows < BLOCK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EmbeddingCovariance;
    use crate::click_model::{ClickClass, ClickPopulation, OwnerClickClass, OwnerClicks};
    use crate::clicks::{ClickKind, ClickTiming};
    use crate::event::Micros;

    fn model() -> BlockModel {
        let covariance = EmbeddingCovariance {
            between_user: vec![1.0; 3],
            between_session: vec![0.05; 3],
            within_session: vec![4.0; 3],
        };
        BlockModel::Embedding(Box::new(OwnerModel::of(
            &covariance,
            &[100.0, 0.0, -100.0],
            100,
            3.0,
        )))
    }

    fn window(embedding: [f32; 3]) -> WindowScore {
        WindowScore::of_movement(Score::new(0.5), embedding.to_vec())
    }

    fn after(windows: usize, embedding: [f32; 3]) -> Evidence {
        let mut evidence = Evidence::default();
        for _ in 0..windows {
            evidence.push(&window(embedding), &model(), 100.0);
        }
        evidence
    }

    #[test]
    fn another_user_piles_up_block_by_block_and_the_owner_never_does() {
        assert_eq!(after(BLOCK - 1, [-3.0, 0.0, 3.0]).sum(), 0.0);
        let one = after(BLOCK, [-3.0, 0.0, 3.0]).sum();
        assert!(one > 2.0 && one <= MOST, "{one}");
        assert_eq!(after(4 * BLOCK, [-9.0, 0.0, 9.0]).sum(), 4.0 * MOST);
        assert_eq!(after(40, [1.0, 0.0, -1.0]).sum(), 0.0);
    }

    #[test]
    fn the_owner_who_returns_is_believed_after_a_bounded_time() {
        let mut evidence = Evidence::default();
        for _ in 0..1000 {
            evidence.push(&window([-9.0, 0.0, 9.0]), &model(), 20.0);
        }
        assert_eq!(evidence.sum(), 20.0);
        let clear = (1..).find(|_| {
            evidence.push(&window([1.0, 0.0, -1.0]), &model(), 20.0);
            evidence.sum() == 0.0
        });
        assert!(clear.unwrap() <= 20 * BLOCK, "{clear:?}");
        assert_eq!(evidence.windows(), 0);
    }

    #[test]
    fn what_is_saved_goes_on_to_the_last_bit() {
        let mut whole = Evidence::default();
        let mut parts = Evidence::default();
        for n in 0..97 {
            let seen = window([0.1 * n as f32, -0.3, 1.0 / (1.0 + n as f32)]);
            whole.push(&seen, &model(), 50.0);
            let saved = serde_json::to_string(&parts).unwrap();
            parts = serde_json::from_str(&saved).unwrap();
            assert!(parts.fits(3) && parts.fits(4) == (n % BLOCK == 0));
            parts.push(&seen, &model(), 50.0);
        }
        assert_eq!(whole, parts);
    }

    #[test]
    fn what_is_no_number_speaks_against_the_owner_and_no_more_than_a_block_may() {
        assert_eq!(after(BLOCK, [f32::NAN, 0.0, 0.0]).sum(), MOST);
    }

    /// The owner of [`model`] holds the button for about 85 ms, among users who do so for about 100.
    fn with_clicks() -> BlockModel {
        let among = ClickClass {
            share: 1.0,
            mean: vec![4.75],
            between_user: vec![0.03],
            between_session: vec![0.005],
            within_session: vec![0.05],
        };
        let population = ClickPopulation {
            kinds: vec![ClickKind::Hold],
            classes: vec![among],
            weight: 1.0,
            unseen: 0.02,
            most: 6.0,
        };
        let own = OwnerClickClass { share: 1.0, mean: vec![4.61], variance: vec![0.002] };
        let clicks = OwnerClicks { population, classes: vec![own], timings: 100 };
        let BlockModel::Embedding(owner) = model() else { panic!("no owner") };
        BlockModel::Embedding(Box::new(OwnerModel { clicks: Some(clicks), ..*owner }))
    }

    /// The evidence of four blocks of an undecided hand, a click of so many ms with every window.
    fn clicked(hold_ms: i64, model: &BlockModel) -> f64 {
        let click = ClickTiming { kind: ClickKind::Hold, took: Micros::from_millis(hold_ms) };
        let seen = WindowScore { clicks: ClickSums::of(&[click]), ..window([0.45, 0.0, -0.45]) };
        let mut evidence = Evidence::default();
        for _ in 0..4 * BLOCK {
            evidence.push(&seen, model, 100.0);
            let saved = serde_json::to_string(&evidence).unwrap();
            evidence = serde_json::from_str(&saved).unwrap();
        }
        evidence.sum()
    }

    #[test]
    fn clicks_are_evidence_where_the_model_knows_the_owners() {
        let by_movement = clicked(160, &model());
        assert_eq!(
            by_movement,
            clicked(85, &model()),
            "without clicks in the model they are nothing"
        );
        let model = with_clicks();
        assert!(clicked(160, &model) > by_movement + 4.0, "{}", clicked(160, &model));
        assert!(clicked(85, &model) < 1.0, "{}", clicked(85, &model));
        assert!(clicked(5000, &model) <= 4.0 * MOST);
    }

    #[test]
    fn scores_alone_are_summed_by_their_calibration() {
        let model = BlockModel::Scores(ScoreCalibration { slope: 0.5, intercept: 0.0 });
        let mut evidence = Evidence::default();
        let seen = WindowScore::of_movement(Score::new(0.25), Vec::new());
        for _ in 0..BLOCK {
            evidence.push(&seen, &model, 100.0);
        }
        let by_hand = 10.0 * 0.5 * 3f64.ln();
        assert!((evidence.sum() - by_hand).abs() < 1e-4, "{}", evidence.sum());
    }
}
