//! The owner's click timings at enrolment: where they lie at each class of devices that the backbone
//! knows of, and how often the owner is at which.

use crate::pipeline::{
    ClickClass, ClickKind, ClickPopulation, ClickSums, ClickTiming, OwnerClickClass, OwnerClicks,
    Window,
};

/// Fewer timings than this say nothing of an owner.
const FEWEST: u32 = 30;
/// Fewer timings of a kind say nothing of it.
const FEWEST_OF_A_KIND: u32 = 5;
/// Windows that are taken to be of one class of devices.
const PIECE: usize = 50;
/// Fewer timings than this do not tell which.
const FEWEST_OF_A_PIECE: u32 = 3;
/// Pieces by which the owner is believed to be at the classes of everybody.
const PIECES_OF_EVERYBODY: f64 = 3.0;
/// Windows that show one stretch of work.
const STRETCH: f64 = 200.0;
/// The kinds that tell classes of devices apart: the others are too few in a piece.
pub(in crate::lab) const TELLING: [ClickKind; 2] = [ClickKind::Hold, ClickKind::AfterRelease];

/// Timings of one class of devices.
#[derive(Debug, Clone, Default)]
struct Seen {
    pieces: f64,
    sums: ClickSums,
    /// Stretches of work with timings of each kind.
    stretches: [f64; ClickKind::ALL.len()],
}

impl Seen {
    fn add(&mut self, timings: &[ClickTiming], windows: usize) {
        let sums = ClickSums::of(timings);
        self.pieces += 1.0;
        self.sums.add(&sums);
        for (stretches, count) in self.stretches.iter_mut().zip(sums.count) {
            *stretches += if count > 0 { windows as f64 / STRETCH } else { 0.0 };
        }
    }

    fn timings(&self) -> u32 {
        self.sums.timings()
    }
}

/// The owner of these sessions; `None` with too few clicks.
pub(super) fn owner(population: &ClickPopulation, sessions: &[Vec<Window>]) -> Option<OwnerClicks> {
    let mut seen = vec![Seen::default(); population.classes.len()];
    for piece in sessions.iter().flat_map(|session| session.chunks(PIECE)) {
        let timings: Vec<ClickTiming> = piece
            .iter()
            .flat_map(|window| window.clicks().iter().copied())
            .filter(|timing| population.kinds.contains(&timing.kind))
            .collect();
        if ClickSums::of(&timings).timings() >= FEWEST_OF_A_PIECE {
            seen[likeliest(population, &timings)].add(&timings, piece.len());
        }
    }
    let timings: u32 = seen.iter().map(Seen::timings).sum();
    let pieces: f64 = seen.iter().map(|seen| seen.pieces).sum();
    let mut classes = Vec::new();
    for (class, seen) in population.classes.iter().zip(&seen) {
        let everybody = f64::from(class.share) * PIECES_OF_EVERYBODY;
        let share = (seen.pieces + everybody) / (pieces + PIECES_OF_EVERYBODY);
        classes.push(at_class(class, &population.kinds, seen, share as f32));
    }
    (timings >= FEWEST).then(|| OwnerClicks { population: population.clone(), classes, timings })
}

/// The class of devices that these timings are likeliest of.
fn likeliest(population: &ClickPopulation, timings: &[ClickTiming]) -> usize {
    let telling: Vec<ClickTiming> =
        timings.iter().copied().filter(|timing| TELLING.contains(&timing.kind)).collect();
    let sums = ClickSums::of(&telling);
    let classes = population.classes.iter();
    let likelihoods: Vec<f64> =
        classes.map(|class| class.likelihood(&population.kinds, &sums)).collect();
    let best = likelihoods.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(at, _)| at)
}

/// The posterior of a normal mean of each kind; where nothing was seen, the owner is anybody.
fn at_class(class: &ClickClass, kinds: &[ClickKind], seen: &Seen, share: f32) -> OwnerClickClass {
    let mut owner =
        OwnerClickClass { share, mean: class.mean.clone(), variance: class.between_user.clone() };
    for (number, kind) in kinds.iter().enumerate() {
        let kind = *kind as usize;
        if seen.sums.count[kind] < FEWEST_OF_A_KIND {
            continue;
        }
        let count = f64::from(seen.sums.count[kind]);
        let [expected, between, session, within] =
            [&class.mean, &class.between_user, &class.between_session, &class.within_session]
                .map(|values| f64::from(values[number]));
        let mean = seen.sums.sum[kind] / count;
        let noise = session / seen.stretches[kind].max(1.0) + within / count;
        let trust = between / (between + noise);
        owner.mean[number] = (expected + trust * (mean - expected)) as f32;
        owner.variance[number] = (between * (1.0 - trust)) as f32;
    }
    owner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::window::cut_recording;
    use crate::pipeline::{Button, MouseEvent, MouseKind, Signal, Timestamp, WindowParams};

    fn population() -> ClickPopulation {
        let class = |share, hold| ClickClass {
            share,
            mean: vec![hold],
            between_user: vec![0.03],
            between_session: vec![0.005],
            within_session: vec![0.05],
        };
        ClickPopulation {
            kinds: vec![ClickKind::Hold],
            classes: vec![class(0.75, 4.6), class(0.25, 5.4)],
            weight: 1.0,
            unseen: 0.02,
            most: 6.0,
        }
    }

    /// So many windows with a click of this length before each but the first.
    fn session(windows: i64, hold_ms: i64) -> Vec<Window> {
        let mouse = |ms: i64, kind, x: i64| {
            let at = Timestamp::from_millis(ms);
            Signal::Mouse(MouseEvent { at, kind, x: x as f64, y: 0.0 })
        };
        let stroke = |n: i64| -> Vec<Signal> {
            let begin = 5000 * n;
            let moves = (0..12).map(move |i| mouse(begin + 16 * i, MouseKind::Move, 100 * n + i));
            let press = mouse(begin + 1000, MouseKind::Press(Button::Left), 0);
            let release = mouse(begin + 1000 + hold_ms, MouseKind::Release(Button::Left), 0);
            moves.chain([press, release]).collect()
        };
        cut_recording(WindowParams::default(), (0..windows).flat_map(stroke)).0
    }

    #[test]
    fn an_owner_is_found_at_each_device_and_is_anybody_elsewhere() {
        let mouse = owner(&population(), &[session(200, 110)]).unwrap();
        assert_eq!(mouse.validate(), Ok(()));
        assert_eq!(mouse.timings, 199);
        assert!((mouse.classes[0].mean[0] - 126f32.ln()).abs() < 0.05, "{mouse:?}");
        assert!(mouse.classes[0].variance[0] < 0.01 && mouse.classes[0].share > 0.8);
        assert_eq!(mouse.classes[1].mean, population().classes[1].mean);
        let both = owner(&population(), &[session(200, 110), session(200, 215)]).unwrap();
        assert!((both.classes[1].mean[0] - 231f32.ln()).abs() < 0.05, "{both:?}");
        assert!((both.classes[0].share - 0.5).abs() < 0.1);
    }

    #[test]
    fn too_few_clicks_are_none() {
        assert_eq!(owner(&population(), &[session(20, 110)]), None);
        assert_eq!(owner(&population(), &[]), None);
    }
}
