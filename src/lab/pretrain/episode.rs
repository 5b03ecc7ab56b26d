//! What the convolutional backbone learns from in one step: of some people two groups of windows
//! each, from two stretches of time, under a change that makes a new person of a known one. What
//! differs between people is who they are; what differs between the stretches of one person is to
//! be ignored.

use super::ClassWindows;
use crate::lab::random::Random;
use crate::nn::PairBatch;
use crate::pipeline::Steps;

/// A group comes from a span of this many times its windows.
const SPAN: usize = 3;
/// Deviations of the logarithms of duration and of distance.
const SPREAD: [f64; 2] = [0.2, 0.3];

/// How big a step is.
#[derive(Debug, Clone, Copy)]
pub(super) struct EpisodeSizes {
    /// People at most.
    pub(super) people: usize,
    /// Windows of a first and of a second group.
    pub(super) groups: [usize; 2],
}

/// The windows of a step, person by person, the first group before the second.
pub(super) struct Episode {
    windows: Vec<Vec<[f32; 3]>>,
    groups: [usize; 2],
}

impl Episode {
    /// Draws people of one kind, real or generated. Half of the time all are changed alike, which
    /// leaves only their hands to tell them apart by; else everybody has a change of their own.
    pub(super) fn draw(
        users: &ClassWindows,
        sizes: EpisodeSizes,
        real_share: f64,
        random: &mut Random,
    ) -> Self {
        let among = users.kind(real_share, random);
        let common = random.chance(0.5).then(|| Change::draw(random));
        let mut people: Vec<usize> = among.collect();
        random.shuffle(&mut people);
        let mut windows = Vec::new();
        for person in people.into_iter().take(sizes.people) {
            let change = common.unwrap_or_else(|| Change::draw(random));
            let devices = &users.people[person];
            let place = random.unit();
            for (size, place) in sizes.groups.into_iter().zip([place, (place + 0.5).fract()]) {
                let all = &devices[random.below(devices.len())];
                let group = stretch(all, size, place, random);
                windows.extend(group.into_iter().map(|steps| change.apply(steps.rows())));
            }
        }
        Self { windows, groups: sizes.groups }
    }

    /// Each window's rows.
    pub(super) fn sequences(&self) -> Vec<&[[f32; 3]]> {
        self.windows.iter().map(Vec::as_slice).collect()
    }

    /// As the backbone takes it, with its [`Episode::sequences`].
    pub(super) const fn batch<'a>(&self, sequences: &'a [&'a [[f32; 3]]]) -> PairBatch<'a> {
        PairBatch { sequences, sizes: self.groups }
    }
}

/// `size` windows of a span that begins at this share of what there is, none twice where the span
/// has as many. A span is never longer than a third of it, so that two spans half of it apart share
/// no window.
fn stretch<'a>(all: &'a [Steps], size: usize, place: f64, random: &mut Random) -> Vec<&'a Steps> {
    let span = (SPAN * size).min(all.len() / 3).max(1);
    let begin = (place * (all.len() + 1).saturating_sub(span) as f64) as usize;
    let mut order: Vec<&Steps> = all.iter().skip(begin).take(span).collect();
    random.shuffle(&mut order);
    order.iter().copied().cycle().take(size).collect()
}

/// Another person's way of moving, made of a known one's: slower or faster, further or less far,
/// with the other hand.
#[derive(Debug, Clone, Copy)]
struct Change {
    time: f32,
    way: [f32; 2],
}

impl Change {
    fn draw(random: &mut Random) -> Self {
        let [time, scale] = SPREAD.map(|spread| random.normal(0.0, spread).exp() as f32);
        let side = if random.chance(0.5) { -1.0 } else { 1.0 };
        Self { time, way: [side * scale, scale] }
    }

    fn apply(self, rows: &[[f32; 3]]) -> Vec<[f32; 3]> {
        let Self { time, way: [x, y] } = self;
        rows.iter().map(|&[dx, dy, dt]| [dx * x, dy * y, dt * time]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::synthesis::cohort::windows_of;
    use crate::lab::synthesis::{Device, SyntheticUser};
    use crate::pipeline::WindowParams;

    fn steps(count: usize) -> Vec<Steps> {
        let device = Device::steady(125.0, [1280, 800]);
        let params = WindowParams::default();
        let windows = windows_of(&SyntheticUser::generate(1), &device, params, count, 0);
        windows.iter().map(Steps::from).collect()
    }

    #[test]
    fn the_two_stretches_of_a_person_share_no_window() {
        let all = steps(45);
        let mut random = Random::new(3, 3);
        for step in 0..50 {
            let place = f64::from(step) / 50.0;
            let one = stretch(&all, 8, place, &mut random);
            let other = stretch(&all, 6, (place + 0.5).fract(), &mut random);
            assert_eq!((one.len(), other.len()), (8, 6));
            assert!(one.iter().all(|a| other.iter().all(|b| !std::ptr::eq(*a, *b))), "{place}");
            let twice = |i: usize| one[..i].iter().any(|other| std::ptr::eq(*other, one[i]));
            assert!(!(0..8).any(twice));
        }
    }

    #[test]
    fn everybody_gives_two_groups_and_kinds_are_never_mixed() {
        let people: Vec<_> = (0..5).map(|_| vec![steps(12)]).collect();
        let users = ClassWindows { people, kinds: [0..2, 2..5] };
        let mut random = Random::new(1, 1);
        let sizes = EpisodeSizes { people: 4, groups: [3, 2] };
        let mut seen = [0; 2];
        for _ in 0..40 {
            let episode = Episode::draw(&users, sizes, 0.5, &mut random);
            match episode.sequences().len() {
                10 => seen[0] += 1,
                15 => seen[1] += 1,
                other => panic!("{other} windows"),
            }
        }
        assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
    }

    #[test]
    fn a_change_keeps_the_path_up_to_size_and_side() {
        let mut random = Random::new(9, 1);
        let change = Change::draw(&mut random);
        let rows = [[3.0, -4.0, 8.0], [6.0, 0.0, 16.0]];
        let changed = change.apply(&rows);
        let ratio = |column: usize| changed[1][column] / rows[1][column];
        assert!((ratio(0).abs() - changed[0][1] / rows[0][1]).abs() < 1e-6);
        assert!((changed[0][2] / rows[0][2] - ratio(2)).abs() < 1e-6 && ratio(2) > 0.0);
    }
}
