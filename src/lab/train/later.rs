//! Days of the owner that enrolment has not seen, made from the one that it has: the scatter of the
//! owner's own windows around places where the owner may come to lie on another day. What one
//! session holds cannot show how the next differs; how people differ from one stretch of work to the
//! next is known of others. On these days thresholds and limits are set.

use super::calibrate::Stream;
use crate::lab::random::Random;
use crate::model::Limit;
use crate::pipeline::{Impression, Likeness, Recent};

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
/// After an alarm the owner unlocks and begins anew.
const QUIET: usize = 20;
/// Rates of false alarms that limits are set for, in windows; the last is 40 hours at the desk with
/// 8.5 windows a minute.
const BETWEEN_ALARMS: [u32; 4] = [250, 1_000, 4_000, 20_400];
/// Halvings of the interval in which a limit lies.
const HALVINGS: usize = 24;

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

    /// The limits of the sequential rule, in ascending order of rarity.
    pub(super) fn limits(&self, likeness: &Likeness, strangers: &[Stream]) -> Vec<Limit> {
        let days: Vec<Vec<f32>> = self.0.iter().map(|day| against(likeness, day)).collect();
        let others: Vec<Vec<f32>> =
            strangers.iter().map(|stream| against(likeness, &stream.impressions)).collect();
        let limit = |windows_between_alarms| {
            let limit = limit_for(&days, windows_between_alarms);
            Limit { windows_between_alarms, limit, delay_windows: median_delay(&others, limit) }
        };
        BETWEEN_ALARMS.map(limit).to_vec()
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

/// The evidence against the owner after each window, as the rule sees it.
fn against(likeness: &Likeness, windows: &[Impression]) -> Vec<f32> {
    let mut recent = Recent::new(likeness);
    let see = |window: &Impression| {
        recent.push(window);
        recent.against().map_or(0.0, |(evidence, _)| evidence as f32)
    };
    windows.iter().map(see).collect()
}

/// The limit that the days pass once in so many windows.
fn limit_for(days: &[Vec<f32>], between_alarms: u32) -> f32 {
    let allowed = days.iter().map(Vec::len).sum::<usize>() / between_alarms as usize;
    let count = |limit| days.iter().map(|day| alarms(day, limit)).sum::<usize>();
    let (mut low, mut high) = (f32::MIN_POSITIVE, 1.0_f32);
    while count(high) > allowed && high < 1e6 {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        match count(middle) > allowed {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

fn alarms(day: &[f32], limit: f32) -> usize {
    let (mut at, mut alarms) = (0, 0);
    while let Some(next) = day[at..].iter().position(|evidence| *evidence >= limit) {
        alarms += 1;
        at = (at + next + QUIET).min(day.len());
    }
    alarms
}

/// After how many windows half of the strangers are noticed; `None` if most never are.
fn median_delay(strangers: &[Vec<f32>], limit: f32) -> Option<u32> {
    let noticed = |stream: &Vec<f32>| stream.iter().position(|evidence| *evidence >= limit);
    let mut delays: Vec<usize> =
        strangers.iter().map(|stream| noticed(stream).map_or(usize::MAX, |at| at + 1)).collect();
    delays.sort_unstable();
    delays.get(delays.len() / 2).and_then(|windows| u32::try_from(*windows).ok())
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
    fn later_days_bother_the_owner_about_as_rarely_as_was_promised() {
        // Enrolment knows an owner only so well, so that the promise holds over owners, not for each.
        let (mut seen, mut promised) = ([0, 0], [0.0, 0.0]);
        for who in 0..12 {
            let own = person(0.6, 200, who);
            let likeness = likeness(&own);
            let days = Days::simulate(&likeness, &own, 1).unwrap();
            let limits = days.limits(&likeness, &[person(-0.6, 200, 2)]);
            for day in 0..20 {
                let day = against(&likeness, &person(0.6, DAY, 1000 * who + 100 + day).impressions);
                for (at, limit) in limits[..2].iter().enumerate() {
                    seen[at] += alarms(&day, limit.limit);
                    promised[at] += DAY as f64 / f64::from(limit.windows_between_alarms);
                }
            }
        }
        for (seen, promised) in seen.into_iter().zip(promised) {
            assert!((seen as f64) < 2.0 * promised, "{seen} of {promised}");
            assert!((seen as f64) > 0.2 * promised, "{seen} of {promised}");
        }
    }

    #[test]
    fn rarer_alarms_cost_higher_limits() {
        let own = person(0.6, 120, 1);
        let strangers: Vec<Stream> = (0..9).map(|n| person(-0.6, 120, 10 + n)).collect();
        let likeness = likeness(&own);
        let limits = Days::simulate(&likeness, &own, 1).unwrap().limits(&likeness, &strangers);
        assert!(limits.is_sorted_by(|one, next| one.limit < next.limit), "{limits:?}");
        assert!(limits[0].delay_windows.is_some_and(|windows| windows < 40), "{limits:?}");
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
