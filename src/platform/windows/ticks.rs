//! The counter by which Windows tells time that only goes forward, and when there was input last.

use std::sync::OnceLock;

use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows_sys::Win32::System::SystemInformation::GetTickCount;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{GetLastInputInfo, LASTINPUTINFO};

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;

/// Microseconds since the machine started. The same in every process of the machine.
pub(crate) fn now() -> Timestamp {
    static PER_SECOND: OnceLock<i64> = OnceLock::new();
    let per_second = *PER_SECOND.get_or_init(|| {
        let mut per_second = 0;
        // SAFETY: the number outlives the call, which cannot fail on any Windows since XP.
        unsafe { QueryPerformanceFrequency(&mut per_second) };
        per_second.max(1)
    });
    let mut ticks = 0;
    // SAFETY: the number outlives the call, which cannot fail on any Windows since XP.
    unsafe { QueryPerformanceCounter(&mut ticks) };
    let micros = i128::from(ticks) * 1_000_000 / i128::from(per_second);
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// When a key or the mouse of this session was used last, exact to some milliseconds.
pub(crate) fn last_input() -> Timestamp {
    let mut info = LASTINPUTINFO { cbSize: size_of::<LASTINPUTINFO>() as u32, dwTime: 0 };
    // SAFETY: the structure says its size and outlives the call.
    let known = unsafe { GetLastInputInfo(&mut info) } != 0;
    // SAFETY: takes nothing and always answers.
    let ticks = unsafe { GetTickCount() };
    let age_ms = if known { ticks.wrapping_sub(info.dwTime) } else { u32::MAX };
    let age = Micros::from_millis(i64::from(age_ms));
    Timestamp::from_micros(now().micros() - age.0)
}
