//! Connections to the message buses, on which the handshake and every call have a deadline.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use async_io::Timer;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::blocking::Connection;
use zbus::connection::Builder;
use zbus::zvariant::{DynamicType, OwnedValue, Type};

use crate::error::{Failure, FailureKind, Result};

/// How long a service may take to answer a call.
pub(crate) const DEADLINE: Duration = Duration::from_secs(3);

/// Which bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bus {
    /// The session's, as the environment names it.
    Session,
    /// The system's.
    System,
    /// One at this address; a test desktop's.
    At(String),
}

impl Bus {
    /// Connects.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when there is no such bus, or it does not answer within
    /// `DEADLINE`.
    pub fn connect(&self) -> Result<Connection> {
        self.connect_within(DEADLINE)
    }

    /// Connects; the handshake, and each call on the connection, may take so long.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when there is no such bus, or it does not answer in time.
    pub(crate) fn connect_within(&self, deadline: Duration) -> Result<Connection> {
        let built = self.builder().map_err(Unreached::Refused);
        built.and_then(|builder| reach(builder, deadline)).map_err(|why| self.unreached(&why))
    }

    /// A connection to this bus that is still to be built.
    pub(in crate::platform) fn builder(&self) -> zbus::Result<Builder<'static>> {
        match self {
            Self::Session => Builder::session(),
            Self::System => Builder::system(),
            Self::At(address) => Builder::address(address.as_str()),
        }
    }

    /// The failure of a connection that was not made, in words.
    pub(in crate::platform) fn unreached(&self, why: &Unreached) -> Failure {
        let name = self.name();
        match why {
            Unreached::Silent => {
                Failure::new(FailureKind::Unavailable, format!("{name} does not answer"))
                    .remedy("Its daemon hangs: log out and in again, or restart it.")
            }
            Unreached::Refused(error) => {
                Failure::new(FailureKind::Unavailable, format!("cannot reach {name}: {error}"))
                    .remedy("Start mousewarden inside a desktop session, which has one.")
            }
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Session => "the session bus",
            Self::System => "the system bus",
            Self::At(_) => "the bus",
        }
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(in crate::platform) enum Unreached {
    /// Nothing came back in time.
    Silent,
    /// The bus, or the system, said no.
    Refused(zbus::Error),
}

/// Builds a connection; the whole handshake, and later each call, may take so long.
///
/// A bus that accepts and never answers would hold the caller for ever: `method_timeout` covers the
/// calls alone.
pub(in crate::platform) fn reach(
    builder: Builder<'_>,
    deadline: Duration,
) -> Result<Connection, Unreached> {
    let building = within(deadline, builder.method_timeout(deadline).build());
    match async_io::block_on(building) {
        Some(Ok(link)) => Ok(link.into()),
        Some(Err(error)) => Err(Unreached::Refused(error)),
        None => Err(Unreached::Silent),
    }
}

/// What a future gives; `None`, and the future is dropped, when that takes longer than `span`.
async fn within<F: Future>(span: Duration, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut timer = pin!(Timer::after(span));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.as_mut().poll(context).map(|_| None),
    })
    .await
}

/// An object of a service: the three names that every call needs.
#[derive(Debug, Clone)]
pub struct Object {
    /// Who owns it: "org.freedesktop.login1".
    pub service: String,
    /// Where it is.
    pub path: String,
    /// Which of its interfaces.
    pub interface: String,
}

impl Object {
    /// The object at `path` with this interface.
    pub fn new(service: &str, path: &str, interface: &str) -> Self {
        let service = service.into();
        let path = path.into();
        let interface = interface.into();
        Self { service, path, interface }
    }

    /// Calls a method and reads its answer.
    ///
    /// # Errors
    /// What the bus or the service said, or that it did not answer within `DEADLINE`.
    pub fn call<B, R>(&self, bus: &Connection, method: &str, body: &B) -> zbus::Result<R>
    where
        B: Serialize + DynamicType,
        R: DeserializeOwned + Type,
    {
        let service = self.service.as_str();
        let interface = self.interface.as_str();
        let reply =
            bus.call_method(Some(service), self.path.as_str(), Some(interface), method, body)?;
        reply.body().deserialize()
    }

    /// Reads a property.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn property(&self, bus: &Connection, name: &str) -> zbus::Result<OwnedValue> {
        let properties =
            Self { interface: "org.freedesktop.DBus.Properties".into(), ..self.clone() };
        properties.call(bus, "Get", &(self.interface.as_str(), name))
    }

    /// Reads a property that says yes or no.
    ///
    /// # Errors
    /// As [`Self::call`], or when it is of another type.
    pub(crate) fn flag(&self, bus: &Connection, name: &str) -> zbus::Result<bool> {
        Ok(bool::try_from(self.property(bus, name)?)?)
    }
}

/// Whether somebody on the bus has this name. Starts no service.
pub fn has_owner(bus: &Connection, name: &str) -> bool {
    let daemon = "org.freedesktop.DBus";
    let asked = Object::new(daemon, "/org/freedesktop/DBus", daemon);
    asked.call(bus, "NameHasOwner", &(name,)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::time::Instant;

    #[test]
    fn a_bus_that_accepts_and_never_answers_costs_no_more_than_the_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let _silent = UnixListener::bind(&path).unwrap();
        let bus = Bus::At(format!("unix:path={}", path.display()));
        let before = Instant::now();
        let failure = bus.connect_within(Duration::from_millis(200)).unwrap_err();
        assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
        assert!(failure.to_string().contains("the bus does not answer"), "{failure}");
    }
}
