//! The movement of a session as legs between neighbouring positions, with their bends; clicks and
//! the wheel are left out.

use std::f64::consts::PI;

use crate::pipeline::{MouseEvent, Timestamp};

/// A longer gap between movements is a pause, ms; the same as the agent's window cut.
pub(super) const PAUSE_MS: f64 = 250.0;

/// From one position to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leg {
    /// Pixels to the right.
    pub dx: f64,
    /// Pixels downwards.
    pub dy: f64,
    /// Milliseconds; may be 0.
    pub ms: f64,
    /// When it ends.
    pub end: Timestamp,
}

impl Leg {
    /// Between two events.
    pub(crate) fn between(from: &MouseEvent, to: &MouseEvent) -> Self {
        let ms = (to.at - from.at).0 as f64 / 1000.0;
        Self { dx: to.x - from.x, dy: to.y - from.y, ms, end: to.at }
    }

    /// Pixels.
    pub(crate) fn length(&self) -> f64 {
        self.dx.hypot(self.dy)
    }

    /// Pixels a second; legs without duration have none.
    pub(crate) fn speed(&self) -> Option<f64> {
        (self.ms > 0.0).then(|| 1000.0 * self.length() / self.ms)
    }

    /// Direction in radians; legs without length have none.
    pub(crate) fn direction(&self) -> Option<f64> {
        (self.length() > 0.0).then(|| self.dy.atan2(self.dx))
    }
}

/// The movement of a session.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Track {
    /// Every leg, pauses included.
    pub legs: Vec<Leg>,
}

impl Track {
    pub(crate) fn of(events: &[MouseEvent]) -> Self {
        let moves: Vec<_> = events.iter().filter(|event| event.kind.is_movement()).collect();
        Self { legs: moves.windows(2).map(|pair| Leg::between(pair[0], pair[1])).collect() }
    }

    /// The legs of continuous movement.
    pub(crate) fn moving(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.ms < PAUSE_MS)
    }

    /// Runs of continuous movement, each at least one leg.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &[Leg]> {
        self.legs.split(|leg| leg.ms >= PAUSE_MS).filter(|run| !run.is_empty())
    }

    /// Turns between neighbouring legs of continuous movement, radians in -π..=π.
    pub(crate) fn turns(&self) -> Vec<f64> {
        self.runs().flat_map(turns).collect()
    }
}

/// Turns between neighbouring legs, radians in -π..=π.
pub(super) fn turns(run: &[Leg]) -> Vec<f64> {
    let directions: Vec<f64> = run.iter().filter_map(Leg::direction).collect();
    directions.windows(2).map(|pair| wrapped(pair[1] - pair[0])).collect()
}

/// An angle in -π..=π.
fn wrapped(angle: f64) -> f64 {
    angle - 2.0 * PI * (angle / (2.0 * PI)).round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::MouseKind;

    #[test]
    fn a_square_turns_four_right_angles_and_a_pause_divides_it() {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)];
        let times = [0, 10, 20, 30, 400];
        let events: Vec<_> = corners
            .iter()
            .zip(times)
            .map(|(&(x, y), ms)| MouseEvent {
                at: Timestamp::from_millis(ms),
                kind: MouseKind::Move,
                x,
                y,
            })
            .collect();
        let track = Track::of(&events);
        assert_eq!((track.legs.len(), track.runs().count()), (4, 1));
        assert_eq!(track.turns().len(), 2);
        assert!(track.turns().iter().all(|turn| (turn - PI / 2.0).abs() < 1e-12));
        assert_eq!(track.legs[0].speed(), Some(100.0));
    }
}
