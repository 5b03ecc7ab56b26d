//! Tells the service manager that started this process how it goes: ready, alive, ending. Where none
//! asked for it, every call does nothing; nothing is ever waited for.

use std::time::Duration;

/// The service manager's ear, if there is one.
#[derive(Debug, Default)]
pub struct Supervisor {
    listens: bool,
    pulse: Option<Duration>,
}

impl Supervisor {
    /// The one that the environment names.
    #[cfg(target_os = "linux")]
    pub fn from_environment() -> Self {
        let listens = std::env::var_os("NOTIFY_SOCKET").is_some();
        // Thrice within the time after which it would end us.
        let pulse = sd_notify::watchdog_enabled().map(|limit| limit / 3);
        Self { listens, pulse }
    }

    /// Nobody asks on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn from_environment() -> Self {
        Self::default()
    }

    /// How often it wants to hear that we are alive; `None` when it does not.
    pub const fn pulse(&self) -> Option<Duration> {
        self.pulse
    }

    /// Everything is up.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// What we are doing, in a few words for people.
    pub fn doing(&self, what: &str) {
        self.tell(&format!("STATUS={}", what.replace('\n', " ")));
    }

    /// We are alive.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// We are about to end.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    #[cfg(target_os = "linux")]
    fn tell(&self, line: &str) {
        if self.listens {
            // Who does not listen any more needs no answer.
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Custom(line)]);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn tell(&self, _line: &str) {
        let _ = self.listens;
    }
}
