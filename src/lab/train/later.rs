//! Days of the owner that enrolment has not seen, made from the one that it has: the scatter of the
//! owner's own windows around places where the owner may come to lie on another day. What one
//! session holds cannot show how the next differs; how people differ from one stretch of work to the
//! next is known of others. On these days thresholds are set;
//! limits of evidence are not, which simulated days miss by a factor of 20.

use super::calibrate::Stream;
use crate::lab::random::Random;
use crate::pipeline::{Impression, Likeness};

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
/// Simulated later days of an owner.
#[derive(Debug, Clone)]
pub(super) struct Days(Vec<Vec<Impression>>);

impl Days {
    /// Draws them; `None` where the owner's windows are fewer than a block.
    pub(super) fn simulate(likeness: &Likeness, own: &Stream, seed: u64) -> Option<Self> {
        let mut random = Random::new(seed, 0xDA7);
        let enough = own.impressions.len() >= BLOCK;
        enough.then(|| {
            Self((0..DAYS).map(|_| day(likeness, &own.impressions, &mut random)).collect())
        })
    }

    /// Groups of `n` windows of a part of the days, each window in one of them.
    pub(super) fn groups(&self, n: usize) -> impl Iterator<Item = &[Impression]> {
        self.0.iter().take(DAYS_OF_GROUPS).flat_map(move |day| day.chunks_exact(n.max(1)))
    }
}

fn day(likeness: &Likeness, own: &[Impression], random: &mut Random) -> Vec<Impression> {
    let mut around = |centre: &[f32], variance: &[f32]| -> Vec<f32> {
        let draw = |(c, v): (&f32, &f32)| random.normal(f64::from(*c), f64::from(*v).sqrt()) as f32;
        centre.iter().zip(variance).map(draw).collect()
    };
    let home = around(&likeness.centre, &likeness.doubt);
    let places: Vec<Vec<f32>> =
        (0..DAY / STRETCH).map(|_| around(&home, &likeness.spread.shift)).collect();
    // A block keeps the scatter around its mean; how far the mean itself strays is drawn.
    let strays: Vec<f32> = likeness.spread.within.iter().map(|v| v / BLOCK as f32).collect();
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

/// These windows with the mean of their traits at another place. Their scores stay.
fn moved(block: &[Impression], place: &[f32]) -> Vec<Impression> {
    let count = block.len() as f32;
    let sum = |at: usize| block.iter().map(|seen| seen.traits[at]).sum::<f32>();
    let mean: Vec<f32> = (0..place.len()).map(|at| sum(at) / count).collect();
    let window = |seen: &Impression| {
        let from = seen.traits.iter().zip(&mean).map(|(x, mean)| x - mean);
        let traits = place.iter().zip(from).map(|(place, away)| place + away).collect();
        Impression { score: seen.score, traits }
    };
    block.iter().map(window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Score, TraitSpread};

    fn spread() -> TraitSpread {
        TraitSpread { between: vec![1.0; 6], shift: vec![0.1; 6], within: vec![3.0; 6] }
    }

    fn stream(traits: Vec<Vec<f32>>) -> Stream {
        let seen = |traits| Impression { score: Score::new(0.5), traits };
        Stream {
            movement_s: vec![0.6; traits.len()],
            impressions: traits.into_iter().map(seen).collect(),
        }
    }

    /// Stretches of work of somebody whose traits lie at `centre`.
    fn person(centre: f64, windows: usize, seed: u64) -> Stream {
        let mut random = Random::new(seed, 4);
        let mut place = vec![0.0; 6];
        let window = |at: usize| -> Vec<f32> {
            if at.is_multiple_of(STRETCH) {
                place = (0..6).map(|_| random.normal(centre, 0.1f64.sqrt())).collect();
            }
            place.iter().map(|x| random.normal(*x, 3f64.sqrt()) as f32).collect()
        };
        stream((0..windows).map(window).collect())
    }

    fn likeness(own: &Stream) -> Likeness {
        let sum: Vec<f64> = (0..6)
            .map(|at| own.impressions.iter().map(|seen| f64::from(seen.traits[at])).sum())
            .collect();
        let windows = own.impressions.len();
        Likeness::of(&spread(), &sum, windows, windows as f64 / STRETCH as f64)
    }

    #[test]
    fn a_block_is_moved_and_keeps_its_shape() {
        let block = stream(vec![vec![1.0, 5.0], vec![3.0, 5.0]]).impressions;
        let traits: Vec<_> =
            moved(&block, &[10.0, 0.0]).into_iter().map(|seen| seen.traits).collect();
        assert_eq!(traits, [vec![9.0, 0.0], vec![11.0, 0.0]]);
    }

    #[test]
    fn too_few_windows_give_no_days() {
        let own = person(0.0, BLOCK - 1, 1);
        assert!(Days::simulate(&likeness(&own), &own, 1).is_none());
    }
}
