//! Days of the owner that are new to the enrolment, made from the one that it has: the scatter of
//! the owner's own windows around places where the owner may come to lie on another day. How people
//! differ from one stretch of work to the next is known of others. On these days thresholds are
//! set; limits of evidence come from elsewhere, because simulated days miss them by a factor of 20.

use super::calibrate::ScoredStream;
use crate::lab::random::Random;
use crate::pipeline::{OwnerModel, WindowScore};

/// Windows of a simulated day.
const DAY: usize = 200;
/// Days that are simulated.
const DAYS: usize = 500;
/// Days whose groups are judged for thresholds.
const DAYS_OF_GROUPS: usize = 100;
/// Neighbouring windows are alike: so many are drawn together.
const BLOCK: usize = 20;
/// Windows after which the owner moves a little differently.
const STRETCH: usize = 40;
/// Simulated sessions of an owner.
#[derive(Debug, Clone)]
pub(super) struct SimulatedSessions(Vec<Vec<WindowScore>>);

impl SimulatedSessions {
    /// Draws them; `None` where the owner's windows are fewer than a block.
    pub(super) fn simulate(
        owner_model: &OwnerModel,
        own: &ScoredStream,
        seed: u64,
    ) -> Option<Self> {
        let mut random = Random::new(seed, 0xDA7);
        let enough = own.window_scores.len() >= BLOCK;
        enough.then(|| {
            Self((0..DAYS).map(|_| day(owner_model, &own.window_scores, &mut random)).collect())
        })
    }

    /// Groups of `n` windows of a part of the days, each window in one of them.
    pub(super) fn groups(&self, n: usize) -> impl Iterator<Item = &[WindowScore]> {
        self.0.iter().take(DAYS_OF_GROUPS).flat_map(move |day| day.chunks_exact(n.max(1)))
    }
}

fn day(owner_model: &OwnerModel, own: &[WindowScore], random: &mut Random) -> Vec<WindowScore> {
    let mut around = |mean: &[f32], variance: &[f32]| -> Vec<f32> {
        mean.iter()
            .zip(variance)
            .map(|(c, v)| random.normal(f64::from(*c), f64::from(*v).sqrt()) as f32)
            .collect()
    };
    let home = around(&owner_model.mean, &owner_model.variance);
    let places: Vec<Vec<f32>> =
        (0..DAY / STRETCH).map(|_| around(&home, owner_model.session_variance())).collect();
    // A block keeps the scatter around its mean; how far the mean itself strays is drawn.
    let strays: Vec<f32> =
        owner_model.covariance.within_session.iter().map(|v| v / BLOCK as f32).collect();
    let means: Vec<Vec<f32>> = places
        .iter()
        .flat_map(|place| std::iter::repeat_n(place, STRETCH / BLOCK))
        .map(|place| around(place, &strays))
        .collect();
    let mut windows = Vec::with_capacity(DAY);
    for mean in &means {
        let at = random.below(own.len() - BLOCK + 1);
        windows.extend(moved(&own[at..at + BLOCK], mean));
    }
    windows
}

/// These windows with the mean of their embeddings at another place. Their scores stay.
fn moved(block: &[WindowScore], place: &[f32]) -> Vec<WindowScore> {
    let count = block.len() as f32;
    let sum = |at: usize| block.iter().map(|seen| seen.embedding[at]).sum::<f32>();
    let mean: Vec<f32> = (0..place.len()).map(|at| sum(at) / count).collect();
    block
        .iter()
        .map(|seen| {
            let from = seen.embedding.iter().zip(&mean).map(|(x, mean)| x - mean);
            let embedding = place.iter().zip(from).map(|(place, away)| place + away).collect();
            WindowScore { embedding, ..seen.clone() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{EmbeddingCovariance, Score};

    fn covariance() -> EmbeddingCovariance {
        EmbeddingCovariance {
            between_user: vec![1.0; 6],
            between_session: vec![0.1; 6],
            within_session: vec![3.0; 6],
        }
    }

    fn stream(embedding: Vec<Vec<f32>>) -> ScoredStream {
        let seen = |embedding| WindowScore::of_movement(Score::new(0.5), embedding);
        ScoredStream {
            movement_s: vec![0.6; embedding.len()],
            window_scores: embedding.into_iter().map(seen).collect(),
        }
    }

    /// Stretches of work of somebody whose embeddings lie at `mean`.
    fn person(mean: f64, windows: usize, seed: u64) -> ScoredStream {
        let mut random = Random::new(seed, 4);
        let mut place = vec![0.0; 6];
        let window = |at: usize| -> Vec<f32> {
            if at.is_multiple_of(STRETCH) {
                place = (0..6).map(|_| random.normal(mean, 0.1f64.sqrt())).collect();
            }
            place.iter().map(|x| random.normal(*x, 3f64.sqrt()) as f32).collect()
        };
        stream((0..windows).map(window).collect())
    }

    fn owner_model(own: &ScoredStream) -> OwnerModel {
        let sum: Vec<f64> = (0..6)
            .map(|at| own.window_scores.iter().map(|seen| f64::from(seen.embedding[at])).sum())
            .collect();
        let windows = own.window_scores.len();
        OwnerModel::of(&covariance(), &sum, windows, windows as f64 / STRETCH as f64)
    }

    #[test]
    fn a_block_is_moved_and_keeps_its_shape() {
        let block = stream(vec![vec![1.0, 5.0], vec![3.0, 5.0]]).window_scores;
        let embedding: Vec<_> =
            moved(&block, &[10.0, 0.0]).into_iter().map(|seen| seen.embedding).collect();
        assert_eq!(embedding, [vec![9.0, 0.0], vec![11.0, 0.0]]);
    }

    #[test]
    fn too_few_windows_give_no_days() {
        let own = person(0.0, BLOCK - 1, 1);
        assert!(SimulatedSessions::simulate(&owner_model(&own), &own, 1).is_none());
    }
}
