//! Toast notifications through `notify-rust`, each in place of the one before. Each is shown by a
//! thread of its own that may hang in Windows for ever; whoever waits for it has a deadline. An
//! answer is passed on as it is.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use notify_rust::{CloseReason, Notification, NotificationResponse, Timeout, Urgency};
use windows::UI::Notifications::ToastNotificationManager;
use windows::core::HSTRING;
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, RegCloseKey, RegOpenKeyExW,
};

use crate::acl::wide;
use crate::error::{Failure, FailureKind, Result};
use crate::platform::{Notice, NoticeAnswer, Notifier};

const IT_WAS_ME: &str = "it-was-me";
const LOCK_NOW: &str = "lock-now";
/// Under this name an installation registers where toasts come from.
const APP: &str = "mousewarden";
/// How long Windows may take to show a toast.
const DEADLINE: Duration = Duration::from_secs(3);
/// How many threads may hang in Windows before no further toast is tried.
const MOST_HUNG: usize = 2;

/// Tells the person by toasts.
#[derive(Debug)]
pub(crate) struct Toaster {
    answers: Sender<NoticeAnswer>,
    /// Each thread that has not shown its toast yet holds another reference.
    showing: Arc<()>,
}

impl Toaster {
    /// Answers go into `answers`; when that is full they are lost, so it should hold a few.
    pub(crate) fn new(answers: Sender<NoticeAnswer>) -> Self {
        Self { answers, showing: Arc::default() }
    }
}

impl Notifier for Toaster {
    fn notify(&mut self, notice: &Notice) -> Result<()> {
        if Arc::strong_count(&self.showing) > MOST_HUNG {
            return Err(not_shown("Windows does not answer"));
        }
        let (outcome, shown) = bounded(1);
        let toast = compose(notice);
        let answers = self.answers.clone();
        let asks = notice.ask;
        let showing = Arc::clone(&self.showing);
        let work = move || {
            take_away_the_last();
            let handle = toast.show();
            drop(showing);
            let error = handle.as_ref().err().map(ToString::to_string);
            let _ = outcome.send(error.map_or(Ok(()), |error| Err(not_shown(&error))));
            if let (Ok(handle), true) = (handle, asks) {
                // Without an answer there is nothing to pass on.
                let _ = handle.wait_for_response(|response: &NotificationResponse| {
                    let _ = answer(response).map(|answer| answers.try_send(answer));
                });
            }
        };
        let started = thread::Builder::new().name("toast".to_owned()).spawn(work);
        started.map_err(|error| Failure::io("thread for a toast", error))?;
        shown.recv_timeout(DEADLINE).unwrap_or_else(|_| Err(not_shown("Windows does not answer")))
    }

    fn withdraw(&mut self) {
        take_away_the_last();
    }
}

/// Windows would stack the next toast upon it. Under a borrowed name it is left alone: the toasts
/// of that name's owner would go with it.
fn take_away_the_last() {
    if is_registered() {
        // Nothing shown, or a Windows that keeps it, is no reason not to tell.
        let _ = ToastNotificationManager::History()
            .and_then(|shown| shown.ClearWithId(&HSTRING::from(APP)));
    }
}

fn compose(notice: &Notice) -> Notification {
    let (urgency, timeout) = if notice.urgent {
        (Urgency::Critical, Timeout::Never)
    } else {
        (Urgency::Normal, Timeout::Default)
    };
    let mut toast = Notification::new();
    toast.summary(&notice.summary).body(&notice.body).urgency(urgency).timeout(timeout);
    if is_registered() {
        toast.app_id(APP);
    }
    if notice.ask {
        toast.action(IT_WAS_ME, "It was me (password)").action(LOCK_NOW, "Lock now");
    }
    toast
}

/// `None` when it was taken away for the next one.
fn answer(response: &NotificationResponse) -> Option<NoticeAnswer> {
    Some(match response {
        NotificationResponse::Action(action) if action == IT_WAS_ME => NoticeAnswer::ItWasMe,
        NotificationResponse::Action(action) if action == LOCK_NOW => NoticeAnswer::LockNow,
        NotificationResponse::Closed(CloseReason::CloseAction) => return None,
        _ => NoticeAnswer::Dismissed,
    })
}

/// Whether an installation has told Windows of this program. Toasts of a name that Windows does not
/// know are swallowed without a word.
pub(crate) fn is_registered() -> bool {
    let key = wide(&format!("Software\\Classes\\AppUserModelId\\{APP}"));
    [HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE].into_iter().any(|root| {
        let mut opened: HKEY = std::ptr::null_mut();
        // SAFETY: the name ends with a zero; a key that was opened is closed, once.
        unsafe {
            let there = RegOpenKeyExW(root, key.as_ptr(), 0, KEY_READ, &mut opened);
            if there == ERROR_SUCCESS {
                RegCloseKey(opened);
            }
            there == ERROR_SUCCESS
        }
    })
}

fn not_shown(why: &str) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("the notification was not shown: {why}"))
        .remedy("Switch notifications on in Windows' settings; `mousewarden doctor` tells more.")
}
