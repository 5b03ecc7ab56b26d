//! Click timings: how long a button is held, how soon it is pressed again, and how clicks sit between
//! movements. Signals go in, timings come out, live and from files alike; which button was pressed
//! when is kept as a time, and never where.

use serde::{Deserialize, Serialize};

use super::event::{Boundary, Button, Micros, MouseEvent, MouseKind, Signal, Timestamp};

/// Kinds of timings.
pub const CLICK_KINDS: usize = 6;
/// A second press within this time of a release is a double click.
const DOUBLE: Micros = Micros::from_millis(600);
/// A button held for so long while the pointer moves drags something.
const DRAGS: Micros = Micros::from_millis(250);
/// Added to a time before its logarithm is taken, ms: clocks of 1 and of 16 ms then say the same of
/// short times.
const TICK_MS: f64 = 16.0;
/// Timings that wait for the next window at most: somebody may click for hours without moving.
const MOST_PENDING: usize = 200;

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClickKind {
    /// The left button, from press to release.
    Hold,
    /// Any other button, from press to release.
    HoldOther,
    /// From a release to the next press of the same button.
    Double,
    /// From the last movement to a press.
    BeforePress,
    /// From a release to the next movement.
    AfterRelease,
    /// A button held while the pointer moves.
    Drag,
}

impl ClickKind {
    /// All of them, in the order of [`ClickSums`].
    pub const ALL: [Self; CLICK_KINDS] = [
        Self::Hold,
        Self::HoldOther,
        Self::Double,
        Self::BeforePress,
        Self::AfterRelease,
        Self::Drag,
    ];

    /// Times that a hand may take, ms. Shorter ones are switches that chatter, longer ones rests.
    const fn range_ms(self) -> [i64; 2] {
        match self {
            Self::Hold | Self::HoldOther => [20, 1000],
            // Up to DOUBLE alone: a later press is a click of its own.
            Self::Double => [20, 600],
            Self::BeforePress | Self::AfterRelease => [0, 2000],
            Self::Drag => [250, 5000],
        }
    }

    /// In plain words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hold => "left button held",
            Self::HoldOther => "another button held",
            Self::Double => "release to second press",
            Self::BeforePress => "last movement to press",
            Self::AfterRelease => "release to next movement",
            Self::Drag => "drag",
        }
    }
}

/// One timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClickTiming {
    /// What is timed.
    pub kind: ClickKind,
    /// How long it took, within what a hand may take.
    pub took: Micros,
}

impl ClickTiming {
    fn of(kind: ClickKind, took: Micros) -> Option<Self> {
        let [least, most] = kind.range_ms().map(Micros::from_millis);
        (least..=most).contains(&took).then_some(Self { kind, took })
    }

    /// Its logarithm, as click models see it.
    pub fn log(&self) -> f64 {
        (self.took.0 as f64 / 1000.0 + TICK_MS).ln()
    }
}

/// Counts and sums of the logarithms of timings, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickSums {
    /// How many timings of each kind.
    pub count: [u32; CLICK_KINDS],
    /// The sum of their logarithms.
    pub sum: [f64; CLICK_KINDS],
}

impl ClickSums {
    /// Of these timings.
    pub fn of(timings: &[ClickTiming]) -> Self {
        let mut sums = Self::default();
        timings.iter().for_each(|timing| sums.take(timing));
        sums
    }

    fn take(&mut self, timing: &ClickTiming) {
        self.count[timing.kind as usize] += 1;
        self.sum[timing.kind as usize] += timing.log();
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        for at in 0..CLICK_KINDS {
            self.count[at] = self.count[at].saturating_add(other.count[at]);
            self.sum[at] += other.sum[at];
        }
    }

    /// Whether nothing was timed.
    pub fn is_empty(&self) -> bool {
        self.count == [0; CLICK_KINDS]
    }

    /// How many timings of all kinds.
    pub fn timings(&self) -> u32 {
        self.count.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The mean logarithm of a kind; `None` without a timing of it.
    pub fn mean(&self, kind: ClickKind) -> Option<f64> {
        let at = kind as usize;
        (self.count[at] > 0).then(|| self.sum[at] / f64::from(self.count[at]))
    }
}

/// The clock of clicks: signals in, at most one timing a signal out. It is not saved: an agent that
/// begins again begins clean, because what was pressed before may have been released unseen.
#[derive(Debug, Clone, Default)]
pub struct ClickTimer {
    /// The button that is down.
    pressed: Option<(Timestamp, Button)>,
    /// Whether the pointer has moved since.
    dragged: bool,
    /// The last movement: when and where to.
    moved: Option<MouseEvent>,
    /// The last release.
    released: Option<(Timestamp, Button)>,
    /// Whether nothing has moved since that.
    resting: bool,
}

impl ClickTimer {
    /// Takes one signal. Any boundary but a pause starts it anew: what was pressed before events were
    /// lost may have been released unseen, and another hand may press next.
    pub fn push(&mut self, signal: &Signal) -> Option<ClickTiming> {
        match signal {
            Signal::Boundary { kind: Boundary::Quiet, .. } => None,
            Signal::Boundary { .. } => {
                *self = Self::default();
                None
            }
            Signal::Mouse(event) => match event.kind {
                MouseKind::Move | MouseKind::Drag => self.movement(event),
                MouseKind::Press(button) => self.press(event.at, button),
                MouseKind::Release(button) => self.release(event.at, button),
                MouseKind::Wheel => None,
            },
        }
    }

    /// Positions that are polled while nothing moves, or told late, are no movement.
    fn movement(&mut self, event: &MouseEvent) -> Option<ClickTiming> {
        if self
            .moved
            .as_ref()
            .is_some_and(|last| event.at < last.at || (last.x, last.y) == (event.x, event.y))
        {
            return None;
        }
        self.moved = Some(*event);
        self.dragged = true;
        let rested = std::mem::take(&mut self.resting);
        let (at, _) = self.released.filter(|_| rested)?;
        ClickTiming::of(ClickKind::AfterRelease, event.at - at)
    }

    /// A press while another is down means that a release was lost.
    fn press(&mut self, at: Timestamp, button: Button) -> Option<ClickTiming> {
        let lost = self.pressed.replace((at, button)).is_some();
        self.dragged = false;
        self.resting = false;
        // After a lost release the gap to the one before it would be a double click of two clicks.
        let again = self.released.filter(|(_, last)| !lost && *last == button);
        match again.map(|(released, _)| at - released).filter(|gap| *gap < DOUBLE) {
            Some(gap) => ClickTiming::of(ClickKind::Double, gap),
            None => {
                // A double click's second press has no movement before it to be timed from.
                let moved = self.moved.as_ref()?.at;
                ClickTiming::of(ClickKind::BeforePress, at - moved)
            }
        }
    }

    /// A release of a button that was not seen going down says nothing.
    fn release(&mut self, at: Timestamp, button: Button) -> Option<ClickTiming> {
        // Only the button that is down: another one's release leaves it down.
        let (pressed, _) = self.pressed.take_if(|(_, down)| *down == button)?;
        self.released = Some((at, button));
        self.resting = true;
        let took = at - pressed;
        let kind = match button {
            // A short hold counts as a hold even where the pointer moved, or every shaky click
            // would be a drag.
            _ if self.dragged && took >= DRAGS => ClickKind::Drag,
            Button::Left => ClickKind::Hold,
            _ => ClickKind::HoldOther,
        };
        ClickTiming::of(kind, took)
    }
}

/// The timings that wait for the window that they belong to.
#[derive(Debug, Clone, Default)]
pub(super) struct PendingClicks {
    timer: ClickTimer,
    waiting: Vec<ClickTiming>,
}

impl PendingClicks {
    /// Takes one signal. What waits does not outlive a boundary: whoever moves next may be another.
    pub(super) fn push(&mut self, signal: &Signal) {
        if matches!(signal, Signal::Boundary { kind, .. } if *kind != Boundary::Quiet) {
            self.waiting.clear();
        }
        let timing = self.timer.push(signal);
        // The first ones are kept: dropping those would cost a queue, and nobody's clicks are few here.
        if self.waiting.len() < MOST_PENDING {
            self.waiting.extend(timing);
        }
    }

    /// Gives away what waits.
    pub(super) fn take(&mut self) -> Vec<ClickTiming> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mouse(ms: i64, kind: MouseKind, x: f64) -> Signal {
        Signal::Mouse(MouseEvent { at: Timestamp::from_millis(ms), kind, x, y: 0.0 })
    }

    fn press(ms: i64, button: Button) -> Signal {
        mouse(ms, MouseKind::Press(button), 0.0)
    }

    fn release(ms: i64, button: Button) -> Signal {
        mouse(ms, MouseKind::Release(button), 0.0)
    }

    fn moved(ms: i64, x: f64) -> Signal {
        mouse(ms, MouseKind::Move, x)
    }

    fn timed(signals: &[Signal]) -> Vec<(ClickKind, i64)> {
        let mut timer = ClickTimer::default();
        let timings = signals.iter().filter_map(|signal| timer.push(signal));
        timings.map(|timing| (timing.kind, timing.took.0 / 1000)).collect()
    }

    use Button::{Left, Right};
    use ClickKind::{AfterRelease, BeforePress, Double, Drag, Hold, HoldOther};

    #[test]
    fn a_double_click_between_movements_gives_each_of_its_times() {
        let clicks = [
            moved(0, 1.0),
            press(80, Left),
            release(170, Left),
            press(300, Left),
            release(380, Left),
            moved(600, 2.0),
            moved(616, 3.0),
        ];
        let times = [(BeforePress, 80), (Hold, 90), (Double, 130), (Hold, 80), (AfterRelease, 220)];
        assert_eq!(timed(&clicks), times);
    }

    #[test]
    fn buttons_are_told_apart_and_a_drag_is_no_hold() {
        let drag = [press(0, Left), moved(100, 1.0), release(700, Left)];
        assert_eq!(timed(&drag), [(Drag, 700)]);
        let trembling = [press(0, Left), moved(40, 1.0), release(90, Left)];
        assert_eq!(timed(&trembling), [(Hold, 90)]);
        assert_eq!(timed(&[press(0, Right), release(110, Right)]), [(HoldOther, 110)]);
        let other = [press(0, Left), release(90, Left), press(200, Right)];
        assert_eq!(timed(&other), [(Hold, 90)], "two buttons are no double click");
    }

    #[test]
    fn lost_and_foreign_events_give_no_times() {
        let lost = [press(0, Left), press(500, Left), release(600, Left)];
        assert_eq!(timed(&lost), [(Hold, 100)]);
        assert_eq!(timed(&[release(0, Left), moved(90, 1.0)]), []);
        assert_eq!(timed(&[press(0, Left), release(90, Right)]), []);
        assert_eq!(timed(&[press(90, Left), release(0, Left)]), [], "time ran backwards");
        let long = [press(0, Left), release(1500, Left), moved(9000, 1.0)];
        assert_eq!(timed(&long), [], "a rest is no click");
        let chatter = [press(0, Left), release(90, Left), press(95, Left), release(190, Left)];
        assert_eq!(timed(&chatter), [(Hold, 90), (Hold, 95)]);
    }

    #[test]
    fn polled_positions_and_pauses_change_nothing_and_other_boundaries_start_anew() {
        let still = [moved(0, 1.0), moved(50, 1.0), press(80, Left), release(180, Left)];
        assert_eq!(timed(&still), [(BeforePress, 80), (Hold, 100)]);
        let cut = |kind| {
            let at = Timestamp::from_millis(50);
            timed(&[press(0, Left), Signal::Boundary { at, kind }, release(100, Left)])
        };
        assert_eq!(cut(Boundary::Quiet), [(Hold, 100)]);
        for kind in [
            Boundary::Start,
            Boundary::Locked,
            Boundary::Unlocked,
            Boundary::Suspended,
            Boundary::Overflow,
            Boundary::DeviceChanged,
        ] {
            assert_eq!(cut(kind), [], "{kind:?}");
        }
    }

    #[test]
    fn a_coarse_clock_moves_the_mean_of_short_times_little() {
        let exact: Vec<i64> = (70..110).collect();
        let mean = |tick: i64| {
            let hold = |(n, took): (usize, &i64)| {
                let begin = 1000 * n as i64 + 7 * n as i64 % 16;
                let on = |ms: i64| ms / tick * tick;
                ClickTiming::of(Hold, Micros::from_millis(on(begin + took) - on(begin)))
            };
            let timings: Vec<_> = exact.iter().enumerate().filter_map(hold).collect();
            ClickSums::of(&timings).mean(Hold).unwrap()
        };
        assert!((mean(1) - mean(16)).abs() < 0.03, "{} {}", mean(1), mean(16));
    }

    #[test]
    fn what_waits_is_bounded_and_does_not_outlive_a_boundary() {
        let mut pending = PendingClicks::default();
        for n in 0..1000 {
            pending.push(&press(10_000 * n, Left));
            pending.push(&release(10_000 * n + 90, Left));
        }
        assert_eq!(pending.take().len(), MOST_PENDING);
        pending.push(&press(0, Left));
        pending.push(&release(90, Left));
        pending.push(&Signal::Boundary { at: Timestamp::default(), kind: Boundary::Locked });
        assert_eq!(pending.take(), []);
    }
}
