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

/// Looks at the positions of a session.
pub(super) fn look(events: &[MouseEvent]) -> Option<Wrong> {
    if events.len() < EVENTS_MIN {
        return None;
    }
    let ends = events.windows(2).any(|pair| (pair[0].x, pair[0].y) != (pair[1].x, pair[1].y));
    let farthest = events.iter().map(|it| it.x.abs().max(it.y.abs())).fold(0.0, f64::max);
    let broken = events.iter().filter(|it| it.x.fract() != 0.0 || it.y.fract() != 0.0).count()
        * 100
        / events.len();
    if !ends || broken < BROKEN_PERCENT {
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
}
