//! What a source tells of itself besides signals: what captures, now and a moment ago, and how it
//! is getting on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::capture::description::Capture;
use crate::pipeline::Timestamp;

/// Changes that a view remembers.
// A signal waits seconds at most, and screens or devices change far less often than 64 times in
// that.
const REMEMBERED: usize = 64;

/// What captures now, as the source keeps it up to date, and what captured a moment ago; clones
/// share it. Signals wait in queues: who takes one out asks by its time.
#[derive(Debug, Clone, Default)]
pub struct CaptureView(Arc<Mutex<VecDeque<(Timestamp, Capture)>>>);

impl CaptureView {
    /// One that shows this.
    pub fn of(capture: Capture) -> Self {
        let view = Self::default();
        view.set(capture);
        view
    }

    /// What captures now.
    pub fn get(&self) -> Capture {
        self.lock().back().map(|(_, capture)| capture.clone()).unwrap_or_default()
    }

    /// What captured at this moment, as far as is remembered.
    pub fn at(&self, at: Timestamp) -> Capture {
        let all = self.lock();
        // A signal older than all that is remembered belongs to the oldest that still is.
        let then = all.iter().rfind(|(from, _)| *from <= at).or(all.front());
        then.map(|(_, capture)| capture.clone()).unwrap_or_default()
    }

    /// Shows another one from now on.
    pub fn set(&self, capture: Capture) {
        // Without a moment of its own it holds from where the last one did, so that `at` finds it
        // at once.
        let from = self.lock().back().map_or(Timestamp::default(), |(from, _)| *from);
        self.set_from(from, capture);
    }

    /// Shows another one, which has captured since `from`.
    pub(crate) fn set_from(&self, from: Timestamp, capture: Capture) {
        let mut all = self.lock();
        if all.len() >= REMEMBERED {
            all.pop_front();
        }
        all.push_back((from, capture));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Timestamp, Capture)>> {
        // A panic elsewhere leaves the list whole: every change of it is one push or one pop.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a source says of its own state, besides signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureNews {
    /// It sees nothing for now and tries to mend that; why, in half a sentence.
    Blind(String),
    /// It sees the mouse again.
    Sees,
    /// A program moves the pointer; what it does is left out.
    ProgramMoves,
    /// No program does any more.
    ProgramRests,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_tells_what_captured_when_a_signal_was_made() {
        let view = CaptureView::of(Capture::by("a"));
        let ms = Timestamp::from_millis;
        view.set_from(ms(10), Capture::by("b"));
        view.set_from(ms(20), Capture::by("c"));
        let by = |at| view.at(ms(at)).backend;
        assert_eq!([by(5), by(10), by(19), by(20), by(99)], ["a", "b", "b", "c", "c"]);
        assert_eq!(view.get().backend, "c");
        (0..1000).for_each(|i| view.set_from(ms(1000 + i), Capture::by("d")));
        assert_eq!(by(5), "d", "no more than is remembered");
    }
}
