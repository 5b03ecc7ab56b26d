//! Where the pointer is and how large the monitors are, in physical pixels, which this process
//! first has to ask for.

use windows_sys::Win32::Foundation::{LPARAM, POINT, RECT};
use windows_sys::Win32::Graphics::Gdi::{EnumDisplayMonitors, HDC, HMONITOR};
use windows_sys::Win32::UI::HiDpi::{
    AreDpiAwarenessContextsEqual, DPI_AWARENESS_CONTEXT,
    DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, GetThreadDpiAwarenessContext,
    SetProcessDpiAwarenessContext,
};
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{
    GetAsyncKeyState, VK_LBUTTON, VK_MBUTTON, VK_RBUTTON,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GetCursorPos, GetSystemMetrics, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN, SM_XVIRTUALSCREEN,
    SM_YVIRTUALSCREEN,
};

use crate::platform::Capture;

/// Has Windows tell this process physical pixels, whatever the monitors are scaled by. Must come
/// before anything else that looks at the screen; `false` where Windows is older than that.
pub fn in_physical_pixels() -> bool {
    const WANTED: DPI_AWARENESS_CONTEXT = DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2;
    // SAFETY: both take handles that are constants. The first fails where it is so already.
    unsafe {
        SetProcessDpiAwarenessContext(WANTED) != 0
            || AreDpiAwarenessContextsEqual(GetThreadDpiAwarenessContext(), WANTED) != 0
    }
}

/// Where the pointer is; `None` while another desktop has the screen, as when it is locked.
pub fn pointer() -> Option<(i32, i32)> {
    let mut place = POINT { x: 0, y: 0 };
    // SAFETY: the structure outlives the call.
    let known = unsafe { GetCursorPos(&mut place) } != 0;
    known.then_some((place.x, place.y))
}

/// Which buttons are held: bit n-1 for button n by X11's numbers.
pub fn buttons() -> u8 {
    let keys = [VK_LBUTTON, VK_MBUTTON, VK_RBUTTON];
    // SAFETY: takes a number. A negative answer means that it is down.
    let held = |key| unsafe { GetAsyncKeyState(i32::from(key)) } < 0;
    keys.into_iter().enumerate().filter(|(_, key)| held(*key)).fold(0, |all, (i, _)| all | 1 << i)
}

/// The nearest place that is on the screen: the hook is told where the hand wanted the pointer,
/// which may be beyond the edge.
pub fn within(x: f64, y: f64) -> (f64, f64) {
    // SAFETY: takes a number.
    let metric = |index| f64::from(unsafe { GetSystemMetrics(index) });
    let left = metric(SM_XVIRTUALSCREEN);
    let top = metric(SM_YVIRTUALSCREEN);
    let width = metric(SM_CXVIRTUALSCREEN);
    let height = metric(SM_CYVIRTUALSCREEN);
    (x.max(left).min(left + width - 1.0), y.max(top).min(top + height - 1.0))
}

/// What captures, by this name. Which of several mice moves the pointer the hook is not told, so
/// the device is never known.
pub fn capture(backend: &str) -> Capture {
    Capture { screens: monitors(), ..Capture::by(backend) }
}

/// Width and height of each monitor, the largest first.
fn monitors() -> Vec<(u16, u16)> {
    let mut sizes: Vec<(u16, u16)> = Vec::new();
    let target: *mut Vec<(u16, u16)> = &mut sizes;
    // SAFETY: the function is called with this pointer during the call only.
    unsafe {
        EnumDisplayMonitors(
            std::ptr::null_mut(),
            std::ptr::null(),
            Some(take_monitor),
            target as LPARAM,
        )
    };
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}

unsafe extern "system" fn take_monitor(
    _monitor: HMONITOR,
    _context: HDC,
    area: *mut RECT,
    target: LPARAM,
) -> windows_sys::core::BOOL {
    // SAFETY: the pointer is that of the caller's list, and the rectangle lives during the call.
    let (sizes, area) = unsafe { (&mut *(target as *mut Vec<(u16, u16)>), &*area) };
    sizes.push((side(area.left, area.right), side(area.top, area.bottom)));
    1
}

fn side(from: i32, to: i32) -> u16 {
    u16::try_from(to - from).unwrap_or_default()
}
