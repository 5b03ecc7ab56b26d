//! The log of the test desktop's bus: each notification as its server received it, with
//! the number that the server gave it. Reads along only: it never sends or changes a message.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use zbus::blocking::{Connection, MessageIterator, connection, fdo::MonitoringProxy};
use zbus::message::{Message, Type};
use zbus::zvariant::Value;

use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::pipeline::Timestamp;
use mousewarden::platform::clock;

const INTERFACE: &str = "org.freedesktop.Notifications";

/// A notification as the server received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// When it passed over the bus, on the monotonic clock.
    pub at: Timestamp,
    /// The program that sent it.
    pub app: String,
    /// The number of the notification that it replaces; 0 replaces none.
    pub replaces: u32,
    /// The headline.
    pub summary: String,
    /// The text below.
    pub body: String,
    /// Buttons: key and label by turns.
    pub actions: Vec<String>,
    /// 0 low, 1 normal, 2 critical.
    pub urgency: Option<u8>,
    /// Milliseconds until it goes; -1 as the server likes, 0 never.
    pub timeout_ms: i32,
    /// The number that the server gave it; `None` until it has answered.
    pub id: Option<u32>,
}

#[derive(Debug, Default)]
struct Book {
    shown: Vec<Shown>,
    /// Calls that the server has not answered: who called under which serial, index of the entry.
    open: HashMap<(String, u32), usize>,
}

/// What was shown on the desktop so far. Cloning gives another view of the same log.
#[derive(Debug, Clone)]
pub struct NotificationLog {
    book: Arc<(Mutex<Book>, Condvar)>,
}

impl NotificationLog {
    /// Starts to listen on the bus at this address.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when the bus cannot be reached or does not let itself be
    /// listened to.
    pub fn open(address: &str) -> Result<Self> {
        let refused = |error: zbus::Error| {
            Failure::new(
                FailureKind::Unavailable,
                format!("cannot listen on the bus {address}: {error}"),
            )
        };
        let bus = connect(address)?;
        let messages = MessageIterator::from(&bus);
        MonitoringProxy::new(&bus)
            .and_then(|monitoring| monitoring.become_monitor(&[], 0).map_err(Into::into))
            .map_err(refused)?;
        let log = Self { book: Arc::default() };
        let book = Arc::clone(&log.book);
        thread::Builder::new()
            .name("bus-log".to_owned())
            .spawn(move || {
                for message in messages.map_while(std::result::Result::ok) {
                    note(&book, &message);
                }
            })
            .map_err(|error| Failure::io("thread for the bus log", error))?;
        Ok(log)
    }

    /// Everything shown so far, in order.
    pub fn all(&self) -> Vec<Shown> {
        lock(&self.book.0).shown.clone()
    }

    /// Waits until one of the notifications fits, and returns the first that does.
    pub fn wait_for(&self, within: Duration, fits: impl Fn(&Shown) -> bool) -> Option<Shown> {
        let deadline = Instant::now() + within;
        let mut book = lock(&self.book.0);
        loop {
            if let Some(shown) = book.shown.iter().find(|shown| fits(shown)) {
                return Some(shown.clone());
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            let waited = self.book.1.wait_timeout(book, left);
            book = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A connection to the bus at this address.
pub(super) fn connect(address: &str) -> Result<Connection> {
    connection::Builder::address(address).and_then(connection::Builder::build).map_err(|error| {
        Failure::new(FailureKind::Unavailable, format!("cannot reach the bus {address}: {error}"))
    })
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(book: &(Mutex<Book>, Condvar), message: &Message) {
    let header = message.header();
    let member = header.member().map_or("", |member| member.as_str());
    match message.message_type() {
        Type::MethodCall
            if member == "Notify" && header.interface().is_some_and(|i| i == INTERFACE) =>
        {
            let Some(shown) = read(message) else { return };
            let sender = header.sender().map(ToString::to_string).unwrap_or_default();
            let mut book = lock(&book.0);
            let index = book.shown.len();
            book.open.insert((sender, header.primary().serial_num().get()), index);
            book.shown.push(shown);
        }
        Type::MethodReturn => {
            let (Some(to), Some(serial)) = (header.destination(), header.reply_serial()) else {
                return;
            };
            let mut book = lock(&book.0);
            let Some(index) = book.open.remove(&(to.to_string(), serial.get())) else { return };
            book.shown[index].id = message.body().deserialize().ok();
        }
        _ => return,
    }
    book.1.notify_all();
}

/// The arguments of `Notify` as the desktop notifications specification 1.2 orders them.
type Arguments<'a> =
    (String, u32, String, String, String, Vec<String>, HashMap<String, Value<'a>>, i32);

fn read(message: &Message) -> Option<Shown> {
    let body = message.body();
    let (app, replaces, _icon, summary, text, actions, hints, timeout_ms) =
        body.deserialize::<Arguments<'_>>().ok()?;
    let urgency = hints.get("urgency").and_then(|urgency| u8::try_from(urgency).ok());
    let at = clock::now();
    Some(Shown { at, app, replaces, summary, body: text, actions, urgency, timeout_ms, id: None })
}
