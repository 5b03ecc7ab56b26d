//! From an alarm to a lock: the countdown, its guard, the tries, and what follows from how they
//! end.

use crossbeam_channel::after;

use super::Responder;
use super::alarm::{Countdown, Locking};
use super::locking::Word;
use crate::agent::event::Event;
use crate::agent::notice;
use crate::pipeline::{MaxAction, Timestamp};
use crate::platform::{Locked, StartedLocker};

impl Responder {
    pub(super) fn lock_by_alarm(&mut self, at: Timestamp) {
        if self.countdown.is_some() || self.locking.is_some() {
            return;
        }
        let locks = self.locks.before(at);
        if locks >= self.lock.safe_after.get() as usize {
            self.note(Event::SafeMode { locks });
            self.tell(notice::safe_mode(&self.seen, locks));
            return;
        }
        let seconds = self.lock.countdown_s.get();
        if seconds == 0 {
            self.begin_to_lock(Locking::by_alarm(at));
            self.post_guard(seconds);
            return;
        }
        self.countdown = Some(Countdown::begin(at, seconds));
        self.post_guard(seconds);
        self.note(Event::Countdown { seconds });
        self.tell(notice::countdown(&self.seen, seconds, &self.notify));
    }

    pub(super) fn post_guard(&mut self, seconds: u32) {
        match self.post_guard.as_ref().map(|post| post(&self.lock, seconds)) {
            Some(Ok(mut guard)) => {
                if let Some(locking) = &self.locking {
                    guard.acts();
                    locking.started.iter().for_each(|locker| guard.started(locker));
                }
                self.guard = Some(guard);
            }
            Some(Err(failure)) => tracing::warn!("{failure}"),
            None => {}
        }
    }

    /// Ends a countdown, or the tries of a lock that failed, without a lock; whether there was one.
    /// A lock that is being tried is not called off.
    pub(super) fn call_off(&mut self) -> bool {
        let waits = self.locking.as_ref().is_some_and(|locking| locking.again.is_some());
        let called_off = self.countdown.take().is_some() || waits;
        if waits {
            self.locking = None;
        }
        if self.locking.is_none() {
            self.send_guard_home();
        }
        called_off
    }

    pub(super) fn send_guard_home(&mut self) {
        self.guard.take().into_iter().for_each(|guard| guard.stands_down());
    }

    /// Ends a countdown by what it was for; does nothing when there is none.
    pub(super) fn lock_in_the_end(&mut self, why: &str) {
        if let Some(countdown) = self.countdown.take() {
            self.begin_to_lock(Locking::by_alarm(countdown.at));
            self.note(Event::CountdownEnded { why: why.into() });
        }
    }

    /// Locks because somebody wants it. What a countdown was for goes on to be due: a button is no
    /// way out of a lock that fails.
    pub(super) fn lock_as_asked(&mut self) {
        let alarm = self.countdown.take().map(|countdown| countdown.at);
        self.begin_to_lock(Locking::as_asked(alarm));
    }

    pub(super) fn begin_to_lock(&mut self, locking: Locking) {
        // One that is being tried is enough; one that failed is tried again at once.
        if self.locking.as_ref().is_some_and(|locking| locking.again.is_none()) {
            return;
        }
        self.locking = Some(locking.after(self.locking.take()));
        self.try_to_lock();
    }

    pub(super) fn try_to_lock(&mut self) {
        if let Some(locking) = &mut self.locking {
            locking.again = None;
            locking.started = None;
        }
        let asked = self.lock_thread.lock();
        self.guard.iter_mut().for_each(|guard| guard.acts());
        if !asked {
            self.could_not_lock("the thread that locks is not there");
        }
    }

    pub(super) fn heard(&mut self, word: Word) {
        match word {
            Word::Started(locker) => self.locker_started(locker),
            Word::Outcome(Ok(locked)) => self.locked(locked),
            Word::Outcome(Err(failure)) => self.could_not_lock(&failure.to_string()),
            Word::Fault(why) => self.lock_command(why),
        }
    }

    /// Tells the guard, which is to start no second one when this process ends now.
    fn locker_started(&mut self, locker: StartedLocker) {
        self.guard.iter_mut().for_each(|guard| guard.started(&locker));
        self.locking.iter_mut().for_each(|locking| locking.started = Some(locker.clone()));
        tracing::info!(event = "locker", ?locker, "the locker runs; how it fares is awaited");
    }

    pub(super) fn lock_thread_died(&mut self) {
        if self.locking.is_some() {
            self.could_not_lock("the thread that locks has died");
        }
    }

    /// Says at once what would show only with the first alarm.
    pub(super) fn lock_command(&self, fault: Option<String>) {
        let due = self.shared_status.read().max_action == MaxAction::Lock;
        let fault = fault.filter(|_| due);
        if let Some(why) = &fault {
            tracing::warn!("the lock command cannot be run: {why}; see `mousewarden doctor`");
        }
        self.shared_status.problem("lock command", fault);
    }

    pub(super) fn locked(&mut self, locked: Locked) {
        let (by, confirmed) = match locked {
            Locked::Confirmed(by) => (by, true),
            Locked::Unverified(by) => (by, false),
        };
        self.send_guard_home();
        self.shared_status.problem("lock", None);
        self.note(Event::LockAsked { by, confirmed });
        let Some(locking) = self.locking.take() else { return };
        // Only what has locked counts: a locker that fails must not lead to safe mode.
        locking.alarm.into_iter().for_each(|at| self.locks.add(at));
        if locking.is_told {
            self.tell(notice::locked(&self.seen));
        }
    }

    pub(super) fn could_not_lock(&mut self, why: &str) {
        self.claim = None;
        self.shared_status.problem("lock", Some(why.to_owned()));
        self.note(Event::LockFailed { why: why.to_owned() });
        let Some(mut locking) = self.locking.take() else { return };
        if locking.failures == 0 {
            self.tell(notice::could_not_lock(why));
        }
        locking.failures += 1;
        if locking.alarm.is_some() {
            locking.again = Some(after(locking.pause()));
            self.locking = Some(locking);
        } else {
            self.send_guard_home();
        }
    }
}
