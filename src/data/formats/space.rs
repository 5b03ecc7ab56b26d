//! Positions that cannot be pixels: fractions of a screen, degrees, the plane of an analysis. Windows
//! are made of pixels a millisecond, so that such a recording compares with no other.

use super::clock::Wrong;
use crate::pipeline::MouseEvent;

/// Fewer events say nothing about a scale.
const EVENTS_MIN: usize = 20;
/// Nothing that a hand does in pixels stays so near to the origin.
const FRACTIONS: f64 = 3.0;
/// Degrees and centimetres reach so far from the middle of a screen, and pixels farther.
const DEGREES: f64 = 45.0;
/// So many of a hundred positions between whole numbers are no pixels' share.
const BROKEN_PERCENT: usize = 90;

/// No step of a mouse is longer in one report, pixels.
const STEP: f64 = 255.0;
/// So near to the origin lie steps at the ends of movements, pixels.
const NEAR: f64 = 2.0;
/// So many of a hundred are there, and on each side of it.
const NEAR_PERCENT: usize = 5;
const SIDE_PERCENT: usize = 10;
/// A movement that ends at the origin, or begins there, is so near to it before or after, pixels.
const SLOW: f64 = 24.0;

/// Looks at the positions of a session.
pub(super) fn look(events: &[MouseEvent]) -> Option<Wrong> {
    if events.len() < EVENTS_MIN {
        return None;
    }
    if are_steps(events) {
        let wrong = "positions lie around 0 on all sides and keep returning there: they are steps \
                     from one event to the next, not positions; add them up before anything is \
                     compared";
        return Some(("steps", wrong.into()));
    }
    let moves = events.windows(2).any(|pair| (pair[0].x, pair[0].y) != (pair[1].x, pair[1].y));
    let farthest = events.iter().map(|it| it.x.abs().max(it.y.abs())).fold(0.0, f64::max);
    let broken = events.iter().filter(|it| is_broken(it)).count() * 100 / events.len();
    if !moves || broken < BROKEN_PERCENT {
        return None;
    }
    let unit = if farthest <= FRACTIONS {
        "fractions of a screen (PsychoPy's height and norm, MouseTracker's plane)"
    } else if farthest <= DEGREES {
        "degrees or centimetres"
    } else {
        return None;
    };
    let wrong = format!(
        "no position is farther than {farthest:.2} from 0, and hardly one is a whole number: {unit}, \
         not pixels; multiply them by the pixels of one before anything is compared"
    );
    Some(("scale", wrong))
}

/// Whether positions are those of a mouse that reports how far it went: whole numbers on all sides
/// of 0, to which they slowly return and from which they slowly go. A trial that begins in the
/// middle of the screen goes away from there once.
fn are_steps(events: &[MouseEvent]) -> bool {
    const SIDES: [fn(&MouseEvent) -> bool; 4] =
        [|it| it.x > 0.0, |it| it.x < 0.0, |it| it.y > 0.0, |it| it.y < 0.0];
    events.iter().all(is_step)
        && SIDES.into_iter().all(|side| percent(events, side) >= SIDE_PERCENT)
        && percent(events, is_near) >= NEAR_PERCENT
        && turns(events, is_near, is_slow) * 100 >= events.len()
        && turns(events, is_slow, is_near) * 100 >= events.len()
}

/// How many of a hundred events are so.
fn percent(events: &[MouseEvent], is: fn(&MouseEvent) -> bool) -> usize {
    events.iter().filter(|it| is(it)).count() * 100 / events.len()
}

/// How often an event of one kind follows one of another.
fn turns(
    events: &[MouseEvent],
    from: fn(&MouseEvent) -> bool,
    to: fn(&MouseEvent) -> bool,
) -> usize {
    events.windows(2).filter(|pair| from(&pair[0]) && to(&pair[1])).count()
}

fn is_step(event: &MouseEvent) -> bool {
    !is_broken(event) && event.x.abs().max(event.y.abs()) <= STEP
}

fn is_slow(event: &MouseEvent) -> bool {
    !is_near(event) && event.x.abs() <= SLOW && event.y.abs() <= SLOW
}

fn is_near(event: &MouseEvent) -> bool {
    event.x.abs() <= NEAR && event.y.abs() <= NEAR
}

/// Between two pixels.
fn is_broken(event: &MouseEvent) -> bool {
    event.x.fract() != 0.0 || event.y.fract() != 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{MouseKind, Timestamp};

    fn wrong(scale: f64, round: bool) -> Option<&'static str> {
        let events: Vec<MouseEvent> = (0..60)
            .map(|i| {
                let at = |phase: f64| scale * (f64::from(i) / 9.0 + phase).sin();
                let [x, y] = [at(0.0), at(1.0)].map(|it| if round { it.round() } else { it });
                let at = Timestamp::from_millis(i64::from(i) * 10);
                MouseEvent { at, kind: MouseKind::Move, x, y }
            })
            .collect();
        look(&events).map(|(about, _)| about)
    }

    #[test]
    fn fractions_and_degrees_are_told_from_pixels() {
        assert_eq!(wrong(0.5, false), Some("scale"));
        assert_eq!(wrong(1.5, false), Some("scale"));
        assert_eq!(wrong(12.0, false), Some("scale"));
        assert_eq!(wrong(400.0, false), None, "pixels between pixels");
        assert_eq!(wrong(12.0, true), None, "a short movement in whole pixels");
        assert_eq!(look(&[]), None);
    }

    #[test]
    fn steps_are_told_from_positions() {
        // Strokes of 30 reports in all directions: slow, fast, slow.
        let stroke = |i: i32| f64::from(i % 30) / 30.0 * std::f64::consts::PI;
        let step = |i: i32| {
            let turn = f64::from(i / 30) * 2.4;
            let fast = 12.0 * stroke(i).sin().powi(3);
            [(fast * turn.cos()).round(), (fast * turn.sin()).round()]
        };
        let mut at = [400.0, 300.0];
        let mut steps = Vec::new();
        let mut positions = Vec::new();
        for i in 0..600 {
            let [dx, dy] = step(i);
            at = [at[0] + dx, at[1] + dy];
            let time = Timestamp::from_millis(i64::from(i) * 8);
            steps.push(MouseEvent { at: time, kind: MouseKind::Move, x: dx, y: dy });
            positions.push(MouseEvent { at: time, kind: MouseKind::Move, x: at[0], y: at[1] });
        }
        assert_eq!(look(&steps).map(|(about, _)| about), Some("steps"));
        assert_eq!(look(&positions), None);
        let middle =
            positions.iter().map(|it| MouseEvent { x: it.x - 400.0, y: it.y - 300.0, ..*it });
        assert_eq!(look(&middle.collect::<Vec<_>>()), None, "the origin in the middle");
    }
}
