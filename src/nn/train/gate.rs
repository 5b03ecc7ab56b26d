//! Where two threads wait for each other, asleep: on a machine in use a spinning thread would take
//! the processor from the one it waits for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A barrier for two that opens for good when one of them has failed.
#[derive(Debug, Default)]
pub(crate) struct Barrier {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: bool,
    round: u64,
    broken: bool,
}

impl Barrier {
    /// Waits for the other thread; false if it has failed.
    pub(crate) fn pass(&self) -> bool {
        let mut state = self.state();
        if state.broken {
            return false;
        }
        if state.waiting {
            state.waiting = false;
            state.round += 1;
            self.opened.notify_one();
            return true;
        }
        state.waiting = true;
        let round = state.round;
        while state.round == round && !state.broken {
            state = self.opened.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // A failure after both had come is told at the next gate.
        state.round != round
    }

    /// Lets the other thread go if the current one panics while the guard lives.
    pub(crate) fn break_on_panic(&self) -> BreakGuard<'_> {
        BreakGuard(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Barrier::break_on_panic`].
pub struct BreakGuard<'a>(&'a Barrier);

impl Drop for BreakGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().broken = true;
            self.0.opened.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_thread_does_not_leave_the_other_waiting() {
        let gate = Barrier::default();
        std::thread::scope(|scope| {
            let failing = scope.spawn(|| {
                let _breaks = gate.break_on_panic();
                assert!(gate.pass());
                panic!("on purpose");
            });
            assert!(gate.pass());
            assert!(!gate.pass());
            assert!(failing.join().is_err());
        });
    }
}
