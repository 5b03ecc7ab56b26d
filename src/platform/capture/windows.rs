//! The capture process on Windows: the `rdev` hook, whose messages this thread goes on to fetch,
//! and a watch over it, because Windows takes a slow hook away in silence.
//!
//! # Invariants
//! Nothing here blocks the hook, stores an event or looks at what the movement means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use rdev::{Button, Event, EventType};
use windows_sys::Win32::Foundation::{LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CallNextHookEx, DispatchMessageW, GetMessageW, HC_ACTION, LLMHF_INJECTED, MSG, MSLLHOOKSTRUCT,
    PM_NOREMOVE, PeekMessageW, PostThreadMessageW, SetWindowsHookExW, WH_MOUSE_LL, WM_NULL,
};

use crate::error::Result;
use crate::platform::capture::HookParams;
use crate::platform::capture::injection::Injection;
use crate::platform::capture::pipe_writer::{self, QueuedPipeWriter, ToldCapture};
use crate::platform::capture::record::Record;
use crate::platform::capture::refusal::Refusal;
use crate::platform::capture::translate::{Origin, Translator};
use crate::platform::capture::watchdog::{self, System};
use crate::platform::windows::{screen, ticks};
use crate::platform::{CaptureBackend, clock};

/// The name of this way of seeing the mouse.
const BACKEND: &str = "windows-rdev";

/// Runs the hook until the parent closes standard input. Writes records to standard output: first
/// what captures and that the hook is up, or why it cannot be.
///
/// # Errors
/// Why there is no hook; the parent has been told.
pub(crate) fn hold(params: &HookParams) -> Result<()> {
    pipe_writer::must_be_piped()?;
    let Err(refusal) = listen(params);
    pipe_writer::refuse(std::io::stdout(), refusal);
    Err(refusal.failure())
}

/// When the hook heard of the mouse last, for the watch over it.
type Heard = Arc<AtomicI64>;

fn listen(params: &HookParams) -> Result<std::convert::Infallible, Refusal> {
    if matches!(params.backend, CaptureBackend::XInput2 | CaptureBackend::Evdev) {
        return Err(Refusal::Elsewhere);
    }
    // Before the first position is read: without it Windows scales them by each monitor's factor.
    screen::in_physical_pixels();
    let place = screen::pointer().ok_or(Refusal::NoDesktop)?;
    let writer = QueuedPipeWriter::start(std::io::stdout(), std::io::stdin())?;
    let told = Arc::new(ToldCapture::begin(writer.clone(), screen::capture(BACKEND)));
    let heard = Heard::default();
    hook(place, writer.clone(), Arc::clone(&told), Arc::clone(&heard))?;
    look_first()?;
    // After both hooks, so that the first event the parent sees is complete.
    tell_ready(writer);
    pipe_writer::spawn("capture-watch", move || watchdog::attend(&SYSTEM, &told, &heard))?;
    fetch_messages();
    Err(Refusal::Hook)
}

/// Sets the hook up. The library waits for one message of this thread and leaves the rest to
/// others, so there is one already, and the rest follows.
fn hook(
    place: (i32, i32),
    writer: QueuedPipeWriter,
    told: Arc<ToldCapture>,
    heard: Heard,
) -> Result<(), Refusal> {
    let mut message = MSG::default();
    // SAFETY: the structure outlives the call, which makes a queue for this thread; the second
    // call puts a message without meaning into it.
    unsafe {
        PeekMessageW(&mut message, std::ptr::null_mut(), 0, 0, PM_NOREMOVE);
        PostThreadMessageW(GetCurrentThreadId(), WM_NULL, 0, 0);
    }
    let mut translator = Translator::new((place.0 as f32, place.1 as f32), number);
    let mut writer = writer;
    let mut injection = Injection::default();
    rdev::listen(move |event| {
        if let Some(record) = translator.record(&on_screen(&event), Origin::Unknown) {
            let now = clock::now();
            let injected = INJECTED.load(Ordering::Relaxed);
            injection.moved(now, injected, |pointer| told.pointer(pointer));
            heard.store(now.micros(), Ordering::Relaxed);
            writer.send(record);
        }
    })
    .map_err(|_| Refusal::Hook)
}

/// Whether the mouse event that is on its way was made by a program. The library drops that.
static INJECTED: AtomicBool = AtomicBool::new(false);

/// Sets up a hook of our own that is called before the library's, because it comes later.
fn look_first() -> Result<(), Refusal> {
    // SAFETY: the function lives as long as the process; the module is this program.
    let hook = unsafe {
        SetWindowsHookExW(WH_MOUSE_LL, Some(look), GetModuleHandleW(std::ptr::null()), 0)
    };
    if hook.is_null() { Err(Refusal::Hook) } else { Ok(()) }
}

unsafe extern "system" fn look(code: i32, kind: WPARAM, event: LPARAM) -> LRESULT {
    if code == HC_ACTION as i32 {
        // SAFETY: with this code it is such a structure, which lives during the call.
        let event = unsafe { &*(event as *const MSLLHOOKSTRUCT) };
        INJECTED.store(event.flags & LLMHF_INJECTED != 0, Ordering::Relaxed);
    }
    // SAFETY: hands on what it was called with.
    unsafe { CallNextHookEx(std::ptr::null_mut(), code, kind, event) }
}

fn on_screen(event: &Event) -> EventType {
    match event.event_type {
        EventType::MouseMove { x, y } => {
            let (x, y) = screen::within(x, y);
            EventType::MouseMove { x, y }
        }
        other => other,
    }
}

/// X11's numbers; the two at the side, which Windows counts anew, are 8 and 9 there.
const fn number(button: Button) -> Option<u8> {
    Some(match button {
        Button::Left => 1,
        Button::Middle => 2,
        Button::Right => 3,
        Button::Unknown(side) => side.saturating_add(7),
    })
}

fn tell_ready(mut writer: QueuedPipeWriter) {
    let (x, y) = screen::pointer().unwrap_or_default();
    let x = x as f32;
    let y = y as f32;
    let held = screen::buttons();
    writer.send(Record::Ready { at: clock::now(), x, y, held });
}

/// Hooks are called while their thread fetches messages.
fn fetch_messages() {
    let mut message = MSG::default();
    // SAFETY: the structure outlives the calls; messages go where they belong.
    unsafe {
        while GetMessageW(&mut message, std::ptr::null_mut(), 0, 0) > 0 {
            DispatchMessageW(&message);
        }
    }
}

/// What this system tells the watch over the hook.
const SYSTEM: System = System {
    input: ticks::last_input,
    place: screen::pointer,
    capture: || screen::capture(BACKEND),
};
