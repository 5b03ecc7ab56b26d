//! The capture process on Windows: the `rdev` hook, whose messages this thread goes on to fetch,
//! and a watch over it, because Windows takes a slow hook away in silence.
//!
//! # Invariants
//! Nothing here blocks the hook, stores an event or looks at what the movement means.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rdev::{Button, Event, EventType};
use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW, WM_NULL,
};

use crate::error::Result;
use crate::platform::capture::HookParams;
use crate::platform::capture::pipe_writer::{self, QueuedPipeWriter};
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
    screen::in_physical_pixels();
    let place = screen::pointer().ok_or(Refusal::NoDesktop)?;
    let writer = QueuedPipeWriter::start(std::io::stdout(), std::io::stdin())?;
    let told = screen::capture(BACKEND);
    writer.describe(&told);
    let heard = Heard::default();
    hook(place, writer.clone(), Arc::clone(&heard))?;
    tell_ready(writer.clone());
    pipe_writer::spawn("capture-watch", move || watchdog::attend(&SYSTEM, &writer, &heard, told))?;
    fetch_messages();
    Err(Refusal::Hook)
}

/// Sets the hook up. The library waits for one message of this thread and leaves the rest to
/// others, so there is one already, and the rest follows.
fn hook(place: (i32, i32), writer: QueuedPipeWriter, heard: Heard) -> Result<(), Refusal> {
    let mut message = MSG::default();
    // SAFETY: the structure outlives the call, which makes a queue for this thread; the second
    // call puts a message without meaning into it.
    unsafe {
        PeekMessageW(&mut message, std::ptr::null_mut(), 0, 0, PM_NOREMOVE);
        PostThreadMessageW(GetCurrentThreadId(), WM_NULL, 0, 0);
    }
    let mut translator = Translator::new((place.0 as f32, place.1 as f32), number);
    let mut writer = writer;
    rdev::listen(move |event| {
        if let Some(record) = translator.record(&on_screen(&event), Origin::Unknown) {
            heard.store(clock::now().micros(), Ordering::Relaxed);
            writer.send(record);
        }
    })
    .map_err(|_| Refusal::Hook)
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
