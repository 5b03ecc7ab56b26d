//! Movement that comes to less than a window, counted in pieces.

use crate::pipeline::{Micros, Signal, Timestamp};

/// Movement that cannot be judged, since it was counted last.
#[derive(Debug, Default)]
pub(super) struct Unjudged {
    last: Option<Timestamp>,
    open: Micros,
}

impl Unjudged {
    /// Movement is counted in pieces of this length.
    // Whole pieces only, so that a twitch counts for nothing and a steady hand soon.
    const PIECE: Micros = Micros::from_millis(1000);
    /// A longer rest is no movement.
    // The pause at which windows are cut.
    const PAUSE: Micros = Micros::from_millis(250);

    /// Takes the next signal; gives what has come together, a piece at a time.
    pub(super) fn add(&mut self, signal: Signal) -> Option<Micros> {
        let Signal::Mouse(event) = signal else { return None };
        let step = self.last.replace(event.at).map(|last| event.at - last);
        // From a pause or a jump back in time no movement is counted.
        let moved = step.filter(|step| (Micros(0)..Self::PAUSE).contains(step));
        self.open = self.open + moved.unwrap_or_default();
        (self.open >= Self::PIECE).then(|| std::mem::take(&mut self.open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{MouseEvent, MouseKind};

    #[test]
    fn rests_are_no_movement_and_a_piece_is_a_second() {
        let mut unjudged = Unjudged::default();
        let mut moves = |ms: i64| {
            let at = Timestamp::from_millis(ms);
            let event = MouseEvent { at, kind: MouseKind::Move, x: ms as f64, y: 0.0 };
            unjudged.add(Signal::Mouse(event))
        };
        assert!((0..=60).all(|n| moves(10 * n).is_none()), "600 ms");
        assert!((0..40).all(|n| moves(10_000 + 10 * n).is_none()), "990 ms in all");
        assert_eq!(moves(10_400), Some(Micros::from_millis(1000)));
        assert_eq!(moves(10_410), None);
    }
}
