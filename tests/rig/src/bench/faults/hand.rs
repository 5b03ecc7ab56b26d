//! A hand that moves the mouse of a test desktop until it is told to stop, and goes on when the
//! display comes back.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

/// So many moments of movement are kept, some minutes.
const KEPT: usize = 1000;

/// Moves until it is dropped.
pub(super) struct MovingHand {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    moved: Mutex<VecDeque<Timestamp>>,
}

impl MovingHand {
    /// Begins to move on this display.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(super) fn start(display: &str) -> Result<Self> {
        let shared = Arc::<Shared>::default();
        let told = Arc::clone(&shared);
        let display = display.to_owned();
        let thread =
            thread::Builder::new().name("hand".into()).spawn(move || work(&display, &told));
        let thread = thread.map_err(|error| Failure::io("starting the hand", error))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Whether it has moved between these moments.
    pub(super) fn has_moved(&self, from: Timestamp, to: Timestamp) -> bool {
        let moved = self.shared.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.iter().any(|at| (from..to).contains(at))
    }
}

impl Drop for MovingHand {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // It has nothing to tell.
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

fn work(display: &str, shared: &Shared) {
    let script = script();
    let mut player = None;
    for piece in script.chunks(PIECE).cycle() {
        if shared.over.load(Ordering::Relaxed) {
            return;
        }
        if player.is_none() {
            player = Player::open(display).ok();
        }
        let played = player.as_mut().is_some_and(|player| player.play(piece).is_ok());
        if played {
            shared.note(clock::now());
        } else {
            player = None;
            clock::sleep_until(clock::now() + AGAIN);
        }
    }
}

impl Shared {
    /// Has just moved.
    fn note(&self, at: Timestamp) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.truncate(KEPT);
        moved.push_front(at);
    }
}

fn script() -> Vec<MouseEvent> {
    let device = Device::steady(125.0, [1280, 800]);
    let start = Timestamp::default();
    let moves = SyntheticUser::generate(3).moves(&device, 1, start, Pauses::Natural);
    moves.take_while(|event| event.at - start < LENGTH).collect()
}
