//! The thread that talks to the notification server through `notify-rust`, and waits for the answer
//! to the notice that it showed. It may hang in a call for ever, so whoever waits for it has a
//! deadline, and it ends by itself once its owner has gone.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use notify_rust::{
    Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency,
    get_capabilities,
};

use crate::error::{Failure, FailureKind, Result};
use crate::platform::linux::bus::{Bus, Object};
use crate::platform::{Notice, NoticeAnswer};

const SERVICE: &str = "org.freedesktop.Notifications";
const IT_WAS_ME: &str = "it-was-me";
const LOCK_NOW: &str = "lock-now";

/// Where a notice is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoticeSlot {
    /// The number that the server gave it.
    id: u32,
    /// That server, by its unique name on the bus: another one counts anew, and may have given the
    /// same number to somebody else's notice.
    server: String,
}

/// The owner's end of the thread. Fields are dropped in their order: the thread is woken when it
/// can see that there is nothing more to come.
#[derive(Debug)]
pub(super) struct NotificationWorker {
    requests: Sender<Request>,
    sleeper: Sleeper,
}

#[derive(Debug)]
enum Request {
    /// To show this in place of another.
    Show { notice: Notice, replaces: Option<NoticeSlot>, outcome: Sender<Result<NoticeSlot>> },
    /// To take away what is shown.
    Withdraw(Sender<()>),
}

#[derive(Debug)]
struct Sleeper(Thread);

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.unpark();
    }
}

impl NotificationWorker {
    /// Starts the thread, which keeps `alive` as long as it lives.
    pub(super) fn start(answers: Sender<NoticeAnswer>, alive: Arc<()>) -> Result<Self> {
        let (requests, incoming) = bounded(1);
        let started = thread::Builder::new().name("notifications".to_owned()).spawn(move || {
            serve(&incoming, &answers);
            drop(alive);
        });
        let thread = started.map_err(|error| Failure::io("thread for notifications", error))?;
        Ok(Self { requests, sleeper: Sleeper(thread.thread().clone()) })
    }

    /// Shows a notice in place of another; `None` when it was not shown in time.
    pub(super) fn show(
        &self,
        notice: &Notice,
        replaces: Option<NoticeSlot>,
        within: Duration,
    ) -> Option<Result<NoticeSlot>> {
        let (outcome, shown) = bounded(1);
        self.requests.try_send(Request::Show { notice: notice.clone(), replaces, outcome }).ok()?;
        self.sleeper.0.unpark();
        shown.recv_timeout(within).ok()
    }

    /// Takes away what is shown; `false` when that was not done in time.
    pub(super) fn withdraw(&self, within: Duration) -> bool {
        let (outcome, gone) = bounded(1);
        let asked = self.requests.try_send(Request::Withdraw(outcome)).is_ok();
        self.sleeper.0.unpark();
        asked && gone.recv_timeout(within).is_ok()
    }
}

fn serve(requests: &Receiver<Request>, answers: &Sender<NoticeAnswer>) {
    let mut handle = None;
    // Whether an answer to the notice that is shown may still come.
    let mut open = false;
    let mut next = requests.recv().ok();
    while let Some(request) = next {
        match request {
            Request::Show { notice, replaces, outcome } => {
                let shown = show(&notice, replaces, &mut handle);
                open = if shown.is_ok() { notice.ask } else { open };
                if outcome.send(shown).is_err() {
                    return;
                }
            }
            Request::Withdraw(outcome) => {
                open = false;
                handle.take().into_iter().for_each(NotificationHandle::close);
                if outcome.send(()).is_err() {
                    return;
                }
            }
        }
        next = match &handle {
            Some(handle) if open => answer_or_next(handle, requests, answers, &mut open),
            _ => requests.recv().ok(),
        };
    }
}

/// Shows a notice. Its handle is kept and updated as long as the server is the same: some servers
/// take a notice away when the connection that showed it ends, and some tell an answer only to the
/// connection that showed the notice last, so that another waiter would wait for ever.
fn show(
    notice: &Notice,
    replaces: Option<NoticeSlot>,
    handle: &mut Option<NotificationHandle>,
) -> Result<NoticeSlot> {
    let capabilities = get_capabilities().map_err(not_shown)?;
    let server = owner()?;
    let replaces = replaces.filter(|place| place.server == server).map(|place| place.id);
    let mut notification = compose(notice, &capabilities);
    let shown = match handle.take().filter(|handle| Some(handle.id()) == replaces) {
        Some(mut shown) => {
            *shown = notification;
            shown.update().map(|()| shown)
        }
        None => notification.id(replaces.unwrap_or(0)).show(),
    };
    let shown = handle.insert(shown.map_err(not_shown)?);
    Ok(NoticeSlot { id: shown.id(), server })
}

fn not_shown(error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("the notification was not shown: {error}"))
        .remedy("Check the desktop session and its notification server: `mousewarden doctor`.")
}

/// The unique name of the server. Asked on a connection of its own: the library's are its secret.
fn owner() -> Result<String> {
    let daemon = "org.freedesktop.DBus";
    let link = Bus::Session.connect()?;
    Object::new(daemon, "/org/freedesktop/DBus", daemon)
        .call(&link, "GetNameOwner", &(SERVICE,))
        .map_err(not_shown)
}

fn compose(notice: &Notice, capabilities: &[String]) -> Notification {
    let can = |what: &str| capabilities.iter().any(|capability| capability == what);
    let mut notification = Notification::new();
    let (urgency, timeout) = if notice.urgent {
        (Urgency::Critical, Timeout::Never)
    } else {
        (Urgency::Normal, Timeout::Default)
    };
    let body = if can("body-markup") { escape(&notice.body) } else { notice.body.clone() };
    notification
        .appname("mousewarden")
        .icon("input-mouse")
        .hint(Hint::DesktopEntry("mousewarden".to_owned()))
        .summary(&notice.summary)
        .body(&body)
        .urgency(urgency)
        .timeout(timeout);
    if notice.ask && can("actions") {
        notification.action(IT_WAS_ME, "It was me (password)").action(LOCK_NOW, "Lock now");
    }
    notification
}

/// The three characters that mean something in the markup of a body.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Waits for the next request, and passes an answer on that comes before it.
fn answer_or_next(
    handle: &NotificationHandle,
    requests: &Receiver<Request>,
    answers: &Sender<NoticeAnswer>,
    open: &mut bool,
) -> Option<Request> {
    let mut next = Err(TryRecvError::Empty);
    // Not `wait_for_response`: that never ends when the server dies without a word, and takes the
    // handle along. Both may miss a signal that follows hard on another one to this connection
    // (`ActivationToken`, then `ActionInvoked`): the library listens anew after each.
    let answered = handle.wait_for_action_async(|response| {
        if let Some(answer) = answer(response) {
            // A full channel loses an answer, which is the same as none.
            let _ = answers.try_send(answer);
        }
    });
    let ended = poll_while(answered, || {
        thread::park();
        next = requests.try_recv();
        matches!(next, Err(TryRecvError::Empty))
    });
    *open = ended.is_none();
    match next {
        Ok(request) => Some(request),
        Err(TryRecvError::Empty) => requests.recv().ok(),
        Err(TryRecvError::Disconnected) => None,
    }
}

fn answer(response: &NotificationResponse) -> Option<NoticeAnswer> {
    match response {
        NotificationResponse::Action(key) if key == IT_WAS_ME => Some(NoticeAnswer::ItWasMe),
        NotificationResponse::Action(key) if key == LOCK_NOW => Some(NoticeAnswer::LockNow),
        NotificationResponse::Closed(_) => Some(NoticeAnswer::Dismissed),
        _ => None,
    }
}

/// Runs a future on this thread until it is ready or `sleep`, which is ended by an unpark, says no.
fn poll_while<F: Future>(future: F, mut sleep: impl FnMut() -> bool) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if !sleep() {
            return None;
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_shown_and_not_obeyed() {
        assert_eq!(escape("a < b && c > d"), "a &lt; b &amp;&amp; c &gt; d");
    }
}
