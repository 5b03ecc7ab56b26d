//! Tells when the session is locked, unlocked, loses its seat or sleeps, as boundaries in the time
//! of the monotonic clock. It listens to logind; where the bus is silent, or comes to its end, it
//! is looked for again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use zbus::MatchRule;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::{Message, Type};
use zbus::zvariant::OwnedValue;

use crate::pipeline::{Boundary, Signal};
use crate::platform::clock;
use crate::platform::linux::bus::{Bus, Object};
use crate::platform::linux::logind;
use crate::platform::session::attendance::Attendance;

/// How long after a failure logind is looked for again.
const RETRY: Duration = Duration::from_secs(30);

/// The connection that is listened on now, if there is one.
type Link = Arc<Mutex<Option<Connection>>>;

/// Listens for as long as it lives.
#[derive(Debug)]
pub struct SessionWatch {
    link: Link,
    is_up: bool,
    /// The thread ends when this is gone.
    stop: Option<Sender<()>>,
}

impl SessionWatch {
    /// Starts to listen. `None` where there is no system bus, no logind or no session of this user.
    /// Boundaries go into `signals`: [`Boundary::Locked`] when the screen is locked or the session
    /// loses its seat, [`Boundary::Unlocked`] when an unlock ends that and at once where the
    /// session has just begun with a password, [`Boundary::Start`] when an unlocked session gets
    /// its seat back, [`Boundary::Suspended`] before and after sleep.
    pub fn start(bus: &Bus, signals: Sender<Signal>) -> Option<Self> {
        Self::seek(bus, signals, None).filter(Self::is_up)
    }

    /// As [`Self::start`], but goes on looking for logind where it was not found. Returns once it
    /// is found, or after `patience`; without one, as soon as it is known whether it is.
    pub fn seek(bus: &Bus, signals: Sender<Signal>, patience: Option<Duration>) -> Option<Self> {
        let (stop, stopped) = bounded(0);
        let (told, first) = bounded(1);
        let link = Link::default();
        let mut seeker = Seeker { bus: bus.clone(), signals, link: Arc::clone(&link), last: None };
        thread::Builder::new()
            .name("session-watch".to_owned())
            .spawn(move || seeker.live(&stopped, &told))
            .ok()?;
        let is_up = match patience {
            Some(patience) => first.recv_timeout(patience).unwrap_or(false),
            None => first.recv().unwrap_or(false),
        };
        Some(Self { link, is_up, stop: Some(stop) })
    }

    /// Whether logind was found when it was looked for first.
    pub const fn is_up(&self) -> bool {
        self.is_up
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        // First: the thread may be about to listen on a new connection.
        self.stop = None;
        // What the thread waits for ends with the connection; it may have been closed from the
        // other side.
        lock(&self.link).take().into_iter().for_each(|link| drop(link.close()));
    }
}

fn lock(link: &Link) -> MutexGuard<'_, Option<Connection>> {
    link.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's state.
struct Seeker {
    bus: Bus,
    signals: Sender<Signal>,
    link: Link,
    /// What was known when the last connection ended.
    last: Option<Attendance>,
}

impl Seeker {
    fn live(&mut self, stopped: &Receiver<()>, told: &Sender<bool>) {
        loop {
            let found = self.look();
            // Only the first is waited for.
            let _ = told.try_send(found.is_some());
            if let Some((state, messages)) = found
                && stopped.try_recv() != Err(TryRecvError::Disconnected)
            {
                self.listen(state, messages);
            }
            if stopped.recv_timeout(RETRY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Looks for the session, tells how it is, and makes ready to listen.
    fn look(&mut self) -> Option<(State, MessageIterator)> {
        let link = self.bus.connect().ok()?;
        let session = logind::session(&link).ok()?;
        let rule =
            MatchRule::builder().msg_type(Type::Signal).sender(logind::SERVICE).ok()?.build();
        let messages = MessageIterator::for_match_rule(rule, &link, Some(64)).ok()?;
        let attendance = Attendance {
            locked: session.flag(&link, "LockedHint").unwrap_or(false),
            active: session.flag(&link, "Active").unwrap_or(true),
        };
        let fresh = self.last.is_none() && logind::just_logged_in(&link, &session);
        let kind = found(self.last, attendance, fresh);
        kind.into_iter().for_each(|kind| send(&self.signals, kind));
        *lock(&self.link) = Some(link);
        Some((State { session, attendance }, messages))
    }

    fn listen(&mut self, mut state: State, messages: MessageIterator) {
        for message in messages.map_while(Result::ok) {
            state.take(&message).into_iter().for_each(|kind| send(&self.signals, kind));
        }
        self.last = Some(state.attendance);
    }
}

/// What it means to find a session like this, after what was known before.
fn found(before: Option<Attendance>, now: Attendance, just_logged_in: bool) -> Option<Boundary> {
    match before.map(Attendance::is_away) {
        None if now.is_away() => Some(Boundary::Locked),
        None => just_logged_in.then_some(Boundary::Unlocked),
        Some(false) if now.is_away() => Some(Boundary::Locked),
        // Nobody saw whether a password was given.
        Some(true) if !now.is_away() => Some(Boundary::Start),
        Some(_) => None,
    }
}

fn send(signals: &Sender<Signal>, kind: Boundary) {
    // When nobody listens any more there is nobody to tell.
    let _ = signals.send(Signal::Boundary { at: clock::now(), kind });
}

#[derive(Debug)]
struct State {
    session: Object,
    attendance: Attendance,
}

impl State {
    fn take(&mut self, message: &Message) -> Option<Boundary> {
        let header = message.header();
        match header.member().map(|member| member.as_str()) {
            Some("PrepareForSleep") => Some(Boundary::Suspended),
            Some("PropertiesChanged")
                if header.path().is_some_and(|path| path.as_str() == self.session.path) =>
            {
                let body = message.body();
                type Changed = (String, HashMap<String, OwnedValue>, Vec<String>);
                let (_, changed, _) = body.deserialize::<Changed>().ok()?;
                let flag = |name| bool::try_from(changed.get(name)?).ok();
                self.attendance.changed(flag("LockedHint"), flag("Active"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_is_found_again_open_proves_no_password() {
        let locked = Attendance { locked: true, active: true };
        let open = Attendance { locked: false, active: true };
        assert_eq!(found(None, locked, false), Some(Boundary::Locked));
        assert_eq!(found(None, open, true), Some(Boundary::Unlocked));
        assert_eq!(found(Some(locked), open, false), Some(Boundary::Start));
        assert_eq!(found(Some(open), locked, false), Some(Boundary::Locked));
        assert_eq!(found(Some(open), open, false), None);
    }
}
