//! The one place that reads a clock. Live streams are stamped by the monotonic one, which runs on
//! while the wall clock is set; wall time only labels journal entries for people.

#[cfg(not(target_os = "linux"))]
use std::time::Duration;

use crate::pipeline::Timestamp;

/// The monotonic clock now, in microseconds since the machine started. The same clock in every
/// process of the machine.
#[cfg(unix)]
pub fn now() -> Timestamp {
    // CLOCK_MONOTONIC, because evdev and the X server stamp by it too, and stamps of a child
    // process can be compared.
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Timestamp::from_micros(now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000))
}

/// The monotonic clock now, in microseconds since the machine started. The same clock in every
/// process of the machine.
#[cfg(windows)]
pub fn now() -> Timestamp {
    super::windows::ticks::now()
}

/// The wall clock, to label what people read. It may jump; nothing may be computed from it.
pub fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The time of day that people here read on their clocks, of a moment as it is written: "14:02".
pub(crate) fn time_of_day(wall: &str) -> String {
    // Read anew at each call: whoever travels with a laptop changes the zone while the agent runs.
    let zone = jiff::tz::TimeZone::system();
    let at = wall.parse::<jiff::Timestamp>().map(|at| at.to_zoned(zone));
    at.map_or_else(|_| wall.to_owned(), |at| at.strftime("%H:%M").to_string())
}

/// Day and time that people here read, to the second: "2026-03-01 14:02:11".
pub(crate) fn local(wall: &str) -> String {
    let zone = jiff::tz::TimeZone::system();
    let at = wall.parse::<jiff::Timestamp>().map(|at| at.to_zoned(zone));
    at.map_or_else(|_| wall.to_owned(), |at| at.strftime("%F %T").to_string())
}

/// Which start of the machine this is; nothing where the system does not tell.
pub(crate) fn boot() -> Option<String> {
    // The monotonic clock begins anew with the machine: its stamps compare only within one boot.
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// Waits until the monotonic clock reads `due`; returns at once when that is past.
#[cfg(target_os = "linux")]
pub fn sleep_until(due: Timestamp) {
    // The kernel refuses negative times; what is long past is due at once.
    let micros = due.micros().max(0);
    let due =
        rustix::time::Timespec { tv_sec: micros / 1_000_000, tv_nsec: (micros % 1_000_000) * 1000 };
    let clock = rustix::thread::ClockId::Monotonic;
    // A signal may end a sleep early; an absolute sleep is simply resumed.
    while rustix::thread::clock_nanosleep_absolute(clock, &due) == Err(rustix::io::Errno::INTR) {}
}

/// Waits until the monotonic clock reads `due`; returns at once when that is past.
#[cfg(not(target_os = "linux"))]
pub fn sleep_until(due: Timestamp) {
    let left = (due - now()).0;
    if left > 0 {
        std::thread::sleep(Duration::from_micros(left.unsigned_abs()));
    }
}
