//! Connections to the message buses on which every call has a deadline. Knows nothing of what is
//! said on them.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::blocking::{Connection, connection};
use zbus::zvariant::{DynamicType, OwnedValue, Type};

use crate::error::{Failure, Kind, Result};

/// How long a service may take to answer a call.
pub const DEADLINE: Duration = Duration::from_secs(3);

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
    /// [`Kind::Unavailable`] when there is no such bus.
    pub fn connect(&self) -> Result<Connection> {
        let (builder, name) = match self {
            Self::Session => (connection::Builder::session(), "the session bus"),
            Self::System => (connection::Builder::system(), "the system bus"),
            Self::At(address) => (connection::Builder::address(address.as_str()), "the bus"),
        };
        builder.and_then(|builder| builder.method_timeout(DEADLINE).build()).map_err(|error| {
            Failure::new(Kind::Unavailable, format!("cannot reach {name}: {error}"))
                .remedy("Start mousewarden inside a desktop session, which has one.")
        })
    }
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
        let (service, path, interface) = (service.into(), path.into(), interface.into());
        Self { service, path, interface }
    }

    /// Calls a method and reads its answer.
    ///
    /// # Errors
    /// What the bus or the service said, or that it did not answer within [`DEADLINE`].
    pub fn call<B, R>(&self, bus: &Connection, method: &str, body: &B) -> zbus::Result<R>
    where
        B: Serialize + DynamicType,
        R: DeserializeOwned + Type,
    {
        let (service, interface) = (self.service.as_str(), self.interface.as_str());
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
    pub fn flag(&self, bus: &Connection, name: &str) -> zbus::Result<bool> {
        Ok(bool::try_from(self.property(bus, name)?)?)
    }
}

/// Whether somebody on the bus has this name. Starts no service.
pub fn has_owner(bus: &Connection, name: &str) -> bool {
    let daemon = "org.freedesktop.DBus";
    let asked = Object::new(daemon, "/org/freedesktop/DBus", daemon);
    asked.call(bus, "NameHasOwner", &(name,)).unwrap_or(false)
}
