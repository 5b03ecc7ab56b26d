//! Desktop notifications: one notice that is replaced rather than stacked, with buttons where the
//! server offers them. No call waits longer than its deadline, whatever the server does. An answer is
//! passed on as it is; nothing here believes it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crossbeam_channel::Sender;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::Message;
use zbus::zvariant::Value;
use zbus::{MatchRule, message};

use super::bus::{Bus, Object};
use crate::error::{Failure, Kind, Result};
use crate::platform::{Answer, Notice, Notifier};

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const IT_WAS_ME: &str = "it-was-me";
const LOCK_NOW: &str = "lock-now";

/// Tells the person through the desktop's notification server.
#[derive(Debug)]
pub struct DesktopNotifier {
    bus: Bus,
    answers: Sender<Answer>,
    link: Option<Connection>,
    current: Arc<Mutex<Current>>,
}

/// The notice that the server shows.
#[derive(Debug, Default)]
struct Current {
    /// 0 when there is none.
    id: u32,
    /// The server that gave the number, by its unique name on the bus.
    server: String,
    /// Whether an answer to it may still come.
    open: bool,
}

impl DesktopNotifier {
    /// Connects to the bus. A server need not run yet. Answers go into `answers`; when that is
    /// full they are lost, so it should hold a few.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when there is no such bus.
    pub fn open(bus: Bus, answers: Sender<Answer>) -> Result<Self> {
        let mut notifier = Self { bus, answers, link: None, current: Arc::default() };
        notifier.connect().map(|_link| ())?;
        Ok(notifier)
    }

    fn connect(&mut self) -> Result<Connection> {
        if let Some(link) = &self.link {
            return Ok(link.clone());
        }
        let link = self.bus.connect()?;
        listen(&link, Arc::clone(&self.current), self.answers.clone())?;
        self.link = Some(link.clone());
        Ok(link)
    }

    fn show(&self, link: &Connection, notice: &Notice) -> zbus::Result<()> {
        let call = |method| Object::new(SERVICE, PATH, SERVICE).call(link, method, &());
        let capabilities: Vec<String> = call("GetCapabilities")?;
        let server = owner(link)?;
        let can = |what: &str| capabilities.iter().any(|capability| capability == what);
        let replaces = {
            let current = lock(&self.current);
            // Another server may have given the same number to somebody else's notice.
            if current.server == server { current.id } else { 0 }
        };
        let id = send(link, notice, replaces, can("actions"), can("body-markup"))?;
        *lock(&self.current) = Current { id, server, open: notice.ask };
        Ok(())
    }
}

impl Notifier for DesktopNotifier {
    fn notify(&mut self, notice: &Notice) -> Result<()> {
        let link = self.connect()?;
        self.show(&link, notice).map_err(|error| {
            if matches!(error, zbus::Error::InputOutput(_)) {
                // The bus itself is gone; the next notice looks for it again.
                self.link = None;
            }
            Failure::new(Kind::Unavailable, format!("the notification was not shown: {error}"))
                .remedy("Check that a notification server runs: `mousewarden doctor`.")
        })
    }
}

fn lock(current: &Mutex<Current>) -> MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

fn owner(link: &Connection) -> zbus::Result<String> {
    let daemon = "org.freedesktop.DBus";
    Object::new(daemon, "/org/freedesktop/DBus", daemon).call(link, "GetNameOwner", &(SERVICE,))
}

fn send(
    link: &Connection,
    notice: &Notice,
    replaces: u32,
    actions: bool,
    markup: bool,
) -> zbus::Result<u32> {
    let actions: &[&str] = match (notice.ask, actions) {
        (true, true) => &[IT_WAS_ME, "It was me", LOCK_NOW, "Lock now"],
        _ => &[],
    };
    let body = if markup { escape(&notice.body) } else { notice.body.clone() };
    let (urgency, timeout_ms) = if notice.urgent { (2_u8, 0) } else { (1, -1) };
    let hints = HashMap::from([
        ("urgency", Value::from(urgency)),
        ("desktop-entry", Value::from("mousewarden")),
    ]);
    let summary = notice.summary.as_str();
    Object::new(SERVICE, PATH, SERVICE).call(
        link,
        "Notify",
        &("mousewarden", replaces, "input-mouse", summary, body, actions, hints, timeout_ms),
    )
}

/// The three characters that mean something in the markup of a body.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Passes answers on from a thread that ends with the connection.
fn listen(link: &Connection, current: Arc<Mutex<Current>>, answers: Sender<Answer>) -> Result<()> {
    let refused =
        |error: zbus::Error| Failure::new(Kind::Unavailable, format!("session bus: {error}"));
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender(SERVICE)
        .and_then(|rule| rule.interface(SERVICE))
        .map_err(refused)?
        .build();
    let signals = MessageIterator::for_match_rule(rule, link, Some(16)).map_err(refused)?;
    let work = move || {
        for signal in signals.map_while(std::result::Result::ok) {
            if let Some(answer) = answer(&signal, &current) {
                // A full channel loses an answer, which is the same as none.
                let _ = answers.try_send(answer);
            }
        }
    };
    let started = thread::Builder::new().name("notify-answers".to_owned()).spawn(work);
    started.map(drop).map_err(|error| Failure::io("thread for answers", error))
}

/// The answer in a signal about our notice, once.
fn answer(signal: &Message, current: &Mutex<Current>) -> Option<Answer> {
    let header = signal.header();
    let (id, answer) = match header.member()?.as_str() {
        "ActionInvoked" => {
            let (id, key): (u32, String) = signal.body().deserialize().ok()?;
            let answer = match key.as_str() {
                IT_WAS_ME => Answer::ItWasMe,
                LOCK_NOW => Answer::LockNow,
                _ => return None,
            };
            (id, answer)
        }
        "NotificationClosed" => {
            let (id, _reason): (u32, u32) = signal.body().deserialize().ok()?;
            (id, Answer::Dismissed)
        }
        _ => return None,
    };
    let mut current = lock(current);
    let ours = id != 0 && current.id == id && current.open;
    current.open &= !ours;
    ours.then_some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_shown_and_not_obeyed() {
        assert_eq!(escape("a < b && c > d"), "a &lt; b &amp;&amp; c &gt; d");
    }
}
