//! What is behind a place that the hook tells of: the raw event of a device, or a program that put
//! the pointer there, which makes a place alone. Places and raw events come by two connections,
//! each in the server's order, so that they can be paired.

use std::collections::{HashMap, VecDeque};

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;

/// Raw events that may wait for their places.
const WAITING: usize = 256;
/// A raw event whose place has not come by then never had one.
const LATE: Micros = Micros::from_millis(1_000);
/// What a raw event without a place adds to the misses of its device; each pair takes one.
const MISSED: u32 = 8;
/// So many places may come between a raw event and its own: a program that puts the pointer back
/// has one in between, or two.
const PASSED: u32 = 3;
/// From so many misses on the values of a device are not compared any more, only counted: it is
/// scaled or turned in a way that is not known here.
const TOO_MANY_MISSES: u32 = 32;

/// A place in whole pixels.
pub(crate) type Place = (f32, f32);

/// What the two values of a raw event are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// How far, in pixels, after acceleration.
    Step,
    /// How far, or where to, as the program likes that made it.
    StepOrPlace,
    /// In units of the device.
    Own,
}

/// A movement as the device told it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RawMotion {
    /// When it was read.
    pub at: Timestamp,
    /// The device.
    pub device: u16,
    /// What its values are.
    pub values: Values,
    /// The values.
    pub by: (f64, f64),
    /// Places that have come since and were not its own.
    pub passed: u32,
}

impl RawMotion {
    /// Whether it moves nothing.
    fn is_still(&self) -> bool {
        self.values != Values::Own && self.by == (0.0, 0.0)
    }

    /// Whether it has moved the pointer from here to there.
    fn explains(&self, from: Place, to: Place, size: (f64, f64)) -> bool {
        match self.values {
            Values::Own => true,
            Values::Step => self.is_step(from, to, size),
            Values::StepOrPlace => self.is_step(from, to, size) || self.is_place(to),
        }
    }

    fn is_step(&self, from: Place, to: Place, size: (f64, f64)) -> bool {
        let x = f64::from(to.0);
        let y = f64::from(to.1);
        is_step(x - f64::from(from.0), self.by.0, is_edge(x, size.0))
            && is_step(y - f64::from(from.1), self.by.1, is_edge(y, size.1))
    }

    fn is_place(&self, to: Place) -> bool {
        is_near(to.0, self.by.0) && is_near(to.1, self.by.1)
    }
}

fn is_near(is: f32, told: f64) -> bool {
    (f64::from(is) - told).abs() <= 1.0
}

/// Whether this is that movement on one axis, of which the server keeps fractions of pixels. An
/// edge of the screen may have stopped it.
fn is_step(step: f64, by: f64, at_edge: bool) -> bool {
    let exact = (step - by).abs() < 1.0;
    exact || at_edge && step > by.min(0.0) - 1.0 && step < by.max(0.0) + 1.0
}

/// Not before the size is known.
fn is_edge(value: f64, size: f64) -> bool {
    size > 0.0 && (value < 1.0 || value >= size - 1.0)
}

/// Pairs raw events with places.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    waiting: VecDeque<RawMotion>,
    misses: HashMap<u16, u32>,
    /// Of the screen, in pixels.
    size: (f64, f64),
}

impl Pairs {
    /// Takes a raw event in. One that moves nothing may never have a place, and waits for none.
    pub(crate) fn add(&mut self, mut raw: RawMotion) {
        if raw.is_still() {
            raw.passed = PASSED;
        }
        while self.waiting.front().is_some_and(|first| raw.at - first.at > LATE)
            || self.waiting.len() >= WAITING
        {
            self.give_up_first();
        }
        self.waiting.push_back(raw);
    }

    /// Takes out the raw event behind this movement, and says by which device it is; `None` when
    /// none is there.
    pub(crate) fn take(&mut self, from: Place, to: Place) -> Option<u16> {
        let index = self.candidates().find(|index| {
            let raw = &self.waiting[*index];
            self.is_unpredictable(raw.device) || raw.explains(from, to, self.size)
        })?;
        (0..index).for_each(|_| self.give_up_first());
        let device = self.waiting.pop_front()?.device;
        self.misses.entry(device).and_modify(|misses| *misses = misses.saturating_sub(1));
        Some(device)
    }

    /// Takes note that a place has no raw event behind it.
    pub(crate) fn pass(&mut self) {
        let last = self.candidates().last().filter(|_| !self.is_astray());
        if let Some(raw) = last.and_then(|index| self.waiting.get_mut(index)) {
            raw.passed += 1;
        }
    }

    /// How large the screen is, whose edges stop the pointer.
    pub(crate) const fn fit(&mut self, size: (f64, f64)) {
        self.size = size;
    }

    /// The first that waits, and who stands behind those that have waited in vain: places came
    /// meanwhile, so that the next one may belong to any of them.
    fn candidates(&self) -> std::ops::Range<usize> {
        let most = if self.is_astray() { self.waiting.len() } else { self.passed().count() + 1 };
        0..self.waiting.len().min(most)
    }

    /// Those in front that have waited long enough.
    fn passed(&self) -> impl Iterator<Item = &RawMotion> {
        self.waiting.iter().take_while(|raw| raw.passed >= PASSED)
    }

    /// Whether places were passed over that belong to raw events behind the first.
    fn is_astray(&self) -> bool {
        self.passed().any(|raw| !raw.is_still())
    }

    /// Other devices may have these numbers from now on.
    pub(crate) fn forget(&mut self) {
        self.waiting.clear();
        self.misses.clear();
    }

    fn is_unpredictable(&self, device: u16) -> bool {
        self.misses.get(&device).is_some_and(|misses| *misses >= TOO_MANY_MISSES)
    }

    fn give_up_first(&mut self) {
        if let Some(raw) = self.waiting.pop_front()
            && !raw.is_still()
            && !self.is_unpredictable(raw.device)
        {
            *self.misses.entry(raw.device).or_default() += MISSED;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOUSE: u16 = 11;

    fn raw(device: u16, values: Values, by: (f64, f64)) -> RawMotion {
        RawMotion { at: Timestamp::default(), device, values, by, passed: 0 }
    }

    fn step(dx: f64, dy: f64) -> RawMotion {
        raw(MOUSE, Values::Step, (dx, dy))
    }

    #[test]
    fn a_pointer_put_back_after_each_move_leaves_the_moves_alone() {
        let mut pairs = Pairs::default();
        let middle = (640.0, 400.0);
        let moves = [(3.0, 1.0), (-2.0, 0.0), (1.0, 0.0), (0.0, -1.0), (5.0, 5.0)];
        // All raw events are there before the first place, as on a loaded machine.
        moves.iter().for_each(|(dx, dy)| pairs.add(step(*dx, *dy)));
        for (dx, dy) in moves {
            let there = (640.0 + dx as f32, 400.0 + dy as f32);
            assert_eq!(pairs.take(middle, there), Some(MOUSE), "{there:?}");
            assert_eq!(pairs.take(there, middle), None, "back from {there:?}");
        }
    }

    #[test]
    fn the_edge_of_the_screen_stops_a_step_and_a_program_makes_steps_or_places() {
        let mut pairs = Pairs::default();
        pairs.fit((1280.0, 800.0));
        pairs.add(step(500.0, 3.0));
        assert_eq!(pairs.take((1260.0, 10.0), (1270.0, 13.0)), None, "not at the edge");
        assert_eq!(pairs.take((1270.0, 10.0), (1279.0, 13.0)), Some(MOUSE));
        pairs.add(raw(4, Values::StepOrPlace, (30.0, 40.0)));
        assert_eq!(pairs.take((700.0, 700.0), (30.0, 40.0)), Some(4));
        pairs.add(raw(4, Values::StepOrPlace, (30.0, 40.0)));
        assert_eq!(pairs.take((700.0, 700.0), (730.0, 740.0)), Some(4));
        pairs.add(raw(5, Values::Own, (31_000.0, 2.0)));
        assert_eq!(pairs.take((0.0, 0.0), (500.0, 500.0)), Some(5));
        assert_eq!(pairs.take((0.0, 0.0), (1.0, 1.0)), None);
    }

    #[test]
    fn a_device_whose_values_never_fit_is_counted_only() {
        let mut pairs = Pairs::default();
        let mut seen = 0;
        for i in 0..2000 {
            // Turned by a quarter.
            let at = Timestamp::from_millis(8 * i);
            pairs.add(RawMotion { at, ..step(9.0, 0.0) });
            let found = pairs.take((100.0, 100.0), (100.0, 109.0)).is_some();
            seen += usize::from(found);
            if !found {
                pairs.pass();
            }
        }
        assert!(seen > 1_500, "{seen}");
    }

    /// Steps that all differ after a raw event that never had a place; how many of ten are paired.
    fn paired_after(first: RawMotion) -> usize {
        let mut pairs = Pairs::default();
        pairs.add(first);
        let found = (0..10_u8).filter(|i| {
            let dx = 3.0 + 5.0 * f32::from(*i);
            pairs.add(step(f64::from(dx), 1.0));
            let device = pairs.take((100.0, 100.0), (100.0 + dx, 101.0));
            if device.is_none() {
                pairs.pass();
            }
            device.is_some()
        });
        found.count()
    }

    #[test]
    fn a_raw_event_that_never_had_a_place_holds_up_few_others() {
        assert_eq!(paired_after(step(70.0, 70.0)), 10 - PASSED as usize);
    }

    #[test]
    fn a_raw_event_that_moves_nothing_holds_up_none() {
        assert_eq!(paired_after(step(0.0, 0.0)), 10);
        assert_eq!(paired_after(raw(4, Values::StepOrPlace, (0.0, 0.0))), 10);
    }

    proptest! {
        /// Fractions of pixels, as the server keeps them.
        #[test]
        fn every_step_of_a_hand_is_explained(
            steps in prop::collection::vec((-40.0_f64..40.0, -40.0_f64..40.0), 1..200),
            behind in 0_usize..20,
        ) {
            let mut pairs = Pairs::default();
            pairs.fit((1280.0, 800.0));
            let (mut x, mut y) = (640.25, 400.75);
            let mut places = VecDeque::from([(640.0_f32, 400.0_f32)]);
            for (dx, dy) in &steps {
                pairs.add(step(*dx, *dy));
                (x, y) = ((x + dx).clamp(0.0, 1279.99), (y + dy).clamp(0.0, 799.99));
                places.push_back((x.floor() as f32, y.floor() as f32));
                while places.len() > behind + 1 {
                    let from = places.pop_front().unwrap();
                    prop_assert_eq!(pairs.take(from, places[0]), Some(MOUSE));
                }
            }
        }
    }
}
