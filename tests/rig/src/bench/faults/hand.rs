//! A hand that moves the mouse of a test desktop until it is told to stop, and goes on when the
//! display comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::inject::Player;
use mousewarden::error::{Failure, Result};
use mousewarden::lab::synthesis::{Device, Pauses, SyntheticUser};
use mousewarden::pipeline::event::Micros;
use mousewarden::pipeline::{MouseEvent, Timestamp};
use mousewarden::platform::clock;

/// So many events are played without a look at whether to stop.
const PIECE: usize = 40;
/// The movement, which is repeated.
const LENGTH: Micros = Micros::from_millis(120_000);
/// Before a display that is gone is looked for again.
const AGAIN: Micros = Micros::from_millis(100);

/// Moves until it is dropped.
pub(super) struct MovingHand {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MovingHand {
    /// Begins to move on this display.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(super) fn start(display: &str) -> Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let (told, display) = (Arc::clone(&over), display.to_owned());
        let thread =
            thread::Builder::new().name("hand".into()).spawn(move || work(&display, &told));
        let thread = thread.map_err(|error| Failure::io("starting the hand", error))?;
        Ok(Self { over, thread: Some(thread) })
    }
}

impl Drop for MovingHand {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // It has nothing to tell.
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

fn work(display: &str, over: &AtomicBool) {
    let script = script();
    let mut player = None;
    for piece in script.chunks(PIECE).cycle() {
        if over.load(Ordering::Relaxed) {
            return;
        }
        if player.is_none() {
            player = Player::open(display).ok();
        }
        let played = player.as_mut().is_some_and(|player| player.play(piece).is_ok());
        if !played {
            player = None;
            clock::sleep_until(clock::now() + AGAIN);
        }
    }
}

fn script() -> Vec<MouseEvent> {
    let device = Device::steady(125.0, [1280, 800]);
    let start = Timestamp::default();
    let moves = SyntheticUser::generate(3).moves(&device, 1, start, Pauses::Natural);
    moves.take_while(|event| event.at - start < LENGTH).collect()
}
