//! A synthetic user's hand on the test desktop's mouse: one movement after another, each event at
//! its moment.

use super::{device, pauses};
use crate::inject::Player;
use mousewarden::error::Result;
use mousewarden::lab::synthesis::{Movement, SyntheticUser};
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{Segmenter, Signal, Timestamp, WindowParams};
use mousewarden::platform::clock;

/// A hand on the mouse.
pub struct DemoHand {
    player: Player,
    moves: Movement,
    segmenter: Segmenter,
    windows: usize,
    /// What to add to a generated time to get the clock's.
    offset: Micros,
}

impl DemoHand {
    /// The person takes the mouse now; `session` picks one of their days.
    pub fn take(player: Player, person: &SyntheticUser, session: u64) -> Self {
        Self {
            player,
            moves: person.moves(&device(), session, Timestamp::default(), pauses()),
            segmenter: Segmenter::new(WindowParams::default()),
            windows: 0,
            offset: clock::now() - Timestamp::default(),
        }
    }

    /// How many windows an agent with the usual parameters has seen so far.
    pub const fn windows(&self) -> usize {
        self.windows
    }

    /// Plays until the next window is complete.
    ///
    /// # Errors
    /// When the display goes away.
    pub fn movement(&mut self) -> Result<()> {
        let before = self.windows;
        while self.windows == before {
            let Some(event) = self.moves.next() else { break };
            if self.segmenter.push(Signal::Mouse(event)).is_some() {
                self.windows += 1;
            }
            clock::sleep_until(event.at + self.offset);
            self.player.act(&event)?;
        }
        Ok(())
    }

    /// Takes the hand off the mouse for as long as a pause must last, and a little longer.
    pub fn rest(&self) {
        let pause = WindowParams::default().pause();
        clock::sleep_until(clock::now() + pause + Micros::from_millis(150));
    }
}
