//! The capture process on macOS: the `rdev` hook on the main thread, where alone it lives through a
//! key press, and beside it a tap of our own for what that library asks for and then drops:
//! movement with a button held, and the buttons beyond two. Both are served by the same run loop.
//! So far compiled only, and yet to be run on a Mac.
//!
//! # Invariants
//! Nothing here blocks the hook, stores an event or looks at what the movement means.

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use objc2_core_foundation::{
    CFMachPort, CFRunLoop, CFRunLoopSource, CFRunLoopSourceContext, kCFRunLoopCommonModes,
};
use objc2_core_graphics::{
    CGEvent, CGEventField, CGEventTapLocation, CGEventTapOptions, CGEventTapPlacement,
    CGEventTapProxy, CGEventType, CGPreflightListenEventAccess, CGRequestListenEventAccess,
};
use rdev::Button;

use crate::error::Result;
use crate::platform::capture::HookParams;
use crate::platform::capture::injection::Injection;
use crate::platform::capture::pipe_writer::{self, QueuedPipeWriter, ToldCapture};
use crate::platform::capture::record::Record;
use crate::platform::capture::refusal::Refusal;
use crate::platform::capture::translate::{Origin, Translator};
use crate::platform::capture::watchdog::{self, System};
use crate::platform::macos::screen;
use crate::platform::{CaptureBackend, clock};

/// The name of this way of seeing the mouse.
const BACKEND: &str = "macos-rdev";
/// What the library tells of, and our tap looks at for who made it.
const TOLD: [CGEventType; 5] = [
    // The library reports these five; drags and the other buttons never leave it.
    CGEventType::MouseMoved,
    CGEventType::LeftMouseDown,
    CGEventType::LeftMouseUp,
    CGEventType::RightMouseDown,
    CGEventType::RightMouseUp,
];
/// What the library drops.
const DROPPED: [CGEventType; 5] = [
    CGEventType::LeftMouseDragged,
    CGEventType::RightMouseDragged,
    CGEventType::OtherMouseDragged,
    CGEventType::OtherMouseDown,
    CGEventType::OtherMouseUp,
];

/// When the hook heard of the mouse last, for the watch over it.
type Heard = Arc<AtomicI64>;

/// Runs the hook until the parent closes standard input. Writes records to standard output: first
/// what captures and that the hook is up, or why it cannot be. Must be called on the main thread.
///
/// # Errors
/// Why there is no hook; the parent has been told.
pub(crate) fn hold(params: &HookParams) -> Result<()> {
    pipe_writer::must_be_piped()?;
    // `listen` returns errors only: a hook that is up runs as long as the process.
    let Err(refusal) = listen(params);
    pipe_writer::refuse(std::io::stdout(), refusal);
    Err(refusal.failure())
}

fn listen(params: &HookParams) -> Result<std::convert::Infallible, Refusal> {
    if matches!(params.backend, CaptureBackend::XInput2 | CaptureBackend::Evdev) {
        return Err(Refusal::Elsewhere);
    }
    // Without the permission a tap is created and stays silent.
    // The request puts the program into the list where the person can switch it on.
    if !CGPreflightListenEventAccess() && !CGRequestListenEventAccess() {
        return Err(Refusal::NoMonitoring);
    }
    let (x, y) = screen::pointer().ok_or(Refusal::NoDesktop)?;
    let writer = QueuedPipeWriter::start(std::io::stdout(), std::io::stdin())?;
    let told = Arc::new(ToldCapture::begin(writer.clone(), screen::capture(BACKEND)));
    let heard = Heard::default();
    let injection = Injection::default();
    let tapped =
        Tapped { writer: writer.clone(), heard: heard.clone(), told: told.clone(), injection };
    add_tap(tapped).ok_or(Refusal::Hook)?;
    announce(writer.clone()).ok_or(Refusal::Hook)?;
    let seen = Arc::clone(&heard);
    pipe_writer::spawn("capture-watch", move || watchdog::attend(&SYSTEM, &told, &seen))?;
    let mut translator = Translator::new((x as f32, y as f32), number);
    let mut writer = writer;
    // Comes back only when the hook cannot be set up.
    let _ = rdev::listen(move |event| {
        if let Some(record) = translator.record(&event.event_type, Origin::Unknown) {
            heard.store(clock::now().micros(), Ordering::Relaxed);
            writer.send(record);
        }
    });
    Err(Refusal::Hook)
}

/// The library tells two buttons; our tap the others.
const fn number(button: Button) -> Option<u8> {
    match button {
        Button::Left => Some(1),
        Button::Right => Some(3),
        Button::Middle | Button::Unknown(_) => None,
    }
}

/// What our tap's callback needs; lives as long as the process.
struct Tapped {
    writer: QueuedPipeWriter,
    heard: Heard,
    told: Arc<ToldCapture>,
    injection: Injection,
}

/// Adds a tap for what the library drops, and for who made what it tells, to this thread's run
/// loop.
fn add_tap(tapped: Tapped) -> Option<()> {
    let kinds = DROPPED.iter().chain(&TOLD);
    let mask = kinds.fold(0, |mask, kind| mask | 1_u64 << kind.0);
    let tapped = Box::into_raw(Box::new(tapped));
    // SAFETY: the callback's data lives as long as the process.
    let tap = unsafe {
        CGEvent::tap_create(
            CGEventTapLocation::HIDEventTap,
            CGEventTapPlacement::HeadInsertEventTap,
            CGEventTapOptions::ListenOnly,
            mask,
            Some(take),
            tapped.cast(),
        )
    }?;
    let source = CFMachPort::new_run_loop_source(None, Some(&tap), 0)?;
    // SAFETY: a constant of the system.
    let modes = unsafe { kCFRunLoopCommonModes };
    CFRunLoop::current()?.add_source(Some(&source), modes);
    CGEvent::tap_enable(&tap, true);
    Some(())
}

unsafe extern "C-unwind" fn take(
    _proxy: CGEventTapProxy,
    kind: CGEventType,
    event: NonNull<CGEvent>,
    tapped: *mut c_void,
) -> *mut CGEvent {
    // SAFETY: the data is that of `add_tap`, and the run loop calls from one thread only; the
    // event lives during the call.
    let (tapped, seen) = unsafe { (&mut *tapped.cast::<Tapped>(), event.as_ref()) };
    if [CGEventType::TapDisabledByTimeout, CGEventType::TapDisabledByUserInput].contains(&kind) {
        // The library's tap has the same fate and does not tell: the parent starts both again.
        std::process::exit(0);
    }
    let at = clock::now();
    tapped.heard.store(at.micros(), Ordering::Relaxed);
    // A device's events come from no process.
    let maker = CGEvent::integer_value_field(Some(seen), CGEventField::EventSourceUnixProcessID);
    tapped.injection.moved(at, maker != 0, |pointer| tapped.told.pointer(pointer));
    if TOLD.contains(&kind) {
        return event.as_ptr();
    }
    let place = CGEvent::location(Some(seen));
    let x = place.x as f32;
    let y = place.y as f32;
    let button = CGEvent::integer_value_field(Some(seen), CGEventField::MouseEventButtonNumber);
    // Counted from 0; the middle one is 2 here and there, those at the side are 8 and 9 there.
    let number = if button == 2 { 2 } else { u8::try_from(button + 5).unwrap_or(u8::MAX) };
    tapped.writer.send(match kind {
        CGEventType::OtherMouseDown => Record::Button { at, x, y, number, down: true },
        CGEventType::OtherMouseUp => Record::Button { at, x, y, number, down: false },
        _ => Record::Move { at, x, y },
    });
    // A listen-only tap may not swallow it anyway; the event goes on as it came.
    event.as_ptr()
}

/// Says that the hook is up once the run loop runs: the library starts it when its tap is enabled,
/// and a source that was signalled before is served first.
fn announce(writer: QueuedPipeWriter) -> Option<()> {
    let mut context = CFRunLoopSourceContext {
        version: 0,
        info: Box::into_raw(Box::new(writer)).cast(),
        retain: None,
        release: None,
        copyDescription: None,
        equal: None,
        hash: None,
        schedule: None,
        cancel: None,
        perform: Some(tell_ready),
    };
    // SAFETY: the context is copied; its data lives as long as the process.
    let source = unsafe { CFRunLoopSource::new(None, 0, &mut context) }?;
    source.signal();
    // SAFETY: a constant of the system.
    CFRunLoop::current()?.add_source(Some(&source), unsafe { kCFRunLoopCommonModes });
    Some(())
}

unsafe extern "C-unwind" fn tell_ready(writer: *mut c_void) {
    if writer == null_mut() {
        return;
    }
    // SAFETY: the data is that of `announce`, and the run loop calls from one thread only.
    let writer = unsafe { &mut *writer.cast::<QueuedPipeWriter>() };
    let (x, y) = screen::pointer().unwrap_or_default();
    let x = x as f32;
    let y = y as f32;
    let held = screen::buttons();
    writer.send(Record::Ready { at: clock::now(), x, y, held });
}

/// What this system tells the watch over the hook.
const SYSTEM: System = System {
    input: screen::last_movement,
    place: || screen::pointer().map(|(x, y)| (x as i32, y as i32)),
    capture: || screen::capture(BACKEND),
};
