//! Tells when the session is locked, unlocked, goes to another seat or sleeps, as boundaries in the
//! time of the monotonic clock. A hidden window hears of it.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::RemoteDesktop::{
    NOTIFY_FOR_THIS_SESSION, WTS_CURRENT_SESSION, WTS_SESSIONSTATE_LOCK, WTSActive, WTSFreeMemory,
    WTSINFOEXW, WTSQuerySessionInformationW, WTSRegisterSessionNotification, WTSSessionInfoEx,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CREATESTRUCTW, CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, GWLP_USERDATA,
    GetMessageW, GetWindowLongPtrW, MSG, PBT_APMRESUMEAUTOMATIC, PBT_APMSUSPEND, PostMessageW,
    PostQuitMessage, RegisterClassW, SetWindowLongPtrW, WM_CLOSE, WM_DESTROY, WM_NCCREATE,
    WM_POWERBROADCAST, WM_WTSSESSION_CHANGE, WNDCLASSW, WTS_CONSOLE_CONNECT,
    WTS_CONSOLE_DISCONNECT, WTS_REMOTE_CONNECT, WTS_REMOTE_DISCONNECT, WTS_SESSION_LOCK,
    WTS_SESSION_UNLOCK,
};

use crate::acl::wide;
use crate::pipeline::{Boundary, Signal};
use crate::platform::clock;
use crate::platform::session::attendance::Attendance;

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was locked, or unlocked.
    Locked(bool),
    /// It got, or lost, a screen: the machine's own or a remote one.
    Active(bool),
    /// It will sleep, or has slept.
    Sleep,
}

/// Feeds boundaries for as long as it lives.
#[derive(Debug)]
pub struct SessionWatch {
    _listener: Listener,
}

impl SessionWatch {
    /// Starts to listen; `None` where Windows does not tell. Boundaries go into `signals`, with the
    /// meaning that they have on every system.
    pub fn start(signals: Sender<Signal>) -> Option<Self> {
        let (locked, active) = state().unwrap_or((false, true));
        let mut attendance = Attendance { locked, active };
        if attendance.is_away() {
            send(&signals, Boundary::Locked);
        }
        Some(Self {
            _listener: Listener::start(Box::new(move |change| {
                let kind = match change {
                    Change::Locked(locked) => attendance.changed(Some(locked), None),
                    Change::Active(active) => attendance.changed(None, Some(active)),
                    Change::Sleep => Some(Boundary::Suspended),
                };
                if let Some(kind) = kind {
                    send(&signals, kind);
                }
            }))?,
        })
    }
}

fn send(signals: &Sender<Signal>, kind: Boundary) {
    // When nobody listens any more there is nobody to tell.
    let _ = signals.send(Signal::Boundary { at: clock::now(), kind });
}

/// Whether this session is locked, and whether it has a screen; `None` where that is not told.
pub(crate) fn state() -> Option<(bool, bool)> {
    let mut buffer = std::ptr::null_mut();
    let mut bytes = 0;
    // SAFETY: both targets outlive the call.
    let known = unsafe {
        WTSQuerySessionInformationW(
            std::ptr::null_mut(),
            WTS_CURRENT_SESSION,
            WTSSessionInfoEx,
            &mut buffer,
            &mut bytes,
        )
    };
    if known == 0 || buffer.is_null() {
        return None;
    }
    // SAFETY: Windows has put this structure there if it is so long, and takes it back.
    unsafe {
        let whole = bytes as usize >= size_of::<WTSINFOEXW>();
        let state = whole.then(|| (*buffer.cast::<WTSINFOEXW>()).Data.WTSInfoExLevel1);
        WTSFreeMemory(buffer.cast());
        let locked = |flags: i32| flags.cast_unsigned() == WTS_SESSIONSTATE_LOCK;
        state.map(|state| (locked(state.SessionFlags), state.SessionState == WTSActive))
    }
}

type Heard = Box<dyn FnMut(Change) + Send>;

/// A window of its own thread that hears what happens to the session, until it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    /// A window's handle as a number, which may change threads.
    window: isize,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Calls `heard` from its thread at each change; `None` where Windows refuses.
    pub(crate) fn start(heard: Heard) -> Option<Self> {
        let (tell, told) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("session-watch".to_owned())
            .spawn(move || {
                let window = open(heard);
                // The caller waits for it.
                let _ = tell.send(window.map(|window| window as isize));
                if window.is_some() {
                    pump();
                }
            })
            .ok()?;
        Some(Self { window: told.recv().ok()??, thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // SAFETY: a window that is gone already is only refused.
        unsafe { PostMessageW(self.window as HWND, WM_CLOSE, 0, 0) };
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A window that is never shown. Not a message-only one: those do not hear of sleep.
fn open(heard: Heard) -> Option<HWND> {
    let name = wide("mousewarden-session");
    // SAFETY: null asks for this program's own module.
    let module = unsafe { GetModuleHandleW(std::ptr::null()) };
    let class = WNDCLASSW {
        lpfnWndProc: Some(hear),
        hInstance: module,
        lpszClassName: name.as_ptr(),
        ..WNDCLASSW::default()
    };
    let heard: *mut Heard = Box::into_raw(Box::new(heard));
    // SAFETY: names end with zeros and outlive the calls; the window gives the closure back when
    // it is destroyed. A class that is registered already is refused, and the same.
    unsafe {
        RegisterClassW(&class);
        let window = CreateWindowExW(
            0,
            name.as_ptr(),
            name.as_ptr(),
            0,
            0,
            0,
            0,
            0,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            module,
            heard.cast(),
        );
        if window.is_null() {
            drop(Box::from_raw(heard));
            return None;
        }
        if WTSRegisterSessionNotification(window, NOTIFY_FOR_THIS_SESSION) == 0 {
            DestroyWindow(window);
            return None;
        }
        Some(window)
    }
}

fn pump() {
    let mut message = MSG::default();
    // SAFETY: the structure outlives the calls.
    unsafe {
        while GetMessageW(&mut message, std::ptr::null_mut(), 0, 0) > 0 {
            DispatchMessageW(&message);
        }
    }
}

unsafe extern "system" fn hear(window: HWND, what: u32, more: WPARAM, data: LPARAM) -> LRESULT {
    // SAFETY: the window holds the closure that it was made with from its first message to its
    // last, and is called by its own thread only.
    unsafe {
        match what {
            WM_NCCREATE => {
                let made = &*(data as *const CREATESTRUCTW);
                SetWindowLongPtrW(window, GWLP_USERDATA, made.lpCreateParams as isize);
            }
            WM_WTSSESSION_CHANGE | WM_POWERBROADCAST => {
                let heard = GetWindowLongPtrW(window, GWLP_USERDATA) as *mut Heard;
                if let (Some(change), false) = (change(what, more as u32), heard.is_null()) {
                    (*heard)(change);
                }
            }
            WM_DESTROY => {
                let heard = SetWindowLongPtrW(window, GWLP_USERDATA, 0) as *mut Heard;
                if !heard.is_null() {
                    drop(Box::from_raw(heard));
                }
                PostQuitMessage(0);
            }
            _ => {}
        }
        DefWindowProcW(window, what, more, data)
    }
}

const fn change(what: u32, more: u32) -> Option<Change> {
    Some(match (what, more) {
        (WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK) => Change::Locked(true),
        (WM_WTSSESSION_CHANGE, WTS_SESSION_UNLOCK) => Change::Locked(false),
        (WM_WTSSESSION_CHANGE, WTS_CONSOLE_CONNECT | WTS_REMOTE_CONNECT) => Change::Active(true),
        (WM_WTSSESSION_CHANGE, WTS_CONSOLE_DISCONNECT | WTS_REMOTE_DISCONNECT) => {
            Change::Active(false)
        }
        (WM_POWERBROADCAST, PBT_APMSUSPEND | PBT_APMRESUMEAUTOMATIC) => Change::Sleep,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_windows_becomes_a_change_until_nobody_listens() {
        let (heard, changes) = crossbeam_channel::unbounded();
        let listener = Listener::start(Box::new(move |change| {
            let _ = heard.send(change);
        }))
        .unwrap();
        let say = |what, more| {
            // SAFETY: the window lives as long as the listener.
            unsafe { PostMessageW(listener.window as HWND, what, more as WPARAM, 0) };
        };
        say(WM_WTSSESSION_CHANGE, WTS_SESSION_LOCK);
        say(WM_WTSSESSION_CHANGE, 9);
        say(WM_WTSSESSION_CHANGE, WTS_REMOTE_DISCONNECT);
        say(WM_POWERBROADCAST, PBT_APMSUSPEND);
        let expected = [Change::Locked(true), Change::Active(false), Change::Sleep];
        assert_eq!(changes.iter().take(3).collect::<Vec<_>>(), expected);
        drop(listener);
        assert!(changes.recv().is_err(), "the closure is gone with its window");
    }
}
