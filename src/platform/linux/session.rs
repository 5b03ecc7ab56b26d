//! Tells when the session is locked, unlocked, loses its seat or sleeps, as boundaries in the time
//! of the monotonic clock. Listens to logind and changes nothing; where there is no logind it is
//! silently absent.

use std::collections::HashMap;
use std::thread;

use crossbeam_channel::Sender;
use zbus::MatchRule;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::{Message, Type};
use zbus::zvariant::OwnedValue;

use super::bus::{Bus, Object};
use super::logind;
use crate::pipeline::{Boundary, Signal};
use crate::platform::attendance::Attendance;
use crate::platform::clock;

/// Listens for as long as it lives.
#[derive(Debug)]
pub struct SessionWatch {
    link: Connection,
}

impl SessionWatch {
    /// Starts to listen. `None` where there is no system bus, no logind or no session of this user.
    /// Boundaries go into `signals`: [`Boundary::Locked`] when the screen is locked or the session
    /// loses its seat, [`Boundary::Unlocked`] when an unlock ends that and at once where the session has
    /// just begun with a password, [`Boundary::Start`] when an unlocked session gets its seat back, [`Boundary::Suspended`] before and after sleep.
    pub fn start(bus: &Bus, signals: Sender<Signal>) -> Option<Self> {
        let link = bus.connect().ok()?;
        let session = logind::session(&link).ok()?;
        let rule =
            MatchRule::builder().msg_type(Type::Signal).sender(logind::SERVICE).ok()?.build();
        let messages = MessageIterator::for_match_rule(rule, &link, Some(64)).ok()?;
        let attendance = Attendance {
            locked: session.flag(&link, "LockedHint").unwrap_or(false),
            active: session.flag(&link, "Active").unwrap_or(true),
        };
        if attendance.is_away() {
            send(&signals, Boundary::Locked);
        } else if logind::just_logged_in(&link, &session) {
            send(&signals, Boundary::Unlocked);
        }
        let mut state = State { session, attendance };
        let work = move || {
            for message in messages.map_while(Result::ok) {
                if let Some(kind) = state.take(&message) {
                    send(&signals, kind);
                }
            }
        };
        thread::Builder::new().name("session-watch".to_owned()).spawn(work).ok()?;
        Some(Self { link })
    }
}

impl Drop for SessionWatch {
    fn drop(&mut self) {
        // The thread ends with the connection; it may have been closed from the other side.
        let _ = self.link.clone().close();
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
