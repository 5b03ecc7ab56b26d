//! Hands that play the same movement to different back ends: through a real X server's input queue,
//! through XTEST where there is no such server, and as a kernel device's events through a pipe.

use crate::desktop::TestMouse;
use crate::desktop::kernel::InputPipe;
use crate::inject::Player;
use mousewarden::error::Result;
use mousewarden::pipeline::{MouseEvent, MouseKind, Timestamp};
use mousewarden::platform::clock;

/// Events come in steps of one pixel along rows of this width, so that the place is the number.
pub(super) const ROW: usize = 1024;

/// Moves to the place that stands for a number; one after the other, from 1 on.
pub(super) enum BenchHand {
    /// A mouse of an Xorg.
    Mouse(TestMouse),
    /// XTEST on an Xvfb.
    Player(Box<Player>),
    /// What the kernel would say.
    Kernel(InputPipe),
}

impl BenchHand {
    /// Goes to place 0, from which it is counted.
    pub(super) fn home(&mut self) -> Result<()> {
        match self {
            Self::Mouse(mouse) => mouse.step(-5000.0, -5000.0),
            Self::Player(player) => player.act(&moved(0)),
            Self::Kernel(_) => Ok(()),
        }
    }

    /// Plays so many movements, each at its moment; returns when each was handed over.
    pub(super) fn play(&mut self, rate_hz: u32, count: usize) -> Result<Vec<Timestamp>> {
        let start = clock::now().micros();
        let step = 1_000_000 / i64::from(rate_hz.max(1));
        let mut handed = Vec::with_capacity(count);
        for number in 1..=count {
            let due = start.saturating_add(step * i64::try_from(number).unwrap_or(0));
            clock::sleep_until(Timestamp::from_micros(due));
            let now = clock::now();
            self.go(number, now)?;
            handed.push(now);
        }
        Ok(handed)
    }

    fn go(&mut self, number: usize, now: Timestamp) -> Result<()> {
        let row_begins = number.is_multiple_of(ROW);
        let (dx, dy) = if row_begins { (1 - ROW as i32, 1) } else { (1, 0) };
        match self {
            Self::Mouse(mouse) => mouse.step(f64::from(dx), f64::from(dy)),
            Self::Player(player) => player.act(&moved(number)),
            Self::Kernel(pipe) if row_begins => pipe.say(now, &[(2, 0, dx), (2, 1, dy)]),
            Self::Kernel(pipe) => pipe.say(now, &[(2, 0, dx)]),
        }
    }
}

fn moved(number: usize) -> MouseEvent {
    let (x, y) = ((number % ROW) as f64, (number / ROW) as f64);
    MouseEvent { at: Timestamp::default(), kind: MouseKind::Move, x, y }
}

/// The number of a place; `None` where no number is.
pub(super) fn number(event: &MouseEvent) -> Option<usize> {
    let inside = event.x >= 0.0 && event.y >= 0.0 && event.x < ROW as f64;
    inside.then_some(event.y as usize * ROW + event.x as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own() {
        for place in [0, 1, ROW - 1, ROW, 80_000] {
            assert_eq!(number(&moved(place)), Some(place));
        }
        assert_eq!(number(&MouseEvent { x: -1.0, ..moved(0) }), None);
    }
}
