//! Word to the service manager that started this process of how it goes: ready, alive, ending.
//! Where it is absent, every call returns at once.
//!
//! # Invariants
//! No call waits: a manager that hangs loses the word.

use std::time::Duration;

/// The service manager's ear, if there is one.
#[derive(Debug, Default)]
pub struct Supervisor {
    #[cfg(target_os = "linux")]
    ear: Option<ear::Ear>,
    pulse: Option<Duration>,
}

impl Supervisor {
    /// The one that the environment names.
    #[cfg(target_os = "linux")]
    pub(crate) fn from_environment() -> Self {
        let ear = std::env::var_os("NOTIFY_SOCKET").and_then(|place| ear::Ear::at(&place));
        // Thrice within the time after which it would end us: systemd recommends half of it, and a
        // third forgives one beat that comes late.
        let pulse = sd_notify::watchdog_enabled().map(|limit| limit / 3);
        Self { ear, pulse }
    }

    /// Nobody asks on this system.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn from_environment() -> Self {
        Self::default()
    }

    /// How often it wants to hear that we are alive; `None` when it does not.
    pub(crate) const fn pulse(&self) -> Option<Duration> {
        self.pulse
    }

    /// Everything is up.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// What we are doing, in a few words for people.
    pub(crate) fn doing(&self, what: &str) {
        // A line break would begin another assignment of the protocol.
        self.tell(&format!("STATUS={}", what.replace('\n', " ")));
    }

    /// We are alive.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// We are about to end.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    #[cfg(target_os = "linux")]
    fn tell(&self, line: &str) {
        self.ear.iter().for_each(|ear| ear.tell(line));
    }

    #[cfg(not(target_os = "linux"))]
    fn tell(&self, _line: &str) {}
}

/// The socket of sd_notify(3).
#[cfg(target_os = "linux")]
mod ear {
    use std::ffi::OsStr;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    /// A manager that wants to be told.
    #[derive(Debug)]
    pub(super) struct Ear(UnixDatagram);

    impl Ear {
        /// The one at a path, or at an abstract name, which begins with "@".
        pub(super) fn at(place: &OsStr) -> Option<Self> {
            let address = match place.as_bytes().strip_prefix(b"@") {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(place),
            };
            let socket = UnixDatagram::unbound().ok()?;
            // A full queue is a manager that hangs; it must not hang the watch.
            socket.set_nonblocking(true).ok()?;
            socket.connect_addr(&address.ok()?).ok()?;
            Some(Self(socket))
        }

        /// Who does not listen, or is too slow, misses it.
        pub(super) fn tell(&self, line: &str) {
            let _ = self.0.send(line.as_bytes());
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_manager_that_hangs_is_not_waited_for() {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("notify");
            let manager = UnixDatagram::bind(&place).unwrap();
            let ear = Ear::at(place.as_os_str()).unwrap();
            (0..10_000).for_each(|_| ear.tell("WATCHDOG=1"));
            let mut heard = [0; 64];
            let length = manager.recv(&mut heard).unwrap();
            assert_eq!(&heard[..length], b"WATCHDOG=1");
        }
    }
}
