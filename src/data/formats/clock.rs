//! Clocks that must be wrong: a unit that is mistaken, whole seconds, numbers of rows, times that
//! all are one, positions slower than the pause that ends a window; and where a clock was set back.

use super::field::TimeUnit;
use crate::pipeline::{MouseEvent, Timestamp, WindowParams};

/// Fewer events say nothing about a clock.
const EVENTS_MIN: usize = 20;
/// A mouse that is faster than this many microseconds has no cable, but a wrong unit.
const FASTEST_US: i64 = 300;
/// What a mouse or a screen may take between two positions, microseconds.
const LIKELY_US: std::ops::RangeInclusive<f64> = 1e3..=2e5;
/// A step back that is smaller is a late row, microseconds.
const BACK_MIN_US: i64 = 100_000;
/// Rows that must follow in order to tell a clock that was set back from a row that was logged late.
const FOLLOWING: usize = 4;
/// So many rows in order behind a step back never are one late block, if it is a long one.
const BLOCK_MAX: usize = 20;
const LONG_BACK_US: i64 = 1_000_000;
/// One in so many rows may repeat the one before.
const REPEATED_SHARE: usize = 5;
/// Of recordings in any order no step back says anything.
const BACKWARDS_MAX: f64 = 0.05;

/// What is wrong with a clock: what it is about in a word, and all of it.
pub(super) type Wrong = (&'static str, String);

/// Looks at the times of a session, each part of it in order.
pub(super) fn look<'a>(
    parts: impl Iterator<Item = &'a [MouseEvent]>,
    unit: TimeUnit,
) -> Option<Wrong> {
    let mut steps = Vec::new();
    let mut events = 0;
    let mut whole = 0;
    let mut first = None;
    for part in parts {
        first = first.or(part.first().map(|event| event.at));
        events += part.len();
        whole += part.iter().filter(|event| event.at.micros() % 1_000_000 == 0).count();
        steps.extend(part.windows(2).map(|pair| (pair[1].at - pair[0].at).0));
    }
    if events < EVENTS_MIN || steps.is_empty() {
        return None;
    }
    let still = steps.iter().filter(|step| **step == 0).count();
    let mut moving: Vec<i64> = steps.iter().copied().filter(|step| *step > 0).collect();
    moving.sort_unstable();
    let Some(median) = moving.get(moving.len() / 2).copied() else {
        return Some(("standstill", standstill(first, unit)));
    };
    let one = unit.micros().unwrap_or(0.0) as i64;
    let counted = steps.iter().filter(|step| **step == one).count();
    if one > 0 && counted * 100 >= steps.len() * 99 {
        let wrong = format!("the time goes up by exactly 1 {} a row: it counts rows", unit.name());
        return Some(("rows", wrong));
    }
    if whole == events && still * 2 >= steps.len() {
        return Some((
            "seconds",
            "the clock knows whole seconds only: no speed can be told".into(),
        ));
    }
    if one > 0 && still * 2 >= steps.len() && moving.iter().all(|step| *step == one) {
        let wrong = format!(
            "most rows share their time with the row before, and it goes up by 1 {} only: was it \
             read as {}, and is it s?",
            unit.name(),
            unit.name()
        );
        return Some(("unit", wrong));
    }
    if still * 20 >= steps.len() * 19 {
        let wrong = "nearly all events have one and the same time: if these are the steps from one row \
                     to the next, add them up first";
        return Some(("standstill", wrong.into()));
    }
    if median < FASTEST_US {
        let wrong = format!("a position every {:.3} ms is too fast for a mouse", millis(median));
        return Some(("unit", wrong + &likely(median, unit)));
    }
    let pause = WindowParams::default().pause();
    (median >= pause.0).then(|| {
        let wrong = format!(
            "a position every {:.0} ms is slower than the pause of {:.0} ms that ends a movement",
            millis(median),
            millis(pause.0)
        );
        ("slow", wrong + &likely(median, unit))
    })
}

/// Of times that all are one; a day of our time, as spreadsheets or MATLAB count them, is named.
fn standstill(at: Option<Timestamp>, unit: TimeUnit) -> String {
    const DAYS: [std::ops::Range<f64>; 2] = [30_000.0..60_000.0, 720_000.0..760_000.0];
    let wrong = "all events have one and the same time";
    let count = at.zip(unit.micros()).map(|(at, one)| at.micros() as f64 / one);
    if count.is_some_and(|count| DAYS.iter().any(|days| days.contains(&count))) {
        return format!("{wrong}; were days counted? write seconds: multiply by 86400");
    }
    wrong.into()
}

/// Looks at the rows of a session in the file's order: times that are steps, rows that stand there
/// twice.
pub(super) fn look_as_written(events: &[MouseEvent]) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if events.len() < EVENTS_MIN {
        return wrong;
    }
    if are_steps(events) {
        let text = "the times go up and down and hardly grow: they are the steps from one row to \
                    the next, not times; add them up first";
        wrong.push(("steps of time", text.into()));
    }
    let twice = events.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if twice * REPEATED_SHARE >= events.len() {
        wrong.push(("twice", format!("{twice} of {} rows repeat the row before", events.len())));
    }
    wrong
}

/// Whether the times of rows are the steps between them: they go back again and again, and hardly
/// differ or fill hardly any time. A table in any order goes back too, but fills its time.
fn are_steps(events: &[MouseEvent]) -> bool {
    let back = events.windows(2).filter(|pair| pair[1].at < pair[0].at).count();
    let mut different: Vec<i64> = events.iter().map(|event| event.at.micros()).collect();
    different.sort_unstable();
    let [first, last] = [different.first(), different.last()].map(|at| at.copied().unwrap_or(0));
    let range = last.saturating_sub(first);
    different.dedup();
    let is_dense = range / events.len() as i64 <= FASTEST_US || different.len() * 4 <= events.len();
    first >= 0 && back * 5 >= events.len() && is_dense
}

fn millis(micros: i64) -> f64 {
    micros as f64 / 1e3
}

/// The unit in which a step would be a mouse's.
fn likely(median: i64, unit: TimeUnit) -> String {
    let Some(one) = unit.micros() else { return String::new() };
    let others = [TimeUnit::S, TimeUnit::Ms, TimeUnit::Us, TimeUnit::Ns];
    let found = others.into_iter().find(|other| {
        let micros = other.micros().unwrap_or(1.0);
        *other != unit && LIKELY_US.contains(&(median as f64 / one * micros))
    });
    found.map_or_else(String::new, |other| {
        format!("; the time was read as {}, is it {}?", unit.name(), other.name())
    })
}

/// The unit in which these times, in the file's order and as the file counts them, are those of a
/// mouse. Times since 1970 tell it by their size, others by their steps.
pub(super) fn likely_unit(times: &[f64]) -> TimeUnit {
    let largest = times.iter().copied().fold(0.0, |a: f64, b| a.max(b.abs()));
    for (from, unit) in
        [(1e17, TimeUnit::Ns), (1e14, TimeUnit::Us), (1e11, TimeUnit::Ms), (5e8, TimeUnit::S)]
    {
        if largest >= from {
            return unit;
        }
    }
    let steps = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0.0);
    let mut steps: Vec<f64> = steps.collect();
    steps.sort_by(f64::total_cmp);
    let Some(&median) = steps.get(steps.len() / 2) else { return TimeUnit::Ms };
    let units = [TimeUnit::Ms, TimeUnit::S, TimeUnit::Us, TimeUnit::Ns];
    units.into_iter().min_by(|a, b| away(median, a).total_cmp(&away(median, b))).unwrap_or_default()
}

/// How far a unit is from one in which events lie 15 ms apart, in powers of e.
fn away(median: f64, unit: &TimeUnit) -> f64 {
    (median * unit.micros().unwrap_or(1.0) / 15e3).ln().abs()
}

/// Places in a stretch of events, in the file's order, at which the clock was set back. A row that
/// was logged late, or a block of rows that fills a gap, is none.
pub(super) fn set_back(events: &[MouseEvent]) -> Vec<usize> {
    let back = events.windows(2).filter(|pair| pair[1].at < pair[0].at).count();
    if back == 0 || back as f64 > BACKWARDS_MAX * events.len() as f64 + 1.0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut begin = 0;
    let mut latest = events[0].at;
    for (at, event) in events.iter().enumerate() {
        if (latest - event.at).0 >= BACK_MIN_US && is_set_back(&events[begin..], at - begin, latest)
        {
            found.push(at);
            (begin, latest) = (at, event.at);
        }
        latest = latest.max(event.at);
    }
    found
}

fn is_set_back(events: &[MouseEvent], at: usize, latest: Timestamp) -> bool {
    let behind = &events[at..];
    let goes_on =
        behind.windows(2).take_while(|pair| pair[1].at >= pair[0].at && pair[1].at < latest);
    let following = goes_on.count() + 1;
    if following < FOLLOWING {
        return false;
    }
    let last = behind[following - 1].at;
    let overlap = events[..at]
        .iter()
        .rev()
        .take(4096)
        .filter(|event| (behind[0].at..=last).contains(&event.at))
        .count();
    let is_long = (latest - behind[0].at).0 >= LONG_BACK_US && following >= BLOCK_MAX;
    overlap >= FOLLOWING || is_long
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::MouseKind;

    fn events(micros: impl Iterator<Item = i64>) -> Vec<MouseEvent> {
        let event = |at| MouseEvent {
            at: Timestamp::from_micros(at),
            kind: MouseKind::Move,
            x: 0.0,
            y: 0.0,
        };
        micros.map(event).collect()
    }

    fn wrong(micros: impl Iterator<Item = i64>, unit: TimeUnit) -> Option<Wrong> {
        let events = events(micros);
        look([events.as_slice()].into_iter(), unit)
    }

    #[test]
    fn a_clock_that_cannot_be_true_is_told() {
        let about = |micros: &dyn Fn(i64) -> i64, unit| {
            wrong((0..40).map(micros), unit).map(|(about, text)| (about, text.contains("is it")))
        };
        assert_eq!(about(&|i| i * 8_000, TimeUnit::Ms), None);
        assert_eq!(about(&|i| i * 10, TimeUnit::Ms), Some(("unit", true)));
        assert_eq!(about(&|i| i * 9_000_000, TimeUnit::S), Some(("slow", true)));
        assert_eq!(about(&|i| i * 300_500, TimeUnit::Ms), Some(("slow", false)));
        assert_eq!(about(&|i| i / 10 * 1_000_000, TimeUnit::Ms), Some(("seconds", false)));
        assert_eq!(about(&|i| i * 1_000, TimeUnit::Ms), Some(("rows", false)));
        assert_eq!(about(&|_| 7, TimeUnit::Ms), Some(("standstill", false)));
        assert_eq!(about(&|i| i / 10 * 1_000, TimeUnit::Ms), Some(("unit", true)));
        assert_eq!(wrong(0..10, TimeUnit::Ms), None, "too few to tell");
    }

    #[test]
    fn steps_of_time_and_rows_that_stand_there_twice_are_told() {
        let about = |micros: &dyn Fn(i64) -> i64| {
            let events = events((0..200).map(micros));
            look_as_written(&events).into_iter().map(|(about, _)| about).collect::<Vec<_>>()
        };
        assert_eq!(about(&|i| 8_000 + i * 37 % 7 * 1_000), ["steps of time"]);
        let pauses = |i: i64| if i % 20 == 0 { 480_000 } else { 8_000 + i * 37 % 3 * 1_000 };
        assert_eq!(about(&pauses), ["steps of time"]);
        assert_eq!(about(&|i| i / 2 * 8_000), ["twice"]);
        assert!(about(&|i| i * 8_000).is_empty());
        assert!(about(&|i| (i * 37 % 200) * 8_000).is_empty(), "a table in any order");
    }

    #[test]
    fn the_unit_follows_from_the_times() {
        let unit = |from: f64, step: f64| {
            likely_unit(&(0..9).map(|i| from + f64::from(i) * step).collect::<Vec<_>>())
        };
        assert_eq!(unit(1.656e9, 0.01), TimeUnit::S);
        assert_eq!(unit(1.656e12, 10.0), TimeUnit::Ms);
        assert_eq!(unit(1.656e15, 1e4), TimeUnit::Us);
        assert_eq!(unit(0.0, 0.0166), TimeUnit::S);
        assert_eq!(unit(0.0, 16.6), TimeUnit::Ms);
        assert_eq!(unit(0.0, 9000.0), TimeUnit::Us);
    }

    #[test]
    fn a_clock_that_was_set_back_is_told_from_late_rows() {
        let back =
            |from: i64| (0..60).map(move |i| if i < 30 { i * 10_000 } else { i * 10_000 - from });
        assert_eq!(set_back(&events(back(200_000))), [30]);
        assert_eq!(set_back(&events(back(7_200_000_000))), [30]);
        assert_eq!(set_back(&events(back(50_000))), [0usize; 0], "a late row or two");
        // One click that was logged 400 ms late.
        let late = (0..60).map(|i| if i == 45 { 50_000 } else { i * 10_000 });
        assert_eq!(set_back(&events(late)), [0usize; 0]);
        // A block that was written late and fills the gap before it.
        let block = (0..10).chain(40..50).chain(20..30).chain(50..70).map(|i| i * 10_000);
        assert_eq!(set_back(&events(block)), [0usize; 0]);
        assert_eq!(set_back(&events((0..60).map(|i| (i * 37 % 60) * 10_000))), [0usize; 0]);
    }
}
